/** The bar in which a person says what they want, with what was understood beside it. */

import { chips } from "./chips.js";
import { el, fill, fresh } from "./dom.js";
import { icon } from "./icons.js";
import { form } from "./modal.js";

const PATIENT = 5000; // milliseconds until a wait is explained
const SLOW = "Still at it. After the server starts, the first answers take longer: it reads the whole catalogue once.";

/**
 * @typedef {object} Bar
 * @property {HTMLElement[]} nodes the bar, which stays in sight, and what is said below it
 * @property {(told: {guidance?: any, message?: string, question?: any, steps?: number, ideas?: string[]}) => void} show
 * @property {(busy: boolean) => void} wait
 * @property {(words: string) => void} refill gives words back that came to nothing
 *
 * @param {object} given
 * @param {string} given.placeholder
 * @param {(words: string) => void} given.said
 * @param {(guidance: any, words: string) => void} given.changed
 * @param {() => void} given.undone
 * @param {() => void} given.cleared
 * @param {(id: string) => string} given.title
 * @param {boolean} [given.chipped] whether the wishes stand in the bar
 * @param {boolean} [given.waits] whether new words wait until the last ones are answered
 * @returns {Bar}
 */
export function bar({ placeholder, said, changed, undone, cleared, title, chipped = true, waits = false }) {
  const id = fresh("words");
  const input = /** @type {HTMLInputElement} */ (
    el("input", { id, name: "words", placeholder, maxlength: 2000, autocomplete: "off", enterkeyhint: "send" })
  );
  const send = el("button", { class: "button primary send", type: "submit", "aria-label": "Send" }, icon("send"));
  const understood = el("div", { class: "understood", role: "group", "aria-label": "What I understood" });
  const message = el("p", { class: "message", role: "status" });
  /** @param {string} words */
  const say = (words) => {
    message.textContent = words;
    message.hidden = !words;
  };
  const options = el("div", { class: "row wrap options" });
  const asking = form(
    { class: "words", role: "search" },
    () => {
      const words = input.value.trim();
      if (!words || (waits && node.classList.contains("busy"))) return;
      input.value = "";
      said(words);
    },
    el("label", { for: id, class: "unseen" }, "Say what you want, in your own words"),
    input,
    send,
  );
  const back = el("button", { class: "button quiet", type: "button", on: { click: undone } }, icon("undo"), "Undo");
  const clear = el("button", { class: "button quiet", type: "button", on: { click: cleared } }, "Clear");
  const node = el("section", { class: "steer", "aria-label": "Steer what you see" }, asking, understood);
  const below = el("div", { class: "steer-below" }, message, options);

  let timer = 0;

  return {
    nodes: [node, below],
    refill(words) {
      if (!input.value) input.value = words;
    },
    wait(busy) {
      node.setAttribute("aria-busy", String(busy));
      node.classList.toggle("busy", busy);
      clearTimeout(timer);
      if (busy) timer = setTimeout(() => say(SLOW), PATIENT);
      else if (message.textContent === SLOW) say("");
    },
    show({ guidance = null, message: words = "", question = null, steps = 0, ideas = [] }) {
      const list = chips(guidance, title, changed);
      const any = list.childElementCount > 0;
      fill(understood, any && chipped && [el("span", { class: "label" }, "Understood"), list], steps > 0 && back, any && clear);
      understood.hidden = !any && !steps;
      say(words);
      const asked = question?.options ?? (any ? [] : ideas);
      fill(options, asked.map((/** @type {string} */ one) => el("button", { class: "button idea", type: "button", on: { click: () => said(one) } }, one)));
      options.hidden = !asked.length;
    },
  };
}
