/**
 * The guidance of a turn as a list of wishes in plain words, each of which can be changed or dropped. Pure functions:
 * a changed wish gives another guidance, ready to be sent back.
 *
 * @typedef {Record<string, any>} Guidance as /v1/turn gives it
 * @typedef {object} Field one thing that can be changed about a wish
 * @property {string} name
 * @property {string} label
 * @property {string} value
 * @property {[string, string][]} [choices] value and words; without them it is free text
 * @property {boolean} [numeric]
 * @property {boolean} [optional]
 * @property {string} [of] the catalogue's field that it is a value of
 * @typedef {object} Wish
 * @property {string} key
 * @property {"must" | "more" | "less" | "form"} tone
 * @property {string} text
 * @property {string} from where it came from, in words
 * @property {() => Guidance} without
 * @property {Field[]} fields
 * @property {(values: Record<string, string>) => Guidance} changed
 */

import { shown, spaced } from "./facts.js";

const OPERATORS = /** @type {[string, string][]} */ ([
  ["=", "is"], ["!=", "is not"], ["<", "under"], ["<=", "at most"], [">", "over"], [">=", "at least"],
  ["in", "is one of"], ["not in", "is none of"], ["contains", "contains"],
]);
const NUMERIC = new Set(["<", "<=", ">", ">="]);
const TONES = /** @type {[string, string][]} */ ([["more", "More of this"], ["less", "Less of this"]]);

/** A guidance that may be sent back: without what the loop adds itself. @param {Guidance | null} guidance */
export function plain(guidance) {
  const { evidence, what, how, oracle, variance, question, notes, budget, profile, user_id, ...rest } = guidance ?? {};
  return { ...rest, act: "recommend", kind: null, item_id: null };
}

/** @param {Guidance | null} guidance @param {(id: string) => string} title @returns {Wish[]} */
export function wishes(guidance, title) {
  if (!guidance) return [];
  const g = guidance;
  return [
    ...each(g, "hard", (one) => ({ tone: "must", text: condition(one.condition), ...ofCondition(one) })),
    ...tastes(g, "likes"),
    ...tastes(g, "dislikes"),
    ...each(g, "anchors", (one) => ({
      tone: one.weight < 0 ? "less" : "more",
      text: `like “${title(one.item_id)}”`,
      fields: [tone(one.weight < 0 ? "less" : "more")],
      made: (values) => ({ ...one, weight: (values.tone === "less" ? -1 : 1) * Math.abs(one.weight) }),
    })),
    ...each(g, "directions", (one) => ({
      tone: one.sign > 0 ? "more" : "less",
      text: spaced(one.field),
      fields: [tone(one.sign > 0 ? "more" : "less")],
      made: (values) => ({ ...one, sign: values.tone === "less" ? -1 : 1 }),
    })),
    ...each(g, "totals", (one) => ({
      tone: "must",
      text: `${spaced(one.field)} in all ${[one.low !== null && `at least ${one.low}`, one.high !== null && `at most ${one.high}`].filter(Boolean).join(", ")}`,
      fields: [bound("low", "At least", one.low), bound("high", "At most", one.high)].map((each) => ({ ...each, of: one.field })),
      made: (values) => ({ ...one, low: numberOf(values.low), high: numberOf(values.high) }),
    })),
    ...each(g, "tone", (one) => g.likes.some((/** @type {any} */ like) => like.words === one) ? null : ({ tone: "form", text: one, fields: [words("text", "Tone", one)], made: (values) => values.text })),
    ...(g.audience ? [single(g, "audience", "", `for ${g.audience}`, words("text", "For whom", g.audience))] : []),
    ...(g.count ? [single(g, "count", null, `${g.count} items`, { ...bound("text", "How many", g.count), optional: false })] : []),
  ];
}

/** The guidance with one more item to be near to, or far from. @param {Guidance | null} guidance @param {string} id @param {1 | -1} sign */
export function near(guidance, id, sign) {
  const g = plain(guidance);
  const others = (g.anchors ?? []).filter((/** @type {any} */ one) => one.item_id !== id);
  const source = { kind: "feedback", quote: id, turn: 0 };
  return { ...g, anchors: [...others, { item_id: id, weight: sign, source }] };
}

