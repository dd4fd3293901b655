/** What the page asks of its server. Each call throws a ServerError whose message is one line to be shown. */

import { deflate, inflate } from "./bits.js";
import { fromWindow, toWindow } from "./box.js";

export class ServerError extends Error {
  /** An error with the status of HTTP; 0 if there was no answer at all. */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

const GONE =
  "The server does not answer. Nothing is lost: your mask is still here. Keep it as a file (Mask, Download), " +
  "then run inrr paint again and load it.";

async function ask(path, query = {}, options = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  const address = given.length ? `${path}?${new URLSearchParams(given)}` : path;
  let response;
  try {
    response = await fetch(address, { credentials: "same-origin", ...options });
  } catch (error) {
    throw error.name === "AbortError" ? error : new ServerError(GONE, 0);
  }
  if (response.ok) return response;
  const answer = await response.json().catch(() => ({}));
  throw new ServerError(answer.error ?? `The server answered ${response.status}.`, response.status);
}

const askJson = async (...request) => (await ask(...request)).json();
const post = (path, query, options = {}) => ask(path, query, { method: "POST", ...options });

/** A mask as the body of a request; of its box alone. */
async function asBody(mask) {
  const { bits, box } = mask.pack();
  return {
    body: await deflate(bits),
    headers: { "Content-Type": "application/octet-stream", "X-Window": toWindow(box) },
  };
}

/** A mask of an answer, as {bits, box, note}; `whole` is the box of an answer that names none. */
async function asBits(response, whole) {
  const named = response.headers.get("X-Window");
  return {
    bits: await inflate(await response.arrayBuffer()),
    box: named ? fromWindow(named.split(",").map(Number)) : whole,
    note: decodeURIComponent(response.headers.get("X-Note") ?? ""),
  };
}

export const describeImage = () => askJson("/api/image");
export const readValues = (query) => askJson("/api/values", query);
export const givenMask = async (whole) => asBits(await ask("/api/mask"), whole);
export const find = async (what, whole) => asBits(await post("/api/find", { what }), whole);
export const similar = async (query, whole) => asBits(await post("/api/similar", query), whole);
export const grow = async (mask, by) => asBits(await post("/api/change", { grow: by }, await asBody(mask)), mask.box);
export const fill = async (mask, query) => (await post("/api/fill", query, await asBody(mask))).json();
export const progress = (job, after) => askJson("/api/progress", { job, after });
export const cancel = (job) => post("/api/cancel", { job });
export const commandFor = async (query) => (await post("/api/command", query)).json();
export const save = async (query) => (await post("/api/save", query)).json();
export const saveMask = async (mask, query) => (await post("/api/save-mask", query, await asBody(mask))).json();
export const close = () => post("/api/close");

/** The mask of a file, read as `--mask` reads it. */
export async function upload(file, whole) {
  const headers = { "Content-Type": "application/octet-stream" };
  return asBits(await post("/api/upload", { name: file.name }, { body: file, headers }), whole);
}

/** A tile as something that can be drawn, its colours as the server sent them. */
export async function tile(query, signal) {
  const response = await ask(`/api/tile?${query}`, {}, { signal });
  return createImageBitmap(await response.blob(), { colorSpaceConversion: "none", premultiplyAlpha: "none" });
}
