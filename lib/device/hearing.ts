/**
 * What a frame says about its device: link, measurement, buttons,
 * configuration, and the events of the mapping's §12 that follow. Pure.
 *
 * @module
 */
import type { Link, NewReading, Receipt } from "../reading/reading.ts";
import type { Condition, DeviceEvent, DeviceState } from "./device.ts";
import {
  buttonConfigOf,
  decreased,
  energyConfigOf,
  numberIn,
  sameBytes,
  sameConfig,
} from "./fields.ts";
import { elapsedMs, intervalS } from "./limits.ts";

/** Event codes of a device. [mapping §12] */
export const CODES = {
  buttonPressed: 6208,
  buttonReleased: 6224,
  modbusLost: 6240,
  silent: 6241,
  offline: 6242,
  linkHigh: 6243,
  counterDecreased: 6244,
  writeFailed: 6245,
  configChanged: 6246,
} as const;

/** Above this a link is weak, dB. [mapping §12, 6243] */
export const LINK_LIMIT_DB = 130;
/** A link is good again this far below the limit, dB. */
const LINK_HYSTERESIS_DB = 5;
/** So many frames in a row make a link weak, or good again. */
const LINK_FRAMES = 3;
/** Longest time in which an equal EnergyFile is a retransmission, ms. [M-11] */
const REPEAT_MS = 120_000;
const BUTTONS = 16;
const UINT32 = 2 ** 32;

/** An event without an end. */
export function singleshot(
  { device }: DeviceState,
  code: number,
  at: Receipt,
): DeviceEvent {
  return { device, code, mode: "Singleshot", type: "Notification", at };
}

const CONDITIONS = {
  silent: { code: CODES.silent, type: "Warning" },
  offline: { code: CODES.offline, type: "Error" },
  modbusLost: { code: CODES.modbusLost, type: "Warning" },
  linkHigh: { code: CODES.linkHigh, type: "Warning" },
} as const;

/** Sets or clears a condition; an event only where that changes it. */
export function condition(
  state: DeviceState,
  what: keyof typeof CONDITIONS,
  holds: boolean,
  at: Receipt,
  events: DeviceEvent[],
): DeviceState {
  if ((state[what] !== null) === holds) return state;
  const { code, type } = CONDITIONS[what];
  const mode = holds ? "Appears" : "Disappears";
  events.push({ device: state.device, code, mode, type, at });
  const next: Condition = holds ? at : null;
  return { ...state, [what]: next };
}

/** Three weak frames in a row raise 6243, three good ones end it. */
export function linked(
  before: DeviceState,
  link: Link | null,
  at: Receipt,
  events: DeviceEvent[],
): DeviceState {
  if (link === null) return before;
  const state = { ...before, link };
  const budget = link.linkBudgetDb;
  if (state.linkHigh === null) {
    const linkHighFrames = budget > LINK_LIMIT_DB
      ? state.linkHighFrames + 1
      : 0;
    const weak = linkHighFrames >= LINK_FRAMES;
    return condition(
      { ...state, linkHighFrames },
      "linkHigh",
      weak,
      at,
      events,
    );
  }
  const good = budget <= LINK_LIMIT_DB - LINK_HYSTERESIS_DB;
  const linkHighFrames = good ? state.linkHighFrames - 1 : LINK_FRAMES;
  const weak = linkHighFrames > 0;
  return condition({ ...state, linkHighFrames }, "linkHigh", weak, at, events);
}

/** Sent again because the acknowledgement got lost. [M-11] */
export function isRepeat(state: DeviceState, reading: NewReading): boolean {
  const last = state.energy;
  if (last === null || !sameBytes(last.data, reading.data)) return false;
  const windowMs = Math.min(intervalS(state) * 500, REPEAT_MS);
  return elapsedMs(last.received, reading.received) <= windowMs;
}

/** An EnergyFile that is no repetition. */
export function energy(
  before: DeviceState,
  reading: NewReading,
  events: DeviceEvent[],
): DeviceState {
  const { valid, received } = reading;
  const { held } = before;
  let state: DeviceState = {
    ...before,
    energy: reading,
    held: valid ? reading : held,
    measurementCounter: (before.measurementCounter + 1) % UINT32,
    invalidCount: before.invalidCount + (valid ? 0 : 1),
  };
  state = condition(state, "modbusLost", !valid, received, events);
  if (valid && held !== null && decreased(held, reading)) {
    events.push(singleshot(state, CODES.counterDecreased, received));
  }
  return state;
}

/** A ButtonFile: each is an event. */
export function button(
  state: DeviceState,
  reading: NewReading,
  events: DeviceEvent[],
): DeviceState {
  const pressed = numberIn(reading, "mask") !== 0;
  const id = numberIn(reading, "button_id");
  if (id < BUTTONS) {
    const code = pressed ? CODES.buttonPressed : CODES.buttonReleased;
    events.push(singleshot(state, code + id, reading.received));
  }
  return {
    ...state,
    button: reading,
    buttonCounter: (state.buttonCounter + (pressed ? 1 : 0)) % UINT32,
  };
}

/** A file that differs from the known one was changed, by whomever. [M-27] */
export function config(
  before: DeviceState,
  reading: NewReading,
  events: DeviceEvent[],
): DeviceState {
  const state = reading.file === "energy_config"
    ? { ...before, energyConfig: energyConfigOf(reading) }
    : { ...before, buttonConfig: buttonConfigOf(reading) };
  if (!sameConfig(before, state)) {
    events.push(singleshot(state, CODES.configChanged, reading.received));
  }
  return state;
}
