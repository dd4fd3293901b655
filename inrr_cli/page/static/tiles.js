/**
 * Pictures that the server sends in tiles, each at the level of the pyramid that the zoom asks for. What has not come
 * yet is drawn from a coarser level, or from what was shown there before.
 */

import { atLevel, intersection, isEmpty } from "./box.js";
import * as server from "./api.js";

const KEPT_TILES = 160; // of 1 MB each: several screens of the largest displays
const AT_ONCE = 6; // requests; a browser sends no more to one host

/** A picture to be drawn. */
export class Layer {
  /**
   * The picture of a query without its place. Outside of `window`, a box, the picture `beyond` is the same and is drawn
   * instead; `former` is drawn until the tiles have come.
   */
  constructor(query, { window = null, beyond = null, former = null } = {}) {
    Object.assign(this, { query, window, beyond, former });
  }

  /** The layer that a tile which covers a box of the image is taken from. */
  at(box) {
    return this.window && isEmpty(intersection(box, this.window)) ? (this.beyond?.at(box) ?? null) : this;
  }
}

export class Tiles extends EventTarget {
  #kept = new Map(); // the least recently drawn first
  #failed = new Set();
  #wanted = new Map();
  #running = new Set();

  /** The tiles of an image, described as by the server. */
  constructor(image) {
    super();
    this.image = image;
  }

  /** Whether the last frame lacked a tile that may still come. */
  get isWaiting() {
    return this.#wanted.size > 0 || this.#running.size > 0;
  }

  /** The level whose cells are at least as small as the pixels of a screen at a scale. */
  levelFor(scale) {
    const level = Math.floor(Math.log2(1 / scale) + 1e-6);
    return Math.min(this.image.levels - 1, Math.max(0, level));
  }

  /** The places {level, row, column} of the tiles of a level that a box of the image touches, and their boxes. */
  places(level, box) {
    const { tile, width, height } = this.image;
    const cells = atLevel(box, level);
    const places = [];
    for (let row = Math.floor(cells.top / tile); row * tile < cells.bottom; row++) {
      for (let column = Math.floor(cells.left / tile); column * tile < cells.right; column++) {
        const size = tile * 2 ** level;
        const [left, top] = [column * size, row * size];
        places.push({ level, row, column, box: { left, top, right: Math.min(width, left + size), bottom: Math.min(height, top + size) } });
      }
    }
    return places;
  }

  /** Forget which tiles are wanted; a frame asks for those that it lacks. */
  beginFrame() {
    this.#wanted.clear();
  }

  /** Draw a layer on a viewport's canvas. */
  draw(layer, view) {
    const { context } = view;
    for (const place of this.places(this.levelFor(view.scale), view.seen)) {
      const source = layer.at(place.box);
      if (!source) continue;
      const key = this.#key(source, place);
      const found = this.#get(key);
      context.imageSmoothingEnabled = view.scale <= 1 || place.level > 0;
      context.imageSmoothingQuality = "medium";
      if (found) drawPart(view, found, place, place.box);
      else {
        this.#drawInstead(source, place, view);
        if (!this.#failed.has(key)) this.#wanted.set(key, () => this.#load(key));
      }
    }
  }

  /** Ask for the tiles that the frame lacked. */
  endFrame() {
    for (const [key, load] of this.#wanted) {
      if (this.#running.size >= AT_ONCE) return;
      if (!this.#running.has(key)) load();
    }
  }

  /** The tile of a layer at a place, when it has come. */
  async fetch(layer, place) {
    const source = layer.at(place.box);
    const key = this.#key(source, place);
    return this.#get(key) ?? this.#load(key);
  }

  #key(layer, { level, row, column }) {
    return `${layer.query}&level=${level}&row=${row}&column=${column}`;
  }

  #get(key) {
    const found = this.#kept.get(key);
    if (found) {
      this.#kept.delete(key);
      this.#kept.set(key, found);
    }
    return found;
  }

  async #load(key) {
    this.#running.add(key);
    try {
      const bitmap = await server.tile(key);
      this.#kept.set(key, bitmap);
      this.#forget();
      return bitmap;
    } catch (error) {
      this.#failed.add(key);
      this.dispatchEvent(new CustomEvent("failed", { detail: error }));
      return null;
    } finally {
      this.#running.delete(key);
      this.dispatchEvent(new Event("come"));
    }
  }

  #forget() {
    for (const [key, bitmap] of this.#kept) {
      if (this.#kept.size <= KEPT_TILES) return;
      this.#kept.delete(key);
      bitmap.close();
    }
  }

  /** Draw what covers a place best of what is there: the same tile of the former layer, or a coarser tile. */
  #drawInstead(layer, place, view) {
    const layers = [layer, layer.former?.at(place.box), layer.beyond?.at(place.box)].filter(Boolean);
    for (const source of layers.slice(1)) {
      const found = this.#get(this.#key(source, place));
      if (found) return drawPart(view, found, place, place.box);
    }
    for (let level = place.level + 1; level < this.image.levels; level++) {
      const [coarse] = this.places(level, place.box);
      for (const source of layers) {
        const found = this.#get(this.#key(source, coarse));
        if (found) return drawPart(view, found, coarse, place.box);
      }
    }
  }
}

/** Draw the part of a tile that covers a box of the image. */
function drawPart(view, bitmap, place, box) {
  const size = 2 ** place.level;
  const cells = atLevel(box, place.level);
  const [x, y] = [cells.left - Math.floor(place.box.left / size), cells.top - Math.floor(place.box.top / size)];
  const from = view.place(cells.left * size, cells.top * size);
  const to = view.place(cells.right * size, cells.bottom * size);
  const [width, height] = [cells.right - cells.left, cells.bottom - cells.top];
  view.context.drawImage(bitmap, x, y, width, height, from.x, from.y, to.x - from.x, to.y - from.y);
}
