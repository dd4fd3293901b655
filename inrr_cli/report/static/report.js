/* A lens value is read from the colours of a pane's layers, which are lossless. */
class Reader {
  constructor(frame, figure) {
    this.frame = frame;
    this.figure = figure;
    this.pixels = null;
  }

  async load() {
    const canvas = document.createElement("canvas");
    canvas.width = this.figure.columns;
    canvas.height = this.figure.rows;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    for (const key of this.frame.dataset.layers.split(" ").filter(Boolean)) {
      const image = new Image();
      image.src = document.getElementById(key).getAttribute("href");
      await image.decode();
      context.drawImage(image, 0, 0);
    }
    this.pixels = context;
  }

  text(column, row) {
    if (!this.pixels) return "";
    const [red, green, blue, alpha] = this.pixels.getImageData(column, row, 1, 1).data;
    const { kind, low, high, channels } = this.frame.dataset;
    const value = (level) => Number(low) + (level / 255) * (Number(high) - Number(low));
    const short = (number) => String(Number(number.toPrecision(4)));
    const isGrey = channels === "1";
    if (alpha === 0) return "–";
    if (kind === "exact") return isGrey ? `${red}` : `${red} ${green} ${blue}`;
    if (kind === "near") return isGrey ? `≈ ${short(value(red))}` : `≈ ${[red, green, blue].map((level) => short(value(level))).join(" ")}`;
    const level = (colours[kind] ?? []).indexOf(red * 65536 + green * 256 + blue);
    return level < 0 ? "" : `≈ ${short(value(level))}`;
  }
}

const colours = JSON.parse(document.getElementById("colours").textContent);

/* The panes of one image: one place, which the lens shows in all of them. */
class Figure {
  constructor(root) {
    this.root = root;
    this.rows = Number(root.dataset.rows);
    this.columns = Number(root.dataset.columns);
    this.step = Number(root.dataset.step);
    this.origin = root.dataset.origin.split(" ").map(Number);
    [this.column, this.row] = root.dataset.place.split(" ").map(Number);
    this.frames = [...root.querySelectorAll(".frame")];
    this.readers = this.frames.map((frame) => new Reader(frame, this));
    this.views = [...root.querySelectorAll(".enlarged")];
    this.values = [...root.querySelectorAll(".lens-value")];
    this.size = root.querySelector(".lens-size");
    this.columnBox = root.querySelector(".lens-column");
    this.rowBox = root.querySelector(".lens-row");
    this.connectLens();
    this.connectSwitch(".mask-switch", "without-mask");
    this.connectSwitch(".made-switch", "without-made");
    this.stage = root.querySelector(".stage");
    if (this.stage) this.connectSlider();
    this.draw();
  }

  connectSwitch(selector, className) {
    const box = this.root.querySelector(selector);
    if (!box) return;
    const apply = () => this.root.classList.toggle(className, !box.checked);
    box.addEventListener("change", apply);
    apply();
  }

  connectSlider() {
    const slider = this.stage.querySelector(".slider");
    const apply = () => this.stage.style.setProperty("--split", `${slider.value}%`);
    slider.addEventListener("input", apply);
    this.stage.addEventListener("pointermove", (event) => {
      if (event.pointerType === "mouse" && !event.buttons) this.follow(event, this.stage);
    });
    apply();
    for (const side of ["left", "right"]) {
      const choice = this.root.querySelector(`.${side}-choice`);
      if (choice) choice.addEventListener("change", () => this.choose(side, choice));
    }
  }

  choose(side, choice) {
    const source = this.root.querySelector(`.view .content[data-pane="${choice.value}"]`).parentNode;
    const picture = this.stage.querySelector(`svg.${side}`);
    picture.replaceChildren(...[...source.cloneNode(true).childNodes]);
    const name = choice.selectedOptions[0].textContent;
    picture.setAttribute("aria-label", name);
    this.stage.querySelector(`.${side}-name`).textContent = name;
  }

  connectLens() {
    for (const frame of this.frames) {
      frame.addEventListener("pointermove", (event) => this.follow(event, frame));
      frame.addEventListener("pointerdown", (event) => this.follow(event, frame));
      frame.addEventListener("keydown", (event) => this.steer(event));
    }
    this.size.addEventListener("change", () => this.draw());
    const typed = () => this.move((Number(this.columnBox.value) - this.origin[0]) / this.step, (Number(this.rowBox.value) - this.origin[1]) / this.step);
    for (const box of [this.columnBox, this.rowBox]) box.addEventListener("change", typed);
  }

  follow(event, element) {
    const box = element.getBoundingClientRect();
    this.move(((event.clientX - box.left) / box.width) * this.columns, ((event.clientY - box.top) / box.height) * this.rows);
  }

  steer(event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (!(event.key in moves) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const [right, down] = moves[event.key].map((part) => part * (event.shiftKey ? 10 : 1));
    this.move(this.column + right, this.row + down);
  }

  move(column, row) {
    const inside = (value, count) => Math.max(0, Math.min(count - 1, Math.floor(value) || 0));
    [this.column, this.row] = [inside(column, this.columns), inside(row, this.rows)];
    this.draw();
    this.readers.forEach((reader) => { reader.loading ??= reader.load().then(() => this.draw()); });
  }

  draw() {
    const size = Number(this.size.value);
    const half = (size - 1) / 2;
    for (const view of this.views) {
      view.setAttribute("viewBox", `${this.column - half} ${this.row - half} ${size} ${size}`);
      view.querySelector(".centre").setAttribute("x", this.column);
      view.querySelector(".centre").setAttribute("y", this.row);
    }
    for (const rect of this.root.querySelectorAll(".marker rect")) {
      for (const [name, value] of Object.entries({ x: this.column - half, y: this.row - half, width: size, height: size })) rect.setAttribute(name, value);
    }
    this.columnBox.value = this.origin[0] + this.column * this.step;
    this.rowBox.value = this.origin[1] + this.row * this.step;
    this.values.forEach((output, number) => { output.textContent = this.readers[number].text(this.column, this.row); });
  }
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copies);
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(source);
    button.textContent = "Selected: press Ctrl+C";
  }
  setTimeout(() => { button.textContent = before; }, 2000);
}

document.querySelectorAll(".figure").forEach((root) => new Figure(root));
document.querySelectorAll(".copy").forEach((button) => button.addEventListener("click", () => copy(button)));
