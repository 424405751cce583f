/** What is said to a person beside the page: notices that go by themselves, and words for screen readers. */

import { el } from "./dom.js";

const STAYS = 6000; // milliseconds
const MOST = 3;
/** @type {((used: boolean) => void)[]} what takes away each notice that is there, the oldest first */
const notices = [];

/** Says something to screen readers, once. @param {string} words */
export function announce(words) {
  const said = document.getElementById("said");
  if (!said) return;
  said.textContent = "";
  setTimeout(() => {
    said.textContent = words;
  }, 60);
}

/**
 * A notice, with at most one thing that can be done about it.
 * @param {string} words
 * @param {{act?: string, done?: () => void, over?: () => void, bad?: boolean, stays?: number}} [options]
 *   act, done: the button; over: called when the notice goes and the button was not used
 * @returns {() => void} takes the notice away
 */
export function toast(words, { act = "", done, over, bad = false, stays = STAYS } = {}) {
  const place = document.getElementById("toasts");
  if (!place) return () => {};
  let open = true;
  /** @param {boolean} used */
  const close = (used) => {
    if (!open) return;
    open = false;
    clearTimeout(timer);
    note.remove();
    notices.splice(notices.indexOf(close), 1);
    if (used) done?.();
    else over?.();
  };
  const button = act && el("button", { class: "button quiet", type: "button", on: { click: () => close(true) } }, act);
  const note = el("div", { class: bad ? "toast bad" : "toast" }, el("span", {}, words), button);
  let timer = setTimeout(() => close(false), stays);
  note.addEventListener("pointerenter", () => clearTimeout(timer));
  note.addEventListener("focusin", () => clearTimeout(timer));
  note.addEventListener("pointerleave", () => {
    timer = setTimeout(() => close(false), stays / 2);
  });
  place.append(note);
  notices.push(close);
  if (notices.length > MOST) notices[0](false);
  announce(act ? `${words} ${act} is possible.` : words);
  return () => close(false);
}
