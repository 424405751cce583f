/** What is wanted and absent, most wanted first, each with a way into the studio. */

import { get, Problem } from "../api.js";
import { el, fill, fresh } from "../dom.js";
import { capital } from "../facts.js";
import { form } from "../modal.js";
import { bar, compact, field, figure, nothing, percent, trouble } from "./operator_parts.js";
import { worded } from "./studio_conditions.js";

/** @param {HTMLElement} root @param {import("../main.js").Context} page */
export async function show(root, page) {
  const [least, stock] = [fresh("people"), fresh("stock")];
  const body = el("div", { class: "stack wide-gaps" });
  const settings = form(
    { class: "row wrap bottom" },
    (made) => void load(new FormData(made)),
    field("Wanted by at least", el("input", { id: least, name: "people", type: "number", min: 2, max: 1000, value: 5, required: true })),
    field("Items of it there may be", el("input", { id: stock, name: "stock", type: "number", min: 0, max: 100, value: 0, required: true })),
    el("button", { class: "button", type: "submit" }, "Look"),
  );
  fill(root, settings, body);
  const load = async (/** @type {FormData} */ given) => {
    fill(body, el("div", { class: "bone waiting", role: "status" }, el("span", { class: "unseen" }, "Adding up what is wanted")));
    const query = new URLSearchParams([...given].map(([name, value]) => [name, String(value)]));
    try {
      fill(body, drawn(await get(`/v1/gaps?${query}`, { signal: page.signal })));
    } catch (error) {
      if (page.signal.aborted) return;
      if (error instanceof Problem && error.kind === "unsuited-model") return fill(body, unsuited());
      if (error instanceof Problem && error.kind === "nothing-yet") return fill(body, unused());
      fill(body, trouble(error, () => void load(given)), el("p", { class: "hint" }, "The report needs events, and a model whose codes tell content from style (a joined tokenizer)."));
    }
  };
  await load(new FormData(settings));
}

/** The active model is of another kind: no fault of who asks. */
function unsuited() {
  return nothing("This report needs a model that tells what an item is about from how it is told. The active one does not.", el("p", { class: "hint" }, "Train one that does: ", el("code", {}, "generec train DATA --recipe what_and_how -o MODEL"), ", then serve it."));
}

/** Nobody was here yet: no fault of who asks either. */
function unused() {
  return nothing("Nobody's wishes are known yet: the store has no events.", el("p", { class: "hint" }, "They come with what people do here, or from a file: see ", el("a", { href: "#/operator/data" }, "Data"), "."));
}

/** @param {any} report */
function drawn(report) {
  const most = Math.max(...report.gaps.map(missing), 1e-12);
  return [
    el("div", { class: "tallies" }, figure("Demand that is not met", percent(report.unmet)), figure("Pairs of content and style", compact(report.pairs), el("p", { class: "hint" }, `${compact(report.empty)} without any item`)), figure("People asked", compact(report.people), el("p", { class: "hint" }, `nothing is told of fewer than ${report.least}`))),
    report.gaps.length ? el("ol", { class: "gaps" }, report.gaps.map((/** @type {any} */ one) => gap(one, most))) : nothing("Nothing that enough people want is missing. Ask for fewer people, or allow a few items."),
    el("p", { class: "hint" }, `By ${report.model}, ${report.mode}.`),
  ];
}

/** @param {any} one */
function missing(one) {
  return one.demand - one.served;
}

/** @param {any} one @param {number} most */
function gap(one, most) {
  const id = fresh("gap");
  const name = [one.about, one.manner].map((words) => words.slice(0, 3).join(", ")).filter(Boolean).join(", told with ");
  const words = one.text || `${one.about.join(" ")} ${one.manner.join(" ")}`.trim() || `codes ${one.what.join(" ")} with ${one.how.join(" ")}`;
  const query = new URLSearchParams([["brief", words], ["kind", "text"], ...one.constraints.map((/** @type {string} */ text) => ["condition", text])]);
  return el(
    "li",
    { class: "panel gap" },
    el("h2", { id }, capital(name || words)),
    el("p", { class: "row full" }, bar(missing(one) / most, "edited"), el("span", { class: "hint" }, `${compact(one.people)} people`)),
    el("p", { class: "hint" }, `${percent(missing(one))} of all demand is missing here; ${one.items ? `${compact(one.items)} ${one.items === 1 ? "item is" : "items are"} there` : "no item is there"}.`),
    el("dl", { class: "fields" }, one.about.length > 0 && [el("dt", {}, "Content"), el("dd", {}, one.about.join(", "))], one.manner.length > 0 && [el("dt", {}, "Style"), el("dd", {}, one.manner.join(", "))], one.constraints.length > 0 && [el("dt", {}, "They ask for"), el("dd", {}, one.constraints.map(worded).join(", "))], one.nearest.length > 0 && [el("dt", {}, "Nearest"), el("dd", {}, one.nearest.map((/** @type {any} */ near) => near.title || near.item_id).join("; "))]),
    el("a", { class: "button primary", href: `#/studio?${query}`, "aria-describedby": id }, "Make this next"),
  );
}
