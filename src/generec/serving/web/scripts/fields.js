/** The catalogue's fields with their values, ranges and units, so that nobody has to guess what can be said of an item. */

import { get } from "./api.js";
import { el, fresh } from "./dom.js";
import { shown } from "./facts.js";

/**
 * @typedef {object} Field as /v1/fields gives it
 * @property {string} name
 * @property {"text" | "category" | "number" | "truth" | "time"} kind
 * @property {string} column
 * @property {{value: string, items: number}[]} values the most frequent first
 * @property {number} distinct
 * @property {number | string | null} low
 * @property {number | string | null} high
 * @property {string} unit
 */

const FRESH = 60_000; // milliseconds
/** @type {{at: number, found: Promise<Field[]>}} */
let kept = { at: -FRESH, found: Promise.resolve([]) };

/** The fields, asked for once a minute at most. @returns {Promise<Field[]>} */
export function fields() {
  if (performance.now() - kept.at > FRESH) {
    kept = { at: performance.now(), found: get("/v1/fields").then((told) => told.fields) };
    kept.found.catch(() => {
      kept.at = -FRESH;
    });
  }
  return kept.found;
}

/** What a value of a field may be, in a few words; "" where anything may be. @param {Field | undefined} field */
export function spanOf(field) {
  if (!field) return "";
  if (field.kind === "category") return field.distinct > field.values.length ? `${field.distinct} values; the most frequent are offered` : "";
  if (field.low === null || field.high === null) return "";
  const [low, high] = [field.low, field.high].map((one) => shown(field.unit === "minutes" ? "" : field.name, one));
  return `From ${low} to ${high}${field.unit ? ` ${field.unit}` : ""}`;
}

/**
 * Offers the values of a field while something is typed into an input. @param {HTMLInputElement} input
 * @param {Field | undefined} field @returns {HTMLElement | null} to be put beside the input
 */
export function offered(input, field) {
  if (!field?.values.length) return null;
  const id = fresh("values");
  input.setAttribute("list", id);
  return el("datalist", { id }, field.values.map(({ value, items }) => el("option", { value }, `${items} ${items === 1 ? "item" : "items"}`)));
}
