/**
 * The mask over the picture: a red tint where pixels are to be filled, and a dashed outline, which stays where they have
 * been, so that made-up pixels can always be told. Drawn from tiles of its own, of which only changed parts are redrawn.
 */

import { EMPTY, atLevel, grown, intersection, isEmpty, union } from "./box.js";

const KEPT_TILES = 64; // of 1 MB each
const EDGES_FROM = 6; // the scale from which the outline is drawn as a line between pixels, not as pixels

// colours in the order of bytes in memory, alpha first as a number: 0xAABBGGRR
const TINT = 0x8c4020ff; // red, as a photographer's masking film
const GIVEN_BACK = 0x8cffa028; // blue: filled in what is shown, but no longer in the mask
const DARK = 0xff000000;
const BRIGHT = 0xffffffff;

export class Overlay {
  #tiles = new Map();

  /** The overlay of a mask, and of the mask of what is shown filled, for tiles as the picture has. */
  constructor(mask, filled, tiles) {
    Object.assign(this, { mask, filled, tiles, isTinted: true, hasPixelOutline: true });
    for (const source of [mask, filled]) source.addEventListener("change", (event) => this.#change(event.detail));
  }

  /** Show or hide the tint; the outline stays. */
  tint(isTinted) {
    this.isTinted = isTinted;
    this.#tiles.clear();
  }

  /** Draw on a viewport's canvas. */
  draw(view) {
    if (!this.mask.count && !this.filled.count) return;
    const hasPixelOutline = view.scale < EDGES_FROM;
    if (hasPixelOutline !== this.hasPixelOutline) this.#tiles.clear();
    this.hasPixelOutline = hasPixelOutline;
    const { context } = view;
    context.imageSmoothingEnabled = false;
    for (const place of this.tiles.places(this.tiles.levelFor(view.scale), view.seen)) {
      const { canvas } = this.#tile(place);
      const size = 2 ** place.level;
      const from = view.place(place.box.left, place.box.top);
      const to = view.place(place.box.left + canvas.width * size, place.box.top + canvas.height * size);
      context.drawImage(canvas, from.x, from.y, to.x - from.x, to.y - from.y);
    }
    if (!hasPixelOutline) drawEdges(view, this.mask, this.filled);
  }

  #change(box) {
    for (const tile of this.#tiles.values()) {
      const part = intersection(grown(atLevel(box, tile.level), 1), tile.cells); // an outline reaches one cell further
      if (!isEmpty(part)) tile.stale = union(tile.stale, part);
    }
  }

  #tile({ level, row, column }) {
    const key = `${level}/${row}/${column}`;
    let tile = this.#tiles.get(key);
    this.#tiles.delete(key);
    if (!tile) {
      const side = this.tiles.image.tile;
      const { columns, rows } = this.mask.levels[level];
      const cells = intersection(
        { left: column * side, top: row * side, right: (column + 1) * side, bottom: (row + 1) * side },
        { left: 0, top: 0, right: columns, bottom: rows },
      );
      const canvas = new OffscreenCanvas(cells.right - cells.left, cells.bottom - cells.top);
      tile = { level, cells, canvas, context: canvas.getContext("2d"), stale: cells };
    }
    this.#tiles.set(key, tile);
    if (this.#tiles.size > KEPT_TILES) this.#tiles.delete(this.#tiles.keys().next().value);
    if (!isEmpty(tile.stale)) this.#redraw(tile);
    return tile;
  }

  #redraw(tile) {
    const { left, top, right, bottom } = tile.stale;
    tile.stale = EMPTY;
    const picture = new ImageData(right - left, bottom - top);
    const colours = new Uint32Array(picture.data.buffer);
    const { columns, data } = this.mask.levels[tile.level];
    const filled = this.filled.levels[tile.level].data;
    const isInside = (place) => data[place] | filled[place];
    const isAtBorder = (place, column) =>
      !isInside(place - columns) || !isInside(place + columns) ||
      column === 0 || !isInside(place - 1) || column === columns - 1 || !isInside(place + 1);
    let target = 0;
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++, target++) {
        const place = row * columns + column;
        if (!isInside(place)) continue;
        if (this.hasPixelOutline && isAtBorder(place, column)) colours[target] = (column + row) & 4 ? DARK : BRIGHT;
        else if (this.isTinted && data[place] !== filled[place]) colours[target] = filled[place] ? GIVEN_BACK : TINT;
      }
    }
    tile.context.putImageData(picture, left - tile.cells.left, top - tile.cells.top);
  }
}

/** Draw the outline of what is in either mask as a dashed line between the pixels that are seen. */
function drawEdges(view, mask, filled) {
  const { left, top, right, bottom } = view.seen;
  const isInside = (column, row) =>
    column >= 0 && row >= 0 && column < mask.width && row < mask.height && (mask.get(column, row) || filled.get(column, row));
  const path = new Path2D();
  const addLine = (x, y, otherX, otherY) => {
    const [from, to] = [view.place(x, y), view.place(otherX, otherY)];
    path.moveTo(from.x, from.y);
    path.lineTo(to.x, to.y);
  };
  for (let row = top; row <= bottom; row++) {
    addRuns(left, right, (column) => !isInside(column, row) !== !isInside(column, row - 1), (from, to) => addLine(from, row, to, row));
  }
  for (let column = left; column <= right; column++) {
    addRuns(top, bottom, (row) => !isInside(column, row) !== !isInside(column - 1, row), (from, to) => addLine(column, from, column, to));
  }
  strokeDashed(view.context, path, view.density);
}

/** Call `add(from, to)` for each run of numbers from `first` to before `last` for which a test holds. */
function addRuns(first, last, test, add) {
  let start = null;
  for (let number = first; number <= last; number++) {
    const holds = number < last && test(number);
    if (holds && start === null) start = number;
    if (!holds && start !== null) {
      add(start, number);
      start = null;
    }
  }
}

/** Draw a path so that it is seen on any picture: black and white in turn. */
export function strokeDashed(context, path, density) {
  context.save();
  context.lineWidth = 1.5 * density;
  context.strokeStyle = "#000";
  context.stroke(path);
  context.setLineDash([4 * density, 4 * density]);
  context.strokeStyle = "#fff";
  context.stroke(path);
  context.restore();
}
