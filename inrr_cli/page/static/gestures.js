/** Mouse, pen, fingers and wheel on the picture: what paints, what pans, and what zooms. */

const WHEEL_STEP = 100; // what a notch of a wheel reports in most browsers
const LINE = 33; // pixels that a line counts, where a browser reports lines
const LIGHTEST_STRENGTH = 0.1; // of the size, however lightly a pen touches
const GRIP = 12; // pixels of the layout on each side of the divider that take hold of it

export class Gestures {
  #pointers = new Map();
  #mode = null; // "tool", "pan", "pinch" or "split"
  #pinch = null;

  /** Listen on the canvas of a desk. */
  constructor(desk) {
    this.desk = desk;
    this.isSpaceDown = false;
    const { canvas } = desk.viewport;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event));
    canvas.addEventListener("pointercancel", (event) => this.#up(event, true));
    canvas.addEventListener("pointerleave", () => this.#leave());
    // a frame tells where the arrow keys go; who came with a mouse knows
    const showFrame = () => canvas.classList.remove("pointed");
    canvas.addEventListener("keydown", (event) => event.key.startsWith("Arrow") && showFrame());
    canvas.addEventListener("blur", showFrame);
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("auxclick", (event) => event.preventDefault());
  }

  get isBusy() {
    return this.#mode !== null;
  }

  #down(event) {
    const { desk } = this;
    desk.viewport.canvas.classList.add("pointed");
    desk.viewport.canvas.focus({ preventScroll: true });
    event.preventDefault();
    desk.viewport.canvas.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, desk.viewport.toCanvas(event));
    if (event.pointerType === "touch" && this.#pointers.size === 2) return this.#beginPinch();
    if (this.#pointers.size > 1) return;
    this.#mode = this.#modeFor(event);
    desk.hideCursor();
    desk.viewport.canvas.classList.toggle("grabbing", this.#mode === "pan");
    if (event.pointerType === "pen") desk.sawPen();
    if (this.#mode === "tool") {
      desk.point = desk.viewport.toImage(event);
      desk.tool.press(desk.point, this.#manner(event));
      desk.viewport.redraw();
    }
  }

  #modeFor(event) {
    if (event.button === 1 || this.isSpaceDown || this.desk.tool.pans) return "pan";
    if (this.#isOnDivider(event)) return "split";
    return event.button === 0 || event.button === 5 ? "tool" : "pan";
  }

  #isOnDivider(event) {
    const { picture, viewport } = this.desk;
    if (!picture.isSplit) return false;
    return Math.abs(viewport.toCanvas(event).x - picture.split * viewport.canvas.width) < GRIP * viewport.density;
  }

  /** How a tool is used: with which keys held, and how hard a pen presses. */
  #manner(event) {
    const isPen = event.pointerType === "pen" && this.desk.settings.usesPressure;
    return {
      joins: event.shiftKey,
      removes: event.altKey,
      isErasing: (event.buttons & 32) !== 0,
      strength: isPen ? Math.max(LIGHTEST_STRENGTH, event.pressure) : 1,
    };
  }

  #move(event) {
    const { desk } = this;
    const before = this.#pointers.get(event.pointerId);
    const place = desk.viewport.toCanvas(event);
    if (event.movementX || event.movementY) desk.hideCursor();
    if (before) this.#pointers.set(event.pointerId, place);
    if (this.#mode === "pinch") return this.#movePinch();
    if (this.#mode === "pan" && before) desk.viewport.pan(place.x - before.x, place.y - before.y);
    if (this.#mode === "split") desk.setSplit(place.x / desk.viewport.canvas.width);
    desk.point = desk.viewport.toImage(event);
    if (this.#mode === "tool" && before) {
      const steps = event.getCoalescedEvents?.() ?? [];
      for (const step of steps.length ? steps : [event]) desk.tool.move(desk.viewport.toImage(step), this.#manner(step));
    }
    if (event.pointerType === "touch" && this.#mode !== "tool") desk.point = null;
    desk.viewport.canvas.classList.toggle("dividing", this.#isOnDivider(event));
    desk.hover();
  }

  #up(event, isCancelled = false) {
    if (!this.#pointers.delete(event.pointerId)) return;
    if (this.#mode === "tool") isCancelled ? this.desk.tool.cancel() : this.desk.tool.release();
    if (event.pointerType === "touch") this.desk.point = null;
    this.desk.viewport.canvas.classList.remove("grabbing");
    // after a pinch the finger that is left neither paints nor pans until it is lifted
    if (this.#mode !== "pinch" || this.#pointers.size === 0) this.#mode = null;
    this.desk.viewport.redraw();
  }

  #leave() {
    if (this.isBusy) return;
    this.desk.point = null;
    this.desk.hover();
  }

  /** A second finger: what the first has begun is taken back. */
  #beginPinch() {
    if (this.#mode === "tool") this.desk.tool.cancel();
    this.desk.point = null;
    this.#mode = "pinch";
    this.#pinch = this.#fingers();
  }

  #movePinch() {
    if (this.#pointers.size !== 2) return;
    const { viewport } = this.desk;
    const now = this.#fingers();
    viewport.pan(now.x - this.#pinch.x, now.y - this.#pinch.y);
    viewport.zoomTo((viewport.scale * now.distance) / this.#pinch.distance, now);
    this.#pinch = now;
  }

  #fingers() {
    const [one, other] = [...this.#pointers.values()];
    return {
      x: (one.x + other.x) / 2,
      y: (one.y + other.y) / 2,
      distance: Math.max(1, Math.hypot(one.x - other.x, one.y - other.y)),
    };
  }

  #wheel(event) {
    event.preventDefault();
    const { viewport } = this.desk;
    const unit = event.deltaMode ? LINE : 1;
    const [dx, dy] = [event.deltaX * unit, event.deltaY * unit];
    if (event.shiftKey) return viewport.pan(-(dx || dy) * viewport.density, 0);
    // a pinch on a touchpad comes as a wheel with ctrl, in steps some ten times smaller
    viewport.zoomBy((-dy / WHEEL_STEP) * (event.ctrlKey ? 5 : 1), viewport.toCanvas(event));
    this.desk.point = viewport.toImage(event);
  }
}
