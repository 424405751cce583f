/** Whether the data is in order, and a copy of all of it. */

import { get, gone } from "../api.js";
import { el, fill } from "../dom.js";
import { capital, spaced } from "../facts.js";
import { announce } from "../notices.js";
import { fetched, saved } from "./operator_files.js";
import { uploading } from "../upload.js";
import { attempt, compact, figure, nothing, percent, table, when } from "./operator_parts.js";

const OLD = 30 * 24 * 3600; // seconds
const UNSEEN = 0.5;

/** @param {HTMLElement} root @param {import("../main.js").Context} page */
export async function show(root, page) {
  const found = await get("/v1/health/data", { signal: page.signal });
  const health = el("div", { class: "stack wide-gaps" }, looked(found));
  const again = async () => fill(health, looked(await get("/v1/health/data", { signal: page.signal })));
  const parts = [health, uploading(page, () => void attempt(again)), copy(page)];
  fill(root, el("div", { class: "stack wide-gaps" }, found.items || found.events ? parts : [parts[1], health, parts[2]]));
}

/** @param {any} found */
function looked(found) {
  return found.items || found.events ? drawn(found) : nothing("There are no items and no events yet.");
}

/** @param {any} found */
function drawn(found) {
  const age = found.newest ? Date.now() / 1000 - found.newest : 0;
  return [
    el(
      "div",
      { class: "tallies" },
      figure("Items", compact(found.items), sign(found.items > 0, found.items ? `change ${compact(found.watermark)} was the last` : "nothing can be recommended")),
      figure("Without text", compact(found.without_text), sign(!found.without_text, found.without_text ? "they are known by their behaviour alone" : "every item can be read")),
      figure("Met by nobody", percent(found.unseen), sign(found.unseen < UNSEEN, found.unseen < UNSEEN ? "most items have events" : "show new items to more people")),
      figure("People", compact(found.people), sign(found.people > 0, found.people ? "with events" : "nobody was here yet")),
      figure("Events", compact(found.events), found.newest ? sign(age < OLD, el("span", {}, "newest ", when(found.newest))) : sign(false, "models have nothing to learn from")),
      figure("On unknown items", compact(found.unknown_items), sign(!found.unknown_items, found.unknown_items ? "put these items in, or they teach nothing" : "every event has its item")),
    ),
    el("div", { class: "halves" }, counted("Events by kind", found.by_kind), counted("Events by source", found.by_source)),
    el("section", { class: "stack" }, el("h2", {}, "Fields of the catalogue"), el("ul", { class: "columns" }, Object.entries(found.columns).map(([name, kind]) => el("li", {}, spaced(name), " ", el("span", { class: "hint" }, String(kind)))))),
  ];
}

/** @param {boolean} good @param {import("../dom.js").Child} words */
function sign(good, words) {
  return el("p", { class: "row wrap" }, el("span", { class: `badge ${good ? "good" : "warn"}` }, good ? "in order" : "look at this"), el("span", { class: "hint" }, words));
}

/** @param {string} title @param {Record<string, number>} counts */
function counted(title, counts) {
  const rows = Object.entries(counts).sort(([, one], [, other]) => other - one);
  return el("section", { class: "panel" }, el("h2", {}, title), rows.length ? table(title, ["Name", "Events"], rows.map(([name, count]) => [capital(spaced(name)), compact(count)])) : el("p", { class: "hint" }, "No events yet."));
}

/** @param {import("../main.js").Context} page */
function copy(page) {
  const said = el("p", { class: "hint", role: "status" });
  const button = /** @type {HTMLButtonElement} */ (el("button", { class: "button", type: "button" }, "Export everything"));
  button.addEventListener("click", async () => {
    button.disabled = true;
    await attempt(() => taken(said, page.signal), "The export is complete.");
    button.disabled = false;
    if (document.activeElement === document.body) button.focus();
  });
  return el("section", { class: "panel" }, el("h2", {}, "A copy of it all"), el("p", { class: "hint" }, "Items, events, rules and models, one JSON object a line. What people said is sealed and comes with their own export, on the page Profile."), button, said);
}

/** Reads the export to its last line, which says that it is whole. @param {HTMLElement} said @param {AbortSignal} signal */
async function taken(said, signal) {
  try {
    const response = await fetched("/v1/export", signal);
    /** @type {BlobPart[]} */
    const parts = [];
    let [bytes, tail] = [0, ""];
    for (const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader(), decoder = new TextDecoder(); ; ) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(/** @type {BlobPart} */ (value));
      bytes += value.length;
      tail = (tail + decoder.decode(value, { stream: true })).slice(-4000);
      said.textContent = `${compact(bytes / 1e6)} MB …`;
    }
    const end = tail.trimEnd().split("\n").at(-1) ?? "";
    if (!end.includes('"kind": "end"')) throw new Error("The export was cut off: its last line is missing. Try again.");
    saved(new Blob(parts, { type: "application/x-ndjson" }), "generec-export.ndjson");
    const { kind, ...counts } = JSON.parse(end);
    said.textContent = `${compact(bytes / 1e6)} MB: ${Object.entries(counts).map(([name, count]) => `${name}s ${compact(Number(count))}`).join(", ")}.`;
    announce(said.textContent);
  } catch (error) {
    said.textContent = gone(error) ? "" : "Nothing was saved.";
    throw error;
  }
}
