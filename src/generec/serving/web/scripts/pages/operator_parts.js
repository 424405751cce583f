/** What the operator's pages and the studio share: tables, figures, drawings of a course, and answers that were a no. */

import { dropKey, gone, hasKey, Problem, readable } from "../api.js";
import { el, fill, svg } from "../dom.js";
import { announce, toast } from "../notices.js";

/** @typedef {{path: string, name: string, title: string, about: string, load: () => Promise<{show: (root: HTMLElement, page: import("../main.js").Context) => Promise<void>}>}} Part */

/**
 * A page of several parts, each at #/PLACE/PATH, with links between them.
 * @param {HTMLElement} root @param {import("../main.js").Context} page @param {string} place @param {string} words what the links are called @param {Part[]} parts
 */
export async function parted(root, page, place, words, parts) {
  const part = parts.find((one) => one.path === page.rest[0]) ?? parts[0];
  const body = el("div", { class: "operator" });
  const links = parts.map((one) => el("li", {}, el("a", { href: `#/${place}/${one.path}`, "aria-current": one === part ? "page" : null }, one.name)));
  root.append(
    el("header", { class: "page-head slim" }, el("h1", {}, part.title), el("p", {}, part.about)),
    el("nav", { class: "parts", "aria-label": words }, el("ul", {}, links)),
    body,
  );
  /** @type {HTMLElement | null} */ (root.querySelector(".parts [aria-current]"))?.scrollIntoView({ block: "nearest", inline: "center" });
  const filled = async () => {
    fill(body, el("div", { class: "bone waiting", role: "status" }, el("span", { class: "unseen" }, "Loading")));
    try {
      await (await part.load()).show(body, page);
    } catch (error) {
      if (!gone(error) && !page.signal.aborted) fill(body, trouble(error, () => void filled()));
    }
  };
  await filled();
}

/** What an answer means and what to do about it, by its status. @type {Record<number, [string, string]>} */
const REMEDIES = {
  0: ["The server cannot be reached", "Start it again (generec serve …) or check your connection, then try again."],
  401: ["A key is needed", "Its operator makes one: generec keys create NAME --scope admin. Then try again and enter it."],
  403: ["This key may not do that", "Use a key with the scope that is named, or ask the server that holds these models."],
  404: ["There is no such thing", "It was deleted, or the server is older than this page. Reload and look again."],
  409: ["That is in conflict with something", "Somebody else may be at it. Look at how things stand now, then try again."],
  422: ["The server refused these values", "Nothing was changed. Set right what the answer names."],
  429: ["Too many requests", "Wait a moment, then try again."],
  503: ["The server is not serving now", "Activate a model, or wait until it has started."],
  504: ["It is still being made", "The server goes on with it: ask again in a moment and it will be there."],
};

/** @param {unknown} error */
function remedy(error) {
  const status = error instanceof Problem ? error.status : -1;
  return REMEDIES[status] ?? ["That did not work", "Try again; if it stays so, the server's log says more."];
}

/**
 * An answer that was a no, as what it is, with what to do about it.
 * @param {unknown} error @param {() => void} again
 */
export function trouble(error, again) {
  const [title, way] = remedy(error);
  const refused = error instanceof Problem && error.status === 403 && hasKey();
  announce(`${title}. ${readable(error)}`);
  return el(
    "section",
    { class: "panel problem" },
    el("h2", {}, title),
    el("p", {}, readable(error)),
    el("p", { class: "hint" }, way),
    el(
      "div",
      { class: "row wrap" },
      el("button", { class: "button primary", type: "button", on: { click: again } }, "Try again"),
      refused && el("button", { class: "button", type: "button", on: { click: () => (dropKey(), again()) } }, "Use another key"),
    ),
  );
}

/**
 * Does something and says how it went.
 * @param {() => Promise<unknown>} act @param {string} [words] what is said when it is done
 * @returns {Promise<boolean>} whether it was done
 */
export async function attempt(act, words = "") {
  try {
    await act();
    if (words) toast(words);
    return true;
  } catch (error) {
    if (gone(error)) return false;
    const [title, way] = remedy(error);
    const refused = error instanceof Problem && error.status === 403 && hasKey();
    toast(`${title}: ${readable(error)} ${way}`, { bad: true, stays: 12_000, ...(refused ? { act: "Forget this key", done: dropKey } : {}) });
    return false;
  }
}

