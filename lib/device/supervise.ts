/**
 * Supervision of the devices, pure: what a frame, the passing of time or the
 * end of a downlink does to the state of one device, and the events that say so.
 *
 * @module
 */
import type { Link, NewReading, Receipt } from "../reading/reading.ts";
import type {
  DeviceChange,
  DeviceEvent,
  DeviceState,
  Supervision,
} from "./device.ts";
import { sameConfig, written } from "./fields.ts";
import {
  button,
  CODES,
  condition,
  config,
  energy,
  isRepeat,
  linked,
  singleshot,
} from "./hearing.ts";
import { ago, limits, type Tracked, type World } from "./limits.ts";

/** What happens to one device. */
export type DeviceInput =
  | {
    readonly type: "heard";
    readonly link: Link | null;
    readonly received: Receipt;
    readonly readings: readonly NewReading[];
    /** It came unasked: the device listens now. */
    readonly contact: boolean;
  }
  | { readonly type: "tick" }
  | { readonly type: "removed" }
  | {
    readonly type: "settings";
    readonly supervision?: Supervision | null;
    readonly tag?: string;
  }
  | { readonly type: "reset_counters" }
  | { readonly type: "downlink_queued"; readonly queued: boolean }
  | {
    readonly type: "downlink_done";
    /** What stands in the device's file now; null after a read. */
    readonly write: {
      readonly fileId: number;
      readonly offset: number;
      readonly data: Uint8Array;
    } | null;
  }
  | {
    readonly type: "downlink_failed";
    /** A queued configuration write was given up. */
    readonly event: boolean;
  };

/** What an input does: the device afterwards (null: gone), and what to tell. */
export interface Moved {
  readonly tracked: Tracked | null;
  readonly change: DeviceChange | null;
}

/** A device that was never heard before. */
export function newDevice(device: string, received: Receipt): DeviceState {
  return {
    device,
    firstHeard: received,
    lastHeard: received,
    link: null,
    energy: null,
    held: null,
    button: null,
    measurementCounter: 0,
    buttonCounter: 0,
    invalidCount: 0,
    failedDownlinks: 0,
    energyConfig: null,
    buttonConfig: null,
    supervision: null,
    silent: null,
    offline: null,
    unregistered: false,
    modbusLost: null,
    linkHigh: null,
    linkHighFrames: 0,
    writeQueued: false,
    lastWriteFailed: false,
    tag: DEFAULT_TAG,
  };
}

/** Index 24 until an operator writes it. [mapping §6] */
export const DEFAULT_TAG = "***";

/** One input through the machine of one device. */
export function stepDevice(
  tracked: Tracked,
  input: DeviceInput,
  world: World,
): Moved {
  const { state } = tracked;
  switch (input.type) {
    case "heard":
      return heard(tracked, input, world);
    case "tick":
      return passed(tracked, world);
    case "removed":
      return { tracked: null, change: change(state, [], { gone: true }) };
    case "settings":
      return altered(tracked, {
        ...state,
        ...(input.supervision === undefined
          ? {}
          : { supervision: input.supervision }),
        ...(input.tag === undefined ? {} : { tag: input.tag }),
      });
    case "reset_counters":
      return altered(tracked, {
        ...state,
        invalidCount: 0,
        failedDownlinks: 0,
      });
    case "downlink_queued":
      if (state.writeQueued === input.queued) return { tracked, change: null };
      return altered(tracked, { ...state, writeQueued: input.queued });
    case "downlink_done": {
      const next = input.write === null
        ? state
        : { ...state, ...written(state, input.write), lastWriteFailed: false };
      const events = sameConfig(state, next)
        ? []
        : [singleshot(state, CODES.configChanged, world.now)];
      return altered(tracked, next, events);
    }
    case "downlink_failed":
      return altered(
        tracked,
        {
          ...state,
          failedDownlinks: state.failedDownlinks + 1,
          lastWriteFailed: state.lastWriteFailed || input.event,
        },
        input.event ? [singleshot(state, CODES.writeFailed, world.now)] : [],
      );
  }
}

function altered(
  tracked: Tracked,
  state: DeviceState,
  events: readonly DeviceEvent[] = [],
): Moved {
  return { tracked: { ...tracked, state }, change: change(state, events) };
}

function change(
  state: DeviceState,
  events: readonly DeviceEvent[],
  more: Partial<DeviceChange> = {},
): DeviceChange {
  return {
    state,
    events,
    measured: null,
    contact: false,
    gone: false,
    ...more,
  };
}

/** Limits that have passed, in order. */
function passed(tracked: Tracked, world: World): Moved {
  const events: DeviceEvent[] = [];
  let { state } = tracked;
  let gone = false;
  for (const { what, atMs, passed } of limits(tracked, world.defaults)) {
    if (passed || atMs > world.listenMs) continue;
    if (what === "unregistered") {
      state = { ...state, unregistered: true };
      gone = true;
    } else {
      state = condition(state, what, true, ago(world, atMs), events);
    }
  }
  if (state === tracked.state) return { tracked, change: null };
  return {
    tracked: { ...tracked, state },
    change: change(state, events, { gone }),
  };
}

function heard(
  { state: before }: Tracked,
  input: DeviceInput & { type: "heard" },
  world: World,
): Moved {
  const { received, link, readings, contact } = input;
  const events: DeviceEvent[] = [];
  let state: DeviceState = { ...before, lastHeard: received };
  if (before.unregistered) {
    // Its conditions ended with its registration, without a word. [mapping §4]
    state = {
      ...state,
      unregistered: false,
      silent: null,
      offline: null,
      modbusLost: null,
      linkHigh: null,
      linkHighFrames: 0,
    };
  }
  state = condition(state, "offline", false, received, events);
  state = condition(state, "silent", false, received, events);
  state = linked(state, link, received, events);
  let measured: NewReading | null = null;
  for (const reading of readings) {
    switch (reading.file) {
      case "energy":
        if (isRepeat(state, reading)) break;
        state = energy(state, reading, events);
        measured = reading;
        break;
      case "button":
        state = button(state, reading, events);
        break;
      case "energy_config":
      case "button_config":
        state = config(state, reading, events);
        break;
    }
  }
  return {
    tracked: { state, heardAtMs: world.listenMs },
    change: change(state, events, { measured, contact }),
  };
}
