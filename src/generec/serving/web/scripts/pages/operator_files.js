/** Answers that are no JSON, with the key of this window: drawings, and copies of everything. */

import { dropKey, get, Problem } from "../api.js";
import { el } from "../dom.js";

const KEY = "generec.key"; // as api.js keeps it

/** @param {string} path @param {AbortSignal} signal @returns {Promise<Response>} */
export async function fetched(path, signal) {
  const secret = sessionStorage.getItem(KEY);
  const headers = secret ? { authorization: `Bearer ${secret}` } : undefined;
  const response = await fetch(path, { headers, signal, credentials: "omit", redirect: "error" });
  if (response.ok) return response;
  if (response.status === 401) {
    if (secret) dropKey();
    await get("/v1/jobs?limit=1", { signal }); // asks for a key
    if (sessionStorage.getItem(KEY)) return fetched(path, signal);
  }
  throw new Problem({ ...(await response.json().catch(() => ({}))), status: response.status });
}

/**
 * A drawing of the server on a canvas: it may need a key, which no <img> can send.
 * @param {string} path @param {string} words what it shows @param {AbortSignal} signal
 */
export async function drawing(path, words, signal) {
  const picture = await createImageBitmap(await (await fetched(path, signal)).blob());
  const canvas = /** @type {HTMLCanvasElement} */ (el("canvas", { class: "plot", role: "img", "aria-label": words, width: picture.width, height: picture.height }));
  canvas.getContext("2d")?.drawImage(picture, 0, 0);
  picture.close();
  return canvas;
}

/** Hands a file over. @param {Blob} content @param {string} name */
export function saved(content, name) {
  const address = URL.createObjectURL(content);
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
