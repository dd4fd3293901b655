/** A mask as a PNG of one bit a pixel, white where it is to be filled; written here, so that it needs no server. */

import { deflate } from "./bits.js";

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];

/** The file of a mask. */
export async function toPng(mask) {
  const stride = (mask.width + 7) >> 3;
  const rows = new Uint8Array((stride + 1) * mask.height); // each row begins with its filter, 0 for none
  for (let row = 0; row < mask.height; row++) {
    const target = row * (stride + 1) + 1;
    for (let column = 0; column < mask.width; column++) {
      if (mask.get(column, row)) rows[target + (column >> 3)] |= 128 >> (column & 7);
    }
  }
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, mask.width);
  header.setUint32(4, mask.height);
  header.setUint8(8, 1); // bits a pixel; the rest are zeros: grey, deflate, no filter, not interlaced
  const parts = [chunk("IHDR", new Uint8Array(header.buffer)), chunk("IDAT", await deflate(rows)), chunk("IEND", new Uint8Array())];
  return new Blob([new Uint8Array(SIGNATURE), ...parts], { type: "image/png" });
}

function chunk(name, content) {
  const bytes = new Uint8Array(content.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, content.length);
  bytes.set(new TextEncoder().encode(name), 4);
  bytes.set(content, 8);
  view.setUint32(content.length + 8, checksum(bytes.subarray(4, content.length + 8)));
  return bytes;
}

/** The cyclic redundancy check of PNG (ISO/IEC 15948, annex D). */
function checksum(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return ~sum >>> 0;
}
