/**
 * Talks to the server: problem documents become readable errors, a key is asked for only where the server wants one,
 * and turns are read as they are streamed.
 */

const KEY = "generec.key";
const RETRIED = new Set([429, 503, 504]);
const PATIENCE = 4000; // longest wait between two tries, in milliseconds

/** What the server, or the way to it, has against a request. `message` is a sentence for a person. */
export class Problem extends Error {
  /** @param {{type?: string, status?: number, title?: string, detail?: string, instance?: string}} told */
  constructor({ type = "", status = 0, title = "Something went wrong", detail = "", instance = "" }) {
    super(detail ? sentence(detail) : title);
    this.name = "Problem";
    this.kind = type.split(":").at(-1) ?? ""; // the last part of RFC 9457's type, as docs/api.md lists them
    this.status = status;
    this.title = title;
    this.instance = instance;
  }
}

/** @type {(refused: boolean) => Promise<string | null>} */
let askForKey = async () => null;
/** @type {Promise<string | null> | null} */
let asking = null;

/** Says who asks the person for a key. @param {(refused: boolean) => Promise<string | null>} ask */
export function onKeyNeeded(ask) {
  askForKey = ask;
}

/** Forgets the key of this window. */
export function dropKey() {
  sessionStorage.removeItem(KEY);
}

/** @returns {boolean} whether this window holds a key */
export function hasKey() {
  return sessionStorage.getItem(KEY) !== null;
}

/**
 * @typedef {object} Options
 * @property {unknown} [body] sent as JSON; files as they are
 * @property {AbortSignal} [signal]
 * @property {string} [key] idempotency key: sent again, the request counts once
 * @property {boolean} [again] whether it may be sent again when the server is busy; GET always may
 * @property {boolean} [keepalive] whether it outlives the page
 */

/** @param {string} path @param {Options} [options] @returns {Promise<any>} */
export async function get(path, options = {}) {
  return read(await send("GET", path, { again: true, ...options }));
}

/** @param {string} path @param {unknown} body @param {Options} [options] @returns {Promise<any>} */
export async function post(path, body, options = {}) {
  return read(await send("POST", path, { ...options, body }));
}

/** @param {string} path @param {unknown} body @param {Options} [options] @returns {Promise<any>} */
export async function put(path, body, options = {}) {
  return read(await send("PUT", path, { ...options, body }));
}

/** @param {string} path @param {unknown} body @param {Options} [options] @returns {Promise<any>} */
export async function patch(path, body, options = {}) {
  return read(await send("PATCH", path, { ...options, body }));
}

/** @param {string} path @param {Options} [options] @returns {Promise<any>} */
export async function del(path, options = {}) {
  return read(await send("DELETE", path, options));
}

/**
 * Posts and reads server-sent events until the end. A `problem` event is raised.
 * @param {string} path
 * @param {unknown} body
 * @param {(event: string, data: any) => void} told
 * @param {Options} [options]
 */
export async function stream(path, body, told, options = {}) {
  const response = await send("POST", path, { ...options, body, again: true }, "text/event-stream");
  if (!response.body) throw new Problem({ title: "The server sent no answer" });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    rest = (rest + (value ?? "")).replaceAll("\r\n", "\n");
    const blocks = rest.split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) announce(block, told);
    if (done) break;
  }
  if (rest.trim()) announce(rest, told);
}

/** @param {string} block @param {(event: string, data: any) => void} told */
function announce(block, told) {
  let event = "message";
  const data = [];
  for (const line of block.split("\n")) {
    if (line.startsWith("event:")) event = line.slice(6).trim();
    else if (line.startsWith("data:")) data.push(line.slice(5).replace(/^ /, ""));
  }
  if (!data.length) return;
  const found = JSON.parse(data.join("\n"));
  if (event === "problem") throw new Problem(found);
  told(event, found);
}

/** @param {string} method @param {string} path @param {Options} options @param {string} [accept] */
async function send(method, path, options, accept = "application/json") {
  for (let tried = 0; ; tried += 1) {
    const response = await once(method, path, options, accept);
    if (response.ok) return response;
    if (response.status === 401 && (await keyed(tried > 0))) continue;
    const again = options.again || options.key !== undefined;
    if (!again || !RETRIED.has(response.status) || tried > 1) throw await problem(response);
    const told = Number(response.headers.get("retry-after")) * 1000;
    await pause(Math.min(told || 800 * (tried + 1), PATIENCE), options.signal);
  }
}

/** @param {string} method @param {string} path @param {Options} options @param {string} accept */
async function once(method, path, options, accept) {
  const headers = new Headers({ accept });
  const secret = sessionStorage.getItem(KEY);
  if (secret) headers.set("authorization", `Bearer ${secret}`);
  if (options.key) headers.set("idempotency-key", options.key);
  const files = options.body instanceof FormData ? options.body : null; // the browser names their type itself
  if (options.body !== undefined && !files) headers.set("content-type", "application/json");
  const body = files ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
  const { signal, keepalive } = options;
  try {
    return await fetch(path, { method, headers, body, signal, keepalive, credentials: "omit", redirect: "error" });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    const detail = "is it still running, and are you still connected? Nothing you entered was lost";
    throw new Problem({ title: "The server cannot be reached", detail: `the server cannot be reached: ${detail}` });
  }
}

/** One question for a key at a time, whatever else is waiting. @param {boolean} refused */
async function keyed(refused) {
  asking ??= askForKey(refused).finally(() => {
    asking = null;
  });
  const secret = await asking;
  if (secret) sessionStorage.setItem(KEY, secret);
  return secret !== null;
}

/** @param {Response} response */
async function read(response) {
  if (response.status === 204) return null;
  return response.json();
}

/** @param {Response} response */
async function problem(response) {
  try {
    return new Problem({ ...(await response.json()), status: response.status });
  } catch {
    return new Problem({ status: response.status, title: `The server answered ${response.status}` });
  }
}

/** @param {number} milliseconds @param {AbortSignal} [signal] */
function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

/** What went wrong, as a sentence. @param {unknown} error */
export function readable(error) {
  return error instanceof Error ? error.message : String(error);
}

/** Whether a request was given up because its page was left. @param {unknown} error */
export function gone(error) {
  return error instanceof DOMException && error.name === "AbortError";
}

/** @param {string} text */
function sentence(text) {
  const first = text.charAt(0).toLocaleUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
