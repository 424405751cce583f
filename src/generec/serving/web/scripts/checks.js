/** The gate's report on a draft, for reading: what each check looked at, what it found, and on what that rests. */

import { el } from "./dom.js";
import { icon } from "./icons.js";
import { spaced, titleOf } from "./facts.js";
import { seen } from "./items.js";

const LOOKED = /** @type {Record<string, string>} */ ({
  bias: "Whether it speaks unfairly of groups of people, or always shows the same few makers.",
  privacy: "Whether it gives away names, addresses, numbers or anything else personal.",
  safety: "Whether its words are fit for whom it is shown to.",
  authenticity: "Whether every claim in it stands in its sources.",
  legality: "Whether its sources may be used this way, with the credits that they ask for.",
  identifiability: "Whether everybody can see that a machine edited or made it.",
});
const OUTCOMES = /** @type {Record<string, [string, string]>} */ ({ pass: ["good", "Passed"], fail: ["bad", "Failed"], unknown: ["warn", "Could not tell"] });

/** @param {Record<string, any>} report @returns {HTMLElement} */
export function checkReport(report) {
  const blocking = report.verdicts.filter((/** @type {any} */ one) => one.severity === "block" && one.outcome !== "pass");
  const passed = report.verdicts.length > 0 && !blocking.length;
  const words = passed ? `Passed ${report.verdicts.length} checks` : `Held back by ${blocking.map((/** @type {any} */ one) => one.check).join(", ") || "missing checks"}`;
  return el(
    "details",
    { class: "checks" },
    el("summary", {}, el("span", { class: passed ? "badge good" : "badge bad" }, icon(passed ? "check" : "warn"), words), " What was looked at"),
    el("ul", { class: "verdicts" }, report.verdicts.map(verdict)),
  );
}

/** @param {any} found */
function verdict(found) {
  const [colour, words] = OUTCOMES[found.outcome] ?? OUTCOMES.unknown;
  const warns = found.severity === "warn" && found.outcome !== "pass";
  return el(
    "li",
    { class: "verdict" },
    el("p", { class: "row between" }, el("strong", {}, found.check.charAt(0).toUpperCase() + found.check.slice(1)), el("span", { class: `badge ${warns ? "warn" : colour}` }, warns ? `${words}, a warning only` : words)),
    el("p", { class: "hint" }, LOOKED[found.check] ?? ""),
    found.reasons.length > 0 && el("ul", { class: "found" }, found.reasons.map((/** @type {string} */ one) => el("li", {}, one))),
    found.evidence.length > 0 && el("p", { class: "hint" }, `Rests on ${cited(found.evidence)}.`),
  );
}

/** @param {string[]} evidence ids of items, or of their fields */
function cited(evidence) {
  const words = evidence.slice(0, 4).map((one) => {
    const [, id, field] = /^(.*?)(?:[#.](\w+))?$/.exec(one) ?? ["", one, ""];
    const item = seen(id);
    if (!item) return one;
    return field ? `the ${spaced(field)} of “${titleOf(item)}”` : `“${titleOf(item)}”`;
  });
  return words.join(", ") + (evidence.length > 4 ? ` and ${evidence.length - 4} more` : "");
}
