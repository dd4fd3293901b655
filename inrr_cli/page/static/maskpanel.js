/** The part of the panel that finds, grows, clears, loads and keeps the mask. */

import * as server from "./api.js";
import { element, make, onClick } from "./dom.js";
import { toPng } from "./png.js";
import { attempt, say } from "./status.js";

const FINDS = {
  lines: "Lines",
  dead: "Dead pixels",
  scratches: "Scratches and dust",
  nan: "No number (NaN)",
  nodata: "No data",
  alpha: "Transparent",
};

const pixels = (count) => `${count.toLocaleString("en")} ${count === 1 ? "pixel" : "pixels"}`;

/** Let the buttons of the panel work on the mask of a desk. */
export function listenToMask(desk) {
  const { mask, history, image } = desk;
  for (const what of image.sources) {
    const button = make("button", { type: "button", "data-find": what }, FINDS[what] ?? what);
    button.addEventListener("click", () => waitFor(button, () => find(desk, what)));
    element("find").append(button);
  }
  const by = () => Math.max(1, Math.round(element("by").valueAsNumber) || 1);
  onClick("grow", (event) => waitFor(event.currentTarget, () => change(desk, by(), "grow")));
  onClick("shrink", (event) => waitFor(event.currentTarget, () => change(desk, -by(), "shrink")));
  onClick("clear", () => {
    mask.clear();
    if (history.commit("clear")) say("The mask is empty. Undo brings it back.");
  });
  onClick("load", () => element("mask-file").click());
  element("mask-file").addEventListener("change", (event) => load(desk, event.target));
  onClick("download", () => attempt(() => download(desk)));
  desk.addSimilar = (x, y, removes) => attempt(() => addSimilar(desk, x, y, removes));
  const showCount = () => (element("count").textContent = describeCount(mask));
  mask.addEventListener("change", showCount);
  showCount();
}

function describeCount(mask) {
  const share = (100 * mask.count) / (mask.width * mask.height);
  const percent = share >= 0.1 || !share ? share.toFixed(1) : share.toPrecision(1);
  return mask.count ? `${pixels(mask.count)}, ${percent} %` : "empty";
}

/** Do what a button does, once at a time; it is not disabled meanwhile, for then it would lose the focus. */
async function waitFor(button, action) {
  if (button.ariaDisabled === "true") return;
  button.ariaDisabled = "true";
  await attempt(action);
  button.ariaDisabled = "false";
}

async function find(desk, what) {
  const { mask, history } = desk;
  say(`Looking for ${(FINDS[what] ?? what).toLowerCase()} …`);
  const { bits, box, note } = await server.find(what, mask.box);
  const before = mask.count;
  mask.setBits(bits, box, 1);
  history.commit(`find ${what}`);
  say(`${mask.count === before ? "Nothing new was found." : `${pixels(mask.count - before)} added.`} ${note}`.trim());
}

async function change(desk, by, label) {
  const { mask, history } = desk;
  if (!mask.count) return say("The mask is empty.");
  replace(mask, await server.grow(mask, by));
  history.commit(label);
}

async function load(desk, input) {
  const [file] = input.files;
  input.value = "";
  if (!file) return;
  await attempt(async () => {
    replace(desk.mask, await server.upload(file, desk.mask.box));
    desk.history.commit("load");
    say(`${file.name}: ${pixels(desk.mask.count)} to fill.`);
  });
}

function replace(mask, { bits, box }) {
  mask.clear();
  mask.setBits(bits, box, 1);
}

async function addSimilar(desk, x, y, removes) {
  const { mask, history, settings, picture } = desk;
  const query = { x, y, tolerance: settings.tolerance, ...picture.contrast };
  const { bits, box } = await server.similar(query, mask.box);
  const before = mask.count;
  mask.setBits(bits, box, removes ? 0 : 1);
  history.commit("similar");
  say(`${pixels(Math.abs(mask.count - before))} ${removes ? "removed" : "added"}.`);
}

/** Keep the mask as a file of the browser: this works without the server too. */
async function download(desk) {
  const link = make("a", { download: desk.image.mask_output, href: URL.createObjectURL(await toPng(desk.mask)) });
  link.click();
  URL.revokeObjectURL(link.href);
  desk.unsaved.mask = false;
  say("The mask was handed to your browser, as it hands you what you download.");
}
