/**
 * Masks as they travel and as they are remembered: one bit a pixel, the first pixel of a row in the highest bit, and
 * each row in whole bytes, as numpy.packbits has them.
 */

/** The bits of a box of a mask with so many columns. */
export function packBits(data, columns, box) {
  const stride = (box.right - box.left + 7) >> 3;
  const bits = new Uint8Array(stride * (box.bottom - box.top));
  for (let row = box.top; row < box.bottom; row++) {
    const start = row * columns;
    const target = (row - box.top) * stride;
    for (let column = box.left; column < box.right; column++) {
      if (data[start + column]) {
        const place = column - box.left;
        bits[target + (place >> 3)] |= 128 >> (place & 7);
      }
    }
  }
  return bits;
}

/** Call `visit(row, column)` for each pixel of a box whose bit is set. */
export function visitBits(bits, box, visit) {
  const stride = (box.right - box.left + 7) >> 3;
  for (let row = box.top; row < box.bottom; row++) {
    const start = (row - box.top) * stride;
    for (let place = 0; place < stride; place++) {
      for (let byte = bits[start + place], bit = 0; byte; byte = (byte << 1) & 255, bit++) {
        if (byte & 128) visit(row, box.left + place * 8 + bit);
      }
    }
  }
}

async function through(bytes, stream) {
  const piped = new Blob([bytes]).stream().pipeThrough(stream);
  return new Uint8Array(await new Response(piped).arrayBuffer());
}

/** Compress bytes in zlib's format. */
export const deflate = (bytes) => through(bytes, new CompressionStream("deflate"));

/** Undo `deflate`. */
export const inflate = (bytes) => through(bytes, new DecompressionStream("deflate"));
