/** What changed between two texts, word by word: the longest common subsequence, as spans to be kept, added or gone. */

import { el } from "./dom.js";

/** @typedef {{kind: "same" | "new" | "gone", text: string, old: string}} Part `old`: as the text before has it, spaces and all */

const MOST = 1200; // words; longer texts are compared by their beginning

/** @param {string} before @param {string} after @returns {Part[]} joined, their texts give back both sides */
export function compared(before, after) {
  const [a, b] = [pieces(before), pieces(after)];
  const width = b.length + 1;
  const common = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      common[i * width + j] = same(a[i], b[j]) ? common[(i + 1) * width + j + 1] + 1 : Math.max(common[(i + 1) * width + j], common[i * width + j + 1]);
    }
  }
  /** @type {Part[]} */
  const parts = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && same(a[i], b[j])) add(parts, "same", b[j++], a[i++]);
    else if (j >= b.length || (i < a.length && common[(i + 1) * width + j] >= common[i * width + j + 1])) add(parts, "gone", "", a[i++]);
    else add(parts, "new", b[j++], "");
  }
  return parts;
}

/**
 * One side of a comparison: the source with what went, or the draft with what came.
 * @param {Part[]} parts @param {"gone" | "new"} side
 */
export function sideOf(parts, side) {
  const [tag, said] = side === "gone" ? ["del", "left out: "] : ["ins", "added: "];
  return el(
    "p",
    { class: "compared" },
    parts
      .filter((part) => part.kind === "same" || part.kind === side)
      .map((part) => {
        const text = side === "gone" ? part.old : part.text;
        return part.kind === "same" ? text : el(tag, {}, el("span", { class: "unseen" }, said), text);
      }),
  );
}

/** Words with the space that follows them. @param {string} text */
function pieces(text) {
  return (text.match(/\S+\s*/g) ?? []).slice(0, MOST);
}

/** @param {string} one @param {string} other */
function same(one, other) {
  return one.trim() === other.trim();
}

/** @param {Part[]} parts @param {Part["kind"]} kind @param {string} text @param {string} old */
function add(parts, kind, text, old) {
  const last = parts.at(-1);
  if (last?.kind !== kind) parts.push({ kind, text, old });
  else {
    last.text += text;
    last.old += old;
  }
}
