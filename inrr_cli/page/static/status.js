/** What the page says: notes in the status line, which screen readers speak, and errors in a line of their own. */

import { ServerError } from "./api.js";
import { element } from "./dom.js";

/** Say what has happened. */
export function say(text) {
  element("message").textContent = text;
}

/** Show an error until it is dismissed or the next one comes. */
export function complain(error) {
  if (!(error instanceof ServerError)) console.error(error);
  const place = element("error");
  place.querySelector("span").textContent = error.message;
  place.hidden = false;
}

/** Run something that may fail, and show how. */
export async function attempt(action) {
  try {
    element("error").hidden = true;
    return await action();
  } catch (error) {
    complain(error);
    return undefined;
  }
}

/** Let the error be dismissed. */
export function listen() {
  element("error").querySelector("button").addEventListener("click", () => (element("error").hidden = true));
}
