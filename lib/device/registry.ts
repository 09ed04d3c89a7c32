/**
 * The device model at work: the machines of `supervise.ts` and `gateway.ts`
 * over a clock and a durable place. Watchers are called after a change was
 * recorded, one change after the other. Past 300 lines because everything that
 * happens to a device passes here.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Link, NewReading, Receipt } from "../reading/reading.ts";
import type {
  DeviceChange,
  DeviceEvent,
  Devices,
  DeviceState,
  GatewayState,
  Supervision,
} from "./device.ts";
import {
  type Gateway,
  type GatewayInput,
  newGateway,
  stepGateway,
} from "./gateway.ts";
import {
  type DecodeReading,
  deviceOf,
  deviceText,
  gatewayOf,
  restamped,
} from "./persist.ts";
import {
  dueMs,
  elapsedMs,
  supervisionOf,
  type Tracked,
  type World,
} from "./limits.ts";
import { type Logged, toldAgain } from "./recall.ts";
import { type DeviceKeep, Shelf } from "./shelf.ts";
import { type DeviceInput, newDevice, stepDevice } from "./supervise.ts";
import { Watchers } from "./watchers.ts";

/** What a {@link Registry} works with. */
export interface RegistryHost {
  readonly clock: Clock;
  readonly log: Log;
  /** Without it nothing survives. */
  readonly keep?: DeviceKeep;
  readonly decode: DecodeReading;
  /** The newest readings of the log that are wanted, the oldest first; asked for at the start. */
  readonly logged?: Logged;
  /** Whether a device may be known; by default every one. */
  readonly admitted?: (device: string) => boolean;
  /** Frames that the line has rejected so far. */
  readonly rejected?: () => number;
}

/** One frame of a device. */
export interface HeardFrame {
  readonly device: string;
  readonly link: Link | null;
  readonly received: Receipt;
  /** What it says; repetitions too. */
  readonly readings: readonly NewReading[];
  /** It came unasked. */
  readonly contact: boolean;
  /** It holds a device file of ours; only such a frame makes a device known. */
  readonly known: boolean;
  /** The log of readings tells all of it again. */
  readonly logged?: boolean;
}

/** Longest time a timer is armed for, ms: it is looked again then. */
const MAX_TIMER_MS = 3_600_000;
const GATEWAY = "gateway";

/** The device model; see the module. */
export class Registry implements Devices, Disposable {
  readonly #host: RegistryHost;
  readonly #devices = new Map<string, Tracked>();
  readonly #watchers: Watchers;
  readonly #shelf: Shelf;
  readonly #startMs: number;
  #gateway: Gateway;
  /** The listening clock, and the monotonic time it was last moved at. */
  #listenMs = 0;
  #movedMs: number;
  #wake: { readonly atMs: number; readonly disarm: () => void } | null = null;
  #closed = false;

