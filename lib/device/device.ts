/**
 * What is known of each end device beyond its single readings: when it was
 * heard, its last valid measurement, its configuration, whether it is silent,
 * offline, out of reach of its meter, and the events that say so. Shared by
 * every sink; owned by none. Types here; the machine is `supervise.ts`.
 *
 * @module
 */
import type { Link, NewReading, Receipt } from "../reading/reading.ts";

/** Supervision of a device, seconds; they increase, `unregisterAfterS` 0 is never. [mapping §4] */
export interface Supervision {
  readonly silentAfterS: number;
  readonly offlineAfterS: number;
  readonly unregisterAfterS: number;
}

/** File 62 of a device. */
export interface EnergyConfig {
  readonly interval: number;
  readonly enabled: boolean;
}

/** File 61 of a device. */
export interface ButtonConfig {
  readonly transmitMask0: boolean;
  readonly transmitMask1: boolean;
  readonly buttonControlMenu: boolean;
  readonly enabled: boolean;
}

/** A condition that lasts, with the moment it began. */
export type Condition = Receipt | null;

/** The state of one device; a value. */
export interface DeviceState {
  /** UID, 16 upper-case hex digits (a VID: 4). */
  readonly device: string;
  readonly firstHeard: Receipt;
  /** Any frame. */
  readonly lastHeard: Receipt;
  readonly link: Link | null;
  /** The last EnergyFile received, valid or not. */
  readonly energy: NewReading | null;
  /** The last valid one: the held values. [M-19] */
  readonly held: NewReading | null;
  readonly button: NewReading | null;
  /** EnergyFiles accepted since first contact; wraps at 2^32. */
  readonly measurementCounter: number;
  /** Presses since first contact; wraps at 2^32. */
  readonly buttonCounter: number;
  /** Invalid measurements since the agent's start. */
  readonly invalidCount: number;
  /** Downlinks finally failed since the agent's start. */
  readonly failedDownlinks: number;
  readonly energyConfig: EnergyConfig | null;
  readonly buttonConfig: ButtonConfig | null;
  /** Own setting, or null to derive from the interval. */
  readonly supervision: Supervision | null;
  readonly silent: Condition;
  readonly offline: Condition;
  /** Not heard for `unregisterAfterS`. */
  readonly unregistered: boolean;
  readonly modbusLost: Condition;
  readonly linkHigh: Condition;
  /** Consecutive frames above the link budget limit. */
  readonly linkHighFrames: number;
  /** A configuration write waits for the device. */
  readonly writeQueued: boolean;
  readonly lastWriteFailed: boolean;
  /** Operator's text, eMQTT index 24. */
  readonly tag: string;
}

/** Something that happened to a device, or (device null) to the modem or the agent. [mapping §12] */
export interface DeviceEvent {
  readonly device: string | null;
  readonly code: number;
  readonly mode: "Appears" | "Disappears" | "Singleshot";
  readonly type: "Notification" | "Warning" | "Error";
  readonly at: Receipt;
}

/** One change, told to whoever watches, after it was recorded. */
export interface DeviceChange {
  /** The new state; null: the change is about the modem or the agent. */
  readonly state: DeviceState | null;
  readonly events: readonly DeviceEvent[];
  /** The EnergyFile just accepted (duplicates are not), valid or not. */
  readonly measured: NewReading | null;
  /** The device was heard just now: it may take a downlink. */
  readonly contact: boolean;
  /** The device has passed its unregister limit, or was removed. */
  readonly gone: boolean;
}

/** What `main` says of itself. [mapping §7] */
export interface GatewayState {
  /** 16 upper-case hex digits; null while unknown. */
  readonly modemUid: string | null;
  /** Since when the modem link is lost; null while it is up. */
  readonly modemLost: Condition;
  readonly framesReceived: number;
  readonly framesRejected: number;
  readonly framesForeign: number;
  readonly lastFrame: Receipt | null;
  readonly uptimeS: number;
  readonly downlinksDone: number;
  readonly downlinksFailed: number;
  /** The outbox is nearly full. */
  readonly bufferHigh: Condition;
  readonly supervisionDefault: Supervision | null;
  readonly tag: string;
}

/** The device model as sinks see it. */
export interface Devices {
  /** Every device known, heard or restored. */
  list(): readonly DeviceState[];
  get(device: string): DeviceState | undefined;
  gateway(): GatewayState;
  /** The limits in force for a device. */
  supervisionOf(device: string): Supervision;
  /** Durable settings; null device is the gateway. */
  setSupervision(device: string | null, value: Supervision | null): void;
  setTag(device: string | null, tag: string): void;
  /** Counters of a device (or of the gateway) back to 0. [mapping §9, 129] */
  resetCounters(device: string | null): void;
  /** Calls `watch` for every change until disposed. */
  watch(watch: (change: DeviceChange) => void): Disposable;
}
