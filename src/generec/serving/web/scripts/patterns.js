/**
 * Calm patterns on a ground of 320 × 200. Each is a function of colours and chances.
 *
 * @typedef {{ground: string, soft: string, main: string, spot: string}} Colours
 * @typedef {() => number} Chance
 */

import { svg } from "./dom.js";

const [WIDE, HIGH] = [320, 200];

/** @param {string} colour */
const ground = (colour) => svg("rect", { width: WIDE, height: HIGH, fill: colour });

/** @param {number} cx @param {number} cy @param {number} r @param {string} fill @param {number} [opacity] */
const disc = (cx, cy, r, fill, opacity = 1) =>
  svg("circle", { cx: cx.toFixed(1), cy: cy.toFixed(1), r: r.toFixed(1), fill, "fill-opacity": opacity });

/** @param {Colours} c @param {Chance} chance */
export function hills(c, chance) {
  const sun = disc(60 + 200 * chance(), 45 + 30 * chance(), 20 + 12 * chance(), c.spot);
  const slopes = [c.soft, c.main, c.main].map((fill, layer) => {
    const base = 105 + 32 * layer;
    const [a, b, d] = [chance(), chance(), chance()].map((one) => base - 40 * one + 10);
    const path = `M0 ${base} C60 ${a} 100 ${a} 150 ${base - 6} S250 ${b} 320 ${d} V200 H0 Z`;
    return svg("path", { d: path, fill, "fill-opacity": layer === 1 ? 0.6 : 1 });
  });
  return [ground(c.ground), sun, ...slopes];
}

/** @param {Colours} c @param {Chance} chance */
export function arcs(c, chance) {
  const [x, y] = [60 + 200 * chance(), HIGH];
  const rings = [150, 122, 95, 68, 42].map((r, at) => disc(x, y, r, [c.soft, c.ground, c.main, c.ground, c.spot][at]));
  return [ground(c.ground), ...rings, disc(x > 160 ? 55 : 265, 50, 16 + 10 * chance(), c.spot)];
}

/** @param {Colours} c @param {Chance} chance */
export function quarters(c, chance) {
  const size = 64;
  const parts = [];
  for (let x = 0; x < WIDE; x += size) {
    for (let y = -28; y < HIGH; y += size) {
      const fill = [c.soft, c.main, c.spot, c.soft][Math.floor(4 * chance())];
      const [left, top] = [chance() < 0.5, chance() < 0.5];
      const [cx, cy] = [left ? x : x + size, top ? y : y + size];
      const [ex, ey] = [left ? x + size : x, top ? y + size : y];
      const sweep = left === top ? 1 : 0;
      parts.push(svg("path", { d: `M${cx} ${cy} L${ex} ${cy} A${size} ${size} 0 0 ${sweep} ${cx} ${ey} Z`, fill, "fill-opacity": 0.9 }));
    }
  }
  return [ground(c.ground), ...parts];
}

/** @param {Colours} c @param {Chance} chance */
export function waves(c, chance) {
  const rise = 10 + 10 * chance();
  const start = 80 * chance();
  const bands = [48, 82, 116, 150, 184].map((y, at) => {
    let path = `M${-start} ${y}`;
    for (let x = -start; x < WIDE + 80; x += 80) path += ` q20 ${-rise} 40 0 t40 0`;
    const fill = [c.soft, c.spot, c.main, c.soft, c.main][at];
    return svg("path", { d: `${path} V220 H${-start} Z`, fill, "fill-opacity": at === 1 ? 0.75 : 0.9 });
  });
  return [ground(c.ground), ...bands];
}

/** @param {Colours} c @param {Chance} chance */
export function discs(c, chance) {
  const parts = [0, 1, 2, 3, 4].map((at) =>
    disc(50 + 55 * at + 20 * chance(), 60 + 80 * chance(), 34 + 36 * chance(), [c.soft, c.main, c.spot, c.main, c.soft][at], 0.72),
  );
  return [ground(c.ground), ...parts];
}

/** @param {Colours} c @param {Chance} chance */
export function leaves(c, chance) {
  const parts = [];
  const lean = chance() < 0.5 ? 45 : -45;
  for (let row = 0; row < 4; row += 1) {
    for (let column = 0; column < 6; column += 1) {
      const [x, y] = [28 + column * 53 + (row % 2) * 26, 20 + row * 54];
      const turn = (row + column) % 2 ? lean : -lean;
      const fill = chance() < 0.16 ? c.spot : chance() < 0.5 ? c.main : c.soft;
      parts.push(svg("path", { d: "M0 -25 C17 -9 17 9 0 25 C-17 9 -17 -9 0 -25 Z", fill, transform: `translate(${x} ${y}) rotate(${turn})` }));
    }
  }
  return [ground(c.ground), ...parts];
}

/** @param {Colours} c @param {Chance} chance */
export function strips(c, chance) {
  const parts = [];
  for (let at = 0; at < 8; at += 1) {
    const long = 90 + 150 * chance();
    const x = -40 + 60 * chance() + (at % 2) * 90;
    const fill = at === 2 || at === 5 ? c.spot : at % 2 ? c.soft : c.main;
    parts.push(svg("rect", { x: x.toFixed(1), y: -60 + at * 42, width: long.toFixed(1), height: 24, rx: 12, fill }));
  }
  const turned = svg("g", { transform: "rotate(-24 160 100)" }, ...parts);
  return [ground(c.ground), turned];
}

/** @param {Colours} c @param {Chance} chance */
export function doors(c, chance) {
  const parts = [0, 1, 2, 3, 4].flatMap((at) => {
    const [x, top] = [18 + at * 58, 60 + 70 * chance()];
    const [outer, inner] = at % 2 ? [c.main, c.ground] : [c.soft, chance() < 0.4 ? c.spot : c.main];
    /** @param {number} inset @param {string} fill */
    const arch = (inset, fill) => {
      const half = 26 - inset;
      return svg("path", { d: `M${x + inset} 200 V${top + half} a${half} ${half} 0 0 1 ${2 * half} 0 V200 Z`, fill });
    };
    return [arch(0, outer), arch(11, inner)];
  });
  return [ground(c.ground), disc(285 - 230 * chance(), 42, 17, c.spot), ...parts];
}

/** @param {Colours} c @param {Chance} chance */
export function dots(c, chance) {
  const parts = [];
  const [fx, fy] = [80 + 160 * chance(), 50 + 100 * chance()];
  for (let x = 16; x < WIDE; x += 26) {
    for (let y = 12; y < HIGH; y += 25) {
      const near = Math.max(0, 1 - Math.hypot(x - fx, y - fy) / 190);
      parts.push(disc(x, y, 2.5 + 9.5 * near, near > 0.72 ? c.spot : near > 0.35 ? c.main : c.soft));
    }
  }
  return [ground(c.ground), ...parts];
}

/** @param {Colours} c @param {Chance} chance */
export function orbits(c, chance) {
  const [x, y] = [110 + 100 * chance(), 85 + 30 * chance()];
  const parts = [30, 58, 88, 120, 155].flatMap((r, at) => {
    const angle = 6.28 * chance();
    const ring = svg("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r, fill: "none", stroke: at % 2 ? c.main : c.soft, "stroke-width": 3 });
    return [ring, disc(x + r * Math.cos(angle), y + r * Math.sin(angle), 7 + 5 * chance(), at % 2 ? c.spot : c.main)];
  });
  return [ground(c.ground), ...parts, disc(x, y, 15, c.spot)];
}
