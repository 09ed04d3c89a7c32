/**
 * The ePlug's machine under a test's control: time moves when told to, timers
 * fire in order, every message it publishes is kept and checked.
 *
 * @module
 */
import { newDevice as unheard } from "../../../lib/device/supervise.ts";
import assert from "node:assert/strict";
import type {
  DeviceChange,
  DeviceEvent,
  DeviceState,
  GatewayState,
  Supervision,
} from "../../../lib/device/device.ts";
import type { QueuedWrite } from "../../../lib/downlink/downlink.ts";
import type { NewReading, Receipt } from "../../../lib/reading/reading.ts";
import { emqttConfig } from "../../../lib/sink/emqtt/config.ts";
import { settingsOf } from "../../../lib/sink/emqtt/emqtt.ts";
import { stepPlug } from "../../../lib/sink/emqtt/machine.ts";
import type {
  PlugEffect,
  PlugEvent,
} from "../../../lib/sink/emqtt/machine_io.ts";
import {
  type Moment,
  type PlugState,
  powerUp,
  type Settings,
} from "../../../lib/sink/emqtt/machine_state.ts";
import { parseTopic, readPayload } from "../../../lib/sink/emqtt/payload.ts";

/** UID of the plug in the log of chapter 12. */
export const UID = "00301133E40F";
/** Two nodes of mapping §2 and their ids. */
export const NODE_A = "C84C49532000000F";
export const A = "duxzb53xcz";
export const NODE_B = "326636300039004C";
export const B = "d4feggqvsg";

/** A published message, without its common part. */
export interface Said {
  /** `status`, or `main/regDevice` with a subinterface. */
  readonly what: string;
  readonly text: string;
  readonly payload: Record<string, unknown>;
  readonly monoMs: number;
}

const START_MS = 1_000_000;
const WALL_MS = Date.UTC(2026, 0, 1, 12);

/** Settings of a test. */
export function settings(more: Record<string, unknown> = {}): Settings {
  const config = emqttConfig.parse({
    type: "emqtt",
    registration: "onCloud",
    ...(more["registration"] === "onSite" ? {} : { broker: "mqtt://broker" }),
    username: "u",
    password: "p",
    vendor_id: 200_999,
    ...more,
  });
  return settingsOf(config, UID, "1.2.3");
}

const gatewayState: GatewayState = {
  modemUid: "0102030405060708",
  modemLost: null,
  framesReceived: 5,
  framesRejected: 0,
  framesForeign: 0,
  lastFrame: null,
  uptimeS: 100,
  downlinksDone: 0,
  downlinksFailed: 0,
  bufferHigh: null,
  supervisionDefault: null,
  tag: "***",
};

const supervision: Supervision = {
  silentAfterS: 1260,
  offlineAfterS: 3600,
  unregisterAfterS: 86_400,
};

type Untimed<E = PlugEvent> = E extends PlugEvent ? Omit<E, "at"> : never;

/** What the shell would do at a step of a write: the error, or null. */
export type Perform = (
  effect: Extract<PlugEffect, { type: "perform" }>,
) => number | null | "later";

/** A machine that is running on fake time. */
export class Rig {
  state: PlugState = powerUp;
  readonly settings: Settings;
  readonly effects: PlugEffect[] = [];
  said: Said[] = [];
  monoMs = START_MS;
  wallMs = WALL_MS;
  gateway = gatewayState;
  readonly devices = new Map<string, DeviceState>();
  queued: readonly QueuedWrite[] = [];
  perform: Perform = () => null;
  readonly #timers = new Map<string, number>();

  constructor(more: Settings | Record<string, unknown> = {}) {
    this.settings = "profile" in more
      ? more as Settings
      : settings(more as Record<string, unknown>);
    this.feed({ type: "gateway", gateway: this.gateway, events: [] });
  }

  get at(): Moment {
    return { wallMs: this.wallMs, monoMs: this.monoMs, bootId: "boot" };
  }

