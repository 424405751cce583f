/** One thing that was made: what it holds, what was checked, where it comes from, and the way to the owner. */

import { post } from "../api.js";
import { checkReport } from "../checks.js";
import { draftView, nameOfDraft } from "../drafts.js";
import { el, fill } from "../dom.js";
import { capital, duration, shown, spaced, titleOf } from "../facts.js";
import { icon } from "../icons.js";
import { seen } from "../items.js";
import { toast } from "../notices.js";
import { saved } from "./operator_files.js";
import { attempt } from "./operator_parts.js";

const NAMED = 8; // pieces of evidence before the rest is folded away
const TRUST = /** @type {Record<string, string>} */ ({ field: "fact", prose: "claim", person: "your words" });

/** @param {import("./studio_maker.js").Version} version @param {import("../main.js").Context} page */
export function shownDraft(version, page) {
  const { draft, report, label, turn, sums } = version;
  return el(
    "article",
    { class: `draft-panel ${draft.mode}`, "data-draft": draft.id },
    el("div", { class: "row between wrap" }, el("h2", {}, nameOfDraft(draft)), el("span", { class: `badge ${draft.mode}` }, label || (draft.mode === "edited" ? "Edited" : "Created"))),
    draftView(draft, null),
    sums.length > 0 && el("dl", { class: "fields sums" }, sums.map((one) => [el("dt", {}, `${capital(spaced(one.field))} in all`), el("dd", {}, summed(one), " ", bounded(one))])),
    report ? opened(checkReport(report)) : el("p", { class: "hint" }, "It was not checked."),
    provenance(draft, turn.trace?.marks?.[draft.id] ?? null),
    submitting(version, page),
  );
}

/** A sum with its unit. @param {import("./studio_maker.js").Sum} one */
export function summed({ field, total, unit, unknown }) {
  const said = unit === "minutes" ? duration(total) : `${shown(field, total)}${unit ? ` ${unit}` : ""}`;
  return unknown ? `${said}, ${unknown} unknown` : said;
}

/** Whether a sum keeps to what was asked. @param {import("./studio_maker.js").Sum} one */
function bounded({ low, high, holds }) {
  const words = [low !== null && `at least ${low}`, high !== null && `at most ${high}`].filter(Boolean).join(", ");
  return words && el("span", { class: `badge ${holds ? "good" : "bad"}` }, words);
}

/** The report unfolded where something is wrong. @param {HTMLElement} details */
function opened(details) {
  if (details.querySelector("summary .badge.bad")) /** @type {HTMLDetailsElement} */ (details).open = true;
  return details;
}

/** @param {Record<string, any>} draft @param {Record<string, string> | null} marks of what passed: content, sidecar, label, record */
export function provenance(draft, marks) {
  const { backend } = draft;
  const where = backend.kind === "embedded" ? "on this server" : backend.kind;
  const rows = Object.entries({
    Origin: draft.mode, "Made by": `${backend.name} ${backend.version}, ${where}`, Licence: backend.licence, Cost: backend.cost ? String(backend.cost) : "none",
    "Made from": draft.parents.length === 1 ? `“${titleOf(seen(draft.parents[0]), draft.parents[0])}”` : `${draft.parents.length} items`,
    Seed: String(draft.seed), Guidance: draft.guidance.slice(0, 16), Record: marks?.record ?? "",
  }).filter(([, value]) => value);
  const pieces = draft.evidence.map((/** @type {any} */ one) => el("li", {}, el("span", { class: "badge" }, TRUST[one.trust] ?? one.trust), " ", one.text, " ", el("span", { class: "hint" }, [one.item_id && `“${titleOf(seen(one.item_id), one.item_id)}”`, spaced(one.field)].filter(Boolean).join(", "))));
  return el(
    "details",
    { class: "provenance" },
    el("summary", {}, "Where it comes from"),
    el(
      "div",
      { class: "stack" },
      el("dl", { class: "fields" }, rows.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
      pieces.length > 0 && el("div", { class: "stack tight" }, el("h3", {}, "Evidence"), el("ul", { class: "evidence" }, pieces.slice(0, NAMED)), pieces.length > NAMED && el("details", {}, el("summary", {}, `${pieces.length - NAMED} more`), el("ul", { class: "evidence" }, pieces.slice(NAMED)))),
      marks ? files(draft, marks) : el("p", { class: "hint" }, "There is no signed sidecar at hand: one goes out with what passed, when it is made."),
    ),
  );
}

/** @param {Record<string, any>} draft @param {Record<string, string>} marks */
function files(draft, marks) {
  const set = Boolean(draft.payload.members);
  const name = `${draft.id}.${set ? "json" : "txt"}`;
  const told = el("div", { role: "status", class: "stack tight" });
  const check = () => attempt(async () => {
    const found = await post("/v1/detect", { content: marks.content, sidecar: marks.sidecar });
    fill(told, el("p", { class: "row" }, el("span", { class: `badge ${found.found ? "good" : "bad"}` }, found.found ? "recognised" : "not recognised")), el("ul", { class: "evidence" }, found.layers.map((/** @type {any} */ one) => el("li", {}, `${capital(spaced(one.name))}: ${one.state}${one.reason ? `, ${one.reason}` : ""}`))));
  });
  return el(
    "div",
    { class: "stack" },
    el(
      "div",
      { class: "row wrap" },
      el("button", { class: "button", type: "button", on: { click: () => saved(new Blob([marks.content], { type: set ? "application/json" : "text/plain" }), name) } }, icon("download"), set ? "The set" : "The text"),
      el("button", { class: "button", type: "button", on: { click: () => saved(new Blob([marks.sidecar], { type: "application/json" }), `${name}.sidecar.json`) } }, icon("download"), "The signed sidecar"),
      el("button", { class: "button quiet", type: "button", on: { click: () => void check() } }, "Check both"),
    ),
    told,
  );
}

/** @param {import("./studio_maker.js").Version} version @param {import("../main.js").Context} page */
function submitting({ draft, turn, passed }, page) {
  const why = draft.mode === "edited" ? "An edit is shown in place of its source and never becomes an item of its own; only creations are submitted. Texts of its own need a writer: generec teach trains one." : passed ? "" : "Only what passed every check may be submitted.";
  const button = /** @type {HTMLButtonElement} */ (el("button", { class: "button primary", type: "button", disabled: Boolean(why) }, "Submit for approval"));
  button.addEventListener("click", async () => {
    button.disabled = true;
    let state = "waiting";
    const done = await attempt(async () => {
      ({ state } = await post("/v1/approvals", { turn: turn.id, draft: draft.id }));
    });
    button.disabled = done;
    if (!done) return;
    button.textContent = state === "waiting" ? "Submitted" : capital(state);
    toast(state === "waiting" ? "Submitted: it waits for the owner." : `The same was ${state} before; a decision is not taken twice.`, { act: "To the queue", done: () => page.go("studio/queue") });
  });
  return el("div", { class: "row wrap" }, button, why && el("p", { class: "hint" }, why));
}
