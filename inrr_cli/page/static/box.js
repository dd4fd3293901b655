/**
 * Boxes of pixels: {left, top, right, bottom} in whole pixels; right and bottom are the first that do not belong.
 */

export const EMPTY = Object.freeze({ left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity });

export function isEmpty(box) {
  return box.left >= box.right || box.top >= box.bottom;
}

/** The smallest box that holds both. */
export function union(one, other) {
  return {
    left: Math.min(one.left, other.left),
    top: Math.min(one.top, other.top),
    right: Math.max(one.right, other.right),
    bottom: Math.max(one.bottom, other.bottom),
  };
}

/** What both have in common; empty if that is nothing. */
export function intersection(one, other) {
  return {
    left: Math.max(one.left, other.left),
    top: Math.max(one.top, other.top),
    right: Math.min(one.right, other.right),
    bottom: Math.min(one.bottom, other.bottom),
  };
}

/** The box with so many more pixels on each side. */
export function grown(box, by) {
  return { left: box.left - by, top: box.top - by, right: box.right + by, bottom: box.bottom + by };
}

/** The cells of a level, each 2 ** level pixels on a side, that a box touches. */
export function atLevel(box, level) {
  const size = 2 ** level;
  return {
    left: Math.floor(box.left / size),
    top: Math.floor(box.top / size),
    right: Math.ceil(box.right / size),
    bottom: Math.ceil(box.bottom / size),
  };
}

/** A box of the server's [left, top, width, height]. */
export function fromWindow([left, top, width, height]) {
  return { left, top, right: left + width, bottom: top + height };
}

/** A box as the server writes it in X-Window. */
export function toWindow(box) {
  return [box.left, box.top, box.right - box.left, box.bottom - box.top].join(",");
}