  feed(event: Untimed): void {
    const queue: PlugEvent[] = [{ ...event, at: this.at } as PlugEvent];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const stepped = stepPlug(this.state, next, this.settings);
      this.state = stepped.state;
      for (const effect of stepped.effects) {
        this.effects.push(effect);
        if (effect.type === "arm") this.#timers.set(effect.key, effect.dueMs);
        else if (effect.type === "disarm") this.#timers.delete(effect.key);
        else if (effect.type === "publish") this.#heard(effect);
        else if (effect.type === "perform") {
          const error = this.perform(effect);
          if (error === "later") continue;
          queue.push({
            type: "ended",
            write: effect.write,
            error,
            at: this.at,
          });
        }
      }
    }
  }

  #heard(effect: Extract<PlugEffect, { type: "publish" }>): void {
    const topic = parseTopic(effect.topic, "toAdapter");
    assert(topic !== null, effect.topic);
    assert.equal(topic.uid, UID);
    const what = topic.sub === null
      ? topic.command
      : `${topic.sub}/${topic.command}`;
    if (effect.payload === "") {
      this.said.push({ what, text: "", payload: {}, monoMs: this.monoMs });
      return;
    }
    const bytes = new TextEncoder().encode(effect.payload);
    assert(readPayload(topic.command, "toAdapter", bytes) !== null);
    this.said.push({
      what,
      text: effect.payload,
      payload: JSON.parse(effect.payload),
      monoMs: this.monoMs,
    });
  }

  /** What was said since last asked. */
  take(): Said[] {
    const said = this.said;
    this.said = [];
    return said;
  }

  /** As {@link take}, topics and payload texts only. */
  lines(): string[] {
    return this.take().map(({ what, text }) => `${what} ${text}`);
  }

  /** As {@link take}, topics only. */
  topics(): string[] {
    return this.take().map(({ what }) => what);
  }

  /** A message of the adapter. */
  send(place: string, payload: unknown = {}, retain = false): void {
    const [sub, command] = place.includes("/")
      ? place.split("/")
      : [null, place];
    const plug = sub === null ? UID : `${UID}_${sub}`;
    this.sendRaw(
      `eMQTT/${plug}/adapter/${command}`,
      typeof payload === "string" ? payload : JSON.stringify(payload),
      retain,
    );
  }

  sendRaw(topic: string, payload: string | Uint8Array, retain = false): void {
    this.feed({
      type: "message",
      topic,
      payload: typeof payload === "string"
        ? new TextEncoder().encode(payload)
        : payload,
      retain,
    });
  }

  /** Sends, and gives what was said in answer. */
  ask(place: string, payload: unknown = {}): string[] {
    this.take();
    this.send(place, payload);
    return this.lines();
  }

  armed(): string[] {
    return [...this.#timers.keys()];
  }

  /** Moves on, firing timers in order. */
  advance(ms: number): void {
    const untilMs = this.monoMs + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(([, due]) => due <= untilMs)
        .sort(([, a], [, b]) => a - b);
      if (next === undefined) break;
      const [key, due] = next;
      this.#timers.delete(key);
      this.#move(Math.max(this.monoMs, due));
      this.feed({ type: "timer", key });
    }
    this.#move(untilMs);
  }

  /** The process stood still: due timers fire late, all at once. */
  suspend(ms: number): void {
    this.#move(this.monoMs + ms);
  }

  #move(monoMs: number): void {
    this.wallMs += monoMs - this.monoMs;
    this.monoMs = monoMs;
  }

  receipt(agoMs = 0): Receipt {
    return {
      wallMs: this.wallMs - agoMs,
      monoMs: this.monoMs - agoMs,
      bootId: "boot",
      synced: true,
    };
  }

  /** A device changes; `part` is laid over what is known of it. */
  device(
    id: string,
    device: string,
    part: Partial<DeviceState> = {},
    change: Partial<DeviceChange> = {},
  ): void {
    const state: DeviceState = {
      ...(this.devices.get(device) ?? newDevice(device, this.receipt())),
      ...part,
    };
    this.devices.set(device, state);
    this.feed({
      type: "device",
      id,
      change: {
        events: [],
        measured: null,
        contact: false,
        gone: false,
        ...change,
        state,
      },
      supervision: state.supervision ?? supervision,
      queued: this.queued.filter((write) => write.device === device),
    });
  }

  /** A node is heard: an EnergyFile by default. */
  hear(
    id: string,
    device: string,
    reading: NewReading | null = energy(this.receipt()),
    part: Partial<DeviceState> = {},
    events: readonly DeviceEvent[] = [],
  ): void {
    const before = this.devices.get(device);
    this.device(id, device, {
      lastHeard: this.receipt(),
      ...(reading?.file === "energy"
        ? {
          energy: reading,
          ...(reading.valid ? { held: reading } : {}),
          measurementCounter: (before?.measurementCounter ?? 0) + 1,
        }
        : {}),
      ...(reading?.file === "button" ? { button: reading } : {}),
      ...part,
    }, {
      contact: true,
      events,
      measured: reading?.file === "energy" ? reading : null,
    });
  }

  event(
    device: string | null,
    code: number,
    mode: DeviceEvent["mode"] = "Singleshot",
    type: DeviceEvent["type"] = "Notification",
  ): DeviceEvent {
    return { device, code, mode, type, at: this.receipt() };
  }

  main(part: Partial<GatewayState>, events: readonly DeviceEvent[] = []): void {
    this.gateway = { ...this.gateway, ...part };
    this.feed({ type: "gateway", gateway: this.gateway, events });
  }

  start(lock: string | null = null): this {
    this.feed({ type: "start", lock });
    return this;
  }

  connect(): this {
    this.feed({ type: "connected", localAddress: "192.168.0.7" });
    return this;
  }

  /** Off → On, everything registered. */
  on(): this {
    this.start().connect();
    this.send("startPlug");
    this.send("startDevices");
    for (let turn = 0; turn < 5; turn++) this.advance(10_000);
    this.take();
    return this;
  }

  trigger(body: string): string | null {
    this.feed({ type: "trigger", request: 1, body });
    const answer = this.effects.findLast((effect) => effect.type === "answer");
    assert(answer?.type === "answer");
    return answer.refusal;
  }
}

