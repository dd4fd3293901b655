/** Puts the page together: everything hangs on one desk, on which lie the mask, the picture, the tools and the fills. */

import * as server from "./api.js";
import { listenToBar } from "./compare.js";
import { listenToContrast } from "./contrast.js";
import { Cursor } from "./cursor.js";
import { decorate, element } from "./dom.js";
import { listenToFills } from "./fillpanel.js";
import { Fills } from "./fills.js";
import { Gestures } from "./gestures.js";
import { History } from "./history.js";
import { listenToKeys } from "./keys.js";
import { Mask } from "./mask.js";
import { listenToMask } from "./maskpanel.js";
import { Overlay } from "./overlay.js";
import { Picture } from "./picture.js";
import { listenToSaving } from "./saving.js";
import { attempt, complain, listen, say } from "./status.js";
import { Tiles } from "./tiles.js";
import { makeToolbar } from "./toolbar.js";
import { makeTools } from "./tools.js";
import { makeHover } from "./values.js";
import { showVariants } from "./variants.js";
import { Viewport } from "./viewport.js";

async function start() {
  decorate();
  listen();
  const image = await server.describeImage();
  const desk = makeDesk(image);
  const tools = makeTools(desk);
  makeToolbar(desk, tools);
  listenToContrast(desk);
  listenToBar(desk);
  listenToFills(desk);
  listenToMask(desk);
  listenToSaving(desk);
  listenToKeys(desk, tools);
  showVariants(desk);
  showFacts(image);
  if (image.mask_pixels) await takeGivenMask(desk);
  say(image.notes.join(" ") || "Paint what is to be filled, then press Fill.");
  document.documentElement.dataset.ready = "";
}

function makeDesk(image) {
  const mask = new Mask(image.width, image.height, image.levels);
  const filled = new Mask(image.width, image.height, image.levels); // the mask of what is shown filled
  const viewport = new Viewport(element("picture"), image.width, image.height);
  const tiles = new Tiles(image);
  const overlay = new Overlay(mask, filled, tiles);
  const desk = {
    image, mask, filled, viewport, tiles, overlay,
    point: null, // where the pointer is in the image
    settings: { size: 9, tolerance: 8, removes: false, usesPressure: true },
    unsaved: { mask: false, image: false },
  };
  desk.picture = new Picture(image, viewport, tiles, overlay);
  viewport.painters.push((context, view) => desk.tool.paint(context, view));
  desk.history = new History(mask);
  desk.fills = new Fills(desk);
  desk.cursor = new Cursor(desk);
  desk.hideCursor = () => desk.cursor.hide();
  desk.hover = makeHover(desk);
  desk.gestures = new Gestures(desk);
  connect(desk);
  return desk;
}

/** Let the parts hear of each other. */
function connect({ mask, filled, viewport, tiles, history, fills, unsaved }) {
  for (const source of [mask, filled]) source.addEventListener("change", () => viewport.redraw());
  tiles.addEventListener("failed", (event) => complain(event.detail));
  history.addEventListener("change", () => {
    element("undo").disabled = !history.canUndo;
    element("redo").disabled = !history.canRedo;
    Object.assign(unsaved, { mask: mask.count > 0 || fills.shown !== null, image: fills.shown !== null });
  });
}

async function takeGivenMask({ mask, history, unsaved }) {
  const { bits, box } = await server.givenMask(mask.box);
  mask.setBits(bits, box, 1);
  history.commit("the given mask");
  unsaved.mask = false; // it lies in a file already
}

function showFacts({ name, width, height, channels, dtype, pages, page }) {
  document.title = `${name} – inrr paint`;
  element("name").textContent = name;
  const parts = [`${width} × ${height}`, dtype, channels > 1 ? `${channels} channels` : "", pages > 1 ? `page ${page} of ${pages}` : ""];
  element("facts").textContent = parts.filter(Boolean).join(" · ");
}

attempt(start);
