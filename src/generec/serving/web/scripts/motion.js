/** Movement that shows what changed: cards glide from where they were to where they are. */

import { moves } from "./dom.js";

/**
 * Changes a list and animates what moved (FLIP). Elements are recognised by data-key.
 * @param {Element} list @param {() => void} change
 */
export function reordered(list, change) {
  const before = new Map([...list.children].map((node) => [key(node), node.getBoundingClientRect()]));
  change();
  if (!moves()) return;
  for (const node of list.children) {
    const [old, now] = [before.get(key(node)), node.getBoundingClientRect()];
    if (!old) {
      node.animate([{ opacity: 0, transform: "translateY(12px)" }, { opacity: 1, transform: "none" }], { duration: 260, easing: "ease-out" });
    } else if (old.left !== now.left || old.top !== now.top) {
      const start = `translate(${old.left - now.left}px, ${old.top - now.top}px)`;
      node.animate([{ transform: start }, { transform: "none" }], { duration: 380, easing: "cubic-bezier(.2,.8,.2,1)" });
    }
  }
}

/** Lets an element fade before it is taken away. @param {Element} node @param {() => void} done */
export function left(node, done) {
  if (!moves()) {
    done();
    return;
  }
  const fading = node.animate([{ opacity: 1, transform: "none" }, { opacity: 0, transform: "scale(.96)" }], { duration: 160 });
  fading.addEventListener("finish", done);
  fading.addEventListener("cancel", done);
}

/** @param {Element} node */
function key(node) {
  return node instanceof HTMLElement ? (node.dataset.key ?? "") : "";
}
