/**
 * Undo and redo. A change of the mask is remembered as the bits that it turned, in the smallest box that holds them:
 * turned again, they undo it, and once more, they redo it.
 */

import { packBits } from "./bits.js";
import { EMPTY, isEmpty, union } from "./box.js";

const MOST_BYTES = 64 * 2 ** 20; // some twenty changes of a whole 24-megapixel mask, or thousands of strokes

export class History extends EventTarget {
  #past = [];
  #future = [];
  #uncommitted = EMPTY;

  /** A history of the changes of a mask. */
  constructor(mask) {
    super();
    this.mask = mask;
    this.kept = mask.data.slice(); // the mask as it was after the last change
    mask.addEventListener("change", (event) => {
      this.#uncommitted = union(this.#uncommitted, event.detail);
    });
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  /** Remember what was done to the mask since the last time; return whether that was anything. */
  commit(label) {
    this.mask.tell();
    const box = this.#difference(this.#uncommitted);
    this.#uncommitted = EMPTY;
    if (isEmpty(box)) return false;
    const turned = this.#turned(box);
    const bits = packBits(turned, box.right - box.left, { left: 0, top: 0, right: box.right - box.left, bottom: box.bottom - box.top });
    const turn = () => {
      this.mask.turnBits(bits, box);
      this.mask.tell();
      this.#keep(box);
    };
    this.#keep(box);
    this.add({ label, undo: turn, redo: turn, bytes: bits.length });
    return true;
  }

  /** Forget what was done to the mask since the last commit: the mask becomes what it was. */
  revert() {
    this.mask.tell();
    const box = this.#difference(this.#uncommitted);
    for (let row = box.top; row < box.bottom; row++) {
      for (let column = box.left; column < box.right; column++) {
        this.mask.setSpan(row, column, column, this.kept[row * this.mask.width + column]);
      }
    }
    this.mask.tell();
    this.#uncommitted = EMPTY;
  }

  /** Remember something done: {label, undo, redo, bytes}. */
  add(entry) {
    this.#past.push(entry);
    this.#future = [];
    let bytes = this.#past.reduce((sum, one) => sum + one.bytes, 0);
    while (bytes > MOST_BYTES && this.#past.length > 1) bytes -= this.#past.shift().bytes;
    this.dispatchEvent(new Event("change"));
  }

  /** Undo the last change and return its label, or null if there is none. */
  undo() {
    return this.#move(this.#past, this.#future, "undo");
  }

  /** Do the last undone change again and return its label, or null if there is none. */
  redo() {
    return this.#move(this.#future, this.#past, "redo");
  }

  #move(from, to, verb) {
    const entry = from.pop();
    if (!entry) return null;
    entry[verb]();
    to.push(entry);
    this.dispatchEvent(new Event("change"));
    return entry.label;
  }

  /** The smallest box within another in which the mask is not what is kept. */
  #difference(within) {
    const { data, width } = this.mask;
    let { left, right } = EMPTY;
    let { top, bottom } = EMPTY;
    for (let row = within.top; row < within.bottom; row++) {
      const end = row * width + within.right;
      let first = row * width + within.left;
      while (first < end && data[first] === this.kept[first]) first++;
      if (first === end) continue;
      let last = end - 1;
      while (data[last] === this.kept[last]) last--;
      left = Math.min(left, first - row * width);
      right = Math.max(right, last + 1 - row * width);
      top = Math.min(top, row);
      bottom = row + 1;
    }
    return { left, top, right, bottom };
  }

  #turned(box) {
    const columns = box.right - box.left;
    const turned = new Uint8Array(columns * (box.bottom - box.top));
    for (let row = box.top; row < box.bottom; row++) {
      for (let column = 0; column < columns; column++) {
        const place = row * this.mask.width + box.left + column;
        turned[(row - box.top) * columns + column] = this.mask.data[place] ^ this.kept[place];
      }
    }
    return turned;
  }

  #keep(box) {
    for (let row = box.top; row < box.bottom; row++) {
      const start = row * this.mask.width;
      this.kept.set(this.mask.data.subarray(start + box.left, start + box.right), start + box.left);
    }
    this.#uncommitted = EMPTY;
  }
}
