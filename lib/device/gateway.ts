/**
 * What `main` says of itself, pure: the modem's link, frames and downlinks
 * counted, the outbox filling up, strangers on the air. [mapping §7, §12]
 *
 * @module
 */
import type { Receipt } from "../reading/reading.ts";
import type { DeviceEvent, GatewayState, Supervision } from "./device.ts";
import { DEFAULT_TAG } from "./supervise.ts";

/** Event codes of the gateway. [mapping §12] */
export const GATEWAY_CODES = {
  modemLost: 6256,
  foreign: 6257,
  bufferHigh: 6258,
} as const;

/** A device that is not admitted is told of this often, ms. [6257] */
const FOREIGN_MS = 3_600_000;
/** Devices not admitted that are remembered. */
const MAX_FOREIGN = 1024;

/** {@link GatewayState} as the machine keeps it: without what is derived. */
export interface Gateway
  extends Omit<GatewayState, "uptimeS" | "framesRejected"> {
  /** Rejected frames that a reset of the counters has taken off. */
  readonly rejectedBefore: number;
  /** When a stranger was told of last, monotonic ms. */
  readonly foreignToldMs: ReadonlyMap<string, number>;
}

/** What happens to the gateway. */
export type GatewayInput =
  | {
    readonly type: "modem";
    readonly up: boolean;
    readonly uid: string | null;
  }
  /** A command came down the line. */
  | { readonly type: "frame" }
  /** It was of an unknown file, or of a device that is not admitted. */
  | { readonly type: "foreign"; readonly device: string | null }
  | { readonly type: "buffer"; readonly high: boolean }
  | { readonly type: "downlink"; readonly done: boolean }
  | {
    readonly type: "settings";
    readonly supervision?: Supervision | null;
    readonly tag?: string;
  }
  | { readonly type: "reset_counters"; readonly rejected: number };

/** A gateway at the agent's start. */
export function newGateway(): Gateway {
  return {
    modemUid: null,
    modemLost: null,
    framesReceived: 0,
    framesForeign: 0,
    lastFrame: null,
    downlinksDone: 0,
    downlinksFailed: 0,
    bufferHigh: null,
    supervisionDefault: null,
    tag: DEFAULT_TAG,
    rejectedBefore: 0,
    foreignToldMs: new Map(),
  };
}

/** One input through the gateway's machine. */
export function stepGateway(
  state: Gateway,
  input: GatewayInput,
  now: Receipt,
): { readonly state: Gateway; readonly events: readonly DeviceEvent[] } {
  switch (input.type) {
    case "modem":
      return condition(
        { ...state, modemUid: input.up ? input.uid : null },
        "modemLost",
        !input.up,
        now,
      );
    case "frame":
      return quiet({
        ...state,
        framesReceived: state.framesReceived + 1,
        lastFrame: now,
      });
    case "foreign":
      return foreign(state, input.device, now);
    case "buffer":
      return condition(state, "bufferHigh", input.high, now);
    case "downlink":
      return quiet(
        input.done
          ? { ...state, downlinksDone: state.downlinksDone + 1 }
          : { ...state, downlinksFailed: state.downlinksFailed + 1 },
      );
    case "settings":
      return quiet({
        ...state,
        ...(input.supervision === undefined
          ? {}
          : { supervisionDefault: input.supervision }),
        ...(input.tag === undefined ? {} : { tag: input.tag }),
      });
    case "reset_counters":
      return quiet({
        ...state,
        framesReceived: 0,
        framesForeign: 0,
        rejectedBefore: input.rejected,
        downlinksDone: 0,
        downlinksFailed: 0,
      });
  }
}

function quiet(state: Gateway) {
  return { state, events: [] };
}

const CONDITIONS = {
  modemLost: { code: GATEWAY_CODES.modemLost, type: "Error" },
  bufferHigh: { code: GATEWAY_CODES.bufferHigh, type: "Warning" },
} as const;

function condition(
  state: Gateway,
  what: keyof typeof CONDITIONS,
  holds: boolean,
  at: Receipt,
): { readonly state: Gateway; readonly events: readonly DeviceEvent[] } {
  if ((state[what] !== null) === holds) return { state, events: [] };
  const mode = holds ? "Appears" : "Disappears";
  return {
    state: { ...state, [what]: holds ? at : null },
    events: [{ device: null, ...CONDITIONS[what], mode, at }],
  };
}

function foreign(
  before: Gateway,
  device: string | null,
  at: Receipt,
): { readonly state: Gateway; readonly events: readonly DeviceEvent[] } {
  const state = { ...before, framesForeign: before.framesForeign + 1 };
  if (device === null) return { state, events: [] };
  const told = state.foreignToldMs.get(device);
  if (told !== undefined && at.monoMs - told < FOREIGN_MS) {
    return { state, events: [] };
  }
  const foreignToldMs = new Map(state.foreignToldMs);
  foreignToldMs.delete(device);
  foreignToldMs.set(device, at.monoMs);
  const [oldest] = foreignToldMs.keys();
  if (foreignToldMs.size > MAX_FOREIGN && oldest !== undefined) {
    foreignToldMs.delete(oldest);
  }
  return {
    state: { ...state, foreignToldMs },
    events: [{
      device: null,
      code: GATEWAY_CODES.foreign,
      mode: "Singleshot",
      type: "Notification",
      at,
    }],
  };
}
