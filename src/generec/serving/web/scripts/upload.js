/** A csv of one's own: checked first, with every problem and its row, and then brought in whole. */

import { post } from "./api.js";
import { afresh } from "./dialogue.js";
import { el, fill, fresh } from "./dom.js";
import { spaced } from "./facts.js";
import { outdated } from "./items.js";
import { announce } from "./notices.js";
import { attempt, compact, field, figure, trouble } from "./pages/operator_parts.js";

const PARTS = /** @type {[string, string, string][]} */ ([
  ["items", "Items (csv)", "A header line, then one item a line: item_id, title, and whatever else there is, such as genres, price or duration."],
  ["events", "What people did (csv, if you have it)", "user_id, item_id, and timestamp if you know it."],
]);

/** @param {import("./main.js").Context} page @param {() => void} done called when something was brought in */
export function uploading(page, done) {
  const files = PARTS.map(([name]) => /** @type {HTMLInputElement} */ (el("input", { id: fresh("file"), type: "file", name, accept: ".csv,text/csv", on: { change: () => void checked() } })));
  const told = el("div", { class: "stack", tabindex: -1 });
  let number = 0; // of the last check: an earlier one that comes late is of other files

  /** @param {Record<string, string>} asked */
  const sent = async (asked) => {
    const body = new FormData();
    for (const { name, files: chosen } of files) if (chosen?.[0]) body.append(name, chosen[0]);
    return post(`/v1/import?${new URLSearchParams(asked)}`, body, { signal: page.signal });
  };

  async function checked() {
    const mine = (number += 1);
    if (!files.some((one) => one.files?.length)) return fill(told);
    fill(told, el("p", { class: "step reading", role: "status" }, "Reading every line …"));
    try {
      const found = await sent({ check: "true" });
      if (mine === number) fill(told, report(found, () => void brought(found)));
    } catch (error) {
      if (mine === number && !page.signal.aborted) fill(told, trouble(error, () => void checked()));
    }
  }

  /** @param {any} found */
  async function brought(found) {
    const button = /** @type {HTMLButtonElement} */ (told.querySelector(".button.primary"));
    button.disabled = true;
    const well = await attempt(async () => {
      const made = await sent(found.problems.length ? { repair: "true" } : {});
      outdated();
      afresh();
      for (const one of files) one.value = "";
      const parts = [made.created && many(made.created, "new item"), made.updated && `${many(made.updated, "item")} changed`, made.unchanged && `${many(made.unchanged, "item")} as before`, made.events.accepted && many(made.events.accepted, "event"), made.repeated && `${many(made.repeated, "event")} known before`];
      const words = `${parts.filter(Boolean).join(", ")}.`;
      fill(told, el("div", { class: "row wrap" }, el("span", { class: "badge good" }, "brought in"), el("p", {}, words), el("a", { class: "button", href: "#/feed" }, "See what is recommended")));
      announce(`Brought in: ${words}`);
      told.focus();
      done();
    });
    if (!well) button.disabled = false;
  }

  return el(
    "section",
    { class: "panel upload" },
    el("h2", {}, "Bring in your own"),
    el("p", { class: "hint" }, "The files are looked through first; nothing changes until you say so, and then all of it comes in or nothing."),
    el("div", { class: "two" }, PARTS.map(([, words, hint], at) => field(words, files[at], hint))),
    told,
  );
}

/**
 * What stands in for recommendations where there is nothing yet: no model, or no items.
 * @param {import("./main.js").Context} page @param {() => void} again
 */
export function beginning(page, again) {
  const steps = [
    ["Make a data set of your items and of what people did: ", "generec data import FILES -o DATA", ". Below, the same files are looked through first."],
    ["Train a model on them: ", "generec train DATA --recipe one_pass -o MODEL", "."],
    ["Serve it: ", "generec serve MODEL", ". Items that are brought in later can be recommended at once."],
  ];
  return [
    el("header", { class: "page-head" }, el("h1", {}, "Nothing to recommend yet"), el("p", {}, "This server has no model or no items so far. Three steps lead to a first slate.")),
    el("ol", { class: "beginning" }, steps.map(([words, command, rest]) => el("li", {}, words, el("code", {}, command), rest))),
    el("p", { class: "hint" }, "Only looking around? ", el("code", {}, "generec demo"), " makes a small world with people, trains on it and serves this page."),
    el("div", { class: "row" }, el("button", { class: "button", type: "button", on: { click: again } }, "Look again")),
    uploading(page, () => {}),
  ];
}

/** @param {any} found @param {() => void} bring */
function report(found, bring) {
  const { problems, usable, columns } = found;
  const state = !usable ? ["bad", "It cannot be brought in"] : problems.length ? ["warn", "It can be brought in, but for what is listed here"] : ["good", "It is in order"];
  announce(`${state[1]}. ${many(problems.length, "problem")}.`);
  const names = Object.entries(columns);
  return [
    el("p", {}, el("span", { class: `badge ${state[0]}` }, state[1])),
    usable && el("div", { class: "tallies" }, counted("Items", found.items), counted("Events", found.events)),
    problems.length > 0 && el("ul", { class: "stack" }, problems.map(problem)),
    names.length > 0 && el("div", { class: "stack tight" }, el("h3", {}, "Fields"), el("ul", { class: "columns" }, names.map(([name, kind]) => el("li", {}, spaced(name), " ", el("span", { class: "hint" }, String(kind)))))),
    found.report && remarks(found.report),
    el("div", { class: "row wrap" }, el("button", { class: "button primary", type: "button", disabled: !usable, on: { click: bring } }, problems.length && usable ? "Bring in the rest" : "Bring it in"), !usable && el("p", { class: "hint" }, "Set the file right and choose it again.")),
  ];
}

/** @param {string} name @param {{rows: number, accepted: number}} found */
function counted(name, { rows, accepted }) {
  return rows > 0 && figure(name, compact(accepted), el("p", { class: "hint" }, accepted === rows ? "every line of the file" : `of ${many(rows, "line")}`));
}

/** @param {any} one */
function problem({ file, rows, count, message, remedy, repair }) {
  const more = count > rows.length && rows.length ? " …" : "";
  const place = [file, rows.length && `${rows.length > 1 ? "rows" : "row"} ${rows.slice(0, 8).join(", ")}${more}`].filter(Boolean).join(", ");
  return el("li", { class: "trouble" }, el("p", {}, el("strong", {}, place), place && ": ", message, "."), el("p", { class: "hint" }, [remedy && `What helps: ${remedy}.`, repair && `Otherwise ${repair}.`].filter(Boolean).join(" ")));
}

/** What the check found besides faults. @param {any} found */
function remarks(found) {
  const said = [...found.errors, ...found.warnings].map((/** @type {string} */ one) => one.replace(/[;,] (see|import with) --.*$/, ""));
  if (!said.length) return null;
  return el("details", {}, el("summary", {}, `${many(said.length, "remark")} on what is in it`), el("ul", { class: "evidence" }, said.map((/** @type {string} */ one) => el("li", {}, `${one.charAt(0).toUpperCase()}${one.slice(1)}.`))));
}

/** @param {number} count @param {string} what */
function many(count, what) {
  return `${compact(count)} ${what}${count === 1 ? "" : "s"}`;
}
