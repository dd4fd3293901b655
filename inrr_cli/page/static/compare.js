/** Before and after, the error bar, the tint, the zoom and the theme: the buttons above the picture. */

import { element, onClick } from "./dom.js";

const THEMES = ["auto", "dark", "light"];

/** Let the buttons above the picture work on a desk. */
export function listenToBar(desk) {
  const { viewport } = desk;
  onClick("zoom-in", () => viewport.zoomNice(1));
  onClick("zoom-out", () => viewport.zoomNice(-1));
  onClick("one-to-one", () => viewport.zoomTo(1));
  onClick("fit", () => viewport.fit());
  const showZoom = () => {
    const percent = viewport.scale * 100;
    element("zoom").textContent = `${percent >= 10 ? Math.round(percent) : percent.toFixed(1)} %`;
  };
  viewport.addEventListener("move", showZoom);
  showZoom();
  listenToComparison(desk);
  listenToTheme(desk);
}

function listenToComparison(desk) {
  const { picture, overlay, fills, viewport } = desk;
  const press = (id, isPressed) => element(id).setAttribute("aria-pressed", String(isPressed));
  desk.showOriginal = (isOriginal) => {
    picture.set({ isOriginal });
    press("original", isOriginal);
  };
  const button = element("original");
  button.addEventListener("pointerdown", () => desk.showOriginal(true));
  for (const end of ["pointerup", "pointerleave", "pointercancel", "blur"]) {
    button.addEventListener(end, () => desk.showOriginal(false));
  }
  // by the keys it is a switch, for a key cannot be held and the picture looked at by everybody
  button.addEventListener("click", (event) => event.detail === 0 && desk.showOriginal(!picture.isOriginal));
  desk.setSplit = (share) => {
    picture.set({ split: share === null ? null : Math.min(1, Math.max(0, share)) });
    press("split", share !== null);
    element("splitter").hidden = !picture.isSplit;
    if (share !== null) element("split-position").value = 100 * share;
  };
  desk.toggleSplit = () => fills.shown && desk.setSplit(picture.split === null ? 0.5 : null);
  onClick("split", desk.toggleSplit);
  element("split-position").addEventListener("input", (event) => desk.setSplit(event.target.valueAsNumber / 100));
  desk.toggleSigma = () => {
    if (element("sigma").disabled) return;
    picture.set({ hasSigma: !picture.hasSigma });
    press("sigma", picture.hasSigma);
    fills.dispatchEvent(new Event("change"));
  };
  onClick("sigma", desk.toggleSigma);
  desk.toggleTint = () => {
    overlay.tint(!overlay.isTinted);
    press("tint", overlay.isTinted);
    viewport.redraw();
  };
  onClick("tint", desk.toggleTint);
  fills.addEventListener("change", () => (element("splitter").hidden = !picture.isSplit));
}

function listenToTheme(desk) {
  const root = document.documentElement;
  const show = (theme) => {
    if (theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = theme;
    element("theme").title = `Dark or light: ${theme === "auto" ? "as your system" : theme} (T)`;
    desk.picture.readColours();
  };
  desk.nextTheme = () => {
    const theme = THEMES[(THEMES.indexOf(root.dataset.theme ?? "auto") + 1) % THEMES.length];
    localStorage.setItem("theme", theme);
    show(theme);
  };
  onClick("theme", desk.nextTheme);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => desk.picture.readColours());
  const stored = localStorage.getItem("theme");
  show(THEMES.includes(stored) ? stored : "auto");
}
