/** The strip of variants: what each has made of the largest hole and its surroundings, to choose from. */

import { grown, intersection } from "./box.js";
import { check, element, make, roveThrough } from "./dom.js";

const SIDE = 144; // pixels of the layout on a side of a thumbnail
const CELLS = 256; // on a side of the reduced mask in which the largest hole is looked for
const SURROUNDINGS = 0.4; // of the hole's size, on each side

/** Keep the strip up to date with the fills of a desk. */
export function showVariants(desk) {
  const strip = element("variants");
  roveThrough(strip, (button) => desk.fills.choose(Number(button.dataset.variant)));
  let drawn = null;
  desk.fills.addEventListener("change", () => {
    const { shown } = desk.fills;
    strip.hidden = !shown || shown.variants < 2;
    if (strip.hidden) return;
    if (drawn !== shown.version) {
      drawn = shown.version;
      strip.replaceChildren(...makeThumbnails(desk, shown));
    }
    check(strip, strip.children[shown.variant]);
  });
}

function makeThumbnails(desk, shown) {
  const box = surroundings(desk);
  return Array.from({ length: shown.variants }, (_, variant) => {
    const density = window.devicePixelRatio || 1;
    const canvas = make("canvas", { width: SIDE * density, height: SIDE * density, "aria-hidden": "true" });
    const label = `Variant ${variant + 1}`;
    const button = make("button", { role: "radio", "data-variant": variant, type: "button" }, canvas, make("span", {}, label));
    button.addEventListener("click", () => desk.fills.choose(variant));
    drawThumbnail(desk, { ...shown, variant }, box, canvas);
    return button;
  });
}

/** A square around the largest hole of what is filled. */
function surroundings({ filled }) {
  const level = filled.levels.findIndex(({ columns, rows }) => Math.max(columns, rows) <= 2 * CELLS);
  const place = level < 0 ? filled.levels.length - 1 : level;
  const size = 2 ** place;
  const hole = largestHole(filled.levels[place]);
  const side = Math.max(hole.right - hole.left, hole.bottom - hole.top, Math.ceil(32 / size)) * size;
  const [x, y] = [((hole.left + hole.right) / 2) * size, ((hole.top + hole.bottom) / 2) * size];
  const half = side / 2;
  const square = grown({ left: x - half, top: y - half, right: x + half, bottom: y + half }, side * SURROUNDINGS);
  return Object.fromEntries(Object.entries(square).map(([name, value]) => [name, Math.round(value)]));
}

/** The box of the connected cells that are most. */
function largestHole({ columns, rows, data }) {
  const seen = new Uint8Array(data.length);
  let largest = { cells: 0, left: 0, top: 0, right: columns, bottom: rows };
  for (let start = 0; start < data.length; start++) {
    if (!data[start] || seen[start]) continue;
    const hole = { cells: 0, left: columns, top: rows, right: 0, bottom: 0 };
    const waiting = [start];
    seen[start] = 1;
    while (waiting.length) {
      const place = waiting.pop();
      const [row, column] = [Math.floor(place / columns), place % columns];
      hole.cells++;
      hole.left = Math.min(hole.left, column);
      hole.right = Math.max(hole.right, column + 1);
      hole.top = Math.min(hole.top, row);
      hole.bottom = Math.max(hole.bottom, row + 1);
      const next = [];
      if (column > 0) next.push(place - 1);
      if (column < columns - 1) next.push(place + 1);
      if (row > 0) next.push(place - columns);
      if (row < rows - 1) next.push(place + columns);
      for (const neighbour of next) {
        if (data[neighbour] && !seen[neighbour]) {
          seen[neighbour] = 1;
          waiting.push(neighbour);
        }
      }
    }
    if (hole.cells > largest.cells) largest = hole;
  }
  return largest;
}

async function drawThumbnail(desk, shown, box, canvas) {
  const { tiles, picture, overlay, mask } = desk;
  const scale = canvas.width / (box.right - box.left);
  const seen = intersection(box, mask.box);
  const layer = picture.layerOf(shown);
  await Promise.all(tiles.places(tiles.levelFor(scale), seen).map((place) => tiles.fetch(layer, place)));
  const place = (x, y) => ({ x: Math.round((x - box.left) * scale), y: Math.round((y - box.top) * scale) });
  const view = { context: canvas.getContext("2d"), scale, seen, place, density: 1 };
  tiles.draw(layer, view);
  overlay.draw(view);
}
