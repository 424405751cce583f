/** One place of a slate as a card: cover, title, a few facts, where it came from, why it is here, what to do with it. */

import { cover } from "./covers.js";
import { el, fresh } from "./dom.js";
import { factsOf, kindOf, originOf, pictureOf, straight, titleOf, titleOfSet } from "./facts.js";
import { icon } from "./icons.js";
import { seen } from "./items.js";
import { plainly } from "./why.js";

/**
 * @typedef {Record<string, any>} Candidate a place of a turn's slate
 * @typedef {object} Actions what happens when a button of a card is used; one that is missing has no button
 * @property {(card: HTMLElement) => void} [open]
 * @property {(card: HTMLElement, on: boolean) => void} [like]
 * @property {(card: HTMLElement) => void} [skip]
 * @property {(card: HTMLElement) => void} [more]
 * @property {(card: HTMLElement) => void} [less]
 * @property {(card: HTMLElement, region: HTMLElement) => void} [why]
 */

const ORIGINS = /** @type {Record<string, string>} */ ({ human: "Human-made", edited: "Edited", created: "Created" });

/** What a candidate is called among others: an edit and its parent are two. @param {Candidate} candidate */
export function keyOf(candidate) {
  return candidate.draft ? `draft:${candidate.draft.id}` : `item:${candidate.item_id}`;
}

const WIDE = 1.25; // of its height: what is narrower is shown whole, on a ground of its own colours

/** The cover of an item: its own picture if this server has one, else drawn. @param {string} id */
export function coverOf(id) {
  const item = seen(id);
  const picture = pictureOf(item);
  if (!picture) return cover(item?.codes ?? [], id);
  const image = /** @type {HTMLImageElement} */ (el("img", { src: picture, alt: "", loading: "lazy", decoding: "async", class: "cover-art" }));
  const place = el("span", { class: "cover-picture" }, image);
  image.addEventListener("error", () => place.replaceWith(cover(item?.codes ?? [], id)));
  image.addEventListener("load", () => {
    if (image.naturalWidth >= WIDE * image.naturalHeight) return;
    place.classList.add("whole");
    place.prepend(el("img", { src: picture, alt: "", class: "cover-ground" }));
  });
  return place;
}

/** Where something came from, in words. @param {Candidate} candidate */
export function originBadge(candidate) {
  const origin = candidate.mode === "retrieved" ? originOf(seen(candidate.item_id)) : candidate.mode;
  return el("span", { class: `badge ${origin}` }, candidate.label || ORIGINS[origin]);
}

/** The title of a candidate. @param {Candidate} candidate */
export function nameOf(candidate) {
  const members = candidate.draft?.payload.members;
  if (members) return titleOfSet(candidate.title, seen(members[0]?.item_id));
  return straight(candidate.title ?? "") || titleOf(seen(candidate.item_id), candidate.item_id ?? "");
}

/**
 * @param {Candidate} candidate its items were asked for before (items.js)
 * @param {Actions} actions
 * @returns {HTMLElement} an <li>
 */
export function card(candidate, actions) {
  const item = seen(candidate.item_id);
  const members = candidate.draft?.payload.members;
  const name = nameOf(candidate);
  const [id, whyId] = [fresh("card"), fresh("why")];
  const kind = members ? `${members.length} items` : kindOf(item);
  const facts = candidate.mode === "created" ? [] : factsOf(item);
  const title = actions.open
    ? el("button", { class: "card-open", type: "button", on: { click: () => actions.open?.(made) } }, name)
    : el("span", {}, name);
  const made = el(
    "li",
    { class: "card-place", "data-key": keyOf(candidate) },
    el(
      "article",
      { class: `card ${candidate.mode}`, "aria-labelledby": id },
      el("div", { class: "cover" }, art(candidate, members), kind && el("span", { class: "cover-kind" }, kind)),
      el(
        "div",
        { class: "card-body" },
        el("h3", { id, class: "card-title" }, title),
        el("p", { class: "facts" }, originBadge(candidate), facts.map((fact) => el("span", {}, fact))),
        text(candidate),
        candidate.reason && !members ? el("p", { class: "reason" }, plainly(candidate.reason)) : null,
        el("div", { class: "why", id: whyId, hidden: true }),
      ),
      buttons(name, whyId, actions, () => made),
    ),
  );
  return made;
}

