/**
 * Counts over the last seconds or minutes, in slots of fixed length: cheap to
 * add to, forgets by itself. Pure: time comes as an argument.
 *
 * @module
 */

/** Counts of a sliding window. */
export class Tally {
  readonly #slotMs: number;
  readonly #counts: number[];
  /** Which slot of all time a place holds. */
  readonly #slots: number[];
  readonly #sinceMs: number;

  /**
   * @param slotMs length of a slot
   * @param slots full slots that count, besides the one under way
   * @param sinceMs when counting begins, on the same clock as all other times
   */
  constructor(slotMs: number, slots: number, sinceMs: number) {
    this.#slotMs = slotMs;
    this.#counts = new Array(slots + 1).fill(0);
    this.#slots = new Array(slots + 1).fill(-1);
    this.#sinceMs = sinceMs;
  }

  add(nowMs: number, count = 1): void {
    const slot = Math.floor(nowMs / this.#slotMs);
    const place = slot % this.#counts.length;
    if (this.#slots[place] !== slot) {
      this.#slots[place] = slot;
      this.#counts[place] = 0;
    }
    this.#counts[place] = (this.#counts[place] ?? 0) + count;
  }

  /** What was added within the window. */
  sum(nowMs: number): number {
    const oldest = Math.floor(nowMs / this.#slotMs) - this.#counts.length;
    return this.#counts.reduce(
      (sum, count, place) =>
        (this.#slots[place] ?? -1) > oldest ? sum + count : sum,
      0,
    );
  }

  /** The largest slot of the window. */
  max(nowMs: number): number {
    const oldest = Math.floor(nowMs / this.#slotMs) - this.#counts.length;
    return this.#counts.reduce(
      (max, count, place) =>
        (this.#slots[place] ?? -1) > oldest ? Math.max(max, count) : max,
      0,
    );
  }

  /** How much of the window has been counted, seconds: less than all of it after the start. */
  spanS(nowMs: number): number {
    const underWay = nowMs % this.#slotMs;
    const windowMs = (this.#counts.length - 1) * this.#slotMs + underWay;
    return Math.min(windowMs, nowMs - this.#sinceMs) / 1000;
  }

  /** Mean over the window; 0 before any time has passed. */
  perSecond(nowMs: number): number {
    const spanS = this.spanS(nowMs);
    return spanS <= 0 ? 0 : this.sum(nowMs) / spanS;
  }
}