  constructor(host: RegistryHost) {
    this.#host = host;
    this.#startMs = this.#movedMs = host.clock.monoMs();
    this.#watchers = new Watchers(host.log);
    this.#gateway = newGateway();
    this.#shelf = new Shelf(
      host.keep,
      host.clock,
      host.log,
      (key) => this.#textOf(key),
    );
    this.#restore();
    this.#arm();
  }

  list(): readonly DeviceState[] {
    return [...this.#devices.values()].map(({ state }) => state);
  }

  get(device: string): DeviceState | undefined {
    return this.#devices.get(device)?.state;
  }

  gateway(): GatewayState {
    const { rejectedBefore, foreignToldMs: _, ...state } = this.#gateway;
    return {
      ...state,
      framesRejected: (this.#host.rejected?.() ?? 0) - rejectedBefore,
      uptimeS: Math.floor((this.#host.clock.monoMs() - this.#startMs) / 1000),
    };
  }

  supervisionOf(device: string): Supervision {
    return supervisionOf(this.get(device), this.#gateway.supervisionDefault);
  }

  setSupervision(device: string | null, value: Supervision | null): void {
    const unset = value === null || Object.values(value).every((s) => s === 0);
    const supervision = unset ? null : value;
    if (device === null) this.#stepGateway({ type: "settings", supervision });
    else this.#step(device, { type: "settings", supervision });
    this.#shelf.commit();
    // Limits may now be due that no timer waits for.
    this.#look();
  }

  setTag(device: string | null, tag: string): void {
    if (device === null) this.#stepGateway({ type: "settings", tag });
    else this.#step(device, { type: "settings", tag });
    this.#shelf.commit();
  }

  resetCounters(device: string | null): void {
    if (device !== null) this.#step(device, { type: "reset_counters" });
    else {
      const rejected = this.#host.rejected?.() ?? 0;
      this.#stepGateway({ type: "reset_counters", rejected });
    }
  }

  watch(watch: (change: DeviceChange) => void): Disposable {
    return this.#watchers.add(watch);
  }

  /** A command came down the line. */
  frame(): void {
    this.#stepGateway({ type: "frame" });
  }

  /** It was of a file that is not known; null: nobody can be told to be foreign. */
  foreign(device: string | null): void {
    this.#stepGateway({ type: "foreign", device });
  }

  /** A frame of a device. */
  heard(frame: HeardFrame): void {
    const { device } = frame;
    if (!(this.#host.admitted?.(device) ?? true)) return this.foreign(device);
    const tracked = this.#devices.get(device);
    if (tracked === undefined) {
      if (!frame.known) return;
      const state = newDevice(device, frame.received);
      this.#devices.set(device, { state, heardAtMs: this.#listening() });
    }
    this.#step(device, { type: "heard", ...frame }, frame.logged === true);
    // A device is not forgotten again, even if the power goes now.
    if (tracked === undefined) this.#shelf.write();
    const due = this.#due(device);
    if (due !== null && due < (this.#wake?.atMs ?? Infinity)) this.#arm();
  }

  /** Whether the modem's link is up, and who it is. */
  modem(up: boolean, uid: string | null): void {
    // The listening clock runs up to here, or from here on.
    this.#listening();
    this.#stepGateway({ type: "modem", up, uid });
    this.#look();
  }

  /** Whether the outbox is nearly full. */
  buffer(high: boolean): void {
    this.#stepGateway({ type: "buffer", high });
  }

  /** Forgets a device: it was taken off by the operator. */
  remove(device: string): void {
    this.#step(device, { type: "removed" });
  }

  /** Whether a device waits for a configuration write. */
  downlinkQueued(device: string, queued: boolean): void {
    this.#step(device, { type: "downlink_queued", queued });
  }

  /** A downlink has ended well (`write` null: a read) or for good. */
  downlinkEnded(
    device: string,
    end:
      | (DeviceInput & { type: "downlink_done" })
      | (DeviceInput & { type: "downlink_failed" }),
  ): void {
    const done = end.type === "downlink_done";
    this.#stepGateway({ type: "downlink", done });
    this.#step(device, end);
    this.#look();
  }

  /** The clock was first set: what this boot received gets its wall time. */
  restamp(bootId: string, offsetMs: number): void {
    for (const [device, tracked] of this.#devices) {
      const state = restamped(tracked.state, bootId, offsetMs);
      this.#devices.set(device, { ...tracked, state });
      this.#shelf.changed(device);
    }
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#wake?.disarm();
    this.#shelf[Symbol.dispose]();
    this.#watchers.clear();
  }

  /** Moves the listening clock to now. */
  #listening(): number {
    const nowMs = this.#host.clock.monoMs();
    if (this.#gateway.modemLost === null) {
      this.#listenMs += nowMs - this.#movedMs;
    }
    this.#movedMs = nowMs;
    return this.#listenMs;
  }

  #world(): World {
    return {
      now: this.#host.clock.instant(),
      listenMs: this.#listening(),
      defaults: this.#gateway.supervisionDefault,
    };
  }

  #due(device: string): number | null {
    const tracked = this.#devices.get(device);
    return tracked === undefined ? null : dueMs(tracked, this.#world());
  }

  /** Lets time do its work on every device, and waits for the next limit. */
  #look(): void {
    const world = this.#world();
    for (const [device, tracked] of this.#devices) {
      const due = dueMs(tracked, world);
      if (due !== null && due <= world.listenMs) {
        this.#step(device, { type: "tick" });
      }
    }
    this.#arm();
  }

  #arm(): void {
    this.#wake?.disarm();
    this.#wake = null;
    // While the link is lost nothing comes due.
    if (this.#closed || this.#gateway.modemLost !== null) return;
    const world = this.#world();
    let atMs = Infinity;
    for (const tracked of this.#devices.values()) {
      atMs = Math.min(atMs, dueMs(tracked, world) ?? Infinity);
    }
    if (atMs === Infinity) return;
    const delayMs = Math.min(
      Math.max(1, Math.ceil(atMs - world.listenMs)),
      MAX_TIMER_MS,
    );
    const disarm = this.#host.clock.after(delayMs, () => this.#look());
    this.#wake = { atMs, disarm };
  }

  /** @param logged the log tells again what the input says */
  #step(device: string, input: DeviceInput, logged = false): void {
    const before = this.#devices.get(device);
    if (before === undefined) return;
    const { tracked, change } = stepDevice(before, input, this.#world());
    if (tracked === null) this.#devices.delete(device);
    else this.#devices.set(device, tracked);
    if (change === null) return;
    if (input.type === "heard") {
      // Otherwise nothing tells for certain which came later.
      const { lastHeard } = before.state;
      const later = input.received.bootId === lastHeard.bootId &&
        input.received.monoMs > lastHeard.monoMs;
      this.#shelf.heard(device, logged && later);
    } else this.#shelf.changed(device);
    this.#watchers.tell(change);
  }

  #stepGateway(input: GatewayInput): void {
    const now = this.#host.clock.instant();
    const { state, events } = stepGateway(this.#gateway, input, now);
    if (state === this.#gateway) return;
    this.#gateway = state;
    if (input.type === "settings") this.#shelf.changed(GATEWAY);
    // Frames alone are no news.
    if (events.length > 0 || input.type !== "frame") this.#tellGateway(events);
  }

  #tellGateway(events: readonly DeviceEvent[]): void {
    this.#watchers.tell({
      state: null,
      events,
      measured: null,
      contact: false,
      gone: false,
    });
  }

  /** What is kept of a device, or of the gateway. */
  #textOf(key: string): string | null {
    if (key === GATEWAY) {
      const { supervisionDefault: supervision, tag } = this.#gateway;
      return JSON.stringify({ supervision, tag });
    }
    const state = this.get(key);
    return state === undefined ? null : deviceText(state);
  }

  #restore(): void {
    const { clock, log, decode, admitted } = this.#host;
    const entries = this.#shelf.entries();
    const settings = gatewayOf(entries.get(GATEWAY));
    if (settings !== null) {
      const { supervision, tag } = settings;
      const input = { type: "settings", supervision, tag } as const;
      this.#gateway = stepGateway(this.#gateway, input, clock.instant()).state;
    }
    const states = new Map<string, DeviceState>();
    for (const [device, text] of entries) {
      if (device === GATEWAY || !(admitted?.(device) ?? true)) continue;
      const state = deviceOf(device, text, decode);
      if (state !== null) states.set(device, state);
      else log.warn("Device in the register cannot be read", { device });
    }
    const { logged } = this.#host;
    if (logged !== undefined) {
      const defaults = this.#gateway.supervisionDefault;
      for (const state of toldAgain(states, logged, defaults)) {
        states.set(state.device, state);
        // Soon, so that the log never has more to tell.
        this.#shelf.changed(state.device);
      }
    }
    for (const [device, state] of states) {
      this.#devices.set(device, this.#restored(state));
    }
  }

  /** A device as it is after the time the agent was away. [M-12] */
  #restored(state: DeviceState): Tracked {
    const awayMs = elapsedMs(state.lastHeard, this.#host.clock.instant());
    // No clock can tell how long: it counts as just heard, but before the start.
    const heardAtMs = Number.isFinite(awayMs) ? Math.min(-1, -awayMs) : -1;
    const { unregisterAfterS } = supervisionOf(
      state,
      this.#gateway.supervisionDefault,
    );
    const gone = unregisterAfterS > 0 && -heardAtMs >= unregisterAfterS * 1000;
    return {
      state: gone ? { ...state, unregistered: true } : state,
      heardAtMs,
    };
  }
}
