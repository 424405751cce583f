/** For you: a slate without an end, steered in plain words. What was understood stands beside it as chips. */

import { gone, post, readable } from "../api.js";
import { bones, card, keyOf, nameOf, pressed } from "../cards.js";
import { opened } from "../details.js";
import { dialogueOf } from "../dialogue.js";
import { el, fill } from "../dom.js";
import { titleOf } from "../facts.js";
import { hold, record, watch } from "../feedback.js";
import { items, seen } from "../items.js";
import { left, reordered } from "../motion.js";
import { announce, toast } from "../notices.js";
import { spoken } from "../person.js";
import { bar } from "../steer.js";
import { explained } from "../why.js";
import { near } from "../wishes.js";
import { greeted } from "./welcome.js";
import { ideasFor } from "../ideas.js";

/** @typedef {import("../main.js").Context} Context @typedef {Record<string, any>} Candidate */

const FIRST = 12;
const LONGEST = 48; // places of one turn; after them an unsteered feed goes on with plain recommendations
const AHEAD = 600; // pixels below the window in which more is asked for
const SLOW = 1500; // milliseconds until a glance at plain recommendations is better than nothing
const WAKING = "A first look. The server has just started and is still getting ready to listen to you.";

/** @param {HTMLElement} root @param {Context} page */
export async function show(root, page) {
  const feed = new Feed(root, page);
  await feed.begin();
}

class Feed {
  /** @param {HTMLElement} root @param {Context} page */
  constructor(root, page) {
    this.page = page;
    this.talk = dialogueOf(page.person);
    /** @type {Set<string>} */
    this.skipped = new Set();
    /** @type {Map<string, string | null>} what stands here, in order, and the item of each */
    this.shown = new Map();
    this.ended = false;
    /** @type {AbortController | null} what is being asked for now */
    this.asking = null;
    this.list = el("ul", { class: "cards" });
    this.heading = el("h2", { class: "unseen", tabindex: -1 }, "Your slate");
    this.end = el("div", { class: "feed-end" });
    this.bar = bar({
      placeholder: "Say what you want: shorter, something about the sea, no sequels …",
      said: (words) => void this.steer((options) => this.talk.say(words, { ...options, shown: this.places })).then((done) => done || this.bar.refill(words)),
      changed: (guidance, words) => void this.steer((options) => this.talk.answer(guidance, options), words),
      undone: () => void this.undo(),
      cleared: () => void this.steer((options) => this.talk.answer({}, options), "All wishes are cleared."),
      title: (id) => titleOf(seen(id), id),
    });
    const head = el("header", { class: "page-head slim" }, el("h1", {}, "For you"));
    root.append(head, ...this.bar.nodes, el("section", { "aria-label": "Recommendations" }, this.heading, this.list, this.end));
    this.sight = new IntersectionObserver((told) => told.at(-1)?.isIntersecting && void this.more(), { rootMargin: `${AHEAD}px` });
    this.sight.observe(this.end);
    page.signal.addEventListener("abort", () => this.sight.disconnect());
  }

  async begin() {
    fill(this.list, bones(6));
    this.bar.show({});
    const { person, signal, go } = this.page;
    if (this.talk.state.turn && this.talk.steered) return this.display(this.talk.state.turn);
    const quick = await post("/v1/recommend", { user_id: person, k: FIRST }, { signal, again: true });
    if (quick.source === "popular" && !greeted(person)) return go("welcome");
    const glance = setTimeout(() => void this.display({ id: quick.id, guidance: {}, slate: retrieved(quick), message: WAKING }), SLOW);
    await this.steer((options) => this.talk.answer({}, options), "", true).finally(() => clearTimeout(glance));
  }