/**
 * A table that scrolls by itself where it is too wide.
 * @param {string} caption @param {string[]} heads @param {(import("../dom.js").Child | import("../dom.js").Child[])[][]} rows the first cell names the row
 */
export function table(caption, heads, rows) {
  return el(
    "div",
    { class: "scrolls", tabindex: 0, role: "region", "aria-label": caption },
    el(
      "table",
      { class: "figures" },
      el("caption", { class: "unseen" }, caption),
      el("thead", {}, el("tr", {}, heads.map((one) => el("th", { scope: "col" }, one)))),
      el("tbody", {}, rows.map(([first, ...rest]) => el("tr", {}, el("th", { scope: "row" }, first), rest.map((one) => el("td", {}, one))))),
    ),
  );
}

/** One figure with its name. @param {string} name @param {import("../dom.js").Child} value @param {...import("../dom.js").Child} below */
export function figure(name, value, ...below) {
  return el("div", { class: "tally" }, el("p", { class: "hint" }, name), el("p", { class: "tally-value" }, value), below);
}

/** A label with its control below. @param {string} words @param {HTMLElement} control it has an id @param {string} [hint] */
export function field(words, control, hint = "") {
  return el("div", { class: "stack tight" }, el("label", { for: control.id }, words), control, hint && el("p", { class: "hint" }, hint));
}

/** Nothing is there: why, and where to go. @param {string} words @param {...import("../dom.js").Child} more */
export function nothing(words, ...more) {
  return el("div", { class: "empty panel-like" }, el("p", {}, words), more);
}

const [WIDE, HIGH] = [160, 36];

/**
 * The course of a figure as a line. @param {string} what in words, for who cannot see it
 * @param {(number | null)[]} values oldest first
 */
export function spark(what, values) {
  const known = values.map((one) => one ?? 0);
  const most = Math.max(...known, 1e-9);
  const step = WIDE / Math.max(known.length - 1, 1);
  const points = known.map((one, at) => `${(at * step).toFixed(1)},${(HIGH - 2 - (one / most) * (HIGH - 4)).toFixed(1)}`);
  const line = svg("polyline", { points: points.join(" "), class: "spark-line" });
  const ground = svg("polygon", { points: `0,${HIGH} ${points.join(" ")} ${((known.length - 1) * step).toFixed(1)},${HIGH}`, class: "spark-ground" });
  const words = `${what}: now ${compact(known.at(-1) ?? 0)}, at most ${compact(Math.max(...known, 0))} of late`;
  return svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none", class: "spark", role: "img", "aria-label": words }, ...(known.length > 1 ? [ground, line] : []));
}

/** A share as a bar beside its words. @param {number} share 0 to 1 @param {string} [kind] a class */
export function bar(share, kind = "") {
  const width = `${(Math.min(Math.max(share, 0), 1) * 100).toFixed(1)}%`;
  return el("span", { class: `share ${kind}`, "aria-hidden": "true" }, el("span", { style: { width } }));
}

/** @param {number | null | undefined} value */
export function compact(value) {
  return value === null || value === undefined ? "–" : value.toLocaleString("en-GB", { maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0 });
}

/** @param {number | null | undefined} value in milliseconds */
export function milliseconds(value) {
  if (value === null || value === undefined) return "–";
  return value < 1000 ? `${compact(value)} ms` : `${compact(value / 1000)} s`;
}

/** @param {number} share 0 to 1 */
export function percent(share) {
  return share.toLocaleString("en-GB", { style: "percent", maximumFractionDigits: share > 0 && share < 0.1 ? 1 : 0 });
}

/** A moment in the reader's own time. @param {number | null | undefined} seconds UTC */
export function when(seconds) {
  if (!seconds) return "–";
  const at = new Date(seconds * 1000);
  return el("time", { datetime: at.toISOString() }, at.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" }));
}

/**
 * Calls again and again until the signal says no more, and not while nobody looks. @param {() => Promise<void>} look
 * @param {number} every in milliseconds @param {AbortSignal} signal
 */
export function watch(look, every, signal) {
  const turn = async () => {
    if (!document.hidden) await look();
    if (!signal.aborted) timer = setTimeout(turn, every);
  };
  let timer = setTimeout(turn, every);
  signal.addEventListener("abort", () => clearTimeout(timer));
}
