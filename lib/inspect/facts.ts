/**
 * What follows from a snapshot and is asked for in more than one place. Pure.
 *
 * @module
 */
import type { SinkFacts, Snapshot } from "./snapshot.ts";

/** Window of the rates of a sink and of the log, s. */
export const RATE_S = 10;

/** Age of the oldest reading that waits for any sink, ms; null when none waits. */
export function oldestPendingAgeMs(
  { sinks, nowMs }: Pick<Snapshot, "sinks" | "nowMs">,
): number | null {
  const oldest = sinks.flatMap(({ oldestPendingMs }) => oldestPendingMs ?? []);
  return oldest.length === 0 ? null : Math.max(0, nowMs - Math.min(...oldest));
}

/**
 * Seconds until nothing waits; null when nothing waits, or when no more leaves
 * than comes. A few more or less in the window of the rates is chance: from that
 * nothing is foretold.
 */
export function drainedInS(
  { account, ratePerS, arrivalPerS }: SinkFacts,
): number | null {
  const shrinksPerS = ratePerS - arrivalPerS;
  // Of independent events, their count varies by its root.
  const chance = 2 * Math.sqrt((ratePerS + arrivalPerS) * RATE_S);
  if (account.pending === 0 || shrinksPerS * RATE_S <= chance) return null;
  return Math.ceil(account.pending / shrinksPerS);
}
