/** Versions of the model: how each was judged, which answers whom, trials, the shadow. */

import { del, get, gone, post, put, readable } from "../api.js";
import { el, fill, fresh } from "../dom.js";
import { afresh } from "../dialogue.js";
import { capital, spaced } from "../facts.js";
import { outdated } from "../items.js";
import { form, modal, sure } from "../modal.js";
import { drawing } from "./operator_files.js";
import { attempt, bar, compact, field, figure, nothing, percent, table, when } from "./operator_parts.js";

const STATES = /** @type {Record<string, string>} */ ({ active: "good", shadow: "created", candidate: "", retired: "" });

/** @param {HTMLElement} root @param {import("../main.js").Context} page */
export async function show(root, page) {
  const models = new Models(root, page);
  await models.load();
}

class Models {
  /** @param {HTMLElement} root @param {import("../main.js").Context} page */
  constructor(root, page) {
    this.root = root;
    this.page = page;
  }

  async load() {
    const { signal } = this.page;
    const [versions, shadow] = await Promise.all([get("/v1/models", { signal }), get("/v1/models/shadow", { signal })]);
    const active = versions.find((/** @type {any} */ one) => one.state === "active");
    const before = active?.replaced;
    const back = el("button", { class: "button", type: "button", disabled: !before, on: { click: () => void this.rolledBack(before) } }, before ? `Roll back to ${before}` : "Nothing to roll back to");
    const cards = versions.toReversed().map((/** @type {any} */ one) => this.card(one));
    fill(
      this.root,
      el("div", { class: "row between wrap" }, el("p", { class: "hint" }, active ? `${active.version} answers ${percent(active.part)} of the people.` : "No version answers now: activate one."), back),
      shadow ? this.shadow(shadow, versions.find((/** @type {any} */ one) => one.state === "shadow")?.version ?? "the shadow") : null,
      cards.length ? el("ul", { class: "stack" }, cards) : nothing("There is no model yet. Train one: generec train RECIPE DATA --output FOLDER, then serve it."),
    );
  }

  /** @param {any} one */
  card(one) {
    const id = fresh("version");
    const path = `/v1/models/${encodeURIComponent(one.version)}`;
    /** @param {string} words @param {() => void} act @param {boolean} [off] */
    const button = (words, act, off = false) => el("button", { class: "button", type: "button", "aria-label": `${words}: ${one.version}`, disabled: off, on: { click: act } }, words);
    const active = one.state === "active";
    return el(
      "li",
      { class: "panel version", "aria-labelledby": id },
      el("div", { class: "row between wrap full" }, el("h2", { id, tabindex: -1 }, one.version), el("span", { class: `badge ${STATES[one.state] ?? ""}` }, one.state)),
      el("p", { class: "row full" }, bar(one.part), el("span", { class: "hint" }, `${percent(one.part)} of the people`)),
      el("p", { class: "facts" }, [el("span", {}, "Made ", when(one.created)), el("span", {}, one.loaded ? "in memory" : "not in memory"), el("span", {}, `catalogue as of change ${compact(one.watermark)}`), one.replaced && el("span", {}, `took over from ${one.replaced}`)]),
      Object.keys(one.figures).length > 0 && el("div", { class: "tallies" }, Object.entries(one.figures).map(([name, value]) => figure(spaced(name), typeof value === "number" ? compact(value) : String(value)))),
      one.evaluation ? this.judged(one) : el("p", { class: "hint" }, "No evaluation lies beside this version. generec demo leaves one there."),
      el(
        "div",
        { class: "row wrap" },
        button("Activate", () => void this.activated(one), active),
        button("A/B share …", () => void this.shared(one, path), active),
        one.share > 0 && button("End the trial", () => void this.act(() => put(`${path}/share`, { share: 0 }), "The trial is over.")),
        button("Shadow", () => void this.act(() => post(`${path}/shadow`, {}), `${one.version} answers a copy of the traffic now, unseen.`), active || one.state === "shadow"),
      ),
    );
  }

