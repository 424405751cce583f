/** The operator's pages: what runs, what answers, what is in order. Each is a module of its own, at #/operator/NAME. */

import { parted } from "./operator_parts.js";

/** path: after #/operator/; name: in the row of links; load: a module with show(root, page). */
const PARTS = [
  { path: "traffic", name: "Traffic", title: "Live traffic", about: "What came in since this server began, how fast it was answered, and what the checks turned back.", load: () => import("./operator_traffic.js") },
  { path: "models", name: "Models", title: "Model versions", about: "Which version answers whom. Every change takes effect from the next batch on; no request fails by it.", load: () => import("./operator_models.js") },
  { path: "rules", name: "Rules", title: "Rules", about: "Lift, pin or bury what fits a condition, between two dates. Nobody is shown by it what they refused.", load: () => import("./operator_rules.js") },
  { path: "codes", name: "Codes", title: "Semantic IDs", about: "The catalogue as the active model divides it: each code holds items that are alike, from coarse to fine.", load: () => import("./operator_codes.js") },
  { path: "gaps", name: "Gaps", title: "Asked for and absent", about: "What people want and the catalogue lacks: make these next.", load: () => import("./operator_gaps.js") },
  { path: "data", name: "Data", title: "Data", about: "Whether what the models learn from is in order, and a copy of all of it.", load: () => import("./operator_data.js") },
  { path: "jobs", name: "Jobs", title: "Jobs", about: "Long work of the server: how far it is, what it came to.", load: () => import("./operator_jobs.js") },
];

/** @param {HTMLElement} root @param {import("../main.js").Context} page */
export async function show(root, page) {
  await parted(root, page, "operator", "Operator’s pages", PARTS);
}
