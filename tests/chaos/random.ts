/**
 * Numbers that a seed decides, so that a run can be repeated. Pure.
 *
 * @module
 */

/** A stream of numbers. */
export interface Random {
  /** From 0 up to but not including 1. */
  next(): number;
  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number;
  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T;
  /** The list in another order. */
  shuffled<T>(list: readonly T[]): T[];
}

/** The stream of a seed (mulberry32). */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (low: number, high: number): number =>
    low + Math.floor(next() * (high - low + 1));
  return {
    next,
    whole,
    pick<T>(list: readonly T[]): T {
      for (const [at, one] of list.entries()) {
        if (next() < 1 / (list.length - at)) return one;
      }
      throw new RangeError("Cannot pick from an empty list");
    },
    shuffled<T>(list: readonly T[]): T[] {
      const keyed = list.map((one) => ({ one, key: next() }));
      return keyed.sort((a, b) => a.key - b.key).map(({ one }) => one);
    },
  };
}
