/** Reasons: atomic statements, each with what it rests on in words that a person can check. */

import { gone, post, readable } from "./api.js";
import { el, fill } from "./dom.js";
import { spaced, titleOf } from "./facts.js";
import { items, seen } from "./items.js";

const KINDS = /** @type {Record<string, string>} */ ({ yours: "From your history", item: "From what you asked", others: "From what others use" });

/** Fills a region with why an item is shown. @param {HTMLElement} region @param {string} id @param {string} person @param {AbortSignal} signal */
export async function explained(region, id, person, signal) {
  fill(region, el("p", { class: "hint", role: "status" }, "Looking up the reasons …"));
  try {
    const { statements } = await post("/v1/explain", { item_id: id, user_id: person }, { signal, again: true });
    await items(statements.flatMap((/** @type {any} */ one) => one.evidence.filter((/** @type {string} */ ref) => !ref.includes("#"))), signal);
    fill(region, reasons(statements));
  } catch (error) {
    if (!gone(error)) fill(region, el("p", { class: "hint" }, readable(error)));
  }
}

/** @param {any[]} statements @returns {HTMLElement} */
export function reasons(statements) {
  if (!statements.length) return el("p", { class: "hint" }, "Nothing in your history or your wishes explains it: it was a guess of the model.");
  return el("ul", { class: "reasons" }, statements.map(statement));
}

/** @param {any} told */
function statement(told) {
  const cited = told.evidence.map((/** @type {string} */ reference) => {
    const [id, field] = reference.split("#");
    if (!field) return `“${titleOf(seen(id), id)}”`;
    return field === "use" ? "how often it is used" : `its ${spaced(field)}`;
  });
  const kind = KINDS[told.kind] ?? "A reason";
  if (cited.length < 3) return el("li", {}, el("p", {}, told.text), el("p", { class: "hint" }, `${kind}: ${cited.join(", ")}`));
  return el("li", {}, el("p", {}, told.text), el("details", {}, el("summary", {}, `${kind}: ${cited.length} things it rests on`), el("ul", { class: "evidence" }, cited.map((/** @type {string} */ one) => el("li", {}, one)))));
}
