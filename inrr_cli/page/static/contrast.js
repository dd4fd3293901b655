/** Which values are shown as black and white: two sliders with two numbers, which change only the view. */

import { element, onClick } from "./dom.js";

const STEPS = 1000; // of a slider

/** Let the fields of the panel set the contrast of a desk's picture. */
export function listenToContrast(desk) {
  const { image, picture } = desk;
  const proposed = { low: image.low, high: image.high };
  const full = image.is_eight_bit ? { low: 0, high: 255 } : { low: image.least, high: image.most };
  const reach = { low: Math.min(full.low, proposed.low), high: Math.max(full.high, proposed.high) };
  const width = reach.high - reach.low || 1;

  const show = ({ low, high }) => {
    for (const [name, value] of Object.entries({ low, high })) {
      element(name).value = ((value - reach.low) / width) * STEPS;
      element(`${name}-number`).value = image.is_eight_bit ? Math.round(value) : Number(value.toPrecision(6));
    }
    if (low !== picture.contrast.low || high !== picture.contrast.high) picture.setContrast(low, high);
  };
  for (const name of ["low", "high"]) {
    Object.assign(element(name), { min: 0, max: STEPS, step: 1 });
    element(name).setAttribute("aria-label", name === "low" ? "Black, slider" : "White, slider");
    element(name).addEventListener("input", () => {
      show({ ...picture.contrast, [name]: reach.low + (element(name).valueAsNumber / STEPS) * width });
    });
    element(`${name}-number`).addEventListener("change", () => {
      const value = element(`${name}-number`).valueAsNumber;
      show(Number.isFinite(value) ? { ...picture.contrast, [name]: value } : picture.contrast);
    });
  }
  onClick("auto", () => show(proposed));
  onClick("full", () => show(full));
  desk.autoContrast = () => show(proposed);
  show(proposed);
}
