/** Line drawings for buttons, on a grid of 24. They are decoration: what they mean is always said in words too. */

import { svg } from "./dom.js";

/** @type {Record<string, string[]>} */
const PATHS = {
  feed: ["M4 5h7v8H4z", "M14 5h6v5h-6z", "M14 13h6v6h-6z", "M4 16h7v3H4z"],
  talk: ["M4 5h16v11H10l-4 3.5V16H4z", "M8 9h8", "M8 12h5"],
  person: ["M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M4.5 20c1-4 4-5.5 7.5-5.5s6.500 1.500 7.500 5.500"],
  studio: ["M4 20l1-4L16 5l3 3L8 19z", "M14 7l3 3"],
  operator: ["M4 7h10", "M18 7h2", "M16 5v4", "M4 17h2", "M10 17h10", "M8 15v4"],
  like: ["M12 20s-7.500-4.600-7.500-10A4.200 4.200 0 0 1 12 7.400 4.200 4.200 0 0 1 19.500 10c0 5.400-7.500 10-7.500 10z"],
  skip: ["M6 6l12 12", "M18 6L6 18"],
  more: ["M12 5v14", "M5 12h14"],
  less: ["M5 12h14"],
  why: ["M9 9.500a3 3 0 1 1 4.500 2.600c-1 .6-1.500 1.100-1.500 2.400", "M12 18v.2"],
  undo: ["M9 6L4.500 10.500 9 15", "M5 10.500h9a5 5 0 0 1 0 10h-3"],
  send: ["M4 12h15", "M13 6l6 6-6 6"],
  close: ["M6 6l12 12", "M18 6L6 18"],
  edit: ["M4 20l1-4L16 5l3 3L8 19z", "M14 7l3 3"],
  check: ["M5 12.500l4.500 4.500L19 7"],
  warn: ["M12 4l9 16H3z", "M12 10v5", "M12 17.500v.2"],
  sun: ["M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M12 2.500v2", "M12 19.500v2", "M2.500 12h2", "M19.500 12h2", "M5.300 5.300l1.400 1.400", "M17.300 17.300l1.400 1.400", "M5.300 18.700l1.400-1.400", "M17.300 6.700l1.400-1.400"],
  moon: ["M19.500 14.500A8 8 0 0 1 9.500 4.500a8 8 0 1 0 10 10z"],
  auto: ["M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16z", "M12 4v16", "M12 8h5.500", "M12 12h8", "M12 16h5.500"],
  download: ["M12 4v11", "M7 11l5 5 5-5", "M5 20h14"],
  key: ["M8 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M12 12h9", "M18 12v3.500"],
};

/** @param {string} name */
export function icon(name) {
  const shapes = (PATHS[name] ?? []).map((d) => svg("path", { d }));
  return svg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true", focusable: "false" }, ...shapes);
}
