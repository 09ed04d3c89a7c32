/**
 * What befalls a soak, and when: faults from a seed with quiet between them,
 * all of them survivable by one process, and deaths of the agent at the end.
 * Pure.
 *
 * @module
 */
import { randomOf } from "../chaos/random.ts";
import type { FaultName, Step } from "../chaos/schedule.ts";

/** Faults that the agent lives through, and the subscriber that counts what came. */
export const LIVED_THROUGH: readonly FaultName[] = [
  "broker_restarted",
  "broker_frozen",
  "wire_cut",
  "wire_cut_mid_packet",
  "wire_withholds_acks",
  "wire_doubles_acks",
  "wire_acks_out_of_order",
  "wire_slow",
  "wire_malformed",
  "line_unplugged_mid_frame",
  "line_silent",
  "line_garbage",
  "modem_rebooted",
  "counter_gap",
];

/** Faults in which the agent dies or is started again, in the order they come. */
export const DEATHS: readonly FaultName[] = [
  "broker_frozen_agent_killed",
  "modem_rebooted_mid_request",
  "wire_withholds_acks_agent_killed",
];

/** Share of the run that the first process lives. */
export const FIRST_LIFE = 0.9;

/** From this length on faults have their full distance and length; a shorter run has both in proportion. */
const FULL_MINUTES = 20;
/** Between the end of one fault and the next, seconds. */
const QUIET_S = [60, 150] as const;
/** How long a fault lasts, milliseconds. */
const FAULT_MS = [1000, 15_000] as const;
/**
 * Bytes that are no MQTT swallow acknowledgements behind them until the
 * connection ends, half of this later: within the time that the oracle takes an
 * acknowledgement for unread. Milliseconds.
 */
const MALFORMED_MS = 1500;
/** The least that a fault lasts, however short the run, milliseconds. */
const LEAST_FAULT_MS = 300;

/** A fault and the quiet before it. */
export interface Planned {
  readonly quietMs: number;
  readonly step: Step;
}

/** Faults without end: each comes once before any comes again. */
export function* faultsOf(
  seed: number,
  minutes: number,
): Generator<Planned, never> {
  const random = randomOf(seed);
  const scale = Math.min(1, minutes / FULL_MINUTES);
  for (;;) {
    for (const fault of random.shuffled(LIVED_THROUGH)) {
      const quietS = random.whole(...QUIET_S);
      const most = fault === "wire_malformed" ? MALFORMED_MS : Infinity;
      const ms = Math.min(most, random.whole(...FAULT_MS) * scale);
      yield {
        quietMs: 1000 * quietS * scale,
        step: {
          fault,
          ms: Math.max(LEAST_FAULT_MS, Math.round(ms)),
          draw: random.next(),
        },
      };
    }
  }
}

/** The deaths after the first life, evenly over what is left of the run. */
export function deathsOf(seed: number, minutes: number): Planned[] {
  const random = randomOf(seed + 1);
  const leftMs = (1 - FIRST_LIFE) * minutes * 60_000;
  return DEATHS.map((fault, n) => ({
    // The first comes at once: its quiet was the end of the first life.
    quietMs: n === 0 ? 0 : leftMs / DEATHS.length,
    step: { fault, ms: random.whole(500, 3000), draw: random.next() },
  }));
}

/**
 * Size limit of the outbox for a run, MB: what 200 devices take beside their
 * readings is 1 MB of it; the rest is full within the first fifth of an hour,
 * so that pruning goes on until the end, and holds many times what an outage
 * leaves waiting.
 */
export function outboxMb(minutes: number): number {
  return Math.min(4, Math.max(2, minutes / 15));
}
