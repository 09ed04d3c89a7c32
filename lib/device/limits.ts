/**
 * When a device counts as silent, offline or gone: the limits in force for it,
 * and the moments at which they pass on the listening clock. Pure.
 *
 * Time is counted on the *listening clock*: milliseconds since the agent's
 * start during which the modem link was up. While it is lost the clock stands
 * still, so that one pulled cable raises no alarm per device [M-38]. What was
 * restored from before the start has been heard at a negative time.
 *
 * @module
 */
import type { Receipt } from "../reading/reading.ts";
import type { DeviceState, Supervision } from "./device.ts";

/** Interval of a device that has not told it, s. [mapping §4] */
export const DEFAULT_INTERVAL_S = 600;
const DAY_S = 86_400;

/** A device with the moment it was heard last, on the listening clock. */
export interface Tracked {
  readonly state: DeviceState;
  readonly heardAtMs: number;
}

/** What all devices have in common at one moment. */
export interface World {
  readonly now: Receipt;
  /** The listening clock, ms. */
  readonly listenMs: number;
  /** For devices without own setting; null to derive from the interval. */
  readonly defaults: Supervision | null;
}

/** The interval that a device measures at as far as is known, s. */
export function intervalS(state: DeviceState | undefined): number {
  const known = state?.energyConfig?.interval ?? 0;
  return known > 0 ? known : DEFAULT_INTERVAL_S;
}

/** The limits in force for a device; they increase. [mapping §4] */
export function supervisionOf(
  state: DeviceState | undefined,
  defaults: Supervision | null,
): Supervision {
  const own = state?.supervision ?? defaults;
  if (own !== null) return own;
  const interval = intervalS(state);
  const silentAfterS = 2 * interval + 60;
  // The rule of six gives less than the rule of two for very short intervals.
  const offlineAfterS = 6 * interval > silentAfterS
    ? 6 * interval
    : 2 * silentAfterS;
  const unregisterAfterS = offlineAfterS < DAY_S
    ? DAY_S
    : offlineAfterS + interval;
  return { silentAfterS, offlineAfterS, unregisterAfterS };
}

/** The listening time at which the next limit of a device passes; null: none. */
export function dueMs(tracked: Tracked, world: World): number | null {
  const next = limits(tracked, world.defaults)
    .filter(({ passed }) => !passed)
    .map(({ atMs }) => atMs);
  return next.length === 0 ? null : Math.min(...next);
}

/** One limit of a device. */
export interface Limit {
  readonly what: "silent" | "offline" | "unregistered";
  readonly atMs: number;
  readonly passed: boolean;
}

/** All limits of a device that still is registered, in the order they pass. */
export function limits(
  { state, heardAtMs }: Tracked,
  defaults: Supervision | null,
): readonly Limit[] {
  if (state.unregistered) return [];
  const { silentAfterS, offlineAfterS, unregisterAfterS } = supervisionOf(
    state,
    defaults,
  );
  // A restart must not raise a storm: one interval to be heard again. [M-12]
  const earliestMs = heardAtMs < 0 ? intervalS(state) * 1000 : 0;
  const atMs = (afterS: number) =>
    Math.max(heardAtMs + afterS * 1000, earliestMs);
  const all: Limit[] = [
    { what: "silent", atMs: atMs(silentAfterS), passed: state.silent !== null },
    {
      what: "offline",
      atMs: atMs(offlineAfterS),
      passed: state.offline !== null,
    },
  ];
  if (unregisterAfterS > 0) {
    const due = atMs(unregisterAfterS);
    all.push({ what: "unregistered", atMs: due, passed: false });
  }
  return all;
}

/** The instant a limit passed. [M-37] */
export function ago({ now, listenMs }: World, atMs: number): Receipt {
  const lateMs = listenMs - atMs;
  return {
    ...now,
    wallMs: now.wallMs - lateMs,
    monoMs: now.monoMs - lateMs,
  };
}

/** Time between two receipts; infinite where no clock can tell. */
export function elapsedMs(from: Receipt, to: Receipt): number {
  if (from.bootId === to.bootId) return Math.max(0, to.monoMs - from.monoMs);
  return from.synced && to.synced
    ? Math.max(0, to.wallMs - from.wallMs)
    : Infinity;
}
