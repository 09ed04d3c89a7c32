/**
 * What the devices said between the last time their state was written and the
 * end of a process that could not write it any more: the log of readings tells
 * it again. Pure.
 *
 * @module
 */
import type { NewReading, Receipt } from "../reading/reading.ts";
import type { DeviceState, Supervision } from "./device.ts";
import { stepDevice } from "./supervise.ts";

/** Gives the readings that are wanted, the oldest first. */
export type Logged = (
  wanted: (device: string, received: Receipt) => boolean,
) => readonly NewReading[];

/**
 * The states that change by readings which came after they were written. Events
 * are not told: they were, when the readings came. A device that is not known
 * stays so: it was removed.
 */
export function toldAgain(
  states: ReadonlyMap<string, DeviceState>,
  logged: Logged,
  defaults: Supervision | null,
): Iterable<DeviceState> {
  const changed = new Map<string, DeviceState>();
  const missed = logged((device, received) => {
    const state = states.get(device);
    return state !== undefined && isLater(received, state.lastHeard);
  });
  for (const readings of frames(missed)) {
    const [{ device, link, received }] = readings;
    const state = changed.get(device) ?? states.get(device);
    if (state === undefined) continue;
    const { tracked } = stepDevice(
      { state, heardAtMs: 0 },
      { type: "heard", link, received, readings, contact: true },
      { now: received, listenMs: 0, defaults },
    );
    if (tracked === null) continue;
    // This counts since the agent's start.
    changed.set(device, { ...tracked.state, invalidCount: 0 });
  }
  return changed.values();
}

/** Readings of one device and moment came in one frame. */
function frames(
  readings: readonly NewReading[],
): readonly (readonly [NewReading, ...NewReading[]])[] {
  const found: [NewReading, ...NewReading[]][] = [];
  for (const reading of readings) {
    const last = found.at(-1);
    const { device, received } = reading;
    if (last?.[0].device === device && isSame(last[0].received, received)) {
      last.push(reading);
    } else found.push([reading]);
  }
  return found;
}

function isSame(one: Receipt, other: Receipt): boolean {
  return one.bootId === other.bootId && one.monoMs === other.monoMs;
}

/** Whether one receipt is certainly later than another. */
function isLater(one: Receipt, than: Receipt): boolean {
  if (one.bootId === than.bootId) return one.monoMs > than.monoMs;
  return one.synced && than.synced && one.wallMs > than.wallMs;
}
