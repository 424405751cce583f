/** Makes a brief several times over. The server reads its words once; what was asked for in fields is set right in the guidance. */

import { post } from "../api.js";
import { plain } from "../wishes.js";

/**
 * @typedef {{field: string, low: number | null, high: number | null}} Total
 * @typedef {{words: string, kind: "set" | "text", count: number | null, conditions: string[], totals: Total[], versions: number}} Brief
 * @typedef {{turn: Record<string, any>, draft: Record<string, any>, report: Record<string, any> | null, label: string, passed: boolean, aside: boolean, without: number}} Version
 *   passed: the checks; aside: not part of the answer, such as what came too late; without: how many items of earlier versions were left out to get another one
 * @typedef {{versions: Version[], message: string, guidance: Record<string, any> | null}} Made
 */

const SEEDS = 2 ** 31;
const K = 2; // places of a turn: the creation, and something to fall back on

/**
 * @param {Brief} brief @param {AbortSignal} signal @param {(made: Made, number: number) => void} told called after each version
 * @returns {Promise<Made>}
 */
export async function make(brief, signal, told) {
  const first = Math.floor(Math.random() * (SEEDS - brief.versions));
  let turn = await post("/v1/create", { kind: brief.kind, words: spoken(brief), conditions: brief.conditions, seed: first }, { signal, again: true });
  const guidance = { ...plain(turn.guidance), act: "create", kind: brief.kind };
  if (!understood(brief, turn.guidance)) {
    const source = { kind: "instruction", quote: "", turn: 0 };
    Object.assign(guidance, { count: brief.count, totals: brief.totals.map((one) => ({ ...one, source })) });
    turn = await post("/v1/turn", { guidance: { ...guidance, seed: first }, k: K, seed: first }, { signal, again: true });
  }
  /** @type {Made} */
  const made = { versions: [], message: turn.message, guidance: turn.guidance };
  let alike = false; // whether another seed alone makes the same again
  for (let at = 0; ; ) {
    const before = made.versions.length;
    const rejected = alike ? spared(made.versions) : [];
    taken(made.versions, turn, rejected.length);
    const fresh = made.versions.length > before;
    told(made, at + 1);
    if (!made.versions.length || (!fresh && alike)) return made; // nothing can be made, or nothing else
    if (fresh) at += 1;
    else alike = true;
    if (at >= brief.versions) return made;
    const seed = first + at;
    turn = await post("/v1/turn", { guidance: { ...guidance, seed }, k: K, seed, rejected: alike ? spared(made.versions) : [] }, { signal, again: true });
  }
}

/** The words with what was asked for in fields. @param {Brief} brief */
function spoken({ words, kind, count, totals }) {
  if (kind === "text") return words;
  const bounds = totals.flatMap(({ field, low, high }) => [low !== null && `total ${field} at least ${low}`, high !== null && `total ${field} at most ${high}`]);
  return [words, count && `${count} items`, ...bounds].filter(Boolean).join(", ");
}

/** Whether the words were read as the fields mean them. @param {Brief} brief @param {Record<string, any>} guidance */
function understood({ kind, count, totals }, guidance) {
  if (kind === "text") return true;
  const same = totals.every((one) => guidance.totals.some((/** @type {any} */ other) => other.field === one.field && other.low === one.low && other.high === one.high));
  return same && (!count || guidance.count === count);
}

/** Every other item of what was made so far: without them something else comes about. @param {Version[]} versions */
function spared(versions) {
  const ids = versions.flatMap(({ draft }) => (draft.payload.members ?? []).filter((/** @type {any} */ _, /** @type {number} */ at) => at % 2 === 0).map((/** @type {any} */ one) => one.item_id));
  const parents = versions.flatMap(({ draft }) => (draft.payload.members ? [] : draft.parents));
  return [...new Set([...ids, ...parents])].slice(0, 200);
}

/** Adds the drafts of a turn that are not there yet. @param {Version[]} versions @param {Record<string, any>} turn @param {number} without */
function taken(versions, turn, without) {
  for (const draft of turn.drafts) {
    if (versions.some((one) => contentOf(one.draft) === contentOf(draft))) continue;
    const place = turn.slate.find((/** @type {any} */ one) => one.draft?.id === draft.id);
    const report = turn.reports.find((/** @type {any} */ one) => one.draft === draft.id) ?? null;
    versions.push({ turn, draft, report, label: place?.label ?? "", passed: passes(report), aside: !place, without });
  }
}

/** @param {Record<string, any>} draft */
function contentOf({ payload }) {
  return payload.members ? payload.members.map((/** @type {any} */ one) => one.item_id).join(" ") : payload.text;
}

/** @param {Record<string, any> | null} report nothing blocks, and something was looked at */
function passes(report) {
  const verdicts = report?.verdicts ?? [];
  return verdicts.length > 0 && !verdicts.some((/** @type {any} */ one) => one.severity === "block" && one.outcome !== "pass");
}
