/** What the server knows of items: fields and codes by id, asked for once and in few requests. */

import { get } from "./api.js";

/**
 * @typedef {object} Item
 * @property {string} item_id
 * @property {Record<string, any>} fields
 * @property {string | null} [picture] where this server shows one
 * @property {number[]} codes semantic ID, coarse first; empty where the model does not have the item
 */

const CHUNK = 40;
const MOST = 3000;

/** @type {Map<string, Item>} */
const kept = new Map();

/**
 * The items that there are, by id; those that are gone are left out.
 * @param {Iterable<string>} ids @param {AbortSignal} [signal]
 * @returns {Promise<Map<string, Item>>}
 */
export async function items(ids, signal) {
  const asked = [...new Set(ids)];
  const missing = asked.filter((id) => !kept.has(id));
  const chunks = [];
  for (let at = 0; at < missing.length; at += CHUNK) chunks.push(missing.slice(at, at + CHUNK));
  await Promise.all(
    chunks.map(async (chunk) => {
      const query = new URLSearchParams(chunk.map((id) => ["item_id", id]));
      const page = await get(`/v1/items?${query}`, { signal });
      for (const item of page.items) kept.set(item.item_id, item);
    }),
  );
  while (kept.size > MOST) kept.delete(/** @type {string} */ (kept.keys().next().value));
  return new Map(asked.flatMap((id) => (kept.has(id) ? [[id, /** @type {Item} */ (kept.get(id))]] : [])));
}

/** Lets the next question go to the server again: the catalogue was changed. @param {string} [id] */
export function outdated(id) {
  if (id === undefined) kept.clear();
  else kept.delete(id);
}

/** An item by id if it was asked for before. @param {string | null | undefined} id */
export function seen(id) {
  return id ? kept.get(id) : undefined;
}
