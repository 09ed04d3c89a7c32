/**
 * ◆ Why a reading was not taken for a repetition, in one sentence, from the
 * stored reading before it; the rule is that of `reading/duplicates.ts`.
 *
 * @module
 */
import type { Reading } from "../reading/reading.ts";

/**
 * Why `reading` was taken.
 *
 * @param previous the reading of the same device and file before it in the log
 * @param windowS the window as it is configured now
 */
export function decisionOf(
  reading: Reading,
  previous: Reading | null,
  windowS: number,
): string {
  if (reading.file === "button") {
    return "Taken: a button file is never a duplicate, two presses look alike.";
  }
  if (windowS === 0) {
    return "Taken: duplicates are not looked for (duplicate_window_s is 0).";
  }
  if (previous === null) {
    return "Taken: it is the first one of this device and file in the log.";
  }
  const before = previous.received;
  const { bootId, monoMs } = reading.received;
  const same = reading.data.toHex() === previous.data.toHex();
  if (before.bootId !== bootId) {
    return same
      ? "Taken: it has the bytes of the one before, but the gateway was started again in between."
      : "Taken: its bytes differ from those of the one before.";
  }
  const agoS = (monoMs - before.monoMs) / 1000;
  const ago = `${agoS < 10 ? agoS : Math.round(agoS)} s`;
  if (!same) {
    return `Taken: its bytes differ from those of the one before, ${ago} earlier.`;
  }
  if (agoS > windowS) {
    return `Taken: it has the bytes of the one before, but came ${ago} after it, later than the window of ${windowS} s.`;
  }
  // The agent would not take it today.
  return `Taken: it has the bytes of the one before and came ${ago} after it; the window of ${windowS} s must have been shorter then, or another one that was not delivered came in between.`;
}
