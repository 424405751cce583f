/** Reasons: atomic statements, each with what it rests on in words that a person can check. */

import { gone, post, readable } from "./api.js";
import { el, fill } from "./dom.js";
import { duration, MINUTES, spaced, straight, titleOf } from "./facts.js";
import { items, seen } from "./items.js";

const KINDS = /** @type {Record<string, string>} */ ({ yours: "From your history", item: "From what you asked", others: "From what others use" });

/**
 * Fills a region with why an item is shown. @param {HTMLElement} region @param {string} id @param {string} person
 * @param {AbortSignal} signal @param {string} [reason] the line on its card, which knows what was asked for in this dialogue
 */
export async function explained(region, id, person, signal, reason = "") {
  fill(region, el("p", { class: "hint", role: "status" }, "Looking up the reasons …"));
  try {
    const { statements } = await post("/v1/explain", { item_id: id, user_id: person }, { signal, again: true });
    await items(statements.flatMap((/** @type {any} */ one) => one.evidence.filter((/** @type {string} */ ref) => !ref.includes("#"))), signal);
    const asked = reason.endsWith("as you asked") && !statements.some((/** @type {any} */ one) => one.text === reason);
    fill(region, reasons(asked ? [{ text: reason, evidence: [], kind: "item" }, ...statements] : statements));
  } catch (error) {
    if (!gone(error)) fill(region, el("p", { class: "hint" }, readable(error)));
  }
}

/** @param {any[]} statements @returns {HTMLElement} */
export function reasons(statements) {
  if (!statements.length) return el("p", { class: "hint" }, "Nothing in your history or your wishes explains it: it was a guess of the model.");
  return el("ul", { class: "reasons" }, statements.map(statement));
}

const SHARED = /^(.+?), like (“.+”)(?: and ([\d,]+) more)? in your history$/s;
const NUMBER = /^(\D+?) (-?[\d.]+), as you asked$/;
const NUMBERS = /** @type {Record<string, (value: string) => string>} */ ({
  price: (value) => `Costs ${Number(value).toLocaleString("en-GB")}`,
  year: (value) => `From ${value}`,
  ...Object.fromEntries(MINUTES.map((name) => [name, (/** @type {string} */ value) => `${duration(value)} long`])),
});

/** A reason as somebody would say it: one title for many, numbers as what they count. @param {string} text */
export function plainly(text) {
  const shared = SHARED.exec(text);
  if (shared) {
    const [first, ...rest] = shared[2].slice(1, -1).split("”, “");
    const others = rest.length + Number((shared[3] ?? "0").replaceAll(",", ""));
    const more = others === 0 ? "" : others === 1 ? " and one more" : ` and ${others} more`;
    return `${shared[1]}, like “${straight(first)}”${more} that you know`;
  }
  const [, name = "", value = ""] = NUMBER.exec(text) ?? [];
  const said = NUMBERS[name.toLowerCase().replaceAll(" ", "_")];
  if (said) return `${said(value)}, as you asked`;
  return text === "Among the most used tenth of the catalogue" ? "Many people choose this" : text;
}

/** @param {any} told */
function statement(told) {
  const cited = told.evidence.map((/** @type {string} */ reference) => {
    const [id, field] = reference.split("#");
    if (!field) return `“${titleOf(seen(id), id)}”`;
    return field === "use" ? "how often it is used" : `its ${spaced(field)}`;
  });
  const kind = KINDS[told.kind] ?? "A reason";
  if (cited.length < 3) return el("li", {}, el("p", {}, plainly(told.text)), el("p", { class: "hint" }, [kind, cited.join(", ")].filter(Boolean).join(": ")));
  return el("li", {}, el("p", {}, plainly(told.text)), el("details", {}, el("summary", {}, `${kind}: ${cited.length} things it rests on`), el("ul", { class: "evidence" }, cited.map((/** @type {string} */ one) => el("li", {}, one)))));
}
