/** Small helpers for the elements of the page. */

const SVG = "http://www.w3.org/2000/svg";

/** The element with an id. */
export const element = (id) => document.getElementById(id);

/** An element with attributes and content. */
export function make(tag, attributes = {}, ...content) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...content);
  return made;
}

/** An icon of icons.svg. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `/static/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** Give each button the icon that it names, and a tooltip of its label and its key. */
export function decorate() {
  for (const button of document.querySelectorAll("button")) {
    const { icon: name, key } = button.dataset;
    if (name) button.prepend(icon(name));
    const label = button.getAttribute("aria-label") ?? (key ? button.textContent.trim() : "");
    if (label) button.title = key ? `${label} (${key})` : label;
    if (!button.closest("form")) button.type = "button";
  }
}

/** Call `act` when the element with an id is clicked. */
export function onClick(id, act) {
  element(id).addEventListener("click", act);
}

/** The value of the checked radio button of a name. */
export const chosen = (name) => document.querySelector(`input[name="${name}"]:checked`).value;

/** Let the arrow keys move among radio buttons of a group, as those of a form do; `choose` gets the button. */
export function roveThrough(group, choose) {
  group.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const buttons = [...group.querySelectorAll("[role=radio]")];
    const place = buttons.indexOf(document.activeElement);
    if (!step || place < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const next = buttons[(place + step + buttons.length) % buttons.length];
    choose(next);
    next.focus();
  });
}

/** Mark one radio button of a group as the checked one, which the tab key reaches. */
export function check(group, button) {
  for (const each of group.querySelectorAll("[role=radio]")) {
    each.setAttribute("aria-checked", String(each === button));
    each.tabIndex = each === button ? 0 : -1;
  }
}

/** A number as people read it: grouped if whole, else with the digits that matter. */
export function readable(number) {
  if (number === null || number === undefined) return "–";
  if (Number.isInteger(number) && Math.abs(number) < 1e15) return number.toLocaleString("en");
  return String(Number(number.toPrecision(5)));
}
