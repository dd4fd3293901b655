/**
 * The mask: one byte a pixel of the image at its full size, 1 where it is to be filled, and nothing between 0 and 1.
 *
 * It is kept at half, a quarter, ... of the size too, as the picture is, so that it can be drawn fast when it is small:
 * a cell is set if any of its pixels is, so that a thin scratch never vanishes.
 */

import { packBits, visitBits } from "./bits.js";
import { EMPTY, atLevel, intersection, isEmpty, union } from "./box.js";

export class Mask extends EventTarget {
  /** An empty mask of an image with so many columns and rows, at so many levels. */
  constructor(width, height, levels) {
    super();
    this.width = width;
    this.height = height;
    this.levels = [];
    for (let level = 0; level < levels; level++) {
      const columns = Math.ceil(width / 2 ** level);
      const rows = Math.ceil(height / 2 ** level);
      this.levels.push({ columns, rows, data: new Uint8Array(columns * rows) });
    }
    this.data = this.levels[0].data;
    this.count = 0; // of the pixels that are set
    this.touched = EMPTY; // what was written since the last `tell`
  }

  get box() {
    return { left: 0, top: 0, right: this.width, bottom: this.height };
  }

  get(column, row) {
    return this.data[row * this.width + column];
  }

  /** Set the pixels `left` to `right` (the last included) of a row to 0 or 1; those outside of the image are ignored. */
  setSpan(row, left, right, value) {
    if (row < 0 || row >= this.height) return;
    const first = Math.max(0, left);
    const last = Math.min(this.width - 1, right);
    if (first > last) return;
    const start = row * this.width;
    for (let place = start + first; place <= start + last; place++) {
      if (this.data[place] !== value) {
        this.data[place] = value;
        this.count += value ? 1 : -1;
      }
    }
    this.touched = union(this.touched, { left: first, top: row, right: last + 1, bottom: row + 1 });
  }

  /** Set each pixel whose bit is set in `bits` of a box to a value. */
  setBits(bits, box, value) {
    this.#write(bits, box, () => value);
  }

  /** Turn each pixel whose bit is set in `bits` of a box. */
  turnBits(bits, box) {
    this.#write(bits, box, (old) => 1 - old);
  }

  #write(bits, box, valueFor) {
    visitBits(bits, box, (row, column) => {
      const place = row * this.width + column;
      const old = this.data[place];
      const value = valueFor(old);
      this.data[place] = value;
      this.count += value - old;
    });
    this.touched = union(this.touched, box);
  }

  /** Set all pixels to 0. */
  clear() {
    this.data.fill(0);
    this.count = 0;
    this.touched = this.box;
  }

  /** The smallest box that holds all that is set; empty if nothing is. */
  bounds() {
    const coarse = this.levels.at(-1);
    const size = 2 ** (this.levels.length - 1);
    let box = EMPTY;
    for (let row = 0; row < coarse.rows; row++) {
      for (let column = 0; column < coarse.columns; column++) {
        if (coarse.data[row * coarse.columns + column]) {
          box = union(box, { left: column * size, top: row * size, right: (column + 1) * size, bottom: (row + 1) * size });
        }
      }
    }
    return isEmpty(box) ? EMPTY : intersection(box, this.box);
  }

  /** What is set, as {bits, box}. */
  pack() {
    const box = this.count ? this.bounds() : { left: 0, top: 0, right: 1, bottom: 1 };
    return { bits: packBits(this.data, this.width, box), box };
  }

  /** Tell all who listen what was written since the last time, as the event "change" with the box as its detail. */
  tell() {
    const box = intersection(this.touched, this.box);
    this.touched = EMPTY;
    if (isEmpty(box)) return;
    for (let level = 1; level < this.levels.length; level++) this.#reduce(level, atLevel(box, level));
    this.dispatchEvent(new CustomEvent("change", { detail: box }));
  }

  #reduce(level, box) {
    const fine = this.levels[level - 1];
    const coarse = this.levels[level];
    for (let row = box.top; row < box.bottom; row++) {
      const upper = 2 * row * fine.columns;
      const lower = 2 * row + 1 < fine.rows ? upper + fine.columns : upper;
      for (let column = box.left; column < box.right; column++) {
        const left = 2 * column;
        const right = left + 1 < fine.columns ? left + 1 : left;
        coarse.data[row * coarse.columns + column] =
          fine.data[upper + left] | fine.data[upper + right] | fine.data[lower + left] | fine.data[lower + right];
      }
    }
  }
}
