/** Filling: a job on the server, its progress, and the versions that come of it, which undo and redo change back to. */

import * as server from "./api.js";
import { element } from "./dom.js";
import { attempt, say } from "./status.js";

export class Fills extends EventTarget {
  /** The fills of a desk. */
  constructor(desk) {
    super();
    this.desk = desk;
    this.shown = null; // {version, variant, window, ..., mask}: what is seen, or null before the first fill
    this.job = null;
  }

  get isRunning() {
    return this.job !== null;
  }

  /** Whether the mask is not the one that what is shown was filled with. */
  isStale() {
    const { mask, filled } = this.desk;
    if (mask.count !== filled.count) return true;
    for (let place = 0; place < mask.data.length; place++) {
      if (mask.data[place] !== filled.data[place]) return true;
    }
    return false;
  }

  /** Fill the mask: `choice` is {fill, variants}. */
  async start(choice) {
    const { mask } = this.desk;
    if (!mask.count) return say("Nothing is marked yet: paint what is to be filled, or let it be found.");
    await this.cancel();
    const filledMask = mask.pack();
    const { job } = await server.fill(mask, choice);
    this.#tell(job);
    try {
      const end = await this.#follow(job);
      if (end?.state === "done") this.#take(end, choice, filledMask);
      if (end?.state === "cancelled") say("The fill was cancelled. The mask is as it was.");
      if (end?.state === "failed") throw new server.ServerError(end.error, 500);
    } finally {
      if (this.job === job) this.#tell(null);
    }
  }

  /** End the running fill. */
  async cancel() {
    if (this.job === null) return;
    const { job } = this;
    this.#tell(null);
    await server.cancel(job);
  }

  /** Show another variant of the version that is seen; this can be undone too. */
  choose(variant) {
    if (!this.shown || variant === this.shown.variant) return;
    this.#change({ ...this.shown, variant }, `variant ${variant + 1}`);
  }

  #tell(job) {
    this.job = job;
    element("progress").value = 0;
    element("percent").textContent = "";
    this.dispatchEvent(new Event("change"));
  }

  /** Show how far a job is; the number changes too often to be spoken. */
  #showProgress({ state, done, total, text }) {
    const share = total ? done / total : 0;
    element("progress").value = share;
    element("percent").textContent = state === "running" ? `${Math.round(100 * share)} %` : "";
    const spoken = `${text.charAt(0).toUpperCase()}${text.slice(1)} …`;
    if (state === "running" && element("message").textContent !== spoken) say(spoken);
  }

  /** The end of a job; null if another took its place. */
  async #follow(job) {
    let after;
    for (;;) {
      const news = await server.progress(job, after);
      if (this.job !== job) return news.state === "cancelled" ? news : null;
      after = news.done;
      this.#showProgress(news);
      if (news.state !== "running") return news;
    }
  }

  #take(end, choice, filledMask) {
    this.#change({ ...end, fill: choice.fill, variant: 0, mask: filledMask }, "fill");
    const seconds = end.seconds < 10 ? end.seconds.toFixed(1) : Math.round(end.seconds);
    say(`Filled ${end.filled_pixels.toLocaleString("en")} pixels in ${seconds} s.`);
  }

  #change(shown, label) {
    const before = this.shown;
    this.#show(shown);
    const bytes = shown.mask.bits.length;
    this.desk.history.add({ label, undo: () => this.#show(before), redo: () => this.#show(shown), bytes });
  }

  #show(shown) {
    const { filled, picture } = this.desk;
    if (shown?.mask !== this.shown?.mask) {
      filled.clear();
      if (shown) filled.setBits(shown.mask.bits, shown.mask.box, 1);
      filled.tell();
    }
    this.shown = shown;
    picture.show(shown);
    this.dispatchEvent(new Event("change"));
  }
}

/** Fill with what is chosen in the panel. */
export function fillAsChosen(desk) {
  return attempt(() => desk.fills.start(desk.fillChoice()));
}
