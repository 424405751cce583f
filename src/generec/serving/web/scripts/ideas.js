/** A few things one could say, from what the catalogue can be asked: nobody should face an empty line. */

import { kindOf } from "./facts.js";
import { seen } from "./items.js";

/** @param {Record<string, any>[]} slate @returns {string[]} */
export function ideasFor(slate) {
  const shown = slate.flatMap((one) => seen(one.item_id) ?? []);
  const has = (/** @type {string} */ field) => shown.some((item) => item.fields[field] !== null && item.fields[field] !== undefined);
  const kinds = [...new Set(shown.flatMap((item) => item.fields.topic ?? item.fields.genres ?? kindOf(item)))].filter(Boolean);
  return [
    ...kinds.slice(0, 3).map((kind) => `More ${String(kind).toLowerCase()}`),
    has("duration") && "Something shorter",
    has("price") && "Cheaper",
    (has("year") || has("published")) && "Newer",
    "Surprise me",
  ].filter((one) => typeof one === "string");
}
