/**
 * One dialogue with the loop. The server keeps nothing of it: what was understood goes back with every turn, and going
 * back a step is done here.
 *
 * @typedef {Record<string, any>} Turn as /v1/turn gives it
 * @typedef {{guidance: Record<string, any> | null, turn: Turn | null, words: string}} State
 * @typedef {{k?: number, signal?: AbortSignal, shown?: string[], told?: (event: string, data: any) => void}} Options
 */

import { post, stream } from "./api.js";
import { settle } from "./feedback.js";
import { plain } from "./wishes.js";

export class Dialogue {
  /** @param {string} person */
  constructor(person) {
    this.person = person;
    /** @type {State[]} what was before, the last one last */
    this.past = [];
    /** @type {State} */
    this.state = { guidance: null, turn: null, words: "" };
    /** @type {string[]} items turned down here */
    this.rejected = [];
    this.asked = 0;
  }

  /** Whether there is something to go back to. */
  get steps() {
    return this.past.length;
  }

  /** Whether anything was wished. */
  get steered() {
    const g = this.state.guidance;
    return Boolean(g && (["hard", "likes", "dislikes", "anchors", "directions", "totals", "tone"].some((part) => g[part]?.length) || g.audience || g.count));
  }

  /** The items of the last slate that still stand there, in their order: words may point at them. @returns {string[]} */
  get shown() {
    const slate = this.state.turn?.slate ?? [];
    return slate.flatMap((/** @type {any} */ one) => (one.item_id && !this.rejected.includes(one.item_id) ? [one.item_id] : []));
  }

  /** A turn in words; with `told` it is streamed. @param {string} words @param {Options} [options] @returns {Promise<Turn>} */
  async say(words, options = {}) {
    const turn = await this.#ask({ words, before: this.state.guidance, shown: (options.shown ?? this.shown).slice(0, 200) }, options);
    const { act } = turn.guidance;
    if (act === "undo" && this.past.length) return this.undo() ?? turn;
    if (act === "reset") this.past = [];
    return this.#kept(turn, words);
  }

  /** A turn for wishes that were set right. @param {Record<string, any>} guidance @param {Options} [options] @returns {Promise<Turn>} */
  async answer(guidance, options = {}) {
    return this.#kept(await this.#ask({ guidance: plain(guidance) }, options), "");
  }

  /** The same wishes again, for more places; the step does not count. @param {Options} options @returns {Promise<Turn>} */
  async more(options) {
    const turn = await this.#ask({ guidance: plain(this.state.guidance) }, options);
    this.state = { ...this.state, turn };
    return turn;
  }

  /** Back one step. @returns {Turn | null} what was shown then */
  undo() {
    const before = this.past.pop();
    if (!before) return null;
    this.asked = 0;
    this.state = before;
    return before.turn;
  }

  /** @param {Turn} turn @param {string} words */
  #kept(turn, words) {
    if (this.state.turn) this.past.push(this.state);
    this.asked = turn.question ? Math.min(this.asked + 1, 10) : 0;
    this.state = { guidance: turn.guidance, turn, words };
    return turn;
  }

  /** @param {Record<string, any>} said @param {Options} options @returns {Promise<Turn>} */
  async #ask(said, { k = 12, signal, told }) {
    await settle();
    const body = { ...said, user_id: this.person, rejected: this.rejected.slice(-200), k, asked: this.asked };
    if (body.before) body.before = { ...body.before, evidence: [], what: [], how: [], oracle: [], variance: [] };
    if (!told) return post("/v1/turn", body, { signal, again: true });
    /** @type {Turn} */
    const turn = { drafts: [], reports: [] };
    await stream("/v1/turn", body, (event, data) => {
      if (event === "guidance") turn.guidance = data;
      else if (event === "drafts") turn.drafts = data;
      else if (event === "checks") turn.reports = data;
      else Object.assign(turn, data); // slate: message, question …; done: id, guidance, trace
      told(event, data);
    }, { signal });
    return turn;
  }
}

/** @type {Dialogue | null} */
let going = null;

/** The dialogue of a person in this window, the same on every page. @param {string} person */
export function dialogueOf(person) {
  if (going?.person !== person) going = new Dialogue(person);
  return going;
}

/** Begins anew. */
export function afresh() {
  going = null;
}