/** @param {Candidate} candidate @param {any[] | undefined} members */
function art(candidate, members) {
  if (!members) return coverOf(candidate.item_id ?? candidate.draft?.id ?? "");
  const shown = members.length > 3 ? 4 : 1;
  return el("div", { class: shown === 4 ? "cover-four" : "cover-one" }, members.slice(0, shown).map((one) => coverOf(one.item_id)));
}

/** The words of a draft: of a set its first members. @param {Candidate} candidate */
function text(candidate) {
  const payload = candidate.draft?.payload;
  if (!payload) return null;
  if (payload.text) return el("p", { class: "draft-text" }, payload.text);
  const named = payload.members.slice(0, 3).map((/** @type {any} */ one) => titleOf(seen(one.item_id), one.item_id));
  const rest = payload.members.length - named.length;
  return el("ol", { class: "draft-members" }, named.map((/** @type {string} */ one) => el("li", {}, one)), rest > 0 && el("li", { class: "hint" }, `and ${rest} more`));
}

/** @param {string} name @param {string} whyId @param {Actions} actions @param {() => HTMLElement} self */
function buttons(name, whyId, actions, self) {
  /** @param {string} drawn @param {string} words @param {() => void} act @param {Record<string, unknown>} [props] */
  const drawnButton = (drawn, words, act, props = {}) =>
    el("button", { class: "icon-button", type: "button", title: words, "aria-label": `${words}: ${name}`, on: { click: act }, ...props }, icon(drawn));
  /** @param {string} drawn @param {string} words @param {string} full @param {() => void} act */
  const worded = (drawn, words, full, act) =>
    el("button", { class: "card-act", type: "button", "aria-label": `${full}: ${name}`, title: full, on: { click: act } }, icon(drawn), words);
  const like = actions.like && drawnButton("like", "Like", () => {
    const on = like.getAttribute("aria-pressed") !== "true";
    pressed(self(), on);
    actions.like?.(self(), on);
  }, { "aria-pressed": "false", "data-act": "like" });
  const why = actions.why && el("button", { class: "card-act", type: "button", "aria-expanded": "false", "aria-controls": whyId, "aria-label": `Why? ${name}` }, icon("why"), "Why?");
  why && why.addEventListener("click", () => {
    const region = /** @type {HTMLElement} */ (self().querySelector(".why"));
    const open = why.getAttribute("aria-expanded") !== "true";
    why.setAttribute("aria-expanded", String(open));
    region.hidden = !open;
    if (open && !region.childElementCount) actions.why?.(self(), region);
  });
  return el(
    "div",
    { class: "card-acts" },
    like,
    actions.skip && drawnButton("skip", "Skip", () => actions.skip?.(self())),
    el("span", { class: "spring" }),
    actions.more && worded("more", "More", "More like this", () => actions.more?.(self())),
    actions.less && worded("less", "Less", "Less like this", () => actions.less?.(self())),
    why,
  );
}

/** Marks a card as liked or not. @param {HTMLElement} card @param {boolean} on */
export function pressed(card, on) {
  card.querySelector('[data-act="like"]')?.setAttribute("aria-pressed", String(on));
}

/** Cards that are on their way. @param {number} count */
export function bones(count) {
  return Array.from({ length: count }, () =>
    el(
      "li",
      { class: "card-place", "aria-hidden": "true" },
      el("div", { class: "card" }, el("div", { class: "cover bone" }), el("div", { class: "card-body" }, el("div", { class: "bone line-long" }), el("div", { class: "bone line-short" }))),
    ),
  );
}
