/** Live traffic: requests, latencies, queue, errors, what turns were answered with, what the checks found. */

import { get, gone, readable } from "../api.js";
import { el, fill } from "../dom.js";
import { capital } from "../facts.js";
import { announce } from "../notices.js";
import { bar, compact, figure, milliseconds, nothing, percent, spark, table, watch, when } from "./operator_parts.js";

const EVERY = 3000; // milliseconds
const KEPT = 60; // looks
const TURNS = { retrieved: "Found in the catalogue", edited: "Edited for somebody", created: "Created", asked: "Asked back" };

/** @typedef {{at: number, found: any}} Look */

/** @param {HTMLElement} root @param {import("../main.js").Context} page */
export async function show(root, page) {
  /** @type {Look[]} */
  const looks = [];
  let paused = false;
  const body = el("div", { class: "stack wide-gaps" });
  const state = el("p", { class: "hint" }, `Looks again every ${EVERY / 1000} seconds.`);
  const pause = el("button", { class: "button", type: "button", "aria-pressed": "false" }, "Pause");
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    pause.textContent = paused ? "Go on" : "Pause";
    state.textContent = paused ? "Paused." : `Looks again every ${EVERY / 1000} seconds.`;
    announce(state.textContent);
  });
  const look = async () => {
    looks.push({ at: Date.now(), found: await get("/v1/traffic", { signal: page.signal }) });
    if (looks.length > KEPT) looks.shift();
    const held = document.activeElement?.closest(".scrolls")?.getAttribute("aria-label");
    fill(body, drawn(looks));
    if (held) /** @type {HTMLElement | null} */ (body.querySelector(`.scrolls[aria-label="${CSS.escape(held)}"]`))?.focus({ preventScroll: true });
  };
  await look();
  fill(root, el("div", { class: "row between wrap" }, state, pause), body);
  watch(async () => {
    if (paused) return;
    try {
      await look();
      state.textContent = `Looks again every ${EVERY / 1000} seconds.`;
    } catch (error) {
      if (!gone(error)) state.textContent = `These figures are of ${new Date(looks[looks.length - 1].at).toLocaleTimeString("en-GB")}: ${readable(error)}`;
    }
  }, EVERY, page.signal);
}

/** @param {Look[]} looks @returns {HTMLElement[]} */
function drawn(looks) {
  const { found } = looks[looks.length - 1];
  const { slates, queue, turns, checks, impressions } = found;
  const requests = rates(looks, (one) => one.requests);
  const errors = rates(looks, (one) => one.failed);
  const all = Object.values(turns).reduce((sum, one) => sum + Number(one), 0);
  const ended = Object.entries(slates.ended).map(([how, count]) => `${how} ${compact(Number(count))}`).join(", ");
  return [
    el(
      "div",
      { class: "tallies" },
      figure("Requests", compact(found.requests), el("p", { class: "hint" }, `${compact(requests.at(-1) ?? 0)} a second`), spark("Requests a second", requests)),
      figure("Errors (500 and more)", compact(found.failed), el("p", { class: "hint" }, found.failed ? percent(found.failed / found.requests) : "none"), spark("Errors a second", errors)),
      figure("Waiting for the model", `${queue.waiting} of ${queue.limit}`, el("p", { class: "hint" }, `turns ${queue.turns} of ${queue.turns_limit}`), spark("Waiting", looks.map((one) => one.found.queue.waiting))),
      figure("Slates, p95", milliseconds(slates.p95_ms), el("p", { class: "hint" }, `p50 ${milliseconds(slates.p50_ms)}, p99 ${milliseconds(slates.p99_ms)}`), spark("p95 of slates in milliseconds", looks.map((one) => one.found.slates.p95_ms))),
    ),
    el(
      "div",
      { class: "halves" },
      el("section", { class: "panel" }, el("h2", {}, "What turns were answered with"), all ? el("dl", { class: "shares" }, Object.entries(TURNS).map(([name, words]) => el("div", {}, el("dt", {}, words), el("dd", {}, bar(turns[name] / all, name), el("span", {}, `${percent(turns[name] / all)} (${compact(turns[name])})`))))) : el("p", { class: "hint" }, "No turn was answered yet. Say something on the page Talk.")),
      el("section", { class: "panel" }, el("h2", {}, "What the checks turned back"), checks.length ? table("Checks", ["Check", "Judged", "Failed", "Could not tell"], checks.map((/** @type {any} */ one) => [capital(one.check), compact(one.judged), count(one.failed, "bad"), count(one.unknown, "warn")])) : el("p", { class: "hint" }, "Nothing was edited or created yet.")),
    ),
    el("section", { class: "stack" }, el("h2", {}, "By route"), found.routes.length ? table("Requests by route", ["Route", "Requests", "Refused", "Failed", "p50", "p95", "p99"], found.routes.map((/** @type {any} */ one) => [el("code", {}, one.route), compact(one.requests), count(one.refused, "warn"), count(one.failed, "bad"), milliseconds(one.p50_ms), milliseconds(one.p95_ms), milliseconds(one.p99_ms)])) : nothing("Nobody asked anything yet.")),
    el("p", { class: "hint" }, "Since ", when(found.since), `; what this page asks counts too. Slates: ${ended || "none yet"}, of which ${compact(slates.kept)} were kept ones. Impressions waiting ${compact(impressions.waiting)}, lost ${compact(impressions.lost)}. Whether something else would have been better for people, only a simulation knows (generec bench loop).`),
  ];
}

/** How fast a counter grew between looks, a second. @param {Look[]} looks @param {(found: any) => number} of */
function rates(looks, of) {
  return looks.slice(1).map((one, at) => Math.max(0, of(one.found) - of(looks[at].found)) / Math.max((one.at - looks[at].at) / 1000, 0.1));
}

/** @param {number} value @param {string} colour */
function count(value, colour) {
  return value ? el("span", { class: `badge ${colour}` }, compact(value)) : "0";
}
