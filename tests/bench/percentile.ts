/**
 * Numbers for people: percentiles, and digits in groups.
 *
 * @module
 */

/** The value below which `share` (0 to 1) of the values lie; NaN without values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

/** A number with so many digits behind the point, those before it in groups of three. */
export function grouped(value: number, digits = 0): string {
  const [whole = "", rest] = value.toFixed(digits).split(".");
  const groups = whole.replace(/\B(?=(\d{3})+$)/g, " ");
  return rest === undefined ? groups : `${groups}.${rest}`;
}
