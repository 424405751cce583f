/** Who is speaking: a name kept in this browser, made up for a newcomer, and changed at will. */

const NAME = "generec.person";
const KNOWN = "generec.people";
const MOST = 6;

/** @returns {string} */
export function current() {
  const kept = stored(NAME);
  if (kept) return kept;
  const bytes = crypto.getRandomValues(new Uint8Array(6));
  const made = `guest-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  become(made);
  return made;
}

/** @param {string} name */
export function become(name) {
  const known = [name, stored(NAME), ...recent()].filter(Boolean);
  keep(NAME, name);
  keep(KNOWN, JSON.stringify([...new Set(known)].slice(0, MOST)));
}

/** Makes a newcomer of whoever sits here. @returns {string} their name */
export function newcomer() {
  keep(NAME, "");
  return current();
}

/** Who was here before, the last one first. @returns {string[]} */
export function recent() {
  try {
    const found = JSON.parse(stored(KNOWN) || "[]");
    return Array.isArray(found) ? found.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
}

/** Drops a name from this browser. @param {string} name */
export function unknow(name) {
  keep(KNOWN, JSON.stringify(recent().filter((one) => one !== name)));
  if (stored(NAME) === name) keep(NAME, "");
}

/** A name as it is shown: made-up ones read as what they are. @param {string} name */
export function spoken(name) {
  return /^guest-[0-9a-f]{12}$/.test(name) ? "a guest" : name;
}

const memory = new Map();

/** @param {string} name */
function stored(name) {
  try {
    return localStorage.getItem(name) ?? "";
  } catch {
    return memory.get(name) ?? ""; // storage is off: for as long as the page is open
  }
}

/** @param {string} name @param {string} value */
function keep(name, value) {
  memory.set(name, value);
  try {
    localStorage.setItem(name, value);
  } catch {
    // storage is off: memory has it
  }
}
