/**
 * ◆ What the ePlug knows and what its configuration fixes. State names
 * are the eMQTT document's own: the plug is Disconnected, Off or On; a
 * subinterface is unregistered, announced or aborted.
 *
 * @module
 */
import type {
  DeviceState,
  GatewayState,
  Supervision,
} from "../../device/device.ts";
import type { FieldWrite, QueuedWrite } from "../../downlink/downlink.ts";
import type { Profile } from "./payload_index.ts";
import type { TriggerValue } from "./payload.ts";

/** The moment of an event. */
export interface Moment {
  /** Wall clock, ms since 1970. */
  readonly wallMs: number;
  /** Clock that never steps, ms since boot. */
  readonly monoMs: number;
  readonly bootId: string;
}

/** What the configuration fixes. */
export interface Settings {
  /** 12 upper-case hex digits. */
  readonly uid: string;
  readonly registration: "onSite" | "onCloud";
  /** onCloud: the configured broker's URL. */
  readonly broker: string | null;
  readonly cyclicDefaultMs: number;
  readonly cyclicMinMs: number;
  readonly observationMinMs: number;
  readonly reportMinMs: number;
  readonly reportDefaultMs: number;
  readonly replay: {
    readonly rateMs: number;
    readonly pre: number;
    readonly post: number;
  };
  readonly max: {
    readonly observation: number;
    readonly report: number;
    readonly replay: number;
  };
  readonly nakLiteral: string;
  readonly clearRetainedWill: boolean;
  /** onSite: connect to the stored broker after power-up. [E-091] */
  readonly autoConnect: boolean;
  /** Without a dateUpdate, time is that since boot. [E-100] */
  readonly noRtc: boolean;
  /** Held values of an observation carry their measurement's time, or that of the poll. [E-175] */
  readonly observationTimestamp: "measured" | "polled";
  /** What a subinterface is; null is main. */
  readonly profile: (device: string | null) => Profile;
}

/** A period on a grid that does not drift; `slot` is the last one that was served. */
export interface Grid {
  readonly startMs: number;
  readonly periodMs: number;
  readonly slot: number;
}

/** XConfig of a subinterface. [E-126] */
export interface XConfig {
  readonly indices: readonly number[];
  readonly events: boolean;
  readonly reporting: boolean;
}

/** When a subinterface reports. */
export type ReportTrigger =
  | { readonly type: "Time"; readonly grid: Grid }
  | {
    readonly type: "Event";
    readonly code: number;
    readonly mode: string | null;
  }
  | { readonly type: "Self-triggered" };

/** A replay whose post section is being collected. */
export interface Collecting {
  readonly code: number;
  /** `ms` of the triggering event's postEvent. [E-221] */
  readonly timestamp: string;
  readonly label: string | null;
  /** Samples still to come. */
  readonly left: number;
}

/** A replay that watches. */
export interface Replay {
  readonly indices: readonly number[];
  readonly triggers: readonly TriggerValue[];
  readonly grid: Grid;
  /** FIFO, oldest first; one text per index. */
  readonly samples: readonly (readonly string[])[];
  readonly collecting: Collecting | null;
}

/** The processes of a subinterface; independent of each other. */
export interface Processes {
  readonly xconfig: XConfig;
  readonly cyclic: Grid | null;
  /** Largest `ms` posted so far: it must grow. [E-163] */
  readonly cyclicMs: number;
  readonly observation:
    | { readonly indices: readonly number[]; readonly grid: Grid }
    | null;
  readonly events: boolean;
  /** Codes whose Appears was posted and whose condition lasts. [E-184] */
  readonly posted: ReadonlySet<number>;
  readonly report:
    | { readonly trigger: ReportTrigger; readonly indices: readonly number[] }
    | null;
  readonly replay: Replay | null;
}