  /** The table and the drawings of an evaluation, folded away. @param {any} one */
  judged(one) {
    const { protocol, results, problems, plots } = one.evaluation;
    const names = [...new Set(results.flatMap((/** @type {any} */ row) => Object.keys(row.metrics)))].slice(0, 8);
    const best = Object.fromEntries(names.map((name) => [name, Math.max(...results.map((/** @type {any} */ row) => row.metrics[name] ?? -Infinity))]));
    const rows = results.map((/** @type {any} */ row) => [
      el("span", {}, row.name, row.baseline && el("span", { class: "badge" }, "baseline")),
      ...names.map((name) => {
        const [value, interval] = [row.metrics[name], row.interval[name]];
        const words = el(value !== null && value === best[name] ? "strong" : "span", {}, number(value));
        return interval ? el("span", {}, words, el("span", { class: "hint block" }, `${number(interval[0])} – ${number(interval[1])}`)) : words;
      }),
    ]);
    const pictures = el("div", { class: "plots" });
    const details = el(
      "details",
      { class: "full" },
      el("summary", {}, "Evaluation"),
      table(`Evaluation of ${one.version}`, ["Recommender", ...names.map((name) => spaced(name))], rows),
      el("p", { class: "hint" }, "Small figures: 95% intervals. The best of each column is bold."),
      problems.map((/** @type {string} */ words) => el("p", { class: "message" }, words)),
      pictures,
      el("details", {}, el("summary", {}, "Protocol"), el("dl", { class: "fields" }, Object.entries(protocol).map(([name, value]) => [el("dt", {}, capital(spaced(name))), el("dd", {}, typeof value === "object" ? JSON.stringify(value) : String(value))]))),
    );
    details.addEventListener("toggle", () => void this.plotted(one.version, plots, pictures), { once: true });
    return details;
  }

  /** @param {string} version @param {string[]} plots @param {HTMLElement} place */
  async plotted(version, plots, place) {
    for (const name of plots) {
      const words = capital(spaced(name.replace(/\.png$/, "")));
      try {
        const plot = await drawing(`/v1/models/${encodeURIComponent(version)}/plots/${encodeURIComponent(name)}`, `Drawing: ${words}`, this.page.signal);
        place.append(el("figure", {}, plot, el("figcaption", { class: "hint" }, words)));
      } catch (error) {
        if (!gone(error)) place.append(el("p", { class: "hint" }, `${words}: ${readable(error)}`));
      }
    }
  }

  /** @param {any} found @param {string} name */
  shadow(found, name) {
    const part = (/** @type {number} */ count) => (found.compared ? percent(count / found.compared) : "–");
    const end = el("button", { class: "button", type: "button", on: { click: () => void this.act(() => del("/v1/models/shadow"), "The shadow has ended.") } }, "End the shadow");
    return el(
      "section",
      { class: "panel shadow" },
      el("div", { class: "row between wrap full" }, el("h2", {}, `Unseen: ${name}`), end),
      el("div", { class: "tallies" }, figure("Answers compared", compact(found.compared)), figure("Same first item", part(found.same_first)), figure("Items in common", found.compared ? percent(found.overlap) : "–"), figure("Dropped, failed", `${compact(found.dropped)}, ${compact(found.failed)}`)),
    );
  }

  /** @param {any} one */
  async activated(one) {
    if (await sure(`Activate ${one.version}?`, "It answers everybody who is in no trial, from the next batch on. Rolling back is one click.", "Activate it")) {
      await this.act(() => post(`/v1/models/${encodeURIComponent(one.version)}/activate`, {}), `${one.version} answers now.`);
    }
  }

  /** @param {string} before */
  async rolledBack(before) {
    if (await sure(`Roll back to ${before}?`, "It answers everybody who is in no trial, from the next batch on.", "Roll back")) {
      await this.act(() => post("/v1/models/rollback", {}), `${before} answers again.`);
    }
  }

  /** @param {any} one @param {string} path */
  async shared(one, path) {
    const id = fresh("part");
    const chosen = await modal(`A share of the people for ${one.version}`, (close) => [
      form(
        { class: "stack" },
        (made) => close(Number(new FormData(made).get("part")) / 100),
        el("p", { class: "hint" }, "The same people for as long as the trial lasts; all others keep the active version."),
        field("Percent of the people (0 ends the trial)", el("input", { id, name: "part", type: "number", min: 0, max: 100, step: "any", required: true, value: Math.round(one.share * 1000) / 10 || 10 })),
        el("div", { class: "row end" }, el("button", { class: "button primary", type: "submit" }, "Give it this share")),
      ),
    ]);
    if (chosen !== null) await this.act(() => put(`${path}/share`, { share: chosen }), chosen ? `${one.version} answers ${percent(/** @type {number} */ (chosen))} of the people.` : "The trial is over.");
  }

  /** @param {() => Promise<unknown>} act @param {string} words */
  async act(act, words) {
    if (!(await attempt(act, words))) return;
    afresh(); // what is shown elsewhere was answered by another version
    outdated();
    await this.load();
    /** @type {HTMLElement | null} */ (this.root.querySelector(".version h2"))?.focus();
  }
}

/** @param {number | null | undefined} value */
function number(value) {
  return value === null || value === undefined ? "–" : value.toLocaleString("en-GB", { maximumFractionDigits: Math.abs(value) < 1 ? 4 : 2 });
}
