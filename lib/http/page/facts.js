/**
 * Names and values side by side.
 *
 * @module
 */
import { el, setText, show } from "./dom.js";
import { t } from "./language.js";

/**
 * A list of facts; each is set by its place in the list of names.
 *
 * @template {string} N
 * @param {readonly (readonly [N, string])[]} names key and label
 */
export function facts(names) {
  const node = el("dl", { class: "facts" });
  /** @type {Map<string, { row: HTMLElement, value: HTMLElement }>} */
  const rows = new Map();
  for (const [key, label] of names) {
    const value = el("dd");
    const row = el("div", {}, el("dt", {}, label), value);
    rows.set(key, { row, value });
    node.append(row);
  }
  return {
    node,
    /**
     * Sets a fact; null hides it.
     *
     * @param {N} key
     * @param {string | Node | null} value
     */
    set(key, value) {
      const row = rows.get(key);
      if (row === undefined) return;
      show(row.row, value !== null);
      if (value instanceof Node) {
        if (row.value.firstChild !== value) row.value.replaceChildren(value);
      } else if (value !== null) setText(row.value, value);
    },
  };
}

/**
 * Folds a part away on a narrow screen; on a wide one it stands open.
 *
 * @param {HTMLElement} inner
 * @returns {HTMLElement}
 */
export function folded(inner) {
  return el(
    "details",
    { class: "fold", open: matchMedia("(min-width: 48rem)").matches },
    el("summary", {}, t("facts.more")),
    inner,
  );
}
