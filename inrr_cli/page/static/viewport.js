/**
 * Which part of the image is seen, and how large. Positions on the canvas are in its own pixels, those of the screen;
 * at a scale of 1 one pixel of the image is one of the screen. Painters draw a frame one after the other.
 */

const LARGEST_SCALE = 64; // a pixel is then as large as a finger
const ZOOM_STEP = 1.25;
const NICE_SCALES = [1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16, 32, 64];
const MARGIN = 0.04; // of the canvas, left free around a picture that is fitted

export class Viewport extends EventTarget {
  // where the view would begin if pixels of the screen could be split: roundings must not add up from zoom to zoom
  #left = 0;
  #top = 0;

  /** The view of an image with so many columns and rows, on a canvas. */
  constructor(canvas, width, height) {
    super();
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    this.width = width;
    this.height = height;
    this.scale = 1; // pixels of the canvas a pixel of the image
    this.left = 0; // column of the image at the left border of the canvas
    this.top = 0;
    this.painters = [];
    this.isFitted = true;
    this.isDue = false;
    new ResizeObserver(() => this.#resize()).observe(canvas);
    this.#resize();
  }

  /** Pixels of the canvas a pixel of the page's layout. */
  get density() {
    return window.devicePixelRatio || 1;
  }

  /** The position in the image of an event with clientX and clientY, or of such a pair. */
  toImage({ clientX, clientY }) {
    const place = this.toCanvas({ clientX, clientY });
    return { x: this.left + place.x / this.scale, y: this.top + place.y / this.scale };
  }

  toCanvas({ clientX, clientY }) {
    const frame = this.canvas.getBoundingClientRect();
    return { x: (clientX - frame.left) * this.density, y: (clientY - frame.top) * this.density };
  }

  /** Where a position in the image lies on the canvas, on whole pixels, so that neighbours meet without a seam. */
  place(x, y) {
    return { x: Math.round((x - this.left) * this.scale), y: Math.round((y - this.top) * this.scale) };
  }

  /** The pixels of the image that are seen, in part or whole. */
  get seen() {
    return {
      left: Math.max(0, Math.floor(this.left)),
      top: Math.max(0, Math.floor(this.top)),
      right: Math.min(this.width, Math.ceil(this.left + this.canvas.width / this.scale)),
      bottom: Math.min(this.height, Math.ceil(this.top + this.canvas.height / this.scale)),
    };
  }

  /** Zoom so that what is at a place of the canvas stays there; the middle if no place is given. */
  zoomTo(scale, place = { x: this.canvas.width / 2, y: this.canvas.height / 2 }) {
    const [x, y] = [this.#left + place.x / this.scale, this.#top + place.y / this.scale];
    this.scale = Math.min(LARGEST_SCALE, Math.max(this.#smallest(), scale));
    this.#left = x - place.x / this.scale;
    this.#top = y - place.y / this.scale;
    this.#moved();
  }

  /** Zoom by so many steps, from the wheel or a pinch. */
  zoomBy(steps, place) {
    this.zoomTo(this.scale * ZOOM_STEP ** steps, place);
  }

  /** Zoom to the next larger or smaller whole factor. */
  zoomNice(direction, place) {
    const next =
      direction > 0
        ? NICE_SCALES.find((scale) => scale > this.scale * 1.001)
        : NICE_SCALES.findLast((scale) => scale < this.scale * 0.999);
    if (next) this.zoomTo(next, place);
  }

  /** Move the picture by so many pixels of the canvas. */
  pan(dx, dy) {
    this.#left -= dx / this.scale;
    this.#top -= dy / this.scale;
    this.#moved();
  }

  /** Show the whole image. */
  fit() {
    this.scale = this.#fitting();
    this.#left = (this.width - this.canvas.width / this.scale) / 2;
    this.#top = (this.height - this.canvas.height / this.scale) / 2;
    this.#moved();
    this.isFitted = true;
  }

  /** Bring a position into view if it is not. */
  reveal({ x, y }) {
    const [width, height] = [this.canvas.width / this.scale, this.canvas.height / this.scale];
    if (x < this.left || x > this.left + width) this.#left = x - width / 2;
    if (y < this.top || y > this.top + height) this.#top = y - height / 2;
    this.#moved();
  }

  /** Draw a frame as soon as the screen takes one. */
  redraw() {
    if (this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => {
      this.isDue = false;
      this.painters.forEach((paint) => paint(this.context, this));
      this.dispatchEvent(new Event("drawn"));
    });
  }

  #fitting() {
    const free = 1 - 2 * MARGIN;
    const scale = Math.min((free * this.canvas.width) / this.width, (free * this.canvas.height) / this.height);
    return Math.min(8, Math.max(scale, 1e-4)); // an image of a few pixels need not fill the screen
  }

  #smallest() {
    return Math.min(1, this.#fitting() / 2);
  }

  #moved() {
    // the middle of the canvas stays over the image, so that it cannot be lost
    const [width, height] = [this.canvas.width / this.scale, this.canvas.height / this.scale];
    const kept = (start, size, limit) => Math.min(limit, Math.max(0, start + size / 2)) - size / 2;
    // on whole pixels of the screen, so that what is drawn and what is hit are the same to the pixel
    this.#left = kept(this.#left, width, this.width);
    this.#top = kept(this.#top, height, this.height);
    this.left = Math.round(this.#left * this.scale) / this.scale;
    this.top = Math.round(this.#top * this.scale) / this.scale;
    this.isFitted = false;
    this.redraw();
    this.dispatchEvent(new Event("move"));
  }

  #resize() {
    const width = Math.max(1, Math.round(this.canvas.clientWidth * this.density));
    const height = Math.max(1, Math.round(this.canvas.clientHeight * this.density));
    if (this.canvas.width === width && this.canvas.height === height) return;
    const middle = { x: this.left + this.canvas.width / this.scale / 2, y: this.top + this.canvas.height / this.scale / 2 };
    this.canvas.width = width;
    this.canvas.height = height;
    if (this.isFitted) return this.fit();
    this.#left = middle.x - width / this.scale / 2;
    this.#top = middle.y - height / this.scale / 2;
    this.#moved();
  }
}
