/** Saving the image and the mask, the command that would do the same, and the end. */

import * as server from "./api.js";
import { element, onClick } from "./dom.js";
import { attempt, say } from "./status.js";

/** Let the buttons save the work of a desk, copy its command and end it. */
export function listenToSaving(desk) {
  desk.openSave = () => attempt(() => openSave(desk));
  onClick("save", desk.openSave);
  onClick("save-mask", () => attempt(() => openSaveMask(desk)));
  onClick("done", () => attempt(() => finish(desk)));
  onClick("copy", () => copy(element("command").textContent));
  onClick("save-copy", () => copy(element("save-command").textContent));
  const showCommand = async () => {
    // a command that does not come is shown when the next change asks for it
    const answer = await server.commandFor(commandQuery(desk)).catch(() => null);
    if (answer) element("command").textContent = answer.command;
  };
  desk.fills.addEventListener("change", () => desk.fills.isRunning || showCommand());
  showCommand();
  window.addEventListener("beforeunload", (event) => {
    if (desk.unsaved.mask || desk.unsaved.image) event.preventDefault();
  });
}

/** What the command is asked for: of what is shown, or of what would be filled. */
function commandQuery(desk, output) {
  const { shown } = desk.fills;
  if (!shown) return { ...desk.fillChoice(), output };
  const { fill, variants, variant, seed } = shown;
  return { fill, variants: fill === "texture" ? variants : undefined, variant, seed, output };
}

async function copy(text) {
  await attempt(async () => {
    await navigator.clipboard.writeText(text);
    say("The command was copied.");
  });
}

/** Ask a question; return whether the answer is yes. */
export function ask(title, text, yes) {
  const dialog = element("ask-dialog");
  element("ask-title").textContent = title;
  element("ask-text").textContent = text;
  element("ask-go").textContent = yes;
  return showDialog(dialog).then((answer) => answer === "go");
}

function showDialog(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true }));
}

async function openSave(desk) {
  const { fills, image } = desk;
  if (!fills.shown) return say("Nothing is filled yet. Fill the mask first; Save… under Mask keeps the mask alone.");
  if (fills.isStale()) {
    const isSure = await ask(
      "The mask has changed since the fill",
      "What is saved is what you see filled, with the mask of that fill. Fill again to have the changes in it.",
      "Save what was filled",
    );
    if (!isSure) return undefined;
  }
  const name = element("save-name").value || image.output;
  return save({
    title: "Save the restored image",
    text: describeSave(fills.shown),
    name,
    command: (output) => server.commandFor(commandQuery(desk, output)),
    write: async (output, force) => {
      const { version, variant } = fills.shown;
      const answer = await server.save({ version, variant, output, force });
      Object.assign(desk.unsaved, { mask: fills.isStale(), image: false });
      return [`Written: ${answer.output}${answer.mask ? `, with the mask ${answer.mask}` : ""}.`, ...(answer.notes ?? [])];
    },
  });
}

function describeSave({ made_up_pixels: count }) {
  const text = "Of the same type and with all that the file holds; the mask goes beside it.";
  return count ? `${text} ${count.toLocaleString("en")} pixels are made up: plausible, not measured.` : text;
}

function openSaveMask(desk) {
  return save({
    title: "Save the mask",
    text: "White is to be filled.",
    name: desk.image.mask_output,
    write: async (output, force) => {
      const answer = await server.saveMask(desk.mask, { output, force });
      desk.unsaved.mask = false;
      return [`Written: ${answer.mask}.`];
    },
  });
}

/** Ask for a name until something is written or the person gives up. */
async function save({ title, text, name, command, write }) {
  const [field, note, go] = [element("save-name"), element("save-note"), element("save-go")];
  element("save-title").textContent = title;
  element("save-text").textContent = text;
  field.value = name;
  note.hidden = true;
  go.textContent = "Save";
  let taken = null; // the name of a file that is there already
  const showCommand = async () => {
    element("save-command").parentElement.hidden = !command;
    const answer = await command?.(field.value).catch(() => null);
    element("save-command").textContent = answer?.command ?? "";
  };
  field.oninput = () => {
    note.hidden = true;
    taken = null;
    go.textContent = "Save";
    showCommand();
  };
  await showCommand();
  while ((await showDialog(element("save-dialog"))) === "save") {
    try {
      return say((await write(field.value, taken === field.value ? 1 : 0)).join(" "));
    } catch (error) {
      if (!(error instanceof server.ServerError)) throw error;
      note.textContent = error.message;
      note.hidden = false;
      taken = error.status === 409 ? field.value : null;
      go.textContent = taken ? "Overwrite" : "Save";
    }
  }
  return undefined;
}

async function finish(desk) {
  const { unsaved } = desk;
  if (unsaved.image || unsaved.mask) {
    const what = unsaved.image ? "The filled image has" : "The mask has";
    if (!(await ask("Close without saving?", `${what} not been saved.`, "Close"))) return;
  }
  await server.close();
  Object.assign(unsaved, { mask: false, image: false });
  element("closed").hidden = false;
  for (const part of document.body.children) part.inert = part.id !== "closed";
}
