/** The studio: sets and texts made to a brief in several versions to choose from, and the owner's queue of what was submitted. */

import { parted } from "./operator_parts.js";

const PARTS = [
  { path: "make", name: "Make", title: "Studio", about: "Say what is wanted. Sets are made of real items and obey every rule; texts say only what their sources say. Nothing enters the catalogue until its owner approves it.", load: () => import("./studio_make.js") },
  { path: "queue", name: "Owner’s queue", title: "Waiting for the owner", about: "What was submitted. Approved, it becomes an item with the origin “created”, which can be recommended at once.", load: () => import("./studio_queue.js") },
];

/** @param {HTMLElement} root @param {import("../main.js").Context} page */
export async function show(root, page) {
  await parted(root, page, "studio", "Studio", PARTS);
}
