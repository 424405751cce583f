/** What a card says of an item, read off the fields that catalogues usually have. */

/** @typedef {import("./items.js").Item} Item */

const PROSE = ["description", "plot", "summary", "abstract", "text", "overview"];
const GROUPS = ["topic", "genres", "genre", "categories", "category"];
export const MINUTES = ["duration", "runtime", "minutes", "length_minutes", "reading_time"];
const MAKERS = ["creator", "author", "artist", "director", "brand"];
const SHOWN = new Set(["title", "name", "origin", "image", "image_path", "cover", ...PROSE]);

/** @param {Item | undefined} item @param {string} [otherwise] */
export function titleOf(item, otherwise = "") {
  return straight(text(item?.fields.title) || text(item?.fields.name)) || otherwise || item?.item_id || "Untitled";
}

/** A title as it is said: catalogues write "Matrix, The". @param {string} title */
export function straight(title) {
  return title.replace(/^(.+), (The|A|An)$/, "$2 $1");
}

const COUNTED = ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve"];

/**
 * The title of a set as somebody would write it: "Calm, video: 4 items" are four calm videos.
 * @param {string} title @param {Item | undefined} member one of the set
 */
export function titleOfSet(title, member) {
  const [, said = "", number = ""] = /^(.+): (\d+) items$/s.exec(title) ?? [];
  if (!said) return title;
  const [first, ...rest] = said.split(", ");
  const words = [/[A-Z]/.test(first.slice(1)) ? first : first.charAt(0).toLocaleLowerCase() + first.slice(1), ...rest];
  const kind = text(member?.fields.kind);
  const count = COUNTED[Number(number)] ?? number;
  const [others, many] = [words.filter((one) => one !== kind), number === "1" ? "" : "s"];
  return kind && others.length < words.length ? [count, others.join(", "), kind + many].filter(Boolean).join(" ") : `${count} item${many}: ${words.join(", ")}`;
}

/** The running text of an item; "" where it has none. @param {Item | undefined} item */
export function proseOf(item) {
  return text(first(item, PROSE));
}

/** What kind of thing it is, for the corner of its cover. @param {Item | undefined} item */
export function kindOf(item) {
  return capital(text(item?.fields.kind) || listed(first(item, GROUPS))[0] || "");
}

/** A few short facts, the most telling first. @param {Item | undefined} item @returns {string[]} */
export function factsOf(item) {
  if (!item) return [];
  const groups = listed(first(item, GROUPS)).slice(0, 2).map(capital);
  if (!text(item.fields.kind)) groups.shift(); // it is on the cover
  return [...groups, duration(first(item, MINUTES)), price(item), year(item), text(first(item, MAKERS))].filter(Boolean);
}

/** "human", "edited" or "created". @param {Item | undefined} item */
export function originOf(item) {
  const origin = text(item?.fields.origin).toLowerCase();
  return origin.startsWith("created") ? "created" : origin.startsWith("edited") ? "edited" : "human";
}

/** The path of an own picture on this server; null where there is none. @param {Item | undefined} item */
export function pictureOf(item) {
  const path = item?.picture ?? text(first(item, ["image", "image_path", "cover"]));
  return /^\/(?!\/)/.test(path) ? path : null;
}

/** Every other field, as names and values for reading. @param {Item | undefined} item @returns {[string, string][]} */
export function fieldsOf(item) {
  if (!item) return [];
  return Object.entries(item.fields)
    .filter(([name, value]) => !SHOWN.has(name) && value !== null && value !== "" && !(Array.isArray(value) && !value.length))
    .map(([name, value]) => [capital(spaced(name)), shown(name, value)]);
}

/** A field's name in words. @param {string} name */
export function spaced(name) {
  return name.replaceAll("_", " ");
}

/** A field's value in words. @param {string} name @param {unknown} value */
export function shown(name, value) {
  if (Array.isArray(value)) return value.map((one) => shown(name, one)).join(", ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (MINUTES.includes(name) && typeof value === "number") return duration(value);
  if (typeof value === "number") return number(name === "year" ? value : Math.round(value * 1000) / 1000, name === "year");
  return text(value);
}

/** @param {unknown} value */
export function duration(value) {
  const minutes = Number(value);
  if (value === null || value === undefined || !Number.isFinite(minutes) || minutes <= 0) return "";
  const [hours, rest] = [Math.floor(Math.round(minutes) / 60), Math.round(minutes) % 60];
  if (!hours) return `${rest} min`;
  return rest ? `${hours} h ${rest} min` : `${hours} h`;
}

/** @param {string} words */
export function capital(words) {
  return words.charAt(0).toLocaleUpperCase() + words.slice(1);
}

/** @param {Item} item */
function price(item) {
  const { price: value, currency } = item.fields;
  if (typeof value !== "number") return "";
  if (value === 0) return "Free";
  return `${value.toLocaleString("en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 2 })} ${text(currency)}`.trim();
}

/** @param {Item} item */
function year(item) {
  const { year: given, published, released } = item.fields;
  if (typeof given === "number") return String(given);
  const date = text(published ?? released);
  return /^\d{4}/.test(date) ? date.slice(0, 4) : "";
}

/** @param {number} value @param {boolean} plain */
function number(value, plain) {
  return plain ? String(value) : value.toLocaleString("en-GB", { maximumFractionDigits: 3 });
}

/** @param {Item | undefined} item @param {string[]} names */
function first(item, names) {
  const name = names.find((one) => item?.fields[one] !== null && item?.fields[one] !== undefined);
  return name === undefined ? undefined : item?.fields[name];
}

/** @param {unknown} value @returns {string[]} */
function listed(value) {
  const all = Array.isArray(value) ? value : value === undefined || value === null ? [] : String(value).split("|");
  return all.map((one) => spaced(text(one)).trim()).filter(Boolean);
}

/** @param {unknown} value */
function text(value) {
  return value === null || value === undefined || typeof value === "object" ? "" : String(value);
}
