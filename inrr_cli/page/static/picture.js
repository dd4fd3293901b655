/** What is seen: the image or what is filled, or both beside each other, the error bar, the mask, and a pixel grid. */

import { fromWindow } from "./box.js";
import { Layer } from "./tiles.js";

const GRID_FROM = 12; // the scale from which a grid between pixels helps more than it hides
const SIGMA_OPACITY = 0.85;
const CHECKER = 8; // pixels of the screen on a side of the squares behind what has no value

export class Picture {
  /** The picture of an image in a viewport, from tiles, under an overlay. */
  constructor(image, viewport, tiles, overlay) {
    Object.assign(this, { image, viewport, tiles, overlay });
    this.shown = null; // {version, variant, window, sigma_high}, or the image as it is
    this.isOriginal = false;
    this.split = null; // the part of the canvas's width that shows the original, or no split
    this.hasSigma = false;
    this.contrast = { low: image.low, high: image.high };
    this.layers = {};
    this.#update();
    viewport.painters.push((context, view) => this.#paint(context, view));
    tiles.addEventListener("come", () => viewport.redraw());
    this.readColours();
  }

  /** Show a variant of a version, or the image as it is. */
  show(shown) {
    this.shown = shown;
    this.#update();
  }

  /** Show values between `low` and `high` between black and white. */
  setContrast(low, high) {
    this.contrast = { low, high };
    this.#update();
  }

  /** Show or hide the parts {isOriginal, split, hasSigma}. */
  set(parts) {
    Object.assign(this, parts);
    this.viewport.redraw();
  }

  /** Read the colours of the theme. */
  readColours() {
    const style = getComputedStyle(document.documentElement);
    this.surround = style.getPropertyValue("--surround").trim();
    this.pattern = checker(this.viewport.context, style.getPropertyValue("--checker").trim().split(/\s+/));
    this.viewport.redraw();
  }

  /** A layer of a variant of a version. */
  layerOf({ version, variant, window }, kind = "filled") {
    const beyond = kind === "filled" ? this.layers.image : null;
    const contrast = kind === "filled" ? this.#query() : "";
    const query = `layer=${kind}&version=${version}&variant=${variant}${contrast}&id=${this.image.id}`;
    return new Layer(query, { window: fromWindow(window), beyond });
  }

  #query() {
    return `&low=${this.contrast.low}&high=${this.contrast.high}`;
  }

  #update() {
    const { image, filled, sigma } = this.layers;
    const query = `layer=image${this.#query()}&id=${this.image.id}`;
    if (image?.query !== query) this.layers.image = new Layer(query, { former: image && new Layer(image.query) });
    this.layers.filled = this.shown && this.layerOf(this.shown);
    if (this.layers.filled && filled) {
      this.layers.filled.former = new Layer(filled.query, { window: filled.window, beyond: filled.beyond });
    }
    const hasSigma = this.shown && this.shown.sigma_high !== null;
    this.layers.sigma = hasSigma ? this.layerOf(this.shown, "sigma") : null;
    if (this.layers.sigma && sigma?.query === this.layers.sigma.query) this.layers.sigma = sigma;
    this.viewport.redraw();
  }

  #paint(context, view) {
    const { canvas } = view;
    context.fillStyle = this.surround;
    context.fillRect(0, 0, canvas.width, canvas.height);
    const [from, to] = [view.place(0, 0), view.place(view.width, view.height)];
    context.fillStyle = this.pattern;
    context.fillRect(from.x, from.y, to.x - from.x, to.y - from.y);
    this.tiles.beginFrame();
    this.#paintLayers(context, view);
    this.tiles.endFrame();
    canvas.setAttribute("aria-busy", String(this.tiles.isWaiting));
    if (view.scale >= GRID_FROM) paintGrid(context, view);
    this.overlay.draw(view);
    if (this.isSplit) paintDivider(context, view, Math.round(this.split * canvas.width));
  }

  get isSplit() {
    return this.split !== null && this.layers.filled !== null && !this.isOriginal;
  }

  #paintLayers(context, view) {
    const { image, filled, sigma } = this.layers;
    const isFilled = filled && !this.isOriginal;
    if (!isFilled || this.isSplit) this.tiles.draw(image, view);
    if (!isFilled) return;
    context.save();
    if (this.isSplit) {
      const left = Math.round(this.split * view.canvas.width);
      context.beginPath();
      context.rect(left, 0, view.canvas.width - left, view.canvas.height);
      context.clip();
    }
    this.tiles.draw(filled, view);
    if (this.hasSigma && sigma) {
      context.globalAlpha = SIGMA_OPACITY;
      this.tiles.draw(sigma, view);
    }
    context.restore();
  }
}

function checker(context, [bright, dark]) {
  const tile = new OffscreenCanvas(2 * CHECKER, 2 * CHECKER);
  const painter = tile.getContext("2d");
  painter.fillStyle = bright;
  painter.fillRect(0, 0, 2 * CHECKER, 2 * CHECKER);
  painter.fillStyle = dark;
  painter.fillRect(0, 0, CHECKER, CHECKER);
  painter.fillRect(CHECKER, CHECKER, CHECKER, CHECKER);
  return context.createPattern(tile, "repeat");
}

function paintGrid(context, view) {
  const { left, top, right, bottom } = view.seen;
  const [from, to] = [view.place(left, top), view.place(right, bottom)];
  context.beginPath();
  for (let column = left; column <= right; column++) {
    const { x } = view.place(column, 0);
    context.moveTo(x + 0.5, from.y);
    context.lineTo(x + 0.5, to.y);
  }
  for (let row = top; row <= bottom; row++) {
    const { y } = view.place(0, row);
    context.moveTo(from.x, y + 0.5);
    context.lineTo(to.x, y + 0.5);
  }
  context.lineWidth = 1;
  context.strokeStyle = "rgba(128, 128, 128, 0.35)";
  context.stroke();
}

function paintDivider(context, view, x) {
  context.fillStyle = "rgba(0, 0, 0, 0.6)";
  context.fillRect(x - 2, 0, 4, view.canvas.height);
  context.fillStyle = "#fff";
  context.fillRect(x - 1, 0, 2, view.canvas.height);
}