/** A condition in words. @param {{field: string, operator: string, value: any}} found */
export function condition({ field, operator, value }) {
  const said = Array.isArray(value) ? value.map((one) => shown(field, one)).join(operator === "in" ? " or " : ", ") : shown(field, value);
  if (operator === "=" || operator === "in") return `${spaced(field)}: ${said}`;
  const verb = operator === "!=" || operator === "not in" ? "not" : OPERATORS.find(([name]) => name === operator)?.[1];
  return `${spaced(field)} ${verb} ${said}`;
}

/** @param {Guidance} g @param {string} part */
function tastes(g, part) {
  return each(g, part, (one) => {
    const now = (part === "dislikes") !== one.weight < 0 ? "less" : "more";
    const inner = one.condition ? ofCondition(one) : { fields: [words("text", "What", one.words)], made: (/** @type {any} */ values) => ({ ...one, words: values.text }) };
    return {
      tone: !one.condition && g.tone?.includes(one.words) ? "form" : now,
      text: one.condition ? condition(one.condition) : one.words,
      fields: [...inner.fields, tone(now)],
      made: (values) => ({ ...inner.made(values), weight: one.weight * (values.tone === now ? 1 : -1) }),
    };
  });
}

/** @param {any} one something that holds a condition */
function ofCondition(one) {
  const { field, operator, value } = one.condition;
  return {
    fields: [
      { name: "operator", label: spaced(field), value: operator, choices: OPERATORS },
      { ...words("value", "Value", Array.isArray(value) ? value.join(" | ") : String(value)), of: field },
    ],
    made: (/** @type {Record<string, string>} */ values) => ({ ...one, condition: { field, operator: values.operator, value: valued(values) } }),
  };
}

/** @param {Record<string, string>} values */
function valued({ operator, value }) {
  if (operator === "in" || operator === "not in") return value.split("|").map((one) => one.trim()).filter(Boolean);
  return NUMERIC.has(operator) && Number.isFinite(Number(value)) ? Number(value) : value.trim();
}

/**
 * @param {Guidance} g @param {string} part
 * @param {(one: any) => {tone: string, text: string, fields: Field[], made: (values: Record<string, string>) => any} | null} told
 * @returns {Wish[]}
 */
function each(g, part, told) {
  const all = g[part] ?? [];
  return all.flatMap((/** @type {any} */ one, /** @type {number} */ at) => {
    const said = told(one);
    if (!said) return [];
    const { tone: kind, text, fields, made } = said;
    return {
      key: `${part}/${text}`,
      tone: kind,
      text,
      from: origin(one.source),
      fields,
      without: () => {
        const rest = { ...plain(g), [part]: all.filter((/** @type {any} */ _, /** @type {number} */ place) => place !== at) };
        if (part === "likes") rest.tone = rest.tone?.filter((/** @type {string} */ word) => word !== one.words); // said once, kept twice
        return rest;
      },
      changed: (values) => ({ ...plain(g), [part]: all.map((/** @type {any} */ old, /** @type {number} */ place) => (place === at ? made(values) : old)) }),
    };
  });
}

/** @param {Guidance} g @param {string} part @param {any} nothing @param {string} text @param {Field} field @returns {Wish} */
function single(g, part, nothing, text, field) {
  return {
    key: part, tone: "form", text, from: "", fields: [field],
    without: () => ({ ...plain(g), [part]: nothing }),
    changed: (values) => ({ ...plain(g), [part]: field.numeric ? numberOf(values.text) : values.text }),
  };
}

/** @param {any} source */
function origin(source) {
  if (!source) return "";
  const said = { instruction: "You said", profile: "From your profile", history: "From your history", feedback: "You pointed at it", default: "By default" };
  const words = said[/** @type {"default"} */ (source.kind)] ?? "";
  return source.kind === "instruction" && source.quote ? `${words} “${source.quote}”` : words;
}

/** @param {string} value @returns {Field} */
const tone = (value) => ({ name: "tone", label: "Which way", value, choices: TONES });

/** @param {string} name @param {string} label @param {string} value @returns {Field} */
const words = (name, label, value) => ({ name, label, value });

/** @param {string} name @param {string} label @param {number | null} value @returns {Field} */
const bound = (name, label, value) => ({ name, label, value: value === null ? "" : String(value), numeric: true, optional: true });

/** @param {string | undefined} text */
const numberOf = (text) => (text?.trim() ? Number(text) : null);
