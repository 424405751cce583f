/**
 * Covers for items without a picture, drawn from their semantic codes: the first code chooses the pattern and the main
 * colour, so that what the model finds alike looks alike; the second turns the colours, the id sets the details.
 */

import { svg } from "./dom.js";
import * as patterns from "./patterns.js";

const PATTERNS = Object.values(patterns);

/**
 * @param {number[]} codes coarse first; may be empty
 * @param {string} id
 * @returns {SVGElement}
 */
export function cover(codes, id) {
  const own = hashed(id);
  const family = codes.length ? mixed(codes[0] + 1) : own;
  const kin = codes.length > 1 ? mixed(codes[1] + 7) : own >>> 3;
  const drawn = PATTERNS[family % PATTERNS.length](colours(family, kin), chances(kin ^ own));
  return svg("svg", { viewBox: "0 0 320 200", preserveAspectRatio: "xMidYMid slice", class: "cover-art", "aria-hidden": "true", focusable: "false" }, ...drawn);
}

/** Four tones of one mood. @param {number} family @param {number} kin @returns {patterns.Colours} */
function colours(family, kin) {
  const hue = ((family >>> 4) * 47.5) % 360;
  const other = (hue + [28, -32, 55, 165, -60][kin % 5] + 360) % 360;
  const dusk = (family >>> 9) % 3 === 0; // some families are dark
  /** @param {number} light @param {number} strength @param {number} angle */
  const tone = (light, strength, angle) => `oklch(${light} ${strength} ${angle.toFixed(1)})`;
  return dusk
    ? { ground: tone(0.36, 0.06, hue), soft: tone(0.47, 0.07, hue), main: tone(0.66, 0.1, hue), spot: tone(0.84, 0.1, other) }
    : { ground: tone(0.9, 0.045, hue), soft: tone(0.8, 0.075, hue), main: tone(0.6, 0.1, hue), spot: tone(0.74, 0.12, other) };
}

/** A stream of numbers from 0 to 1, always the same for a seed (mulberry32). @param {number} seed @returns {() => number} */
function chances(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return ((word ^ (word >>> 14)) >>> 0) / 4294967296;
  };
}

/** FNV-1a. @param {string} words */
function hashed(words) {
  let found = 0x811c9dc5;
  for (let at = 0; at < words.length; at += 1) found = Math.imul(found ^ words.charCodeAt(at), 0x01000193);
  return mixed(found);
}

/** @param {number} number */
function mixed(number) {
  let word = Math.imul(number ^ (number >>> 16), 0x45d9f3b);
  word = Math.imul(word ^ (word >>> 16), 0x45d9f3b);
  return (word ^ (word >>> 16)) >>> 0;
}
