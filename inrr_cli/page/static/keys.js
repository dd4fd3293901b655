/** The keys: one table, from which they work and from which the sheet of keys is made. */

import { element, make, onClick } from "./dom.js";
import { fillAsChosen } from "./fills.js";
import { attempt, say } from "./status.js";

/** [title, [[keys as people read them, what they do, keys as events name them, action, action when let go]]] */
const tableFor = (desk, tools) => [
  ["Tools", [
    ...tools.map(({ name, label, key }) => [[key.toUpperCase()], label, [key], () => desk.chooseTool(name)]),
    [["X"], "Brush to eraser and back", ["x"], () => desk.chooseTool(desk.toolName === "brush" ? "eraser" : "brush")],
    [["[", "]"], "Smaller, larger", ["[", "]"], (event) => desk.setSize(resized(desk.settings.size, event.key === "]"))],
    [["Shift click"], "Join to the last point by a line"],
    [["Alt"], "With a shape: take out of the mask"],
    [["Esc"], "Take back what is being drawn; else cancel the fill", ["Escape"], () => escape(desk)],
  ]],
  ["Picture", [
    [["+", "−"], "Zoom", ["+", "=", "-"], (event) => desk.viewport.zoomNice(event.key === "-" ? -1 : 1)],
    [["Wheel"], "Zoom where the pointer is; with shift, move sideways"],
    [["0"], "Fit in the window", ["0"], () => desk.viewport.fit()],
    [["1"], "100 %", ["1"], () => desk.viewport.zoomTo(1)],
    [["Space drag"], "Move the picture; so does the middle button"],
    [["O"], "Show the original while held", ["o", "\\"], () => desk.showOriginal(true), () => desk.showOriginal(false)],
    [["S"], "Before and after, side by side", ["s"], () => desk.toggleSplit()],
    [["D"], "Error bar (standard deviation)", ["d"], () => desk.toggleSigma()],
    [["Q"], "Tint what is to be filled", ["q"], () => desk.toggleTint()],
    [["A"], "Contrast: auto", ["a"], () => desk.autoContrast()],
    [["T"], "Dark, light, or as the system", ["t"], () => desk.nextTheme()],
  ]],
  ["Work", [
    [["F", "Enter"], "Fill the mask", ["f", "Enter"], () => fillAsChosen(desk)],
    [[",", "."], "Variant before, variant after", [",", "."], (event) => stepVariant(desk, event.key === "," ? -1 : 1)],
    [["Ctrl Z"], "Undo", ["ctrl z"], () => undo(desk)],
    [["Ctrl Shift Z", "Ctrl Y"], "Redo", ["ctrl shift z", "ctrl y"], () => redo(desk)],
    [["Ctrl S"], "Save", ["ctrl s"], () => desk.openSave()],
    [["?"], "This sheet", ["?"], () => element("keys-dialog").showModal()],
  ]],
  ["Without a pointer", [
    [["Tab"], "To the picture, the tools and the options"],
    [["Arrows"], "In the picture: move a cursor; with shift, by ten pixels"],
    [["Space"], "Put the tool down; hold it and move to draw on; for a shape, press again to finish"],
  ]],
];

/** Let the keys work on a desk. */
export function listenToKeys(desk, tools) {
  const table = tableFor(desk, tools);
  const actions = new Map();
  for (const [, rows] of table) {
    for (const [, , names = [], press, release] of rows) names.forEach((name) => actions.set(name, { press, release }));
  }
  document.addEventListener("keydown", (event) => down(desk, actions, event));
  document.addEventListener("keyup", (event) => {
    if (event.key === " ") desk.gestures.isSpaceDown = false;
    actions.get(event.key.toLowerCase())?.release?.(event);
  });
  window.addEventListener("blur", () => {
    desk.gestures.isSpaceDown = false;
    desk.showOriginal(false);
  });
  onClick("undo", () => undo(desk));
  onClick("redo", () => redo(desk));
  onClick("help", () => element("keys-dialog").showModal());
  element("keys-list").append(...table.map(makeSection));
}

function down(desk, actions, event) {
  if (document.querySelector("dialog[open]") || isTyping(event)) return;
  const isAtRest = event.target === document.body || event.target === desk.viewport.canvas;
  if (event.key === " " && isAtRest && !desk.cursor.isSeen) {
    event.preventDefault();
    desk.gestures.isSpaceDown = true;
  }
  if (event.key === "Enter" && !isAtRest) return;
  const action = actions.get(nameOf(event));
  if (!action?.press || (event.altKey && event.key.length === 1)) return;
  event.preventDefault();
  if (!event.repeat || !action.release) action.press(event);
}

function nameOf(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (!event.ctrlKey && !event.metaKey) return key;
  return `ctrl ${event.shiftKey ? "shift " : ""}${key}`;
}

/** Whether the key belongs to a field: letters to text and numbers, and none of them to sliders and buttons. */
function isTyping({ target, ctrlKey, metaKey, key }) {
  const isText = target.matches("input:not([type=range], [type=radio], [type=checkbox])");
  return isText && !((ctrlKey || metaKey) && key.toLowerCase() === "s");
}

function escape(desk) {
  if (desk.tool.isDown) desk.tool.cancel();
  else attempt(() => desk.fills.cancel());
  desk.viewport.redraw();
}

function undo(desk) {
  if (desk.tool.isDown) return;
  const label = desk.history.undo();
  say(label ? `Undone: ${label}.` : "There is nothing to undo.");
}

function redo(desk) {
  if (desk.tool.isDown) return;
  const label = desk.history.redo();
  say(label ? `Done again: ${label}.` : "There is nothing to do again.");
}

/** The next size: by one pixel while small, by a tenth when large. */
function resized(size, isLarger) {
  const step = Math.max(1, Math.round(size / 10));
  return isLarger ? size + step : size - step;
}

function stepVariant(desk, step) {
  const { shown } = desk.fills;
  if (shown) desk.fills.choose((shown.variant + step + shown.variants) % shown.variants);
}

function makeSection([title, rows]) {
  const list = make("dl");
  for (const [keys, text] of rows) {
    const shown = keys.flatMap((key, index) => (index ? [" or ", makeKey(key)] : [makeKey(key)]));
    list.append(make("dt", {}, ...shown), make("dd", {}, text));
  }
  return make("section", {}, make("h3", {}, title), list);
}

function makeKey(key) {
  return make("kbd", {}, key);
}
