/**
 * Listens to every device to learn how often it reports, and how long it has
 * been silent while the modem was there to hear it.
 *
 * @module
 */
import type {
  DeviceChange,
  DeviceState,
  EnergyConfig,
} from "../device/device.ts";
import {
  type Cadence,
  CADENCE_REPORTS,
  cadenceS,
  joined,
  NO_CADENCE,
  reported,
} from "../device/cadence.ts";
import type { Receipt } from "../reading/reading.ts";
import type { Parts } from "./parts.ts";
import type { DeviceFacts } from "./snapshot.ts";
import { read } from "./trouble.ts";

/** First look at what the store knows of the devices, after the start, ms: the first readings go first. */
const LOOK_BACK_MS = 500;
/** How long a look may take, and the pause before the next one, ms. */
const LOOK_MS = 5;
const PAUSE_MS = 20;
/** A device that takes longer is the last one: the log is of an older layout and has to be searched for each, ms. */
const SLOW_MS = 50;
/** Readings looked at of each device: other files stand between its reports. */
const READINGS = 2 * CADENCE_REPORTS;

/** What is noted of one device. */
interface Noted {
  cadence: Cadence;
  /** What it was told to do when the cadence was learned. */
  config: EnergyConfig | null;
  /** The last receipt noted, and how long the modem had been lost until then, ms. */
  heard: Receipt;
  lostMs: number;
  /** Heard in this run of the agent. */
  live: boolean;
}

/** Listens as long as it is not disposed. */
export class Rhythm implements Disposable {
  readonly #parts: Parts;
  readonly #start: Receipt;
  readonly #noted = new Map<string, Noted>();
  readonly #watching: Disposable;
  /** Time that the modem was lost before the present loss, ms. */
  #lostMs = 0;
  /** Since when it is lost, monotonic. */
  #lostSinceMs: number | null = null;
  /** Devices to be looked up in the store. */
  readonly #unread: string[];
  #disarm: () => void;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#start = parts.clock.instant();
    for (const state of parts.devices.list()) {
      this.#noted.set(state.device, newlyNoted(state));
    }
    this.#watching = parts.devices.watch((change) => this.#changed(change));
    this.#unread = [...this.#noted.keys()];
    this.#disarm = this.#unread.length === 0
      ? () => {}
      : parts.clock.after(LOOK_BACK_MS, () => this.#lookBack());
  }

  /** Every device known, in no particular order. */
  devices(): readonly DeviceFacts[] {
    const { config, devices, downlinks, store } = this.#parts;
    const now = this.#parts.clock.instant();
    const queued = Map.groupBy(downlinks.queued(), ({ device }) => device);
    const defaults = devices.gateway().supervisionDefault;
    const known = devices.list().map((state): DeviceFacts => {
      const { device, lastHeard } = state;
      const noted = this.#noted.get(device);
      const learnedS = noted === undefined ? null : cadenceS(noted.cadence);
      return {
        device,
        name: config.devices[device]?.name ?? null,
        ignored: false,
        state,
        firstHeardMs: state.firstHeard.wallMs,
        lastHeardMs: lastHeard.wallMs,
        lastHeardS: agoS(lastHeard, now),
        link: state.link,
        learnedS,
        silentForS: this.#silentForS(noted, learnedS, now),
        limits: devices.supervisionOf(device),
        limitsSet: state.supervision !== null || defaults !== null,
        queued: queued.get(device) ?? [],
      };
    });
    // The model does not follow them; the register knows that they were heard.
    const ignored = Object.entries(config.devices)
      .filter(([, { ignore }]) => ignore)
      .flatMap(([device, { name }]): DeviceFacts[] => {
        const entry = store.devices.get(device);
        if (entry === undefined) return [];
        return [{
          device,
          name: name ?? null,
          ignored: true,
          state: null,
          firstHeardMs: entry.firstSeenMs,
          lastHeardMs: entry.lastSeenMs,
          lastHeardS: Math.max(0, (now.wallMs - entry.lastSeenMs) / 1000),
          link: entry.link,
          learnedS: null,
          silentForS: 0,
          limits: devices.supervisionOf(device),
          limitsSet: false,
          queued: [],
        }];
      });
    return [...known, ...ignored];
  }

  [Symbol.dispose](): void {
    this.#disarm();
    this.#watching[Symbol.dispose]();
  }

