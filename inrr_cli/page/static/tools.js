/**
 * The tools. Each is pressed at a position in the image, moved, and released, by a mouse, a pen, a finger or the keys;
 * `paint` draws its preview. `strength` is the pressure of a pen, 1 for all else.
 */

import { strokeDashed } from "./overlay.js";
import { capsule, polygon, rectangle, snap } from "./shapes.js";

/** Brush and eraser: the mask changes under the hand. */
class Freehand {
  finishesAtOnce = true; // with the keys: a single point is a stroke
  constructor(desk, value) {
    Object.assign(this, { desk, value, last: null, isDown: false });
  }

  press(point, { joins = false, strength = 1, isErasing = false } = {}) {
    this.isDown = true;
    this.written = isErasing ? 0 : this.value;
    const from = joins && this.last ? this.last : point;
    this.#stroke(from, point, strength);
  }

  move(point, { strength = 1 } = {}) {
    if (this.isDown) this.#stroke(this.last, point, strength);
  }

  release() {
    if (!this.isDown) return;
    this.isDown = false;
    this.desk.history.commit(this.written ? "brush" : "eraser");
  }

  cancel() {
    this.isDown = false;
    this.desk.history.revert();
  }

  #stroke(from, to, strength) {
    const { mask, settings } = this.desk;
    const size = Math.max(1, Math.round(settings.size * strength));
    capsule(snap(from, size), snap(to, size), size, (row, left, right) => mask.setSpan(row, left, right, this.written));
    mask.tell();
    this.last = to;
  }

  paint(context, view) {
    const { point, settings } = this.desk;
    if (point) strokeDashed(context, discOutline(view, snap(point, settings.size), settings.size), view.density);
  }
}

/** A shape that is drawn as a preview and enters the mask when it is released. */
class Drawn {
  constructor(desk) {
    Object.assign(this, { desk, points: [] });
  }

  get isDown() {
    return this.points.length > 0;
  }

  press(point, { removes = false, isErasing = false } = {}) {
    this.removes = removes || isErasing || this.desk.settings.removes;
    this.points = [point];
  }

  move(point, { joins = false } = {}) {
    if (this.isDown) this.extend(point, joins);
  }

  extend(point) {
    this.points = [this.points[0], point];
  }

  release() {
    if (!this.isDown) return;
    const { mask, history } = this.desk;
    this.cover((row, left, right) => mask.setSpan(row, left, right, this.removes ? 0 : 1));
    this.points = [];
    history.commit(this.label);
  }

  cancel() {
    this.points = [];
  }

  paint(context, view) {
    if (this.isDown) strokeDashed(context, this.outline(view), view.density);
  }
}

class Line extends Drawn {
  label = "line";

  /** With shift the line goes by whole eighths of a turn. */
  extend(point, isStraight) {
    const [from] = this.points;
    this.points = [from, isStraight ? straightened(from, point) : point];
  }

  cover(span) {
    const { size } = this.desk.settings;
    capsule(snap(this.points[0], size), snap(this.points.at(-1), size), size, span);
  }

  outline(view) {
    const [from, to] = [this.points[0], this.points.at(-1)];
    const path = discOutline(view, from, this.desk.settings.size);
    path.addPath(discOutline(view, to, this.desk.settings.size));
    path.moveTo(...onCanvas(view, from));
    path.lineTo(...onCanvas(view, to));
    return path;
  }

  paint(context, view) {
    super.paint(context, view);
    const { point, settings } = this.desk;
    if (point && !this.isDown) strokeDashed(context, discOutline(view, snap(point, settings.size), settings.size), view.density);
  }
}

class Rectangle extends Drawn {
  label = "rectangle";

  /** With shift the rectangle is a square. */
  extend(point, isSquare) {
    const [from] = this.points;
    const side = Math.max(Math.abs(point.x - from.x), Math.abs(point.y - from.y));
    const to = { x: from.x + side * Math.sign(point.x - from.x), y: from.y + side * Math.sign(point.y - from.y) };
    this.points = [from, isSquare ? to : point];
  }

