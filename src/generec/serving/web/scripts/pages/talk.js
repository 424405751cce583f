/** Talk: turns that are streamed as they come about, with drafts beside their source and every stage open to correction. */

import { gone, readable } from "../api.js";
import { bones, card, keyOf, nameOf, pressed } from "../cards.js";
import { chips } from "../chips.js";
import { opened } from "../details.js";
import { afresh, dialogueOf } from "../dialogue.js";
import { el, fill } from "../dom.js";
import { draftView, nameOfDraft } from "../drafts.js";
import { capital, titleOf } from "../facts.js";
import { hold, record } from "../feedback.js";
import { icon } from "../icons.js";
import { items, seen } from "../items.js";
import { announce } from "../notices.js";
import { stages } from "../stages.js";
import { bar } from "../steer.js";
import { explained, reasons } from "../why.js";

const PLACES = 6;
const IDEAS = ["A list of five that go well together", "Something calm for tonight", "Rewrite the first one for children", "Why the first one?"];

/** @param {HTMLElement} root @param {import("../main.js").Context} page */
export async function show(root, page) {
  await new Talk(root, page).begin();
}

class Talk {
  /** @param {HTMLElement} root @param {import("../main.js").Context} page */
  constructor(root, page) {
    this.page = page;
    this.talk = dialogueOf(page.person);
    this.busy = false;
    this.log = el("ol", { class: "log", "aria-label": "Conversation" });
    this.bar = bar({
      placeholder: "Say what you want, or what to change …",
      said: (words) => void this.turn(words, (options) => this.talk.say(words, options)),
      changed: (guidance, words) => void this.turn(words, (options) => this.talk.answer(guidance, options)),
      undone: () => void this.undo(),
      cleared: () => {
        afresh();
        page.go("talk");
      },
      title: (id) => titleOf(seen(id), id),
      chipped: false,
      waits: true,
    });
    const head = el("header", { class: "page-head" }, el("h1", {}, "Talk"), el("p", {}, "Ask, narrow down, take back. You can also have something made: a set that obeys your rules, or a text retold for you. Every step can be looked at and set right."));
    root.append(el("div", { class: "talk" }, head, this.log, el("div", { class: "composer" }, ...this.bar.nodes)));
  }

  async begin() {
    const { turn } = this.talk.state;
    const states = [...this.talk.past, this.talk.state].filter((state) => state.turn && (state.words || this.talk.steered));
    for (const state of states) this.log.append(await this.exchange(state.words, /** @type {any} */ (state.turn)));
    if (!states.length) this.log.append(el("li", { class: "hint start" }, "Nothing was said yet. Try one of these, or write your own."));
    this.told(states.length ? turn : null);
    if (states.length > 1) this.log.lastElementChild?.scrollIntoView({ block: "start" });
  }

  /** @param {string} words @param {(options: import("../dialogue.js").Options) => Promise<any>} ask */
  async turn(words, ask) {
    if (this.busy) return;
    this.waiting(true);
    this.log.querySelector(".start")?.remove();
    const steps = el("ul", { class: "steps" });
    const part = el("div", { class: "answer" }, steps, el("ul", { class: "cards compact" }, bones(2)));
    const place = el("li", { class: "exchange" }, el("h2", { class: "said-by-you" }, el("span", { class: "unseen" }, "You: "), words), part);
    this.log.append(place);
    step(steps, "reading", "Reading what you said");
    place.scrollIntoView({ block: "start", behavior: "smooth" });
    const steps0 = this.talk.steps;
    try {
      const turn = await ask({ k: PLACES, signal: this.page.signal, told: (event, data) => this.heard(steps, event, data) });
      if (turn.guidance.act === "undo" && this.talk.steps < steps0) return await this.redrawn("Back one step.");
      place.replaceWith(await this.exchange(words, turn));
      this.told(turn);
      announce(summary(turn));
    } catch (error) {
      if (gone(error)) return;
      const again = el("button", { class: "button", type: "button", on: { click: () => (place.remove(), void this.turn(words, ask)) } }, "Try again");
      fill(part, el("div", { class: "panel problem" }, el("p", { role: "alert" }, readable(error)), again));
    } finally {
      this.waiting(false);
    }
  }

