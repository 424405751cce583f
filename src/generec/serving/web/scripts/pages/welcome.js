/** For somebody about whom nothing is known: a handful to like, or a sentence, and the first slate follows. */

import { gone, post, readable } from "../api.js";
import { coverOf } from "../cards.js";
import { dialogueOf } from "../dialogue.js";
import { el, fresh } from "../dom.js";
import { factsOf, kindOf, titleOf } from "../facts.js";
import { unique } from "../feedback.js";
import { icon } from "../icons.js";
import { items, seen } from "../items.js";
import { form } from "../modal.js";
import { toast } from "../notices.js";
import { beginning } from "../upload.js";

const PICKS = 12;
const ENOUGH = 3;
/** @type {Set<string>} who was greeted in this window */
const met = new Set();

/** @param {string} person */
export function greeted(person) {
  return met.has(person);
}

/** @param {HTMLElement} root @param {import("../main.js").Context} page */
export async function show(root, page) {
  const { person, signal, go } = page;
  const id = fresh("first-words");
  const input = el("input", { id, placeholder: "Something calm about the sea, not too long", maxlength: 2000, autocomplete: "off", enterkeyhint: "go" });
  const count = el("p", { class: "hint", role: "status" });
  const start = /** @type {HTMLButtonElement} */ (el("button", { class: "button primary", type: "button", disabled: true }, "Show my first slate"));
  const list = el("ul", { class: "picks" }, Array.from({ length: PICKS }, () => el("li", { "aria-hidden": "true" }, el("div", { class: "pick bone" }))));
  const leave = () => {
    met.add(person);
    go("feed");
  };
  root.append(
    el("header", { class: "page-head" }, el("h1", {}, "What do you like?"), el("p", {}, "Pick a few things that appeal to you, or say in a sentence what you are after. Everything stays on this server, under a name that you choose.")),
    form(
      { class: "words first", role: "search" },
      async () => {
        const words = /** @type {HTMLInputElement} */ (input).value.trim();
        if (!words) return;
        try {
          await dialogueOf(person).say(words, { signal });
          leave();
        } catch (error) {
          if (!gone(error)) toast(readable(error), { bad: true });
        }
      },
      el("label", { for: id }, "In your own words"),
      el("div", { class: "row" }, input, el("button", { class: "button primary", type: "submit" }, "Show me")),
    ),
    el("h2", { class: "picks-head" }, "Or pick what you like"),
    list,
    el("div", { class: "picks-bar" }, count, el("div", { class: "row" }, el("button", { class: "button quiet", type: "button", on: { click: leave } }, "Skip this"), start)),
  );
  root.append(el("p", { class: "hint own" }, "Is this your service? ", el("a", { href: "#/operator/data" }, "Bring in a catalogue of your own"), "."));
  /** @type {Set<string>} */
  const chosen = new Set();
  const told = () => {
    count.textContent = chosen.size >= ENOUGH ? `${chosen.size} picked. That is enough to begin.` : `${chosen.size} of ${ENOUGH} picked`;
    start.disabled = chosen.size === 0;
  };
  told();
  start.addEventListener("click", async () => {
    start.disabled = true;
    const now = Math.floor(Date.now() / 1000);
    const events = [...chosen].map((item_id, at) => ({ kind: "like", user_id: person, item_id, time: now - chosen.size + at }));
    try {
      await post("/v1/feedback/batch", { events }, { key: unique(), signal });
      leave();
    } catch (error) {
      start.disabled = false;
      toast(readable(error), { bad: true });
    }
  });
  const found = await post("/v1/recommend", { k: PICKS }, { signal, again: true });
  const ids = found.items.map((/** @type {any} */ one) => one.item_id);
  if (!ids.length) return void root.replaceChildren(el("div", { class: "stack wide-gaps" }, beginning(page, () => go("welcome"))));
  await items(ids, signal);
  list.replaceChildren(...ids.map((/** @type {string} */ one) => pick(one, (on) => (on ? chosen.add(one) : chosen.delete(one), told()))));
}

/** @param {string} id @param {(on: boolean) => void} changed */
function pick(id, changed) {
  const item = seen(id);
  const button = el(
    "button",
    { class: "pick", type: "button", "aria-pressed": "false" },
    el("span", { class: "cover" }, coverOf(id), kindOf(item) && el("span", { class: "cover-kind" }, kindOf(item)), el("span", { class: "pick-mark" }, icon("check"))),
    el("span", { class: "pick-title" }, titleOf(item, id)),
    el("span", { class: "hint" }, factsOf(item).slice(0, 2).join(" · ")),
  );
  button.addEventListener("click", () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    changed(on);
  });
  return el("li", {}, button);
}
