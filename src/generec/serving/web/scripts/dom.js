/**
 * Elements without markup: every text from outside becomes a text node, never HTML, and addresses stay on this server.
 *
 * @typedef {Node | string | number | null | undefined | false} Child
 * @typedef {Record<string, unknown>} Props
 */

const SVG = "http://www.w3.org/2000/svg";

/** Attributes that may be set; all else is a mistake of ours, or an attack. */
const SAFE = /^(aria-[a-z]+|data-[a-z-]+|class|id|role|type|for|name|value|placeholder|title|lang|dir|tabindex|hidden|disabled|checked|selected|open|required|rows|cols|min|max|step|maxlength|autocomplete|autocapitalize|spellcheck|enterkeyhint|inputmode|href|src|alt|width|height|loading|decoding|download|datetime|scope|colspan|list|label|pattern|multiple|accept)$/;

/**
 * @param {string} tag
 * @param {Props} [props] attributes; `on` holds listeners, `style` custom properties; null and false leave one out
 * @param {...(Child | Child[])} children
 * @returns {HTMLElement}
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") listen(node, /** @type {Record<string, EventListener>} */ (value));
    else if (name === "style") paint(node, /** @type {Record<string, string>} */ (value));
    else if (name === "href" || name === "src") node.setAttribute(name, local(String(value)));
    else if (SAFE.test(name)) node.setAttribute(name, value === true ? "" : String(value));
    else throw new TypeError(`the attribute ${name} is not on the list of safe ones`);
  }
  append(node, children);
  return node;
}

/**
 * A drawing. Its attributes are ours alone: nothing from outside is ever passed here but numbers.
 * @param {string} tag
 * @param {Record<string, string | number>} [attributes]
 * @param {...Node} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

/** Puts new children in the place of the old ones. @param {Element} node @param {...(Child | Child[])} children */
export function fill(node, ...children) {
  node.replaceChildren();
  append(node, children);
}

/**
 * An address of this server, or of a part of this page; anything else becomes "#".
 * @param {string} address
 */
export function local(address) {
  if (address.startsWith("#") || address.startsWith("blob:")) return address;
  try {
    const url = new URL(address, location.origin);
    return url.origin === location.origin && url.protocol.startsWith("http") ? url.pathname + url.search + url.hash : "#";
  } catch {
    return "#";
  }
}

/** @param {Node} node @param {(Child | Child[])[]} children */
function append(node, children) {
  for (const child of children.flat(2)) {
    if (child === null || child === undefined || child === false) continue;
    node.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** @param {HTMLElement} node @param {Record<string, EventListener>} listeners */
function listen(node, listeners) {
  for (const [event, listener] of Object.entries(listeners)) node.addEventListener(event, listener);
}

/** @param {HTMLElement} node @param {Record<string, string>} properties */
function paint(node, properties) {
  for (const [name, value] of Object.entries(properties)) node.style.setProperty(name, value);
}

let numbers = 0;

/** An id that nothing else on the page has. @param {string} stem */
export function fresh(stem) {
  numbers += 1;
  return `${stem}-${numbers}`;
}

/** Whether movement is welcome. */
export function moves() {
  return !matchMedia("(prefers-reduced-motion: reduce)").matches;
}
