/** Conditions on fields of the catalogue as chips that are added one at a time and taken away again. */

import { el, fill, fresh } from "../dom.js";
import { spaced } from "../facts.js";
import { offered, spanOf } from "../fields.js";
import { icon } from "../icons.js";
import { announce } from "../notices.js";
import { condition } from "../wishes.js";
import { field } from "./operator_parts.js";

/** Operators by the type of a column. @type {Record<string, [string, string][]>} */
const OPERATORS = {
  text: [["=", "is"], ["!=", "is not"], ["contains", "contains"], ["in", "is one of"], ["not in", "is none of"]],
  number: [["<=", "at most"], [">=", "at least"], ["<", "under"], [">", "over"], ["=", "is"], ["!=", "is not"]],
  truth: [["=", "is"]],
};
const TYPES = /** @type {Record<string, keyof typeof OPERATORS>} */ ({ whole: "number", number: "number", date: "number", moment: "number", truth: "truth" });
const INPUTS = /** @type {Record<string, string>} */ ({ whole: "number", number: "number", date: "date", moment: "datetime-local" });

const WRITTEN = /^("(?:[^"\\]|\\.)*"|[^\s=!<>]+)\s*(!=|<=|>=|=|<|>|not in|in|contains)\s*(.*)$/s;
const VALUE = /"(?:[^"\\]|\\.)*"|[^|]+/gs;

/** Fields that one can count with. @param {Record<string, string>} columns */
export function countable(columns) {
  return Object.keys(columns).filter((name) => columns[name] === "whole" || columns[name] === "number");
}

/** Name -> kind of the columns. @param {import("../fields.js").Field[]} fields */
export function columnsOf(fields) {
  return Object.fromEntries(fields.map((one) => [one.name, one.column]));
}

/** A condition as the server's grammar writes it. @param {string} name @param {string} operator @param {string} value @param {string} [kind] */
export function written(name, operator, value, kind = "text") {
  const several = operator === "in" || operator === "not in";
  const values = several ? value.split("|").map((one) => one.trim()).filter(Boolean) : [value.trim()];
  const quoted = values.map((one) => (INPUTS[kind] === "number" && Number.isFinite(Number(one)) ? one : quote(one)));
  return `${quote(name)} ${operator} ${quoted.join("|")}`;
}

/** A written condition for reading. @param {string} text in the server's grammar */
export function worded(text) {
  const found = WRITTEN.exec(text);
  if (!found) return text;
  const several = found[2] === "in" || found[2] === "not in";
  const values = [...found[3].matchAll(VALUE)].map(([one]) => plainly(one));
  return condition({ field: plainly(found[1]), operator: found[2], value: several ? values : values.join(" ") });
}

/** The chips, and what adds another one. */
export class Conditions {
  /** @param {import("../fields.js").Field[]} fields @param {() => void} [changed] */
  constructor(fields, changed = () => {}) {
    this.fields = fields;
    const columns = columnsOf(fields);
    this.columns = columns;
    this.changed = changed;
    /** @type {string[]} */
    this.values = [];
    this.list = el("ul", { class: "chips", "aria-label": "Conditions" });
    this.value = el("span", { class: "condition-value" });
    const names = Object.keys(columns);
    this.name = /** @type {HTMLSelectElement} */ (el("select", { id: fresh("field"), on: { change: () => this.typed() } }, names.map((name) => el("option", { value: name }, spaced(name)))));
    this.operator = /** @type {HTMLSelectElement} */ (el("select", { id: fresh("operator"), on: { change: () => this.hinted() } }));
    this.add = el("button", { class: "button", type: "button", on: { click: () => this.added() } }, icon("more"), "Add");
    this.node = el(
      "fieldset",
      { class: "conditions" },
      el("legend", {}, "Conditions that every item must meet"),
      this.list,
      names.length
        ? el("div", { class: "condition" }, field("Field", this.name), field("Operator", this.operator), this.value, this.add)
        : el("p", { class: "hint" }, "The catalogue has no fields yet. ", el("a", { href: "#/operator/data" }, "Bring in items"), " first."),
    );
    if (names.length) this.typed();
    this.draw();
  }

  get kind() {
    return this.columns[this.name.value] ?? "text";
  }

  /** Another field was chosen: other operators, another kind of value. */
  typed() {
    fill(this.operator, OPERATORS[TYPES[this.kind] ?? "text"].map(([value, words]) => el("option", { value }, words)));
    const id = fresh("value");
    this.input = /** @type {HTMLInputElement | HTMLSelectElement} */ (
      this.kind === "truth"
        ? el("select", { id }, el("option", { value: "true" }, "yes"), el("option", { value: "false" }, "no"))
        : el("input", { id, type: INPUTS[this.kind] ?? "text", step: "any", maxlength: 500, autocomplete: "off" })
    );
    this.input.addEventListener("keydown", (event) => {
      if (/** @type {KeyboardEvent} */ (event).key !== "Enter") return;
      event.preventDefault();
      this.added();
    });
    const about = this.fields.find((one) => one.name === this.name.value);
    const unit = about?.unit ? ` in ${about.unit}` : "";
    fill(this.value, field(`Value${unit}`, this.input, spanOf(about)), this.input instanceof HTMLInputElement ? (offered(this.input, about) ?? "") : "");
    this.hinted();
  }

  hinted() {
    if (this.input instanceof HTMLInputElement && this.input.type === "text") this.input.placeholder = this.operator.value.endsWith("in") ? "one | another" : "";
  }

  added() {
    const value = this.input?.value.trim() ?? "";
    if (!value) {
      announce("A condition needs a value.");
      this.input?.focus();
      return;
    }
    this.put(written(this.name.value, this.operator.value, value, this.kind));
    if (this.input instanceof HTMLInputElement) this.input.value = "";
    this.input?.focus();
  }

  /** @param {string} text a condition in the server's grammar */
  put(text) {
    if (!this.values.includes(text)) this.values.push(text);
    announce(`Added: ${worded(text)}.`);
    this.draw();
    this.changed();
  }

  /** Adds what was typed and not added yet. */
  settle() {
    if (this.input instanceof HTMLInputElement && this.input.value.trim()) this.added();
  }

  clear() {
    this.values = [];
    if (this.input) this.typed();
    this.draw();
  }

  draw() {
    const chips = this.values.map((text) => {
      const words = worded(text);
      const away = () => {
        this.values = this.values.filter((one) => one !== text);
        this.draw();
        announce(`Removed: ${words}.`);
        /** @type {HTMLElement | null} */ (this.list.querySelector("button") ?? this.name)?.focus();
        this.changed();
      };
      return el("li", {}, el("span", { class: "chip" }, el("span", { class: "chip-words" }, words), el("button", { class: "chip-away", type: "button", "aria-label": `Remove: ${words}`, on: { click: away } }, icon("close"))));
    });
    fill(this.list, chips.length ? chips : el("li", { class: "hint" }, "None yet."));
  }
}

/** @param {string} text */
function quote(text) {
  return `"${text.replace(/(["\\])/g, "\\$1")}"`;
}

/** A name or a value without its quotes. @param {string} text */
function plainly(text) {
  return /^".*"$/s.test(text) ? text.slice(1, -1).replace(/\\(.)/gs, "$1") : text.trim();
}
