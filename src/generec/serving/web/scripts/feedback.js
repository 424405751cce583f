/**
 * What a person did, for /v1/feedback. What can be undone is held until its notice goes or something depends on it;
 * impressions are counted for what was really in sight, and sent a few at a time.
 *
 * @typedef {Record<string, string | number | null | undefined>} Event as /v1/feedback takes it
 */

import { post, readable } from "./api.js";
import { toast } from "./notices.js";
import { current } from "./person.js";

const SIGHT = 1000; // milliseconds in sight that count
const EVERY = 4000;

/** @type {Map<Event, () => void>} held events, and what takes their notice away */
const held = new Map();
/** @type {Event[]} */
let seen = [];
let timer = 0;
let refused = false;

/** Sends one event at once. @param {Event} event @param {AbortSignal} [signal] @returns {Promise<any>} */
export function record(event, signal) {
  return post("/v1/feedback", dated(event), { key: unique(), signal });
}

/**
 * Says what was done and offers to undo it; it is sent when the notice goes.
 * @param {Event} event @param {string} words @param {() => void} undone
 */
export function hold(event, words, undone) {
  const mine = dated(event);
  const close = toast(words, {
    act: "Undo",
    done: () => {
      held.delete(mine);
      undone();
    },
    over: () => void sent([mine]),
  });
  held.set(mine, close);
}

/** Sends what is held now, because what follows should know of it. */
export async function settle() {
  const waiting = [...held.keys()];
  const closing = [...held.values()];
  const done = sent(waiting);
  for (const close of closing) close(); // sends nothing twice: sent() has taken them out
  await done;
}

/** @param {Event[]} events @param {boolean} [keepalive] */
async function sent(events, keepalive = false) {
  const mine = events.filter((event) => held.delete(event));
  if (mine.length) await deliver(mine, keepalive, true);
}

/** @param {Event[]} events @param {boolean} keepalive @param {boolean} told whether a person should know of failure */
async function deliver(events, keepalive, told) {
  if (refused) return;
  try {
    await post("/v1/feedback/batch", { events }, { key: unique(), keepalive });
  } catch (error) {
    refused = error instanceof Error && "status" in error && error.status === 403; // a key that may only read
    if (told || refused) toast(`That was not kept: ${readable(error)}`, { bad: true });
  }
}

/**
 * Counts an element as seen once half of it was in sight for a second.
 * @param {Element} node @param {Event} event
 */
export function watch(node, event) {
  watched.set(node, event);
  observer.observe(node);
}

/** @type {WeakMap<Element, Event>} */
const watched = new WeakMap();
/** @type {WeakMap<Element, number>} */
const since = new WeakMap();

const observer = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      clearTimeout(since.get(target));
      if (isIntersecting) since.set(target, setTimeout(() => impressed(target), SIGHT));
    }
  },
  { threshold: 0.5 },
);

/** @param {Element} node */
function impressed(node) {
  const event = watched.get(node);
  observer.unobserve(node);
  if (!event || !node.isConnected) return;
  seen.push(dated({ ...event, kind: "impression" }));
  if (!timer) timer = setTimeout(() => void reported(), EVERY);
}

/** @param {boolean} [keepalive] */
async function reported(keepalive = false) {
  clearTimeout(timer);
  timer = 0;
  const events = seen;
  seen = [];
  if (events.length) await deliver(events, keepalive, false);
}

addEventListener("pagehide", () => {
  void sent([...held.keys()], true);
  void reported(true);
});

/** @param {Event} event @returns {Event} */
function dated(event) {
  return { user_id: current(), time: Math.floor(Date.now() / 1000), ...event };
}

/** A key that nobody used before; randomUUID is there on secure origins only. */
export function unique() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
