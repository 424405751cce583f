/** Wishes as chips: what was understood, to be changed by a click on it and dropped by its cross. */

import { el, fresh } from "./dom.js";
import { fields, offered, spanOf } from "./fields.js";
import { icon } from "./icons.js";
import { form, modal } from "./modal.js";
import { wishes } from "./wishes.js";

/** @typedef {import("./wishes.js").Guidance} Guidance @typedef {import("./wishes.js").Wish} Wish */

const SAID = { must: "must be", more: "more", less: "less", form: "" };

/**
 * @param {Guidance | null} guidance
 * @param {(id: string) => string} title
 * @param {(guidance: Guidance, words: string) => void} [changed] called with the guidance to answer instead, and what
 *   was done in words; without it the chips are for reading only
 * @returns {HTMLElement} a list
 */
export function chips(guidance, title, changed) {
  const list = el("ul", { class: "chips" });
  for (const wish of wishes(guidance, title)) list.append(el("li", {}, changed ? chip(wish, changed) : read(wish)));
  return list;
}

/** @param {Wish} wish */
function read(wish) {
  return el("span", { class: `chip ${wish.tone}` }, said(wish));
}

/** @param {Wish} wish @param {(guidance: Guidance, words: string) => void} changed */
function chip(wish, changed) {
  const name = `${SAID[wish.tone]} ${wish.text}`.trim();
  const text = el("button", { class: "chip-text", type: "button", title: wish.from, "aria-label": `Change: ${name}` }, said(wish));
  text.addEventListener("click", async () => {
    const made = await edited(wish);
    if (made) changed(made, `Changed: ${name}.`);
  });
  const away = { class: "chip-away", type: "button", "aria-label": `Remove: ${name}`, on: { click: () => changed(wish.without(), `Removed: ${name}.`) } };
  return el("span", { class: `chip ${wish.tone}` }, text, el("button", away, icon("close")));
}

/** @param {Wish} wish */
function said(wish) {
  const sign = { must: "", more: "More", less: "Less", form: "" }[wish.tone];
  return [sign && el("b", {}, sign), sign && " ", el("span", {}, wish.text)];
}

/** @param {Wish} wish @returns {Promise<Guidance | null>} */
async function edited(wish) {
  const known = wish.fields.some((one) => one.of) ? await fields().catch(() => []) : []; // without them it is free text
  return modal("Change this wish", (close) => {
    const asked = wish.fields.map((field) => {
      const id = fresh("wish");
      const about = known.find((one) => one.name === field.of);
      const input = field.choices
        ? el("select", { id, name: field.name }, field.choices.map(([value, words]) => el("option", { value, selected: value === field.value }, words)))
        : el("input", { id, name: field.name, value: field.value, inputmode: field.numeric ? "decimal" : null, pattern: field.numeric ? "-?[0-9]*\\.?[0-9]+" : null, required: !field.optional, maxlength: 200, autocomplete: "off" });
      const unit = about?.unit ? ` in ${about.unit}` : "";
      return el("div", { class: "stack tight" }, el("label", { for: id }, field.label + unit), input, spanOf(about) && el("p", { class: "hint" }, spanOf(about)), !field.choices && offered(/** @type {HTMLInputElement} */ (input), about));
    });
    return [
      wish.from ? el("p", { class: "hint" }, `${wish.from}.`) : "",
      form(
        { class: "stack" },
        (made) => close(wish.changed(Object.fromEntries([...new FormData(made)].map(([name, value]) => [name, String(value)])))),
        ...asked,
        el("div", { class: "row end" }, el("button", { class: "button primary", type: "submit" }, "Change it")),
      ),
    ];
  });
}
