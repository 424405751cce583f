/** The owner's queue: what was submitted, approved into the catalogue or turned down. */

import { get, post } from "../api.js";
import { afresh } from "../dialogue.js";
import { el, fill, fresh } from "../dom.js";
import { draftView, nameOfDraft } from "../drafts.js";
import { spaced } from "../facts.js";
import { fields, offered, spanOf } from "../fields.js";
import { items, outdated } from "../items.js";
import { form, modal } from "../modal.js";
import { attempt, field, nothing, when } from "./operator_parts.js";
import { provenance } from "./studio_draft.js";

const STATES = /** @type {[string, string][]} */ ([["waiting", "Waiting"], ["approved", "Approved"], ["rejected", "Rejected"], ["all", "All"]]);
const COLOURS = /** @type {Record<string, string>} */ ({ approved: "good", rejected: "bad", waiting: "warn" });
const OWN = new Set(["item_id", "title", "description", "members", "origin"]); // what a draft brings itself
const INPUTS = /** @type {Record<string, string>} */ ({ whole: "number", number: "number", date: "date" });

/** @param {HTMLElement} root @param {import("../main.js").Context} page */
export async function show(root, page) {
  const queue = new Queue(page);
  await queue.load();
  fill(root, el("div", { class: "row wrap bottom" }, field("Show", queue.state)), queue.place);
}

class Queue {
  /** @param {import("../main.js").Context} page */
  constructor(page) {
    this.page = page;
    this.place = el("div", { class: "stack", tabindex: -1 });
    this.state = /** @type {HTMLSelectElement} */ (el("select", { id: fresh("state") }, STATES.map(([value, words]) => el("option", { value }, words))));
    this.state.addEventListener("change", () => void attempt(() => this.load()));
  }

  /** @param {string | null} [cursor] where to go on */
  async load(cursor = null) {
    const { signal } = this.page;
    const query = new URLSearchParams({ state: this.state.value, limit: "20", ...(cursor ? { cursor } : {}) });
    const found = await get(`/v1/approvals?${query}`, { signal });
    const drafts = found.approvals.map((/** @type {any} */ one) => one.draft);
    await items(drafts.flatMap((/** @type {any} */ one) => [...one.parents, ...(one.payload.members ?? []).map((/** @type {any} */ each) => each.item_id)]), signal);
    const cards = found.approvals.map((/** @type {any} */ one) => this.card(one));
    const more = found.cursor && el("button", { class: "button", type: "button", on: { click: () => void attempt(() => (this.place.lastElementChild?.remove(), this.load(found.cursor))) } }, "More");
    if (cursor) this.place.append(el("ul", { class: "stack" }, cards), ...(more ? [more] : []));
    else fill(this.place, cards.length ? el("ul", { class: "stack" }, cards) : nothing(this.state.value === "waiting" ? "Nothing waits for a decision." : "There are none.", el("a", { class: "button", href: "#/studio" }, "Make something")), more);
  }

  /** @param {any} one */
  card(one) {
    const id = fresh("waiting");
    const waiting = one.state === "waiting";
    const name = nameOfDraft(one.draft);
    return el(
      "li",
      { class: "panel", "aria-labelledby": id },
      el("div", { class: "row between wrap full" }, el("h2", { id }, name), el("span", { class: `badge ${COLOURS[one.state]}` }, one.state)),
      el("p", { class: "hint" }, one.draft.payload.members ? `A set of ${one.draft.payload.members.length}` : "A text", ", submitted ", when(one.submitted), one.decided && [", decided ", when(one.decided), ` by ${one.by}`], one.item_id && `, item ${one.item_id}`, one.reason && `: ${one.reason}`),
      el("details", { class: "full", open: waiting }, el("summary", {}, "Look at it"), el("div", { class: "stack" }, draftView(one.draft, one.report), provenance(one.draft, one.marks))),
      waiting && el("div", { class: "row wrap" }, el("button", { class: "button primary", type: "button", "aria-label": `Approve: ${name}`, on: { click: () => void this.approved(one, name) } }, "Approve …"), el("button", { class: "button", type: "button", "aria-label": `Reject: ${name}`, on: { click: () => void this.rejected(one, name) } }, "Reject …")),
    );
  }

