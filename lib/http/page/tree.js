/**
 * Any JSON as a tree of names and values, for what has no view of its own.
 *
 * @module
 */
import { el } from "./dom.js";

/** Deeper than any command nests. */
const DEEPEST = 12;

/**
 * @param {unknown} value
 * @param {number} [depth]
 * @returns {HTMLElement}
 */
export function tree(value, depth = 0) {
  if (typeof value !== "object" || value === null) {
    return el("span", { class: "leaf" }, String(value));
  }
  if (Array.isArray(value) && value.length > 0 && value.every(isPlain)) {
    return el("span", { class: "leaf" }, value.join(", "));
  }
  const entries = Object.entries(value);
  if (entries.length === 0 || depth > DEEPEST) {
    return el("span", { class: "leaf" }, JSON.stringify(value));
  }
  const list = el("ul", { class: "tree" });
  for (const [name, inner] of entries) {
    // In a list, what an item is called says more than its number.
    const label = Array.isArray(value) ? nameOf(inner, name) : name;
    list.append(
      el(
        "li",
        {},
        el("span", { class: "key" }, label),
        " ",
        tree(inner, depth + 1),
      ),
    );
  }
  return list;
}

/** @param {unknown} value */
function isPlain(value) {
  return typeof value !== "object" || value === null;
}

/**
 * @param {unknown} item
 * @param {string} place
 */
function nameOf(item, place) {
  if (typeof item !== "object" || item === null) return place;
  const name = Reflect.get(item, "op") ?? Reflect.get(item, "action");
  return typeof name === "string" ? `${place} ${name}` : place;
}
