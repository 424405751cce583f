/** Rules on every slate: the list with what is in force, one more, one less. */

import { del, get, post } from "../api.js";
import { el, fill, fresh } from "../dom.js";
import { afresh } from "../dialogue.js";
import { capital } from "../facts.js";
import { fields } from "../fields.js";
import { form, sure } from "../modal.js";
import { attempt, compact, field, nothing, when } from "./operator_parts.js";
import { Conditions, worded } from "./studio_conditions.js";

const KINDS = /** @type {[string, string][]} */ ([["boost", "Boost: higher up"], ["pin", "Pin: first of all"], ["bury", "Bury: further down"]]);

/** @param {HTMLElement} root @param {import("../main.js").Context} page */
export async function show(root, page) {
  const { signal } = page;
  const [rules, known] = await Promise.all([get("/v1/rules", { signal }), fields()]);
  const list = el("div", {});
  const load = async () => listed(list, await get("/v1/rules", { signal }), load);
  listed(list, rules, load);
  fill(root, el("div", { class: "halves" }, el("section", { class: "stack", "aria-label": "Rules that there are" }, list), el("section", { class: "panel" }, el("h2", {}, "Add a rule"), adding(known, load))));
}

/** @param {HTMLElement} place @param {any[]} rules @param {() => Promise<void>} load */
function listed(place, rules, load) {
  const now = Date.now() / 1000;
  fill(place, rules.length ? el("ul", { class: "stack", tabindex: -1 }, rules.map((one) => row(one, now, load))) : nothing("There are no rules: slates are what the model makes of them."));
}

/** @param {any} rule @param {number} now @param {() => Promise<void>} load */
function row(rule, now, load) {
  const [state, colour] = rule.ends !== null && rule.ends <= now ? ["over", ""] : rule.starts !== null && rule.starts > now ? ["to come", "warn"] : ["in force", "good"];
  const words = rule.conditions.map(worded).join(" and ");
  const away = async () => {
    if (!(await sure("Delete this rule?", `${capital(rule.kind)} where ${words}. Slates go without it at once.`, "Delete it"))) return;
    if (!(await attempt(() => del(`/v1/rules/${encodeURIComponent(rule.id)}`), "The rule is deleted."))) return;
    afresh();
    await load();
    /** @type {HTMLElement | null} */ (document.querySelector(".operator ul.stack"))?.focus();
  };
  return el(
    "li",
    { class: "panel rule" },
    el("p", { class: "row wrap" }, el("strong", {}, capital(rule.kind)), rule.kind !== "pin" || rule.weight !== 1 ? el("span", { class: "badge" }, `weight ${compact(rule.weight)}`) : null, el("span", { class: `badge ${colour}` }, state)),
    el("p", {}, words),
    el("p", { class: "hint" }, rule.starts === null ? "From now on" : ["From ", when(rule.starts)], rule.ends === null ? ", without an end" : [" until ", when(rule.ends)]),
    el("button", { class: "button quiet bad-words", type: "button", "aria-label": `Delete the rule: ${rule.kind} where ${words}`, on: { click: () => void away() } }, "Delete"),
  );
}

/** @param {import("../fields.js").Field[]} known @param {() => Promise<void>} load */
function adding(known, load) {
  const conditions = new Conditions(known);
  const [kind, weight, starts, ends] = ["kind", "weight", "starts", "ends"].map(fresh);
  /** @param {FormDataEntryValue | null} text */
  const moment = (text) => (text ? Math.floor(new Date(String(text)).getTime() / 1000) : null);
  return form(
    { class: "stack full" },
    async (made) => {
      const given = new FormData(made);
      conditions.settle();
      if (!conditions.values.length) return conditions.added(); // says that a value is needed
      const body = { kind: given.get("kind"), conditions: conditions.values, weight: Number(given.get("weight")), starts: moment(given.get("starts")), ends: moment(given.get("ends")) };
      if (!(await attempt(() => post("/v1/rules", body), "The rule is in force from its start on."))) return;
      made.reset();
      conditions.clear();
      afresh();
      await load();
    },
    field("What to do", el("select", { id: kind, name: "kind" }, KINDS.map(([value, words]) => el("option", { value }, words)))),
    conditions.node,
    field("Weight", el("input", { id: weight, name: "weight", type: "number", min: 0.01, max: 1000, step: "any", value: 2, required: true }), "A boost of 2 lets the tenth compete as the fifth; of two pins the heavier comes first."),
    el("div", { class: "two" }, field("Starts (empty: now)", el("input", { id: starts, name: "starts", type: "datetime-local" })), field("Ends (empty: never)", el("input", { id: ends, name: "ends", type: "datetime-local" }))),
    el("div", { class: "row end" }, el("button", { class: "button primary", type: "submit" }, "Add the rule")),
  );
}
