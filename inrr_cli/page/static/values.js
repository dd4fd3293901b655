/** The status line: where the pointer is, and the numbers of the file there. */

import * as server from "./api.js";
import { element, readable } from "./dom.js";

const REST = 60; // milliseconds that the pointer must rest before the server is asked

/** Return what shows the position of a desk's pointer, and a little later the values there. */
export function makeHover(desk) {
  let timer = null;
  let last = "";
  return () => {
    desk.viewport.redraw();
    const { point, mask } = desk;
    const [x, y] = point ? [Math.floor(point.x), Math.floor(point.y)] : [-1, -1];
    const isInside = x >= 0 && y >= 0 && x < mask.width && y < mask.height;
    element("position").textContent = isInside ? `x ${x}  y ${y}` : "";
    const { version, variant } = desk.fills.shown ?? {};
    const key = isInside ? `${x},${y},${version},${variant}` : "";
    if (key === last) return;
    last = key;
    clearTimeout(timer);
    element("values").textContent = "";
    if (!isInside) return;
    timer = setTimeout(async () => {
      // a value that does not come is no error worth a line: the next movement asks again
      const found = await server.readValues({ x, y, version, variant }).catch(() => null);
      if (found && last === key) element("values").textContent = describe(found);
    }, REST);
  };
}

function describe({ values, filled, sigma }) {
  const list = (numbers) => numbers.map(readable).join(" ");
  if (!filled) return list(values);
  return `${list(values)} → ${list(filled)}${sigma ? ` ± ${list(sigma)}` : ""}`;
}
