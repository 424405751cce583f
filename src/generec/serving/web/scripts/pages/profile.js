/** My profile: every line that is kept of a person with what it rests on, theirs to set right, take along and delete. */

import { del, get, gone, patch, post, put, readable } from "../api.js";
import { afresh } from "../dialogue.js";
import { el, fill, fresh } from "../dom.js";
import { capital, titleOf } from "../facts.js";
import { icon } from "../icons.js";
import { items, seen } from "../items.js";
import { form, modal, sure } from "../modal.js";
import { announce, toast } from "../notices.js";
import { spoken, unknow } from "../person.js";
import { condition } from "../wishes.js";

const NAMED = 3; // titles that are named before the rest is folded away
const AGES = [["child", "A child"], ["teen", "A teenager"], ["adult", "An adult"]];

/** @param {HTMLElement} root @param {import("../main.js").Context} page */
export async function show(root, page) {
  await new ProfilePage(root, page).load();
}

class ProfilePage {
  /** @param {HTMLElement} root @param {import("../main.js").Context} page */
  constructor(root, page) {
    this.page = page;
    this.path = `/v1/users/${encodeURIComponent(page.person)}`;
    this.lines = el("div", { class: "lines" }, Array.from({ length: 4 }, () => el("div", { class: "line bone", "aria-hidden": "true" })));
    this.head = el("h2", { tabindex: -1 }, "What is known about you");
    this.settings = el("div", {});
    root.append(
      el("header", { class: "page-head" }, el("h1", {}, "Your profile"), el("p", {}, `Everything that steers what ${spoken(page.person)} sees. Nothing here is hidden: each line names what it rests on, and yours outrank what was inferred.`)),
      el(
        "div",
        { class: "profile" },
        el("section", { class: "stack", "aria-label": "Lines of the profile" }, el("div", { class: "row between wrap" }, this.head, el("button", { class: "button primary", type: "button", on: { click: () => void this.added() } }, icon("more"), "Add a line")), this.lines),
        el("aside", { class: "stack", "aria-label": "Settings and your data" }, this.settings, this.data()),
      ),
    );
  }

  async load() {
    const found = await get(`${this.path}/profile`, { signal: this.page.signal });
    await this.shown(found);
  }

  /** @param {any} profile */
  async shown(profile) {
    await items(profile.lines.flatMap((/** @type {any} */ one) => one.events), this.page.signal);
    const lines = profile.lines.map((/** @type {any} */ one) => this.line(one));
    fill(this.lines, lines.length ? el("ul", { class: "stack" }, lines) : this.nothing());
    fill(this.settings, this.choices(profile));
  }

  nothing() {
    return el("div", { class: "empty panel-like" }, el("p", {}, "Nothing yet. Use or like a few things, or say in a line what you care about."), el("a", { class: "button", href: "#/feed" }, "To the recommendations"));
  }

  /** @param {any} one */
  line(one) {
    const stated = one.source === "stated";
    const titles = one.events.map((/** @type {string} */ id) => titleOf(seen(id), id));
    const rest = titles.length - NAMED;
    return el(
      "li",
      { class: "line" },
      el(
        "div",
        { class: "line-main" },
        el("p", { class: "line-text" }, capital(one.text)),
        el("p", { class: "row wrap" }, stated && el("span", { class: one.weight < 0 ? "badge warn" : "badge good" }, one.weight < 0 ? "avoids" : "likes"), el("span", { class: "badge" }, stated ? "your own words" : "inferred"), one.condition && el("span", { class: "hint" }, condition(one.condition))),
        titles.length > 0 && el("p", { class: "hint" }, `Rests on ${titles.slice(0, NAMED).map((/** @type {string} */ title) => `“${title}”`).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}.`),
        rest > 0 && el("details", {}, el("summary", {}, `All ${titles.length}`), el("ul", { class: "evidence" }, titles.map((/** @type {string} */ title) => el("li", {}, title)))),
      ),
      el(
        "div",
        { class: "line-acts" },
        el("button", { class: "icon-button", type: "button", title: "Edit", "aria-label": `Edit: ${one.text}`, on: { click: () => void this.edited(one) } }, icon("edit")),
        el("button", { class: "icon-button", type: "button", title: "Delete", "aria-label": `Delete: ${one.text}`, on: { click: () => void this.deleted(one) } }, icon("close")),
      ),
    );
  }

  async added() {
    const line = await asked("Add a line", null);
    if (line) await this.changed(() => post(`${this.path}/profile/lines`, line), "The line is added.");
  }

  /** @param {any} one */
  async edited(one) {
    const line = await asked("Edit this line", one);
    if (line) await this.changed(() => put(`${this.path}/profile/lines/${encodeURIComponent(one.id)}`, line), "The line is yours now.");
  }

  /** @param {any} one */
  async deleted(one) {
    const count = one.events.length;
    const words = one.source === "stated" ? "It stops counting at once." : `It will not come back, and the ${count === 1 ? "item" : `${count} items`} that it rests on will not speak for other lines either.`;
    if (await sure(`Delete “${one.text}”?`, words, "Delete it")) {
      await this.changed(() => del(`${this.path}/profile/lines/${encodeURIComponent(one.id)}`), "The line is deleted.");
    }
  }