  /** What has come of a turn so far. @param {HTMLElement} steps @param {string} event @param {any} data */
  heard(steps, event, data) {
    if (event === "guidance") {
      const list = chips(data, (id) => titleOf(seen(id), id));
      steps.replaceChildren();
      step(steps, "done", "Understood", list.childElementCount ? list : "no wishes in it");
      step(steps, "reading", { edit: "Editing and checking", create: "Making and checking", explain: "Looking up the reasons" }[/** @type {"edit"} */ (data.act)] ?? "Looking for what fits");
      announce(list.childElementCount ? `Understood: ${list.textContent}` : "Understood.");
    }
    if (event === "drafts" && data.length) step(steps, "done", `${data.length} ${data.length === 1 ? "draft" : "drafts"} made`);
    if (event === "checks" && data.length) step(steps, "done", "Checked");
  }

  /** @param {string} words @param {Record<string, any>} turn */
  async exchange(words, turn) {
    const { person, signal } = this.page;
    const retrieved = turn.trace?.retrieved?.items ?? [];
    const members = turn.drafts.flatMap((/** @type {any} */ one) => [...one.parents, ...(one.payload.members ?? []).map((/** @type {any} */ each) => each.item_id)]);
    const shown = turn.slate.flatMap((/** @type {any} */ one) => one.item_id ?? []);
    await items([...retrieved, ...members, ...shown, ...(turn.guidance.anchors ?? []).map((/** @type {any} */ one) => one.item_id)], signal);
    const understood = chips(turn.guidance, (id) => titleOf(seen(id), id), (guidance, done) => void this.turn(done, (options) => this.talk.answer(guidance, options)));
    const found = turn.slate.filter((/** @type {any} */ one) => !one.draft);
    const showing = new Set(turn.slate.flatMap((/** @type {any} */ one) => one.draft?.id ?? []));
    const drafts = turn.drafts.filter((/** @type {any} */ one) => showing.has(one.id));
    const aside = turn.drafts.filter((/** @type {any} */ one) => !showing.has(one.id));
    return el(
      "li",
      { class: "exchange" },
      words && el("h2", { class: "said-by-you" }, el("span", { class: "unseen" }, "You: "), words),
      el(
        "div",
        { class: "answer" },
        understood.childElementCount > 0 && el("div", { class: "understood" }, el("span", { class: "label" }, "Understood"), understood),
        turn.message && el("p", { class: "message" }, turn.message),
        turn.explanation?.length > 0 && reasons(turn.explanation),
        drafts.map((/** @type {any} */ one) => this.draft(one, turn)),
        el("ul", { class: "cards compact" }, found.map((/** @type {any} */ one) => this.card(one, turn.slate.indexOf(one), turn.id))),
        !turn.slate.length && el("p", { class: "hint" }, "Nothing fits all of that. Remove or loosen a wish."),
        aside.length > 0 && this.aside(aside, turn),
        stages(turn, { person, signal, answer: (guidance) => void this.turn("What was understood is set right.", (options) => this.talk.answer(guidance, options)) }),
      ),
    );
  }

  /** @param {any} draft @param {Record<string, any>} turn */
  draft(draft, turn) {
    const report = turn.reports.find((/** @type {any} */ one) => one.draft === draft.id);
    const shown = turn.slate.find((/** @type {any} */ one) => one.draft?.id === draft.id);
    const label = shown?.label || (draft.mode === "edited" ? "Edited" : "Created");
    const fate = shown ? null : el("span", { class: "badge warn" }, "not shown");
    const title = nameOfDraft(draft);
    return el("section", { class: `draft-panel ${draft.mode}` }, el("div", { class: "row between" }, el("h3", {}, title), shown && this.judged(draft, turn, title)), el("p", { class: "row" }, el("span", { class: `badge ${draft.mode}` }, label), fate), draftView(draft, report));
  }

