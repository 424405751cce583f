/**
 * The shell: header, navigation, and one page at a time by the hash of the address (#/feed, #/profile …).
 *
 * TO ADD A PAGE: write scripts/pages/NAME.js that exports
 *
 *     export async function show(root, page) { … }
 *
 * and add one line to PAGES. `root` is the empty <main>; build into it with el() of dom.js (there is no innerHTML here,
 * and the content security policy refuses it). `page` is a Context, see below: pass page.signal to every request of
 * api.js, so that what is still under way stops when the page is left. Start with <h1>: it gets the focus. An error that
 * show() raises becomes a readable panel. Styles: a file of your own in styles/, linked in index.html; colours, spaces
 * and type come from tokens.css. Ready to use: items.js (fields of items by id), cards.js, covers.js, chips.js,
 * drafts.js, checks.js, notices.js (toasts, announce), modal.js (dialogs), feedback.js (events, with undo).
 */

import { gone, Problem, readable } from "./api.js";
import { el, fill } from "./dom.js";
import { icon } from "./icons.js";
import { announce } from "./notices.js";
import { current } from "./person.js";
import { tools } from "./tools.js";

/**
 * @typedef {object} Context what a page is given
 * @property {string[]} rest what follows the page's name in the hash, split at "/" and decoded
 * @property {URLSearchParams} query
 * @property {AbortSignal} signal aborted when the page is left
 * @property {string} person who is speaking
 * @property {(hash: string) => void} go to another page: go("profile")
 */

/** path: in the hash; name: in the navigation (none: not in it); icon: of icons.js. */
const PAGES = [
  { path: "feed", name: "For you", icon: "feed", load: () => import("./pages/feed.js") },
  { path: "talk", name: "Talk", icon: "talk", load: () => import("./pages/talk.js") },
  { path: "profile", name: "Profile", icon: "person", load: () => import("./pages/profile.js") },
  { path: "studio", name: "Studio", icon: "studio", load: () => import("./pages/studio.js") },
  { path: "operator", name: "Operator", icon: "operator", load: () => import("./pages/operator.js") },
  { path: "welcome", name: "", icon: "", load: () => import("./pages/welcome.js") },
];

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
const nav = /** @type {HTMLElement} */ (document.getElementById("nav"));
let leaving = new AbortController();

/** @param {string} hash */
function go(hash) {
  if (location.hash === `#/${hash}`) void route(true);
  else location.hash = `#/${hash}`;
}

/** Shows the page that the address names. @param {boolean} moved whether another page was here before */
async function route(moved) {
  const [way, search = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [path = "", ...rest] = way.split("/").map(decoded);
  const page = PAGES.find((one) => one.path === path) ?? PAGES[0];
  leaving.abort(new DOMException("the page was left", "AbortError"));
  leaving = new AbortController();
  const { signal } = leaving;
  mark(page.path);
  fill(main, el("div", { class: "loading", role: "status" }, el("span", { class: "unseen" }, "Loading")));
  main.dataset.page = page.path;
  const context = { rest, query: new URLSearchParams(search), signal, person: current(), go };
  try {
    const { show } = await page.load();
    if (signal.aborted) return;
    fill(main);
    window.scrollTo(0, 0);
    const shown = show(main, context);
    entitle(moved);
    await shown;
    if (!signal.aborted) entitle(false);
  } catch (error) {
    if (signal.aborted || gone(error)) return;
    fill(main, broken(error));
    if (error instanceof Problem && /^no model is active/i.test(error.message)) {
      const { beginning } = await import("./upload.js");
      fill(main, el("div", { class: "stack wide-gaps" }, beginning(context, () => void route(true))));
    }
    entitle(moved);
  }
}

/** The page's heading names the window, and has the focus after a change of page. @param {boolean} moved */
function entitle(moved) {
  const heading = main.querySelector("h1");
  if (!heading) return;
  document.title = `${heading.textContent} · GeneRec`;
  if (!moved) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}

/** @param {unknown} error */
function broken(error) {
  const again = el("button", { class: "button primary", type: "button", on: { click: () => void route(true) } });
  again.textContent = "Try again";
  announce(readable(error));
  return el("section", { class: "panel problem" }, el("h1", {}, "That did not work"), el("p", {}, readable(error)), again);
}

/** @param {string} path */
function mark(path) {
  for (const link of nav.querySelectorAll("a")) {
    if (link.dataset.path === path) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

fill(
  nav,
  PAGES.filter((page) => page.name).map((page) =>
    el("a", { href: `#/${page.path}`, "data-path": page.path }, icon(page.icon), el("span", {}, page.name)),
  ),
);
fill(/** @type {HTMLElement} */ (document.getElementById("tools")), tools(() => void route(true)));
document.querySelector(".skip")?.addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", () => void route(true));
void route(false);
