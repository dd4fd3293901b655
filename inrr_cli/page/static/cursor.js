/** Painting without a pointer: the arrow keys move a cursor over the picture, and space puts the tool down. */

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const LONG_STEP = 10; // pixels, with shift

export class Cursor {
  /** The cursor of a desk; it is not seen before an arrow key is pressed. */
  constructor(desk) {
    Object.assign(this, { desk, isSeen: false, place: null, pressedAt: null });
    const { canvas } = desk.viewport;
    canvas.addEventListener("keydown", (event) => this.#down(event));
    canvas.addEventListener("keyup", (event) => this.#up(event));
    canvas.addEventListener("blur", () => this.hide());
    desk.viewport.painters.push((context, view) => this.#paint(context, view));
  }

  hide() {
    if (!this.isSeen) return;
    this.isSeen = false;
    if (this.desk.tool.isDown) this.desk.tool.release();
    this.desk.viewport.redraw();
  }

  #down(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (STEPS[event.key]) this.#step(event, STEPS[event.key]);
    else if (event.key === " " && this.isSeen) this.#press(event);
  }

  #step(event, [dx, dy]) {
    event.preventDefault();
    const { viewport, mask } = this.desk;
    if (!this.isSeen) this.#show();
    else {
      const size = event.shiftKey ? LONG_STEP : 1;
      const clamp = (value, limit) => Math.min(limit - 0.5, Math.max(0.5, value));
      this.place = { x: clamp(this.place.x + dx * size, mask.width), y: clamp(this.place.y + dy * size, mask.height) };
    }
    this.desk.tool.move(this.place);
    viewport.reveal(this.place);
    this.desk.point = this.place;
    this.desk.hover();
  }

  /** Begin where the cursor was, or in the middle of what is seen. */
  #show() {
    const { left, top, right, bottom } = this.desk.viewport.seen;
    this.isSeen = true;
    this.place ??= { x: Math.floor((left + right) / 2) + 0.5, y: Math.floor((top + bottom) / 2) + 0.5 };
  }

  #press(event) {
    event.preventDefault();
    const { tool, viewport } = this.desk;
    if (event.repeat) return;
    // a shape whose second point is missing is finished by the second press
    if (tool.isDown) tool.release();
    else {
      tool.press(this.place);
      this.pressedAt = this.place;
    }
    viewport.redraw();
  }

  #up(event) {
    if (event.key !== " " || !this.isSeen) return;
    const { tool, viewport } = this.desk;
    const hasMoved = this.pressedAt !== this.place;
    if (tool.isDown && (hasMoved || tool.finishesAtOnce)) tool.release();
    viewport.redraw();
  }

  #paint(context, view) {
    if (!this.isSeen) return;
    const { x, y } = { x: (this.place.x - view.left) * view.scale, y: (this.place.y - view.top) * view.scale };
    const reach = 9 * view.density;
    for (const [colour, width] of [["#000", 3], ["#fff", 1]]) {
      context.strokeStyle = colour;
      context.lineWidth = width * view.density;
      context.beginPath();
      context.moveTo(x - reach, y);
      context.lineTo(x + reach, y);
      context.moveTo(x, y - reach);
      context.lineTo(x, y + reach);
      context.stroke();
    }
  }
}
