/** Jobs: imports and trainings, how far they are, and their end. */

import { get, gone, post, readable } from "../api.js";
import { el, fill, fresh } from "../dom.js";
import { capital, spaced } from "../facts.js";
import { sure } from "../modal.js";
import { announce } from "../notices.js";
import { attempt, nothing, percent, watch, when } from "./operator_parts.js";

const EVERY = 3000; // milliseconds
const COLOURS = /** @type {Record<string, string>} */ ({ done: "good", failed: "bad", cancelled: "warn" });
const OPEN = new Set(["queued", "running"]);

/** @param {HTMLElement} root @param {import("../main.js").Context} page */
export async function show(root, page) {
  const state = el("p", { class: "hint" });
  const list = el("ul", { class: "stack" });
  /** @type {Map<string, {as: string, state: string, node: HTMLElement}>} what did not change keeps its place and the focus */
  const shown = new Map();
  const look = async () => {
    const jobs = await get("/v1/jobs", { signal: page.signal });
    const nodes = jobs.map((/** @type {any} */ job) => {
      const [as, before] = [JSON.stringify(job), shown.get(job.id)];
      if (before?.as === as) return before.node;
      if (before && before.state !== job.state) announce(`${capital(job.kind)}: ${job.state}.`);
      const node = card(job, look);
      const held = before?.node.contains(document.activeElement);
      shown.set(job.id, { as, state: job.state, node });
      if (held) queueMicrotask(() => (node.querySelector("button") ?? node).focus());
      return node;
    });
    if (nodes.length !== list.children.length || nodes.some((/** @type {HTMLElement} */ one, /** @type {number} */ at) => list.children[at] !== one)) fill(list, nodes);
    state.textContent = jobs.length ? `${jobs.filter((/** @type {any} */ one) => OPEN.has(one.state)).length} under way or waiting.` : "";
    list.hidden = !jobs.length;
    none.hidden = jobs.length > 0;
  };
  const none = nothing("No job was started yet. Imports and trainings (generec train … --store, generec serve … --data) show here.");
  await look();
  fill(root, state, list, none);
  watch(async () => {
    try {
      await look();
    } catch (error) {
      if (!gone(error)) state.textContent = `Not up to date: ${readable(error)}`;
    }
  }, EVERY, page.signal);
}

/** @param {any} job @param {() => Promise<void>} changed */
function card(job, changed) {
  const id = fresh("job");
  const open = OPEN.has(job.state);
  const cancel = async () => {
    if (!(await sure(`Cancel this ${spaced(job.kind)}?`, "What it has done so far stays; who works on it stops at its next step.", "Cancel it"))) return;
    if (await attempt(() => post(`/v1/jobs/${encodeURIComponent(job.id)}/cancel`, {}), "The job is cancelled.")) await changed();
  };
  const told = job.result ? Object.entries(job.result).map(([name, value]) => `${spaced(name)} ${typeof value === "object" ? JSON.stringify(value) : value}`).join(", ") : "";
  return el(
    "li",
    { class: "panel job", tabindex: -1 },
    el("div", { class: "row between wrap full" }, el("h2", { id }, capital(spaced(job.kind))), el("span", { class: `badge ${COLOURS[job.state] ?? ""}` }, job.state)),
    open && el("progress", { max: 1, value: job.progress, "aria-labelledby": id, class: "full" }, percent(job.progress)),
    job.line && el("p", {}, job.line),
    told && el("p", { class: job.state === "failed" ? "message" : "hint" }, told),
    el("p", { class: "hint" }, open ? `${percent(job.progress)}, begun ` : "Begun ", when(job.created), ", last heard of ", when(job.updated)),
    open && el("button", { class: "button", type: "button", "aria-describedby": id, on: { click: () => void cancel() } }, "Cancel"),
  );
}