/** A device that was heard once and told nothing. */
export function newDevice(device: string, heard: Receipt): DeviceState {
  return {
    ...unheard(device, heard),
    link: {
      rxLevelDbm: -73,
      linkBudgetDb: 87,
      band: "868",
      channelIndex: 0,
      fifoToken: 1,
      seqNr: 1,
      secured: true,
    },
  };
}

/** The EnergyFile of mapping §5. */
export function energy(
  received: Receipt,
  some: { readonly valid?: boolean; readonly active1?: bigint } = {},
): NewReading {
  const value = (name: string, value: bigint | number) =>
    ({ name, quantity: "voltage", unit: null, value }) as const;
  return {
    device: NODE_A,
    file: "energy",
    fileId: 52,
    measurements: [
      value("apparent_energy_1", 1234567n),
      value("apparent_energy_2", 2345678n),
      value("apparent_energy_3", 3456789n),
      value("active_energy_1", some.active1 ?? 1200000n),
      value("active_energy_2", 2300000n),
      value("active_energy_3", 3400000n),
      value("current_1", 1234),
      value("current_2", -1),
      value("current_3", 0),
      value("voltage_1", 230),
      value("voltage_2", 231),
      value("voltage_3", 229),
    ],
    valid: some.valid ?? true,
    link: null,
    received,
    data: new Uint8Array(67),
  };
}

/** A ButtonFile. */
export function button(received: Receipt, id = 0, pressed = true): NewReading {
  const value = (name: string, value: number | boolean) =>
    ({ name, quantity: "button", unit: null, value }) as const;
  return {
    device: NODE_A,
    file: "button",
    fileId: 51,
    measurements: [
      value("button_id", id),
      value("mask", pressed),
      value("buttons_state", pressed ? 1 << id : 0),
    ],
    valid: true,
    link: null,
    received,
    data: new Uint8Array(3),
  };
}