  #changed({ state, measured, gone }: DeviceChange): void {
    if (state === null) return this.#lookAtModem();
    const { device, lastHeard, energyConfig } = state;
    if (gone && !state.unregistered) return void this.#noted.delete(device);
    const noted = this.#noted.get(device) ?? newlyNoted(state);
    this.#noted.set(device, noted);
    if (!sameInterval(noted.config, energyConfig)) {
      // What was learned is of another interval: it would raise an alarm.
      if (noted.config !== null) noted.cadence = NO_CADENCE;
      noted.config = energyConfig;
    }
    if (measured !== null) {
      noted.cadence = reported(noted.cadence, measured.received);
    }
    if (!isBefore(lastHeard, this.#start) && !isSame(noted, lastHeard)) {
      noted.heard = lastHeard;
      noted.lostMs = this.#lostUntil(lastHeard.monoMs);
      noted.live = true;
    }
  }

  #lookAtModem(): void {
    const { modemLost } = this.#parts.devices.gateway();
    if (modemLost !== null) {
      this.#lostSinceMs ??= modemLost.monoMs;
    } else if (this.#lostSinceMs !== null) {
      this.#lostMs = this.#lostUntil(this.#parts.clock.monoMs());
      this.#lostSinceMs = null;
    }
  }

  #lostUntil(monoMs: number): number {
    return this.#lostMs +
      (this.#lostSinceMs === null
        ? 0
        : Math.max(0, monoMs - this.#lostSinceMs));
  }

  /** As the device model counts: time without a modem is nobody's silence, and a restart grants one cadence. [M-12, M-38] */
  #silentForS(
    noted: Noted | undefined,
    learnedS: number | null,
    now: Receipt,
  ): number {
    if (noted === undefined) return 0;
    const lostMs = this.#lostUntil(now.monoMs);
    if (noted.live) {
      return (now.monoMs - noted.heard.monoMs - (lostMs - noted.lostMs)) / 1000;
    }
    const listenedS = (now.monoMs - this.#start.monoMs - lostMs) / 1000;
    if (listenedS < (learnedS ?? 0)) return 0;
    return listenedS + agoS(noted.heard, this.#start);
  }

  /** Learns from the readings on disk, a few devices at a time: readings come in between. */
  #lookBack(): void {
    const { clock } = this.#parts;
    const beganMs = clock.monoMs();
    for (;;) {
      const device = this.#unread.pop();
      if (device === undefined) return;
      const lookedMs = clock.monoMs();
      this.#lookAt(device);
      const nowMs = clock.monoMs();
      if (nowMs - lookedMs > SLOW_MS) return;
      if (nowMs - beganMs >= LOOK_MS) break;
    }
    this.#disarm = clock.after(PAUSE_MS, () => this.#lookBack());
  }

  #lookAt(device: string): void {
    const noted = this.#noted.get(device);
    if (noted === undefined) return;
    const query = { device, limit: READINGS };
    // What cannot be read is learned anew from the next reports.
    const found = read(() => this.#parts.store.recent(query), []);
    // Behind a change of its configuration stands another cadence.
    const told = found.findIndex(({ file }) => file === "energy_config");
    const past = found.slice(0, told < 0 ? found.length : told)
      .filter(({ file, received }) =>
        file === "energy" && isBefore(received, this.#start)
      )
      .slice(0, CADENCE_REPORTS)
      .map(({ received }) => received)
      .reverse();
    noted.cadence = joined(past, noted.cadence);
  }
}

function newlyNoted({ lastHeard, energyConfig }: DeviceState): Noted {
  return {
    cadence: NO_CADENCE,
    config: energyConfig,
    heard: lastHeard,
    lostMs: 0,
    live: false,
  };
}

function sameInterval(a: EnergyConfig | null, b: EnergyConfig | null): boolean {
  return a?.interval === b?.interval && a?.enabled === b?.enabled;
}

/** Whether it was noted already; its wall time may have been put right since. */
function isSame({ live, heard }: Noted, received: Receipt): boolean {
  return live && heard.monoMs === received.monoMs;
}

/** Whether a receipt is of the time before the start: what came since was heard here already. */
function isBefore(received: Receipt, start: Receipt): boolean {
  return received.bootId !== start.bootId || received.monoMs < start.monoMs;
}

/** Seconds since a receipt; by the wall clock where it was another boot. */
function agoS(received: Receipt, now: Receipt): number {
  const ms = received.bootId === now.bootId
    ? now.monoMs - received.monoMs
    : now.wallMs - received.wallMs;
  return Math.max(0, ms / 1000);
}
