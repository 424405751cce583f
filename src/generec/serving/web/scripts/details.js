/** One item at full length: what it is, why it is shown, and what is like it. */

import { get, gone, post, readable } from "./api.js";
import { coverOf, keyOf, nameOf, originBadge } from "./cards.js";
import { el, fill } from "./dom.js";
import { draftView } from "./drafts.js";
import { factsOf, fieldsOf, originOf, proseOf, titleOf } from "./facts.js";
import { items, seen } from "./items.js";
import { modal } from "./modal.js";
import { explained } from "./why.js";

/** @param {Record<string, any>} candidate @param {string} person @param {AbortSignal} signal */
export async function opened(candidate, person, signal) {
  await modal(nameOf(candidate), () => [body(candidate, person, signal)], { wide: true, signal });
}

/** @param {Record<string, any>} candidate @param {string} person @param {AbortSignal} signal */
function body(candidate, person, signal) {
  const item = seen(candidate.item_id);
  if (candidate.draft) return el("div", { class: "stack", "data-key": keyOf(candidate) }, originBadge(candidate), draftView(candidate.draft, candidate.report));
  const fields = fieldsOf(item);
  const [why, like] = [el("div", {}), el("div", {})];
  void explained(why, candidate.item_id, person, signal, candidate.reason);
  void similar(like, candidate.item_id, signal);
  return el(
    "div",
    { class: "details" },
    el("div", { class: "cover" }, coverOf(candidate.item_id)),
    el("p", { class: "facts" }, originBadge(candidate), factsOf(item).map((fact) => el("span", {}, fact))),
    proseOf(item) && el("p", { class: "prose" }, proseOf(item)),
    el("section", {}, el("h3", {}, "Why it is here"), why),
    el("section", {}, el("h3", {}, "Like it"), like),
    originOf(item) === "created" && made(candidate.item_id, signal),
    fields.length > 0 && el("details", {}, el("summary", {}, "Everything that is known of it"), el("dl", { class: "fields" }, fields.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]))),
  );
}

/** What was created here shows its signed sidecar, checked. @param {string} id @param {AbortSignal} signal */
function made(id, signal) {
  const told = el("div", { role: "status" });
  const check = async () => {
    try {
      const { marks } = await get(`/v1/items/${encodeURIComponent(id)}`, { signal });
      const found = marks && (await post("/v1/detect", marks, { signal, again: true }));
      fill(told, el("p", { class: "hint" }, !found ? "It has no signed sidecar here." : found.found ? "Its signed sidecar is genuine: it was created on this server." : "Its sidecar does not fit it."));
    } catch (error) {
      if (!gone(error)) fill(told, el("p", { class: "hint" }, readable(error)));
    }
  };
  return el("section", {}, el("h3", {}, "Where it comes from"), el("div", { class: "row wrap" }, el("button", { class: "button", type: "button", on: { click: () => void check() } }, "Check its signature"), told));
}

/** @param {HTMLElement} place @param {string} id @param {AbortSignal} signal */
async function similar(place, id, signal) {
  fill(place, el("p", { class: "hint", role: "status" }, "Looking for its neighbours …"));
  try {
    const [found] = await post("/v1/similar", { item_ids: [id], k: 4 }, { signal, again: true });
    const ids = found.items.map((/** @type {any} */ one) => one.item_id);
    await items(ids, signal);
    const tiles = ids.map((/** @type {string} */ one) => el("li", { class: "tile" }, el("div", { class: "cover" }, coverOf(one)), el("span", {}, titleOf(seen(one), one))));
    fill(place, tiles.length ? el("ul", { class: "tiles" }, tiles) : el("p", { class: "hint" }, "Nothing is like it."));
  } catch (error) {
    if (!gone(error)) fill(place, el("p", { class: "hint" }, readable(error)));
  }
}