  /** What was made and not shown, folded away. @param {any[]} drafts @param {Record<string, any>} turn */
  aside(drafts, turn) {
    const notes = turn.trace?.served?.notes ?? [];
    const count = drafts.length === 1 ? "One draft was set aside" : `${drafts.length} drafts were set aside`;
    return el(
      "details",
      { class: "aside" },
      el("summary", {}, count),
      el("div", { class: "stack" }, notes.map((/** @type {string} */ one) => el("p", { class: "hint" }, `${capital(one)}.`)), drafts.map((one) => this.draft(one, turn))),
    );
  }

  /** Whether what was made is any good. @param {any} draft @param {Record<string, any>} turn @param {string} title */
  judged(draft, turn, title) {
    const event = { turn: turn.id, draft: draft.id, item_id: draft.mode === "edited" ? draft.parents[0] : null, stage: draft.mode === "edited" ? "edit" : "creation" };
    /** @param {string} kind @param {string} words @param {string} drawn */
    const button = (kind, words, drawn) => {
      const made = el("button", { class: "icon-button", type: "button", "aria-pressed": "false", title: words, "aria-label": `${words}: ${title}` }, icon(drawn));
      made.addEventListener("click", () => {
        if (made.getAttribute("aria-pressed") === "true") return;
        made.setAttribute("aria-pressed", "true");
        hold({ ...event, kind }, kind === "like" ? `You like “${title}”.` : `Not like this: “${title}”.`, () => made.setAttribute("aria-pressed", "false"));
      });
      return made;
    };
    return el("div", { class: "row" }, button("like", "Like", "like"), button("dislike", "Not like this", "skip"));
  }

  /** @param {any} candidate @param {number} position @param {string} turn */
  card(candidate, position, turn) {
    const { person, signal } = this.page;
    const id = candidate.item_id;
    const event = { item_id: id, draft: candidate.draft?.id, turn, position };
    return card(candidate, {
      open: () => {
        void record({ ...event, kind: "click" }).catch(() => {}); // whether it is counted is not this person's care
        void opened(candidate, person, signal);
      },
      like: (node, on) => on && hold({ ...event, kind: "like" }, `You like “${nameOf(candidate)}”.`, () => pressed(node, false)),
      skip: (node) => {
        this.talk.rejected.push(...(id ? [id] : []));
        node.remove();
        hold({ ...event, kind: "reject" }, `Not “${nameOf(candidate)}”: it stays away.`, () => {
          this.talk.rejected = this.talk.rejected.filter((one) => one !== id);
        });
      },
      why: id && ((_, region) => void explained(region, id, person, signal, candidate.reason)),
    });
  }

  undo() {
    if (this.talk.undo()) void this.redrawn("Back one step.");
  }

  /** @param {string} words */
  async redrawn(words) {
    fill(this.log);
    await this.begin();
    announce(words);
  }

  /** @param {Record<string, any> | null} turn */
  told(turn) {
    this.bar.show({ guidance: turn?.guidance, question: turn?.question, steps: this.talk.steps, ideas: turn ? [] : IDEAS });
  }

  /** @param {boolean} busy */
  waiting(busy) {
    this.busy = busy;
    this.bar.wait(busy);
  }
}

/** @param {HTMLElement} steps @param {string} state @param {string} words @param {Node | string} [more] */
function step(steps, state, words, more) {
  steps.append(el("li", { class: `step ${state}` }, el("span", {}, words), more ? ": " : null, more ?? null));
}

/** A turn in one sentence, for those who listen. @param {Record<string, any>} turn */
function summary(turn) {
  const made = turn.slate.filter((/** @type {any} */ one) => one.mode !== "retrieved").map((/** @type {any} */ one) => `${one.label || one.mode}: ${nameOf(one)}.`);
  const first = turn.slate[0] ? `First: ${nameOf(turn.slate[0])}.` : "Nothing fits.";
  return [turn.message, `${turn.slate.length} places.`, ...made, first].filter(Boolean).join(" ");
}
