/**
 * From a counter that only grows to what was used in each interval.
 *
 * @module
 */

/**
 * @typedef {object} Consumption
 * @property {number[]} start_s where each interval begins, seconds since 1970
 * @property {(number | null)[]} used growth of the counter in it; null where nothing is known
 */

/**
 * What a counter grew by in each interval. Between two readings the growth is
 * spread evenly, so that thinned or missing readings shift nothing; where the
 * counter fell (a meter was exchanged) that step counts as unknown.
 *
 * @param {readonly number[]} time_s growing
 * @param {readonly (number | null)[]} counter
 * @param {number} from_s where the first interval begins
 * @param {number} step_s length of an interval
 * @param {number} count number of intervals
 * @returns {Consumption}
 */
export function consumption(time_s, counter, from_s, step_s, count) {
  const start_s = Array.from({ length: count }, (_, n) => from_s + n * step_s);
  /** @type {(number | null)[]} */
  const used = start_s.map(() => null);
  /** @type {{ time: number, value: number } | null} */
  let before = null;
  time_s.forEach((time, at) => {
    const value = counter[at];
    if (value === null || value === undefined) return;
    if (before !== null && value >= before.value && time > before.time) {
      spread(before, { time, value });
    }
    before = { time, value };
  });
  return { start_s, used };

  /**
   * @param {{ time: number, value: number }} a
   * @param {{ time: number, value: number }} b
   */
  function spread(a, b) {
    const perS = (b.value - a.value) / (b.time - a.time);
    const first = Math.max(0, Math.floor((a.time - from_s) / step_s));
    const last = Math.min(count - 1, Math.floor((b.time - from_s) / step_s));
    for (let n = first; n <= last; n++) {
      const begin = Math.max(a.time, from_s + n * step_s);
      const end = Math.min(b.time, from_s + (n + 1) * step_s);
      if (end > begin) used[n] = (used[n] ?? 0) + (end - begin) * perS;
    }
  }
}

/**
 * Where intervals begin that end at a round time of the clock on the wall.
 *
 * @param {number} until_s the last interval holds it
 * @param {number} step_s
 * @param {number} count
 * @param {number} offset_s of the time zone: local time less UTC
 * @returns {number}
 */
export function firstStart(until_s, step_s, count, offset_s) {
  const last = Math.floor((until_s + offset_s) / step_s) * step_s - offset_s;
  return last - (count - 1) * step_s;
}