/** Nothing runs. */
export const noProcesses: Processes = {
  xconfig: { indices: [], events: false, reporting: false },
  cyclic: null,
  cyclicMs: 0,
  observation: null,
  events: false,
  posted: new Set(),
  report: null,
  replay: null,
};

/** One subinterface. */
export interface Sub extends Processes {
  readonly id: string;
  /** Null is main. */
  readonly device: string | null;
  /** What is known of the device; null for main. */
  readonly state: DeviceState | null;
  readonly supervision: Supervision;
  readonly queued: readonly QueuedWrite[];
  readonly phase: "unregistered" | "announced" | "aborted";
  /** Cause of an abort, as the adapter gave it. */
  readonly cause: string | null;
  /** Not to be announced before it is heard again. */
  readonly absent: boolean;
}

/** Registration of devices, one after another. [E-121] */
export interface Registration {
  readonly waiting: readonly string[];
  readonly current:
    | {
      readonly id: string;
      readonly sinceMs: number;
      readonly eventsStarted: boolean;
    }
    | null;
}

/** One step of a write, performed by the shell. */
export type WriteStep =
  | { readonly do: "tag"; readonly tag: string }
  | { readonly do: "supervision"; readonly value: Supervision | null }
  | { readonly do: "resetCounters" }
  | { readonly do: "writeFile"; readonly write: FieldWrite }
  | { readonly do: "readFiles"; readonly fileIds: readonly number[] };

/** What ends the session after the answer. [E-154] */
export type AfterWrite = "restart" | "factoryReset" | null;

/** Pairs of one putStatData, done in order. */
export interface WriteChain {
  readonly sub: string;
  readonly pairs: readonly (readonly [string, unknown])[];
  /** Of the first pair: what is still to do, and its echo. */
  readonly steps: readonly WriteStep[];
  readonly echo: string;
  readonly after: AfterWrite;
}

/** What the ePlug knows. */
export interface PlugState {
  readonly phase: "idle" | "connecting" | "connected" | "stopped";
  readonly plug: "Disconnected" | "Off" | "On";
  /** startDevices was received in this On. */
  readonly devicesStarted: boolean;
  /** URL of the broker in use; null while none is known. */
  readonly broker: string | null;
  /** URL of the only broker that is accepted. [E-090] */
  readonly lock: string | null;
  readonly localAddress: string;
  /** Time of the last dateUpdate, and when it came. [E-037] */
  readonly clock: { readonly ms: number; readonly monoMs: number } | null;
  readonly blink: boolean;
  readonly regPlug: Grid | null;
  readonly registration: Registration;
  readonly subs: ReadonlyMap<string, Sub>;
  /** Subinterfaces whose topics are subscribed on this connection. */
  readonly subscribed: ReadonlySet<string>;
  readonly gateway: GatewayState | null;
  /** Connections so far. */
  readonly connections: number;
  readonly connectionsBase: number;
  readonly writes: ReadonlyMap<number, WriteChain>;
  readonly nextWrite: number;
}

const never: Supervision = {
  silentAfterS: 0,
  offlineAfterS: 0,
  unregisterAfterS: 0,
};

/** A subinterface that is not registered. */
export function newSub(id: string, device: string | null): Sub {
  return {
    ...noProcesses,
    id,
    device,
    state: null,
    supervision: never,
    queued: [],
    phase: "unregistered",
    cause: null,
    absent: false,
  };
}

/** The root subinterface. [E-106] */
export const MAIN = "main";

/** The ePlug before `start`. */
export const powerUp: PlugState = {
  phase: "idle",
  plug: "Disconnected",
  devicesStarted: false,
  broker: null,
  lock: null,
  localAddress: "",
  clock: null,
  blink: false,
  regPlug: null,
  registration: { waiting: [], current: null },
  subs: new Map([[MAIN, newSub(MAIN, null)]]),
  subscribed: new Set(),
  gateway: null,
  connections: 0,
  connectionsBase: 0,
  writes: new Map(),
  nextWrite: 1,
};
