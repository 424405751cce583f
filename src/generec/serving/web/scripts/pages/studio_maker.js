/** Makes a brief in several versions: the server makes them, chooses the best, and says why the others are not. */

import { post } from "../api.js";

/**
 * @typedef {{field: string, low: number | null, high: number | null}} Total
 * @typedef {{words: string, kind: "set" | "text", count: number | null, conditions: string[], totals: Total[], versions: number}} Brief
 * @typedef {{field: string, total: number, unit: string, low: number | null, high: number | null, holds: boolean, unknown: number}} Sum
 * @typedef {{turn: Record<string, any>, draft: Record<string, any>, report: Record<string, any> | null, label: string, passed: boolean, reasons: string[], without: number, sums: Sum[]}} Version
 *   passed: the checks; reasons: why another one is better; without: how many items of earlier versions were left out to get another one
 * @typedef {{versions: Version[], message: string, guidance: Record<string, any> | null}} Made
 */

const SEEDS = 2 ** 31;

/** @param {Brief} brief @param {AbortSignal} signal @returns {Promise<Made>} */
export async function make({ words, kind, count, conditions, totals, versions }, signal) {
  const set = kind === "set";
  const seed = Math.floor(Math.random() * SEEDS);
  const body = { kind, words, conditions, seed, best_of: versions, count: set ? count : null, totals: set ? totals : [] };
  const turn = await post("/v1/create", body, { signal, again: true });
  const made = (turn.trace.candidates ?? []).map((/** @type {any} */ { draft: id, passed, reasons, without, totals: sums }) => ({
    turn, passed, reasons, without, sums,
    draft: turn.drafts.find((/** @type {any} */ one) => one.id === id),
    report: turn.reports.find((/** @type {any} */ one) => one.draft === id) ?? null,
    label: turn.trace.marks?.[id]?.label ?? "",
  }));
  return { versions: made, message: turn.message, guidance: turn.guidance };
}