  /**
   * Asks for another slate and shows it.
   * @param {(options: import("../dialogue.js").Options) => Promise<any>} ask @param {string} [words] said when it is there
   * @param {boolean} [first]
   * @returns {Promise<boolean>} whether there was an answer, or something else was asked for meanwhile
   */
  async steer(ask, words = "", first = false) {
    const mine = this.begun();
    this.bar.wait(true);
    this.list.classList.add("stale");
    try {
      await this.display(await ask({ k: FIRST, signal: this.signal(mine) }));
      const count = this.list.childElementCount;
      if (!first) announce(`${words} ${count} ${count === 1 ? "item" : "items"} now. ${this.talk.state.turn?.message ?? ""}`);
    } catch (error) {
      if (gone(error)) return true;
      if (first) throw error;
      toast(readable(error), { bad: true });
      return false;
    } finally {
      this.done(mine);
    }
    return true;
  }

  /** Newer words count: what was asked for before is given up. */
  begun() {
    this.asking?.abort(new DOMException("something else was asked for", "AbortError"));
    this.asking = new AbortController();
    return this.asking;
  }

  /** What was asked for came or did not; where something newer is under way, that one ends it. @param {AbortController} mine */
  done(mine) {
    if (this.asking !== mine) return;
    this.asking = null;
    this.bar.wait(false);
    this.list.classList.remove("stale");
    this.filled();
  }

  /** @param {AbortController} mine */
  signal(mine) {
    return AbortSignal.any([this.page.signal, mine.signal]);
  }

  /** The items in sight, at whose places words may point. */
  get places() {
    return [...this.shown].flatMap(([key, id]) => (id && !this.skipped.has(key) ? [id] : []));
  }

  async undo() {
    const before = this.talk.undo();
    if (!before) return;
    const mine = this.begun();
    await this.display(before).finally(() => this.done(mine));
    announce("Back one step.");
  }

  /** @param {Record<string, any>} turn */
  async display(turn) {
    const slate = turn.slate.filter((/** @type {Candidate} */ one) => !this.skipped.has(keyOf(one)));
    const named = (turn.guidance.anchors ?? []).map((/** @type {any} */ one) => one.item_id);
    await items([...slate.flatMap(idsOf), ...named], this.page.signal);
    const focused = this.list.contains(document.activeElement);
    this.shown = new Map(slate.map((/** @type {Candidate} */ one) => [keyOf(one), one.item_id]));
    this.ended = false;
    reordered(this.list, () => fill(this.list, slate.map((/** @type {Candidate} */ one, /** @type {number} */ at) => this.card(one, at, turn.id))));
    if (focused) this.heading.focus();
    this.bar.show({ guidance: turn.guidance, message: turn.message, question: turn.question, steps: this.talk.steps, ideas: ideasFor(slate) });
    fill(this.end, !slate.length && empty());
    if (slate.length && window.scrollY > 400) this.list.scrollIntoView({ block: "start", behavior: "smooth" });
  }

  /** More places below: the same wishes with a longer slate, then what is left of the recommendations. */
  async more() {
    const { turn } = this.talk.state;
    if (this.asking || this.ended || !turn || !this.shown.size) return;
    const mine = this.begun();
    const signal = this.signal(mine);
    fill(this.end, el("ul", { class: "cards" }, bones(3)));
    try {
      const found = turn.slate.length < LONGEST ? await this.longer(turn, signal) : await this.plainly(signal);
      const fresh = found.slate.filter((/** @type {Candidate} */ one) => !this.shown.has(keyOf(one)) && !this.skipped.has(keyOf(one)));
      await items(fresh.flatMap(idsOf), signal);
      for (const one of fresh) this.shown.set(keyOf(one), one.item_id);
      this.list.append(...fresh.map((/** @type {Candidate} */ one, /** @type {number} */ at) => this.card(one, this.list.childElementCount + at, found.id)));
      this.ended = !fresh.length;
      fill(this.end, this.ended && el("p", { class: "hint centre" }, this.talk.steered ? "That is everything that fits. Change a wish to see others." : "That is everything for now."));
    } catch (error) {
      if (gone(error)) return;
      this.ended = true;
      const again = { class: "button", type: "button", on: { click: () => ((this.ended = false), void this.more()) } };
      fill(this.end, el("div", { class: "empty" }, el("p", {}, readable(error)), el("button", again, "Try again")));
    } finally {
      this.done(mine);
    }
  }