  cover(span) {
    rectangle(this.points[0], this.points.at(-1), span);
  }

  outline(view) {
    const [a, b] = [this.points[0], this.points.at(-1)];
    const [left, top] = onCanvas(view, { x: Math.floor(Math.min(a.x, b.x)), y: Math.floor(Math.min(a.y, b.y)) });
    const [right, bottom] = onCanvas(view, { x: Math.floor(Math.max(a.x, b.x)) + 1, y: Math.floor(Math.max(a.y, b.y)) + 1 });
    const path = new Path2D();
    path.rect(left, top, right - left, bottom - top);
    return path;
  }
}

class Lasso extends Drawn {
  label = "lasso";

  extend(point) {
    this.points.push(point);
  }

  cover(span) {
    polygon(this.points, span);
  }

  outline(view) {
    const path = new Path2D();
    this.points.forEach((point) => path.lineTo(...onCanvas(view, point)));
    path.closePath();
    return path;
  }
}

/** Adds the connected pixels of similar colour, which the server finds. */
class Similar {
  isDown = false;

  constructor(desk) {
    this.desk = desk;
  }

  press(point, { removes = false, isErasing = false } = {}) {
    const { mask, settings } = this.desk;
    const [x, y] = [Math.floor(point.x), Math.floor(point.y)];
    if (x < 0 || y < 0 || x >= mask.width || y >= mask.height) return;
    this.desk.addSimilar(x, y, removes || isErasing || settings.removes);
  }

  move() {}

  release() {}

  cancel() {}

  paint() {}
}

/** Moves the picture; gestures do that themselves. */
class Hand extends Similar {
  pans = true;

  press() {}
}

function onCanvas(view, point) {
  return [(point.x - view.left) * view.scale, (point.y - view.top) * view.scale];
}

function discOutline(view, centre, size) {
  const path = new Path2D();
  path.arc(...onCanvas(view, centre), Math.max(1.5, (size / 2) * view.scale), 0, 2 * Math.PI);
  return path;
}

function straightened(from, to) {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const angle = (Math.round(Math.atan2(to.y - from.y, to.x - from.x) / (Math.PI / 4)) * Math.PI) / 4;
  return { x: from.x + length * Math.cos(angle), y: from.y + length * Math.sin(angle) };
}

/** The tools in the order of the tool bar: name, label, key (as in Photoshop), hint, fields of options, and the tool. */
export const makeTools = (desk) => [
  { name: "brush", label: "Brush", key: "b", hint: "Paint what is to be filled. Shift-click joins by a straight line.", fields: ["size"], tool: new Freehand(desk, 1) },
  { name: "eraser", label: "Eraser", key: "e", hint: "Take pixels out of the mask. A pen's eraser does the same.", fields: ["size"], tool: new Freehand(desk, 0) },
  { name: "line", label: "Line", key: "u", hint: "Drag for a straight line, as wide as the size. Shift: by eighths of a turn. Alt removes.", fields: ["size", "mode"], tool: new Line(desk) },
  { name: "rectangle", label: "Rectangle", key: "m", hint: "Drag from corner to corner. Shift: a square. Alt removes.", fields: ["mode"], tool: new Rectangle(desk) },
  { name: "lasso", label: "Lasso", key: "l", hint: "Draw around what is to be filled. Alt removes.", fields: ["mode"], tool: new Lasso(desk) },
  { name: "similar", label: "Similar", key: "w", hint: "Click: connected pixels of similar colour. Alt removes.", fields: ["tolerance", "mode"], tool: new Similar(desk) },
  { name: "hand", label: "Hand", key: "h", hint: "Drag to move the picture. Space with the mouse does the same in every tool.", fields: [], tool: new Hand(desk) },
];
