/**
 * The language in force, and words in it.
 *
 * @module
 */
import { recall, remember } from "./remember.js";
import { words } from "./words.js";

/** @typedef {"en" | "fr"} Language */
/** @typedef {keyof typeof words} WordId */

/** @type {Language} */
let current = "en";

/**
 * The language chosen before, else the browser's when the page speaks it.
 *
 * @param {string | null} chosen
 * @param {readonly string[]} preferred as `navigator.languages`
 * @returns {Language}
 */
export function pickLanguage(chosen, preferred) {
  if (chosen === "en" || chosen === "fr") return chosen;
  for (const tag of preferred) {
    if (/^fr\b/i.test(tag)) return "fr";
    if (/^en\b/i.test(tag)) return "en";
  }
  return "en";
}

/** Takes up the language of this browser. */
export function startLanguage() {
  use(pickLanguage(recall("language"), navigator.languages));
}

/** @returns {Language} */
export function language() {
  return current;
}

/**
 * The tag for numbers and times: the browser's own region of the language in
 * force, so that British readers get British dates.
 *
 * @returns {string}
 */
export function locale() {
  const own = navigator.languages.find((tag) => tag.startsWith(`${current}-`));
  return own ?? (current === "en" ? "en-GB" : current);
}

/**
 * Changes the language and remembers it.
 *
 * @param {Language} chosen
 */
export function chooseLanguage(chosen) {
  remember("language", chosen);
  use(chosen);
}

/** @param {Language} chosen */
function use(chosen) {
  current = chosen;
  document.documentElement.lang = chosen;
}

/**
 * A text with `{name}` replaced by values; a name without value stays as it is.
 *
 * @param {string} text
 * @param {Readonly<Record<string, string | number>>} values
 * @returns {string}
 */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return value === undefined ? whole : String(value);
  });
}

/**
 * The words of that id in the language in force.
 *
 * @param {WordId} id
 * @param {Readonly<Record<string, string | number>>} [values]
 * @returns {string}
 */
export function t(id, values = {}) {
  return fill(words[id][current], values);
}

/**
 * The words of an id that was put together from data; the fallback where there
 * are none.
 *
 * @param {string} id
 * @param {string} fallback
 * @returns {string}
 */
export function tOr(id, fallback) {
  return Object.hasOwn(words, id) ? t(/** @type {WordId} */ (id)) : fallback;
}
