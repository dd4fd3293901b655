/** The tool bar and the options of the tool in hand. */

import { check, element, icon, make, onClick, roveThrough } from "./dom.js";

const LARGEST_SIZE = 2000;

/** Make the buttons of the tools of a desk, and let the fields set how they work. */
export function makeToolbar(desk, tools) {
  const group = document.querySelector("#tools .radios");
  const choose = (button) => desk.chooseTool(button.dataset.tool);
  for (const { name, label, key } of tools) {
    const attributes = { role: "radio", type: "button", class: "tool", "data-tool": name, title: `${label} (${key.toUpperCase()})` };
    const button = make("button", attributes, icon(name), label);
    button.addEventListener("click", () => choose(button));
    group.append(button);
  }
  roveThrough(group, choose);
  desk.chooseTool = (name) => {
    if (desk.tool?.isDown) desk.tool.cancel();
    const { label, hint, fields, tool } = tools.find((each) => each.name === name);
    Object.assign(desk, { tool, toolName: name });
    check(group, group.querySelector(`[data-tool=${name}]`));
    element("tool-title").textContent = label;
    element("tool-hint").textContent = hint;
    for (const field of ["size", "tolerance", "mode"]) element(`${field}-field`).hidden = !fields.includes(field);
    desk.viewport.canvas.classList.toggle("hand", Boolean(tool.pans));
    desk.viewport.redraw();
  };
  listenToFields(desk);
  desk.chooseTool("brush");
}

function listenToFields(desk) {
  const { settings, image } = desk;
  const [slider, number] = [element("size"), element("size-number")];
  desk.setSize = (size) => {
    settings.size = Math.min(LARGEST_SIZE, Math.max(1, Math.round(size) || 1));
    slider.value = settings.size;
    number.value = settings.size;
    desk.viewport.redraw();
  };
  slider.addEventListener("input", () => desk.setSize(slider.valueAsNumber));
  number.addEventListener("change", () => desk.setSize(number.valueAsNumber));
  // a scratch or a speck of dust is about a hundredth of a photograph wide
  desk.setSize(Math.max(9, Math.max(image.width, image.height) / 120));
  element("tolerance").addEventListener("input", (event) => {
    settings.tolerance = event.target.valueAsNumber;
    element("tolerance-value").textContent = event.target.value;
  });
  for (const radio of document.querySelectorAll("input[name=mode]")) {
    radio.addEventListener("change", () => (settings.removes = radio.value === "remove" && radio.checked));
  }
  element("pressure").addEventListener("change", (event) => (settings.usesPressure = event.target.checked));
  desk.sawPen = () => (element("pressure-field").hidden = false);
  onClick("sheet", () => {
    const isOpen = document.body.classList.toggle("sheet-open");
    element("sheet").setAttribute("aria-expanded", String(isOpen));
  });
}
