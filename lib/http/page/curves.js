/**
 * The curves of a chart before they are drawn: stacking, range, figures.
 *
 * @module
 */
import { el } from "./dom.js";
import { t } from "./language.js";
import { number } from "./numbers.js";

/**
 * @typedef {object} Curve
 * @property {string} label
 * @property {1 | 2 | 3} phase gives colour and dashes
 * @property {readonly (number | null)[]} values
 */

/**
 * Curves on top of each other; drawn from the highest down, so that each
 * leaves its own share to see.
 *
 * @param {readonly Curve[]} curves
 * @returns {readonly Curve[]}
 */
export function stacked(curves) {
  return curves.map((curve, at) => ({
    ...curve,
    values: curve.values.map((value, n) =>
      value === null ? null : curves.slice(0, at + 1).reduce(
        (sum, { values }) => sum + (values[n] ?? 0),
        0,
      )
    ),
  })).reverse();
}

/**
 * Whether there are too few readings to make a line.
 *
 * @param {readonly (number | null)[]} values
 * @returns {boolean}
 */
export function isFew(values) {
  return values.filter((value) => value !== null).length < 40;
}

/**
 * A range with some air; a flat line keeps its place.
 *
 * @param {number} low
 * @param {number} high
 * @returns {[number, number]}
 */
export function around(low, high) {
  const air = (high - low) * 0.1 || Math.max(1, Math.abs(high) * 0.02);
  const bottom = low - air;
  // Quantities that are never negative have no business below nothing.
  return [low >= 0 ? Math.max(0, bottom) : bottom, high + air];
}

/**
 * Head and body of a table with the curves in figures, for who cannot see them.
 *
 * @param {readonly Curve[]} curves
 * @param {string} unit
 * @param {number} digits
 */
export function figureRows(curves, unit, digits) {
  const head = el("tr", {}, el("td"));
  for (const id of /** @type {const} */ (["least", "mean", "most"])) {
    head.append(el("th", { scope: "col" }, t(`history.${id}`)));
  }
  const rows = curves.map(({ label, values }) => {
    const known = values.filter((value) => value !== null);
    const sum = known.reduce((all, value) => all + value, 0);
    const figures = known.length === 0
      ? [null, null, null]
      : [Math.min(...known), sum / known.length, Math.max(...known)];
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, label),
      ...figures.map((value) =>
        el(
          "td",
          {},
          value === null ? "–" : `${number(value, digits)}\u202f${unit}`,
        )
      ),
    );
  });
  return [el("thead", {}, head), el("tbody", {}, ...rows)];
}
