/** Drafts beside what they were made from: texts with their differences, sets with their members and rules. */

import { checkReport } from "./checks.js";
import { coverOf } from "./cards.js";
import { compared, sideOf } from "./diff.js";
import { el } from "./dom.js";
import { proseOf, spaced, titleOf, titleOfSet } from "./facts.js";
import { seen } from "./items.js";

/** @typedef {Record<string, any>} Draft as /v1/turn gives it */

const PARTS = /** @type {Record<string, string>} */ ({ relevance: "fits you", diversity: "varied", flow: "follows well", cost: "cost" });

/** @param {Draft} draft @param {Record<string, any> | null} report */
export function draftView(draft, report) {
  return el(
    "div",
    { class: "draft", "data-draft": draft.id },
    draft.payload.members ? setView(draft) : textView(draft),
    el("p", { class: "hint" }, `Made by ${draft.backend.name} ${draft.backend.version}, ${draft.backend.kind === "embedded" ? "on this server" : draft.backend.kind}, from ${parents(draft)}.`),
    report ? checkReport(report) : null,
  );
}

/** What a draft is called. @param {Draft} draft */
export function nameOfDraft({ payload, parents: [first] }) {
  const { members, title } = payload;
  return (members ? titleOfSet(title, seen(members[0]?.item_id)) : title) || titleOf(seen(first), "Untitled");
}

/** The words that a text was made from. @param {Draft} draft */
export function sourceOf(draft) {
  const own = draft.evidence.filter((/** @type {any} */ one) => one.trust === "prose" && (!one.item_id || draft.parents.includes(one.item_id)));
  return own.map((/** @type {any} */ one) => one.text).join("\n\n") || proseOf(seen(draft.parents[0]));
}

/** @param {Draft} draft */
function textView(draft) {
  const { payload } = draft;
  const source = draft.mode === "edited" ? sourceOf(draft) : "";
  if (!source) return el("div", { class: "side" }, el("h4", {}, payload.title || "The text"), el("p", { class: "compared" }, payload.text));
  const parts = compared(source, payload.text);
  return el(
    "div",
    { class: "sides" },
    el("section", { class: "side" }, el("h4", {}, "Before"), sideOf(parts, "gone")),
    el("section", { class: "side after" }, el("h4", {}, "After"), sideOf(parts, "new")),
  );
}

/** @param {Draft} draft */
function setView(draft) {
  const { members, rules, objective } = draft.payload;
  return el(
    "div",
    { class: "stack" },
    el("ol", { class: "members" }, members.map(member)),
    rules.length > 0 &&
      el(
        "table",
        { class: "rules" },
        el("caption", { class: "unseen" }, "The rules of the set, read off the items again"),
        el("thead", {}, el("tr", {}, ["Rule", "Found", "Holds"].map((one) => el("th", { scope: "col" }, one)))),
        el("tbody", {}, rules.map((/** @type {any} */ rule) => el("tr", {}, el("td", {}, ruled(rule.rule)), el("td", {}, rule.value), el("td", {}, el("span", { class: rule.holds ? "badge good" : "badge bad" }, rule.holds ? "yes" : "no"))))),
      ),
    el("p", { class: "facts" }, Object.entries(PARTS).filter(([name]) => objective[name]).map(([name, words]) => el("span", {}, `${words} ${Math.abs(objective[name]).toFixed(2)}`))),
  );
}

const SIGNS = /** @type {[RegExp, string][]} */ ([[/ >= /, " at least "], [/ <= /, " at most "], [/ != /, " not "], [/ > /, " over "], [/ < /, " under "], [/ = /, ": "]]);

/** A rule of a set in words. @param {string} rule */
function ruled(rule) {
  const condition = /^every member: (.+)$/s.exec(rule)?.[1];
  if (condition === undefined) return spaced(rule).replace(/ members$/, " items");
  const [sign, words] = SIGNS.find(([one]) => one.test(condition)) ?? [/$/, ""];
  return `every item: ${spaced(condition.replace(sign, words))}`;
}

/** Why an item is in a set, as somebody would say it. @param {string} reason */
function told(reason) {
  const plain = reason.replace(/(^|, )(genres?|tags|topic|kind|categories|category) /g, "$1").replace(/(^|, )(creator|author|artist|director|brand) /g, "$1by ");
  return plain.replace(/, as (\d+) others?/g, (_, count) => (count === "1" ? ", like one other here" : `, like ${count} others here`));
}

/** @param {any} one @param {number} at */
function member(one, at) {
  const when = [one.slot, one.start !== null && `${String(Math.floor(one.start / 60)).padStart(2, "0")}:${String(Math.round(one.start % 60)).padStart(2, "0")}`].filter(Boolean).join(", ");
  return el(
    "li",
    { class: "member" },
    el("div", { class: "cover" }, coverOf(one.item_id)),
    el("div", {}, el("p", { class: "member-title" }, `${at + 1}. ${titleOf(seen(one.item_id), one.item_id)}`), when && el("p", { class: "hint" }, when), one.reason && el("p", { class: "hint" }, told(one.reason))),
  );
}

/** @param {Draft} draft */
function parents(draft) {
  if (draft.payload.members) return `${draft.parents.length} items of the catalogue`;
  const titles = draft.parents.slice(0, 2).map((/** @type {string} */ id) => `“${titleOf(seen(id), id)}”`);
  const rest = draft.parents.length - titles.length;
  return titles.length ? titles.join(", ") + (rest > 0 ? ` and ${rest} more` : "") : "the catalogue's own words";
}