  /**
   * Goes on where the end is in sight. An observer speaks of changes from frame to frame, and between two frames the list
   * may grow and be scrolled to its end: looked at afresh, it says what it sees in any case.
   */
  filled() {
    if (this.page.signal.aborted) return;
    this.sight.unobserve(this.end);
    this.sight.observe(this.end);
  }

  /** @param {Record<string, any>} turn @param {AbortSignal} signal */
  async longer(turn, signal) {
    const k = Math.min(turn.slate.length + FIRST, LONGEST);
    return this.talk.more({ k, signal });
  }

  /** @param {AbortSignal} signal */
  async plainly(signal) {
    if (this.talk.steered) return { slate: [], id: null };
    const exclude = [...this.shown.keys(), ...this.skipped].filter((key) => key.startsWith("item:")).map((key) => key.slice(5));
    if (exclude.length > 900) return { slate: [], id: null };
    const found = await post("/v1/recommend", { user_id: this.page.person, k: FIRST, exclude }, { signal, again: true });
    return { slate: retrieved(found), id: found.id };
  }

  /** @param {Candidate} candidate @param {number} position @param {string | null} turn */
  card(candidate, position, turn) {
    const id = candidate.item_id;
    const event = { item_id: id, draft: candidate.draft?.id, turn, position };
    const { person, signal } = this.page;
    const made = card(candidate, {
      open: () => {
        void record({ ...event, kind: "click" }).catch(() => {}); // whether it is counted is not this person's care
        void opened(candidate, person, signal);
      },
      like: (node, on) => this.like(node, on, candidate, event),
      skip: (node) => this.skip(node, candidate, event),
      more: id && (() => void this.steer((options) => this.talk.answer(near(this.talk.state.guidance, id, 1), options), `More like ${nameOf(candidate)}.`)),
      less: id && (() => void this.steer((options) => this.talk.answer(near(this.talk.state.guidance, id, -1), options), `Less like ${nameOf(candidate)}.`)),
      why: id && ((_, region) => void explained(region, id, person, signal, candidate.reason)),
    });
    watch(made, event);
    return made;
  }

  /** @param {HTMLElement} node @param {boolean} on @param {Candidate} candidate @param {any} event */
  like(node, on, candidate, event) {
    if (on) hold({ ...event, kind: "like" }, `You like “${nameOf(candidate)}”.`, () => pressed(node, false));
    else toast("A like that was sent stays in your history; your profile can drop what it says of you.");
  }

  /** @param {HTMLElement} node @param {Candidate} candidate @param {any} event */
  skip(node, candidate, event) {
    const key = keyOf(candidate);
    const after = node.nextElementSibling ?? node.previousElementSibling;
    this.skipped.add(key);
    left(node, () => reordered(this.list, () => node.remove()));
    /** @type {HTMLElement | null | undefined} */ (after?.querySelector(".card-open"))?.focus({ preventScroll: true });
    hold({ ...event, kind: "skip" }, `Skipped “${nameOf(candidate)}”.`, () => {
      this.skipped.delete(key);
      reordered(this.list, () => (after?.isConnected ? after.before(node) : this.list.append(node)));
    });
  }
}

/** The items that a candidate shows. @param {Candidate} candidate @returns {string[]} */
function idsOf(candidate) {
  const members = candidate.draft?.payload.members ?? [];
  return [candidate.item_id, ...(candidate.draft?.parents ?? []), ...members.map((/** @type {any} */ one) => one.item_id)].filter(Boolean);
}

/** Plain recommendations as places of a slate. @param {any} found */
function retrieved(found) {
  return found.items.map((/** @type {any} */ one) => ({ mode: "retrieved", ...one }));
}

function empty() {
  return el("div", { class: "empty" }, el("h2", {}, "Nothing fits all of that"), el("p", {}, "Remove or loosen one of the wishes above, or go back a step."));
}
