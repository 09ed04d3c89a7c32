/**
 * Small signs that come with a word: a mark with its state, bars for a link.
 * Colour is never the only sign.
 *
 * @module
 */
import { el, setAttribute, setText } from "./dom.js";
import { t } from "./language.js";

/** @typedef {"good" | "warn" | "bad" | "none"} Mood */

const SIGNS = { good: "✓", warn: "!", bad: "×", none: "–" };

/**
 * A word with a sign before it.
 *
 * @param {Mood} [mood]
 * @param {string} [text]
 */
export function mark(mood = "none", text = "") {
  const sign = el("span", { class: "sign", "aria-hidden": "true" });
  const word = el("span", { class: "word" });
  const node = el("span", { class: "mark" }, sign, word);
  const part = {
    node,
    /**
     * @param {Mood} mood
     * @param {string} text
     */
    set(mood, text) {
      setAttribute(node, "data-mood", mood);
      setText(sign, SIGNS[mood]);
      setText(word, text);
    },
  };
  part.set(mood, text);
  return part;
}

/** @typedef {"strong" | "good" | "fair" | "weak" | "poor"} LinkWord */

/** Upper bounds of the link budget, dB; it is a loss, so larger is weaker. The agent warns above 130. */
const LINK_STEPS = /** @type {const} */ ([
  [95, "strong"],
  [110, "good"],
  [120, "fair"],
  [130, "weak"],
]);

/**
 * How good a link is.
 *
 * @param {number} budgetDb
 * @returns {LinkWord}
 */
export function linkWord(budgetDb) {
  return LINK_STEPS.find(([limit]) => budgetDb <= limit)?.[1] ?? "poor";
}

/** How many of four bars stand for a word. */
const BARS = { strong: 4, good: 3, fair: 2, weak: 1, poor: 0 };

/** Bars, the budget in dB and a word for it. */
export function linkSign() {
  const bars = el("span", { class: "bars", "aria-hidden": "true" });
  for (let n = 0; n < 4; n++) bars.append(el("i"));
  const text = el("span");
  const node = el("span", { class: "link" }, bars, text);
  return {
    node,
    /** @param {number | null} budgetDb */
    set(budgetDb) {
      const word = budgetDb === null ? null : linkWord(budgetDb);
      setAttribute(node, "data-link", word ?? "none");
      setAttribute(bars, "data-bars", word === null ? 0 : BARS[word]);
      setText(
        text,
        budgetDb === null || word === null
          ? "–"
          : `${budgetDb}\u202fdB, ${t(`link.${word}`)}`,
      );
    },
  };
}