  /** @param {any} one @param {string} name */
  async approved(one, name) {
    const known = (await fields().catch(() => [])).filter((each) => !OWN.has(each.name));
    const others = known.map((each) => [each.name, each.column]);
    const [item, title] = [fresh("item"), fresh("title")];
    const body = await modal(`Approve “${name}”`, (close) => [
      form(
        { class: "stack" },
        (made) => {
          const given = new FormData(made);
          const filled = Object.fromEntries(others.flatMap(([column, kind]) => {
            const text = String(given.get(`field ${column}`) ?? "").trim();
            return text ? [[column, valued(String(kind), text)]] : [];
          }));
          const called = String(given.get("title")).trim();
          close({ item_id: String(given.get("item")).trim() || null, fields: called && called !== one.draft.payload.title ? { ...filled, title: called } : filled });
        },
        el("p", { class: "hint" }, "It becomes an item with the origin “created”, and can be recommended with the answer."),
        field("Title", el("input", { id: title, name: "title", value: name, maxlength: 300, autocomplete: "off" }), "As people will read it."),
        field("Item id (empty: as the draft)", el("input", { id: item, name: "item", maxlength: 512, autocomplete: "off", spellcheck: "false", placeholder: one.id })),
        others.length > 0 && el("details", {}, el("summary", {}, `Fields of the catalogue (${others.length})`), el("div", { class: "stack" }, known.map(input))),
        el("div", { class: "row end" }, el("button", { class: "button primary", type: "submit" }, "Approve")),
      ),
    ]);
    if (body) await this.decided(() => post(`/v1/approvals/${encodeURIComponent(one.id)}/approve`, body), `“${name}” is in the catalogue.`);
  }

  /** @param {any} one @param {string} name */
  async rejected(one, name) {
    const id = fresh("reason");
    const reason = await modal(`Reject “${name}”?`, (close) => [
      form(
        { class: "stack" },
        (made) => close(String(new FormData(made).get("reason")).trim()),
        field("Why", el("textarea", { id, name: "reason", rows: 3, maxlength: 2000 }), "Kept with the record; whoever submitted it can read it."),
        el("div", { class: "row end" }, el("button", { class: "button danger", type: "submit" }, "Reject it")),
      ),
    ]);
    if (reason !== null) await this.decided(() => post(`/v1/approvals/${encodeURIComponent(one.id)}/reject`, { reason }), `“${name}” is turned down.`);
  }

  /** @param {() => Promise<unknown>} act @param {string} words */
  async decided(act, words) {
    if (!(await attempt(act, words))) return;
    outdated();
    afresh();
    await attempt(() => this.load());
    this.place.focus();
  }
}

/** @param {import("../fields.js").Field} about */
function input(about) {
  const { name: column, column: kind, unit } = about;
  const id = fresh("column");
  const choices = [["", "unknown"], ["true", "yes"], ["false", "no"]];
  const control = kind === "truth" ? el("select", { id, name: `field ${column}` }, choices.map(([value, words]) => el("option", { value }, words))) : el("input", { id, name: `field ${column}`, type: INPUTS[kind] ?? "text", step: kind === "whole" ? 1 : "any", maxlength: 2000, autocomplete: "off", placeholder: kind === "list" ? "one, another" : null });
  const values = kind === "text" ? offered(/** @type {HTMLInputElement} */ (control), about) : null;
  return el("div", {}, field(spaced(column) + (unit ? ` in ${unit}` : ""), control, spanOf(about)), values);
}

/** @param {string} kind @param {string} text */
function valued(kind, text) {
  if (kind === "whole" || kind === "number") return Number(text);
  if (kind === "truth") return text === "true";
  return kind === "list" ? text.split(",").map((one) => one.trim()).filter(Boolean) : text;
}