  /** @param {() => Promise<any>} change answers with the profile @param {string} words */
  async changed(change, words) {
    try {
      await this.shown(await change());
      afresh(); // what is shown elsewhere rests on the old profile
      this.head.focus();
      announce(words);
    } catch (error) {
      if (!gone(error)) toast(readable(error), { bad: true });
    }
  }

  /** @param {any} profile */
  choices(profile) {
    const [consent, age] = [fresh("consent"), fresh("age")];
    const box = /** @type {HTMLInputElement} */ (el("input", { type: "checkbox", id: consent, checked: profile.consent }));
    const select = /** @type {HTMLSelectElement} */ (el("select", { id: age }, AGES.map(([value, words]) => el("option", { value, selected: value === profile.age }, words))));
    box.addEventListener("change", () => void this.set({ consent: box.checked }, box.checked ? "Things may be made for you." : "Nothing will be made for you."));
    select.addEventListener("change", () => void this.set({ age: select.value }, "That is noted."));
    return el(
      "section",
      { class: "panel" },
      el("h2", {}, "Settings"),
      el("div", { class: "row top-row" }, box, el("div", {}, el("label", { for: consent }, "Edit and create things for me"), el("p", { class: "hint" }, "Without this, you only ever see what people made."))),
      el("div", { class: "stack tight full" }, el("label", { for: age }, "You are"), select),
    );
  }

  /** @param {any} values @param {string} words */
  async set(values, words) {
    try {
      await patch(`${this.path}/profile`, values);
      toast(words);
    } catch (error) {
      toast(readable(error), { bad: true });
      await this.load();
    }
  }

  data() {
    return el(
      "section",
      { class: "panel" },
      el("h2", {}, "Your data"),
      el("p", { class: "hint" }, "Everything that is kept under this name: profile, what you used, liked and corrected."),
      el("button", { class: "button", type: "button", on: { click: () => void this.exported() } }, icon("download"), "Take it along"),
      el("button", { class: "button quiet bad-words", type: "button", on: { click: () => void this.forgotten() } }, "Forget me"),
    );
  }

  async exported() {
    try {
      const found = await get(`${this.path}/export`);
      const address = URL.createObjectURL(new Blob([JSON.stringify(found, null, 2)], { type: "application/json" }));
      const link = el("a", { href: address, download: "generec-my-data.json" });
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
      toast(`Everything is in generec-my-data.json: ${found.events.length} events.`);
    } catch (error) {
      toast(readable(error), { bad: true });
    }
  }

  async forgotten() {
    const { person, go } = this.page;
    const words = "Your profile, your history and the key that opens what was sealed are destroyed. Models that learned from you are marked until they are trained again. This cannot be undone.";
    if (!(await sure(`Forget ${spoken(person)}?`, words, "Forget me"))) return;
    try {
      const done = await del(this.path);
      unknow(person);
      afresh();
      dispatchEvent(new Event("generec-person"));
      const models = done.models.length ? ` ${done.models.length === 1 ? "One model" : `${done.models.length} models`} will be trained again without you.` : "";
      toast(done.known ? `Forgotten: ${done.events} events are gone.${models}` : "Nothing was known of you.", { stays: 12_000 });
      go("welcome");
    } catch (error) {
      toast(readable(error), { bad: true });
    }
  }
}

/** A line in a person's own words. @param {string} title @param {any} one @returns {Promise<any>} */
function asked(title, one) {
  return modal(title, (close) => {
    const [text, way, rule] = [fresh("line"), fresh("way"), fresh("rule")];
    const written = one?.condition ? `${one.condition.field} ${one.condition.operator} ${[one.condition.value].flat().join("|")}` : "";
    return [
      form(
        { class: "stack" },
        (made) => {
          const given = new FormData(made);
          const line = String(given.get("text")).trim();
          const filter = String(given.get("rule")).trim();
          if (line) close({ text: line, weight: given.get("way") === "less" ? -1 : 1, condition: filter || null });
        },
        el("label", { for: text }, "In your own words"),
        el("input", { id: text, name: "text", value: one?.text ?? "", required: true, maxlength: 500, autocomplete: "off", placeholder: "I like slow films about the sea" }),
        el("label", { for: way }, "Which way"),
        el("select", { id: way, name: "way" }, el("option", { value: "more", selected: !(one?.weight < 0) }, "I like it"), el("option", { value: "less", selected: one?.weight < 0 }, "I avoid it")),
        el("details", { open: Boolean(written) }, el("summary", {}, "Tie it to a field of the catalogue"), el("label", { for: rule, class: "unseen" }, "Condition"), el("input", { id: rule, name: "rule", value: written, maxlength: 1000, autocomplete: "off", spellcheck: "false", placeholder: "genres = Comedy" }), el("p", { class: "hint" }, "For example: genres = Comedy, price <= 20. Without it, the words are matched by their meaning.")),
        el("div", { class: "row end" }, el("button", { class: "button primary", type: "submit" }, "Save")),
      ),
    ];
  });
}
