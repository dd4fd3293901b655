/** The part of the panel that fills, and what is said of the result. */

import { chosen, element, make, onClick, readable } from "./dom.js";
import { fillAsChosen } from "./fills.js";
import { attempt } from "./status.js";

const HINTS = {
  expected: "What would most likely have been measured there, with an error bar. Large holes come back smooth.",
  texture: "Copies from elsewhere in the picture: it looks right, but is plausible, not measured.",
};

/** Let the buttons of the panel fill the mask of a desk, and show what comes of it. */
export function listenToFills(desk) {
  const { fills } = desk;
  desk.fillChoice = () => {
    const fill = chosen("fill");
    const whole = (id, most) => Math.min(most, Math.max(0, Math.round(element(id).valueAsNumber) || 0));
    return fill === "texture" ? { fill, variants: Math.max(1, whole("variant-count", 4)), seed: whole("seed", 2 ** 31) } : { fill };
  };
  const choose = () => {
    element("fill-hint").textContent = HINTS[chosen("fill")];
    element("variants-field").hidden = chosen("fill") !== "texture";
    fills.dispatchEvent(new Event("change"));
  };
  for (const radio of document.querySelectorAll("input[name=fill]")) radio.addEventListener("change", choose);
  for (const id of ["variant-count", "seed"]) element(id).addEventListener("change", choose);
  onClick("fill", () => fillAsChosen(desk));
  onClick("fill-here", () => (fills.isRunning ? attempt(() => fills.cancel()) : fillAsChosen(desk)));
  onClick("cancel", () => attempt(() => fills.cancel()));
  fills.addEventListener("change", () => showState(desk));
  for (const source of [fills, desk.history]) {
    source.addEventListener("change", () => (element("stale").hidden = !fills.shown || !fills.isStale()));
  }
  choose();
}

function showState(desk) {
  const { fills, picture } = desk;
  const { shown, isRunning } = fills;
  const isFocused = [element("fill"), element("cancel")].includes(document.activeElement);
  element("fill").textContent = shown ? "Fill again" : "Fill the mask";
  element("fill").hidden = isRunning;
  element("fill-here").lastChild.textContent = isRunning ? "Cancel" : "Fill";
  element("cancel").hidden = element("progress").hidden = !isRunning;
  if (isFocused) element(isRunning ? "cancel" : "fill").focus(); // the one that took the place of the other
  element("original").disabled = element("split").disabled = !shown;
  element("sigma").disabled = !shown || shown.sigma_high === null;
  element("result").replaceChildren(...(shown ? describe(shown) : []).map((text) => make("li", {}, text)));
  const isTexture = Boolean(shown?.made_up_pixels);
  element("made-up").hidden = !isTexture;
  if (isTexture) {
    element("made-up").textContent = `Plausible, not measured: ${shown.made_up_pixels.toLocaleString("en")} pixels are made up`;
  }
  showLegend(desk, shown, picture);
}

function describe(shown) {
  const text = [`${shown.filled_pixels.toLocaleString("en")} pixels filled.`];
  if (shown.sigma_high === null) text.push("No error bar: copies have none.");
  const notes = shown.notes.filter((note) => !note.startsWith("filling ")); // the first line says it
  return [...text, ...notes.map((note) => note.charAt(0).toUpperCase() + note.slice(1))];
}

function showLegend({ image }, shown, picture) {
  const hasBar = Boolean(shown && shown.sigma_high !== null && picture.hasSigma);
  element("legend").hidden = !hasBar;
  if (!hasBar) return;
  element("legend-bar").style.background = `linear-gradient(to right, ${image.colours.join(", ")})`;
  element("legend-high").textContent = `${readable(shown.sigma_high)}${image.unit ? ` ${image.unit}` : " (units of the file)"}`;
}
