/** Dialogs: the browser's own, so that focus stays inside and Escape closes. */

import { el, fresh } from "./dom.js";
import { icon } from "./icons.js";

/**
 * Opens a dialog. Resolves to what `close` was called with, or null when it was dismissed.
 * @template T
 * @param {string} title
 * @param {(close: (value: T | null) => void) => (Node | string)[]} content
 * @param {{wide?: boolean, signal?: AbortSignal}} [options]
 * @returns {Promise<T | null>}
 */
export function modal(title, content, { wide = false, signal } = {}) {
  return new Promise((resolve) => {
    /** @type {T | null} */
    let answer = null;
    const id = fresh("dialog");
    const dialog = /** @type {HTMLDialogElement} */ (
      el("dialog", { class: wide ? "modal wide" : "modal", "aria-labelledby": id })
    );
    /** @param {T | null} value */
    const close = (value) => {
      answer = value;
      dialog.close();
    };
    const away = { class: "icon-button", type: "button", "aria-label": "Close", on: { click: () => close(null) } };
    dialog.append(
      el("header", { class: "modal-head" }, el("h2", { id }, title), el("button", away, icon("close"))),
      el("div", { class: "modal-body" }, ...content(close)),
    );
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) close(null); // beside it
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(answer);
    });
    signal?.addEventListener("abort", () => dialog.close());
    document.body.append(dialog);
    dialog.showModal();
    /** @type {HTMLElement | null} */ (dialog.querySelector(".modal-body :is(input, select, textarea)"))?.focus();
  });
}

/**
 * Asks before something that cannot be taken back.
 * @param {string} title @param {string} words @param {string} act what the button says
 * @returns {Promise<boolean>}
 */
export async function sure(title, words, act) {
  const found = await modal(title, (close) => [
    el("p", {}, words),
    el(
      "div",
      { class: "row end" },
      el("button", { class: "button", type: "button", on: { click: () => close(null) } }, "Keep it"),
      el("button", { class: "button danger", type: "button", on: { click: () => close(true) } }, act),
    ),
  ]);
  return found === true;
}

/**
 * A form that never leaves the page.
 * @param {Record<string, unknown>} props
 * @param {(form: HTMLFormElement) => void} submitted
 * @param {...(Node | string | null | false)} children
 */
export function form(props, submitted, ...children) {
  const made = /** @type {HTMLFormElement} */ (el("form", props, ...children));
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    submitted(made);
  });
  return made;
}
