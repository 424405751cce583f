/** The catalogue by semantic IDs: a tree that is walked one code at a time, and the way to any item in it. */

import { get } from "../api.js";
import { el, fill, fresh } from "../dom.js";
import { titleOf } from "../facts.js";
import { form } from "../modal.js";
import { announce } from "../notices.js";
import { attempt, bar, compact, figure, nothing } from "./operator_parts.js";

const ROWS = 40;
const FOUND = 8;

/** @param {HTMLElement} root @param {import("../main.js").Context} page */
export async function show(root, page) {
  const at = page.query.get("at") ?? "";
  const marked = page.query.get("item");
  const found = await asked(at, page.signal);
  const list = el("ul", { class: "codes", "aria-label": found.children.length ? "Codes" : "Items" });
  const more = el("button", { class: "button", type: "button" }, "More");
  let cursor = found.cursor;
  /** @param {any} one */
  const add = (one) => {
    const most = Math.max(...one.children.map((/** @type {any} */ child) => child.items), 1);
    list.append(...one.children.map((/** @type {any} */ child) => branch(child, found.prefix, most)), ...one.members.map((/** @type {any} */ item) => leaf(item, marked)));
    more.hidden = !one.cursor;
    cursor = one.cursor;
  };
  more.addEventListener("click", () => void attempt(async () => {
    const first = list.children.length;
    add(await asked(at, page.signal, cursor));
    /** @type {HTMLElement | null} */ (list.children[first]?.querySelector("a") ?? null)?.focus();
  }));
  add(found);
  fill(
    root,
    el("div", { class: "explorer" }, search(page), el("div", { class: "stack" }, path(found), summary(found), list.children.length ? [list, more] : nothing(at ? "No item has these codes (any more)." : "The model has no items.", at && el("a", { class: "button", href: "#/operator/codes" }, "To the beginning")))),
  );
}

/** @param {string} at @param {AbortSignal} signal @param {string | null} [cursor] */
function asked(at, signal, cursor = null) {
  const query = new URLSearchParams({ prefix: at, limit: String(ROWS), ...(cursor ? { cursor } : {}) });
  return get(`/v1/codes?${query}`, { signal });
}

/** @param {number[]} codes @param {string} [item] */
function to(codes, item = "") {
  const query = new URLSearchParams({ ...(codes.length ? { at: codes.join("-") } : {}), ...(item ? { item } : {}) });
  return `#/operator/codes${query.size ? `?${query}` : ""}`;
}

/** Where one is, and the way up. @param {any} found */
function path({ prefix, sizes }) {
  const steps = [el("a", { href: to([]), "aria-current": prefix.length ? null : "location" }, "All")];
  prefix.forEach((/** @type {number} */ code, /** @type {number} */ level) => {
    const whole = prefix.slice(0, level + 1);
    steps.push(el("a", { href: to(whole), "aria-current": level === prefix.length - 1 ? "location" : null }, `${code}`));
  });
  return el("nav", { class: "way", "aria-label": "Path" }, el("ol", {}, steps.map((one) => el("li", {}, one))), el("p", { class: "hint" }, `Level ${prefix.length} of ${sizes.length}; codes per level: ${sizes.map(compact).join(", ")}.`));
}

/** @param {any} found */
function summary(found) {
  const collide = found.colliding ? el("span", { class: "badge bad" }, compact(found.colliding)) : "none";
  return el(
    "div",
    { class: "tallies" },
    figure("Items", compact(found.items)),
    figure("Cold", compact(found.cold), el("p", { class: "hint" }, "nobody had used them when the model was trained")),
    figure("Told apart by the last code alone", compact(found.sharing)),
    figure("Colliding", collide, el("p", { class: "hint" }, found.colliding ? "nothing tells them apart: train the tokenizer again" : "every item has its own codes")),
  );
}

/** @param {any} child @param {number[]} prefix @param {number} most */
function branch(child, prefix, most) {
  const codes = [...prefix, child.code];
  const titles = child.samples.map((/** @type {any} */ one) => one.title || one.item_id);
  return el(
    "li",
    { class: "code" },
    el("a", { href: to(codes), "aria-label": `Code ${codes.join(" ")}: ${child.items} items, such as ${titles[0] ?? "none"}` }, el("code", {}, String(child.code))),
    el("div", { class: "stack tight" }, el("p", { class: "row" }, bar(child.items / most), el("span", { class: "hint" }, `${compact(child.items)} ${child.items === 1 ? "item" : "items"}`), child.cold > 0 && el("span", { class: "badge warn" }, `${compact(child.cold)} cold`)), el("p", { class: "samples" }, titles.join(" · "))),
  );
}

/** @param {any} item @param {string | null} marked */
function leaf(item, marked) {
  const here = item.item_id === marked;
  return el("li", { class: here ? "code here" : "code" }, el("code", {}, item.codes.join(" ")), el("p", {}, item.title || item.item_id, " ", el("span", { class: "hint" }, item.item_id), here && el("span", { class: "badge good" }, "looked for")));
}

/** @param {import("../main.js").Context} page */
function search(page) {
  const id = fresh("look");
  const results = el("ul", { class: "stack tight" });
  const look = async (/** @type {HTMLFormElement} */ made) => {
    const words = String(new FormData(made).get("q")).trim();
    if (!words) return;
    await attempt(async () => {
      const found = await get(`/v1/items?${new URLSearchParams({ q: words, limit: String(FOUND) })}`, { signal: page.signal });
      fill(results, found.items.length ? found.items.map(hit) : el("li", { class: "hint" }, "No item has all of these words."));
      announce(`${found.items.length} found.`);
    });
  };
  return el(
    "section",
    { class: "panel" },
    el("h2", {}, "Find an item"),
    form({ class: "stack tight full", role: "search" }, (made) => void look(made), el("label", { for: id }, "Words of its title or text, or its id"), el("div", { class: "row" }, el("input", { id, name: "q", type: "search", maxlength: 200, required: true, autocomplete: "off" }), el("button", { class: "button", type: "submit" }, "Find"))),
    results,
  );
}

/** @param {any} item */
function hit(item) {
  const title = titleOf(item);
  if (!item.codes.length) return el("li", {}, title, " ", el("span", { class: "badge warn" }, "not in the active model"));
  return el("li", {}, el("a", { href: to(item.codes, item.item_id) }, title), " ", el("code", { class: "hint" }, item.codes.join(" ")));
}
