/**
 * How often a device reports, learned from when its EnergyFiles came. Pure.
 *
 * The estimate is the median of the last nine gaps between reports: one report
 * that was lost on the air doubles a gap, a restart of the gateway stretches
 * one, and neither moves a median. After a change of the interval five reports
 * are enough to follow it.
 *
 * @module
 */
import type { Receipt } from "../reading/reading.ts";
import { elapsedMs } from "./limits.ts";

/** Gaps remembered; odd, so that the median is one of them. */
const GAPS = 9;
/** Gaps before anything is said: fewer may all be by chance. */
const ENOUGH = 3;
/** Reports closer together than this are one: no meter measures so often, ms. */
const BURST_MS = 500;

/** Reports to look back at for a full estimate. */
export const CADENCE_REPORTS: number = GAPS + 1;

/** What was learned of one device; a value. */
export interface Cadence {
  /** The last report, of a burst its first. */
  readonly last: Receipt | null;
  /** Milliseconds, the newest last. */
  readonly gapsMs: readonly number[];
}

/** Nothing learned yet. */
export const NO_CADENCE: Cadence = { last: null, gapsMs: [] };

/** Takes a report that is no repetition; reports come in the order of their receipt. */
export function reported(cadence: Cadence, received: Receipt): Cadence {
  const { last, gapsMs } = cadence;
  if (last === null) return { last: received, gapsMs };
  const gapMs = elapsedMs(last, received);
  if (gapMs < BURST_MS) return cadence;
  // Where no clock can tell how long it was, the gap says nothing.
  if (!Number.isFinite(gapMs)) return { last: received, gapsMs };
  return { last: received, gapsMs: [...gapsMs, gapMs].slice(-GAPS) };
}

/** What reports from before the start say, joined with what came since. */
export function joined(past: readonly Receipt[], since: Cadence): Cadence {
  const before = past.reduce(reported, NO_CADENCE);
  return {
    last: since.last ?? before.last,
    gapsMs: [...before.gapsMs, ...since.gapsMs].slice(-GAPS),
  };
}

/** Seconds between two reports, to a tenth; null while too few were heard. */
export function cadenceS({ gapsMs }: Cadence): number | null {
  if (gapsMs.length < ENOUGH) return null;
  const sorted = gapsMs.toSorted((a, b) => a - b);
  const upper = sorted[sorted.length >> 1] ?? 0;
  const lower = sorted[(sorted.length - 1) >> 1] ?? 0;
  const medianS = (upper + lower) / 2000;
  return medianS < 10 ? Math.round(medianS * 10) / 10 : Math.round(medianS);
}
