/**
 * How rounds share the time of a run, so that each kind comes once and the run
 * ends in time on a slow machine as well: there rounds have fewer faults. Pure.
 *
 * @module
 */
import type { Kind } from "./schedule.ts";

/** What a round of a kind takes on a fast machine, seconds. */
export const USUAL_S: Readonly<Record<Kind, number>> = {
  kill: 22,
  scene: 20,
  broker: 45,
  wire: 26,
  tls: 32,
  name: 6,
  disk: 31,
  damage: 8,
  clock: 16,
  line: 9,
  memory: 18,
};

/**
 * The time in which a round may begin faults, milliseconds: while kinds have not
 * come, its part of what is left; afterwards all of it.
 *
 * @param kinds those of the run
 * @param came those that have had a round
 */
export function shareMs(
  kind: Kind,
  kinds: readonly Kind[],
  came: ReadonlySet<Kind>,
  leftMs: number,
): number {
  const left = Math.max(0, leftMs);
  if (came.has(kind)) return left;
  const usualS = kinds.filter((one) => !came.has(one))
    .reduce((sum, one) => sum + USUAL_S[one], 0);
  return left * USUAL_S[kind] / usualS;
}
