/** Making: the brief, the versions to choose from, and what each rests on. */

import { gone } from "../api.js";
import { chips } from "../chips.js";
import { el, fill, fresh } from "../dom.js";
import { spaced, titleOf } from "../facts.js";
import { fields } from "../fields.js";
import { icon } from "../icons.js";
import { items, seen } from "../items.js";
import { form } from "../modal.js";
import { announce } from "../notices.js";
import { field, trouble } from "./operator_parts.js";
import { columnsOf, Conditions, countable } from "./studio_conditions.js";
import { shownDraft, summed } from "./studio_draft.js";
import { make } from "./studio_maker.js";

const MOST = 5; // versions
const NOBODY = /\(nothing is known about this person yet[^)]*\)/; // what is made here is for nobody in particular

/** What was made last, so that a look at the queue does not lose it. @type {{brief: any, made: import("./studio_maker.js").Made} | null} */
let last = null;

/** @param {HTMLElement} root @param {import("../main.js").Context} page */
export async function show(root, page) {
  const studio = new Studio(page, await fields());
  fill(root, el("div", { class: "studio" }, studio.form, studio.result));
  const asked = page.query.get("brief");
  if (asked !== null) studio.given({ words: asked, kind: page.query.get("kind") === "text" ? "text" : "set", conditions: page.query.getAll("condition") });
  else if (last) {
    studio.given(last.brief);
    await studio.shown(last.made);
  }
}

class Studio {
  /** @param {import("../main.js").Context} page @param {import("../fields.js").Field[]} known */
  constructor(page, known) {
    this.page = page;
    this.conditions = new Conditions(known);
    /** @type {AbortController | null} */
    this.making = null;
    this.words = /** @type {HTMLTextAreaElement} */ (el("textarea", { id: fresh("brief"), name: "words", rows: 3, maxlength: 1500, placeholder: "Something calm for a rainy evening" }));
    this.count = /** @type {HTMLInputElement} */ (el("input", { id: fresh("count"), name: "count", type: "number", min: 1, max: 100, value: 5 }));
    this.versions = /** @type {HTMLSelectElement} */ (el("select", { id: fresh("versions"), name: "versions" }, Array.from({ length: MOST }, (_, at) => el("option", { value: at + 1, selected: at === 2 }, at ? `${at + 1} versions` : "One version"))));
    this.totals = totals(countable(columnsOf(known)), known);
    this.sets = el("div", { class: "stack" }, el("div", { class: "two" }, field("How many items", this.count, "Empty: five, or as many as the totals allow")), this.totals.node);
    this.kinds = ["set", "text"].map((value) => /** @type {HTMLInputElement} */ (el("input", { type: "radio", name: "kind", value, id: fresh("kind"), checked: value === "set", on: { change: () => this.kinded() } })));
    this.button = el("button", { class: "button primary", type: "submit" }, "Make it");
    this.stop = el("button", { class: "button", type: "button", hidden: true, on: { click: () => this.making?.abort(new DOMException("stopped", "AbortError")) } }, "Stop");
    const names = ["A set of items", "A text"];
    this.form = form(
      { class: "panel brief", "aria-label": "Brief" },
      () => void this.made(),
      field("What is wanted, in words", this.words),
      el("fieldset", { class: "row wrap" }, el("legend", { class: "label" }, "What to make"), this.kinds.map((one, at) => el("span", { class: "row" }, one, el("label", { for: one.id }, names[at])))),
      this.sets,
      this.conditions.node,
      field("Best of", this.versions, "The best comes first, the others with why they are not; you choose"),
      el("div", { class: "row" }, this.button, this.stop),
    );
    this.result = el("section", { class: "stack", "aria-label": "What was made", tabindex: -1 }, hint());
  }

  get kind() {
    return this.kinds[1].checked ? "text" : "set";
  }

  kinded() {
    this.sets.hidden = this.kind === "text";
  }

  /** Fills the brief in. @param {any} brief */
  given({ words, kind, count, conditions, totals: bounds, versions }) {
    this.words.value = words;
    this.kinds[kind === "text" ? 1 : 0].checked = true;
    if (count !== undefined) this.count.value = count === null ? "" : String(count);
    if (versions) this.versions.value = String(versions);
    if (bounds) this.totals.put(bounds);
    for (const one of conditions) this.conditions.put(one);
    this.kinded();
  }

  async made() {
    if (this.making) return;
    this.conditions.settle();
    const brief = /** @type {import("./studio_maker.js").Brief} */ ({
      words: this.words.value.trim(), kind: this.kind, count: this.count.value ? Number(this.count.value) : null,
      conditions: [...this.conditions.values], totals: this.totals.values(), versions: Number(this.versions.value),
    });
    if (!brief.words && !brief.conditions.length) {
      announce("Say what is wanted, or add a condition.");
      this.words.focus();
      return;
    }
    this.making = new AbortController();
    this.waiting(true);
    const several = brief.versions > 1 ? `, ${brief.versions} versions` : "";
    fill(this.result, el("p", { class: "step reading", role: "status" }, `Reading the brief and making it${several} …`));
    try {
      const made = await make(brief, AbortSignal.any([this.page.signal, this.making.signal]));
      last = { brief, made };
      await this.shown(made, brief.versions);
      this.result.focus({ preventScroll: true });
      this.result.scrollIntoView({ block: "nearest" });
    } catch (error) {
      if (this.page.signal.aborted) return;
      if (!gone(error)) fill(this.result, trouble(error, () => void this.made()));
      else fill(this.result, hint());
    } finally {
      this.making = null;
      this.waiting(false);
    }
  }

