/**
 * How an answer came about, stage by stage, and a way to set each of them right. A correction is feedback of its stage,
 * in the stage's own terms: the right guidance, the ids that fit, the right words.
 */

import { gone, readable } from "./api.js";
import { chips } from "./chips.js";
import { el, fill, fresh } from "./dom.js";
import { titleOf } from "./facts.js";
import { record } from "./feedback.js";
import { icon } from "./icons.js";
import { seen } from "./items.js";
import { form } from "./modal.js";
import { toast } from "./notices.js";
import { plain } from "./wishes.js";

/**
 * @typedef {Record<string, any>} Turn
 * @typedef {object} Given
 * @property {string} person
 * @property {AbortSignal} signal
 * @property {(guidance: Record<string, any>) => void} answer asks again with a corrected guidance
 */

const TOOK = /** @type {Record<string, string>} */ ({ instruct: "reading", retrieve: "looking", route: "deciding", make: "making and checking", explain: "giving reasons" });

/** @param {Turn} turn @param {Given} given @returns {HTMLElement} */
export function stages(turn, given) {
  const place = el("div", { class: "stages" });
  const made = el("details", { class: "how" }, el("summary", {}, "How this came about, and how to set it right"), place);
  made.addEventListener("toggle", () => {
    if (place.childElementCount || !(/** @type {HTMLDetailsElement} */ (made).open)) return;
    fill(place, plan(turn, given), retrieved(turn, given), turn.drafts.map((/** @type {any} */ one) => drafted(one, turn, given)), final(turn, given), took(turn));
  });
  return made;
}

/** @param {Turn} turn @param {Given} given */
function plan(turn, given) {
  const { reason, arms } = turn.trace.plan;
  const list = chips(turn.guidance, (id) => titleOf(seen(id), id), async (guidance) => {
    if (await corrected(given, { turn: turn.id, stage: "instruction", correction: JSON.stringify(plain(guidance)) })) given.answer(guidance);
  });
  return stage(turn, given, "instruction", "1. The plan", [
    el("p", { class: "hint" }, list.childElementCount ? "What was understood. Change or remove what is wrong: the answer is made again, and the reading is learned." : "No wish was understood."),
    list,
    el("p", { class: "hint" }, `Then: ${arms.length ? `to make something (${arms.join(", ")})` : "to show what exists"}, because ${reason}.`),
  ]);
}

/** @param {Turn} turn @param {Given} given */
function retrieved(turn, given) {
  const { items: found, allowed } = turn.trace.retrieved;
  const rows = found.slice(0, 12).map((/** @type {string} */ id) => {
    const box = fresh("fits");
    return el("li", { class: "row" }, el("input", { type: "checkbox", id: box, name: "fits", value: id, checked: true }), el("label", { for: box }, titleOf(seen(id), id)));
  });
  const asked = form(
    { class: "stack" },
    (made) => void corrected(given, { turn: turn.id, stage: "retrieval", correction: JSON.stringify(new FormData(made).getAll("fits")) }),
    el("ul", { class: "fits" }, rows),
    rows.length > 0 && el("div", {}, el("button", { class: "button", type: "submit" }, "Only the ticked ones fit")),
  );
  return stage(turn, given, "retrieval", "2. What was found", [el("p", { class: "hint" }, `The best of ${allowed.toLocaleString("en-GB")} items that your rules allow. Untick what does not fit.`), asked]);
}

/** @param {any} draft @param {Turn} turn @param {Given} given */
function drafted(draft, turn, given) {
  const { payload } = draft;
  const words = payload.text ?? payload.members.map((/** @type {any} */ one) => titleOf(seen(one.item_id), one.item_id)).join("\n");
  const event = { turn: turn.id, stage: draft.mode === "edited" ? "edit" : "creation", draft: draft.id, item_id: draft.mode === "edited" ? draft.parents[0] : null };
  return stage(turn, given, event.stage, `3. The draft “${payload.title || titleOf(seen(draft.parents[0]))}”`, [rewritten("How it should read", words, (correction) => corrected(given, { ...event, correction }))], event);
}

/** @param {Turn} turn @param {Given} given */
function final(turn, given) {
  const said = turn.explanation?.length ? "explanation" : "slate";
  const words = "What should the answer have been?";
  return stage(turn, given, said, "4. The answer", [rewritten(words, "", (correction) => corrected(given, { turn: turn.id, stage: said, correction }))]);
}

/** @param {Turn} turn */
function took(turn) {
  const parts = Object.entries(turn.trace.milliseconds ?? {}).map(([name, spent]) => `${TOOK[name] ?? name} ${Number(spent) < 10 ? Number(spent).toFixed(1) : Math.round(Number(spent))} ms`);
  return el("p", { class: "hint" }, `Time: ${parts.join(", ")}.`);
}

/**
 * @param {Turn} turn @param {Given} given @param {string} name @param {string} title @param {(Node | null)[]} content
 * @param {Record<string, any>} [event]
 */
function stage(turn, given, name, title, content, event = {}) {
  const id = fresh("stage");
  const right = el("button", { class: "button quiet", type: "button", "aria-label": `${title}: that is right` }, icon("check"), "That is right");
  right.addEventListener("click", async () => {
    if (await told(given, { turn: turn.id, stage: name, ...event, kind: "like" })) fill(right, icon("check"), "Noted");
  });
  return el("section", { class: "stage", "aria-labelledby": id }, el("div", { class: "row between" }, el("h4", { id }, title), right), ...content);
}

/** @param {string} label @param {string} words @param {(correction: string) => Promise<boolean>} send */
function rewritten(label, words, send) {
  const id = fresh("right-words");
  const area = /** @type {HTMLTextAreaElement} */ (el("textarea", { id, rows: Math.min(8, Math.max(words ? 4 : 2, words.split("\n").length)), maxlength: 9000, required: true }));
  area.value = words;
  return form({ class: "stack" }, () => void send(area.value.trim()), el("label", { for: id }, label), area, el("div", {}, el("button", { class: "button", type: "submit" }, "Correct this stage")));
}

/** @param {Given} given @param {Record<string, any>} event */
async function corrected(given, event) {
  const done = await told(given, { ...event, kind: "correct" });
  if (done) toast("Thank you. That stage learns from it.");
  return done;
}

/** @param {Given} given @param {Record<string, any>} event */
async function told(given, event) {
  try {
    await record({ user_id: given.person, ...event });
    return true;
  } catch (error) {
    if (!gone(error)) toast(readable(error), { bad: true });
    return false;
  }
}