  /** @param {boolean} on */
  waiting(on) {
    /** @type {HTMLButtonElement} */ (this.button).disabled = on;
    this.stop.hidden = !on;
  }

  /** @param {import("./studio_maker.js").Made} made @param {number} [wanted] */
  async shown({ versions, message, guidance }, wanted = versions.length) {
    await items(versions.flatMap(({ draft }) => [...draft.parents, ...(draft.payload.members ?? []).map((/** @type {any} */ one) => one.item_id)]), this.page.signal);
    const said = message.replace(NOBODY, "").trim();
    const read = chips(guidance, (id) => titleOf(seen(id), id));
    const understood = read.childElementCount > 0 && el("div", { class: "understood" }, el("span", { class: "label" }, "Understood"), read);
    if (!versions.length) {
      announce("Nothing could be made of that.");
      fill(this.result, el("section", { class: "panel problem" }, el("h2", {}, "Nothing could be made of that"), el("p", {}, said || "The maker found nothing that fits."), el("p", { class: "hint" }, "Remove or loosen a condition or a total, then make it again."), understood));
      return;
    }
    const place = el("div", {});
    const name = fresh("version");
    const choose = (/** @type {number} */ at) => fill(place, shownDraft(versions[at], this.page));
    const options = versions.map((one, at) => {
      const id = fresh("option");
      return el("li", { class: "version-option" }, el("input", { type: "radio", name, id, checked: at === 0, on: { change: () => choose(at) } }), el("label", { for: id }, el("span", {}, `Version ${at + 1}`), el("span", { class: "row wrap" }, summary(one, at))));
    });
    choose(0);
    const fewer = versions.length < wanted ? el("p", { class: "hint" }, `The maker came to ${versions.length === 1 ? "one version" : `${versions.length} versions`} only: nothing else meets the brief as well.`) : null;
    fill(this.result, understood, said && el("p", { class: "message" }, said), versions.length > 1 && el("fieldset", {}, el("legend", { class: "label" }, "Choose a version"), el("ul", { class: "version-options" }, options)), fewer, place);
    announce(`${versions.length === 1 ? "One version is" : `${versions.length} versions are`} made.`);
  }
}

/** What tells a version from the others, in a line, and why it is not the best. @param {import("./studio_maker.js").Version} one @param {number} at */
function summary({ draft, passed, reasons, without, sums }, at) {
  const { members, rules = [] } = draft.payload;
  const held = rules.filter((/** @type {any} */ rule) => rule.holds).length;
  const rest = rules.length - held;
  return [
    el("span", { class: `badge ${passed ? "good" : "bad"}` }, icon(passed ? "check" : "warn"), !passed ? "held back" : at ? "passed" : "best"),
    members ? el("span", { class: "hint" }, [`${members.length} items`, rest > 0 && `${rest} of ${rules.length} rules broken`, ...sums.map((one) => `${spaced(one.field)} ${summed(one)}`)].filter(Boolean).join(" · ")) : el("span", { class: "hint" }, draft.payload.text.slice(0, 90)),
    (reasons.length > 0 || without > 0) && el("span", { class: "hint not-best" }, [reasons.length && `Not the best: ${reasons.join("; ")}`, without && `${reasons.length ? "made" : "Made"} without ${without} items of those before`].filter(Boolean).join("; "), "."),
  ];
}

/** Bounds on sums over a set. @param {string[]} names @param {import("../fields.js").Field[]} known */
function totals(names, known) {
  const unit = (/** @type {string} */ name) => known.find((one) => one.name === name)?.unit;
  const list = el("ul", { class: "stack" });
  const add = (/** @type {any} */ given) => {
    const ids = ["field", "low", "high"].map(fresh);
    const row = el(
      "li",
      { class: "total" },
      field("Sum of", el("select", { id: ids[0], "data-part": "field" }, names.map((one) => el("option", { value: one, selected: one === given?.field }, spaced(one), unit(one) && unit(one) !== one && ` in ${unit(one)}`)))),
      field("At least", el("input", { id: ids[1], "data-part": "low", type: "number", step: "any", value: given?.low ?? "" })),
      field("At most", el("input", { id: ids[2], "data-part": "high", type: "number", step: "any", value: given?.high ?? "" })),
      el("button", { class: "icon-button", type: "button", "aria-label": "Remove this total", on: { click: () => (row.remove(), more.focus()) } }, icon("close")),
    );
    list.append(row);
    return row;
  };
  const more = el("button", { class: "button quiet", type: "button", on: { click: () => add(null).querySelector("select")?.focus() } }, icon("more"), "Limit a total");
  const number = (/** @type {Element} */ row, /** @type {string} */ part) => {
    const { value } = /** @type {HTMLInputElement} */ (row.querySelector(`[data-part="${part}"]`));
    return value === "" ? null : Number(value);
  };
  return {
    node: names.length ? el("div", { class: "stack tight" }, list, el("div", {}, more)) : el("div", {}),
    put: (/** @type {any[]} */ bounds) => bounds.forEach(add),
    values: () => [...list.children].map((row) => ({ field: /** @type {HTMLSelectElement} */ (row.querySelector("select")).value, low: number(row, "low"), high: number(row, "high") })).filter((one) => one.low !== null || one.high !== null),
  };
}

function hint() {
  return el("div", { class: "empty panel-like" }, el("p", {}, "What is made shows here: with every rule read off the items again, every check, and what it rests on."));
}
