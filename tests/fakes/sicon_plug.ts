/**
 * The plug's state machine with a clock that moves only when told to, and the
 * checker of the adapter listening to all it says.
 *
 * @module
 */
import { newDevice } from "../../lib/device/supervise.ts";
import type { DeviceChange, DeviceState } from "../../lib/device/device.ts";
import { stepPlug } from "../../lib/sink/emqtt/machine.ts";
import {
  type PlugState,
  powerUp,
  type Settings,
} from "../../lib/sink/emqtt/machine_state.ts";
import type { PlugEffect, PlugEvent } from "../../lib/sink/emqtt/machine_io.ts";
import type { NewReading, Receipt } from "../../lib/reading/reading.ts";
import { SiconCheck } from "./sicon_check.ts";
import { plugTopic } from "./sicon_schema.ts";

/** What a plug in memory has said. */
export interface SaidByMachine {
  readonly sub: string | null;
  readonly command: string;
  readonly text: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly atMs: number;
}

/** An event without its moment. */
type Untimed<E = PlugEvent> = E extends { readonly at: unknown } ? Omit<E, "at">
  : never;

/** 2020-05-04T05:31:00Z, about when the log of chapter 12 was taken. */
const EPOCH_MS = Date.UTC(2020, 4, 4, 5, 31);

/** A plug in memory. */
export class MachinePlug {
  readonly settings: Settings;
  readonly check: SiconCheck;
  readonly said: SaidByMachine[] = [];
  readonly effects: PlugEffect[] = [];
  state: PlugState = powerUp;
  monoMs = 1_000_000;
  /** How a step of a write ends; null: it is never told. */
  perform: (effect: Extract<PlugEffect, { type: "perform" }>) => number | null =
    () => null;
  readonly #timers = new Map<string, number>();
  readonly #states = new Map<string, DeviceState>();
  #connect = false;

  constructor(settings: Settings) {
    this.settings = settings;
    this.check = new SiconCheck({
      uid: settings.uid,
      mode: settings.registration,
    });
  }

  /** The present as events carry it. */
  get at(): Receipt {
    return {
      wallMs: EPOCH_MS + this.monoMs,
      monoMs: this.monoMs,
      bootId: "fake-boot",
      synced: true,
    };
  }

  feed(event: Untimed): void {
    const full = { ...event, at: this.at } as PlugEvent;
    const { state, effects } = stepPlug(this.state, full, this.settings);
    this.state = state;
    const ended: Untimed[] = [];
    for (const effect of effects) this.#perform(effect, ended);
    for (const next of ended) this.feed(next);
    if (this.#connect) {
      this.#connect = false;
      this.feed({ type: "connected", localAddress: "192.168.3.2" });
    }
  }

  #perform(effect: PlugEffect, ended: Untimed[]): void {
    this.effects.push(effect);
    switch (effect.type) {
      case "connect":
        this.#connect = true;
        return;
      case "publish": {
        const { topic, payload, retain } = effect;
        this.check.take({
          from: "plug",
          topic,
          payload,
          retain,
          qos: 0,
          atMs: this.monoMs,
        });
        const to = plugTopic(topic);
        if (to === null || payload === "") return;
        this.said.push({
          sub: to.sub,
          command: to.command,
          text: payload,
          payload: JSON.parse(payload),
          atMs: this.monoMs,
        });
        return;
      }
      case "arm":
        this.#timers.set(effect.key, effect.dueMs);
        return;
      case "disarm":
        this.#timers.delete(effect.key);
        return;
      case "perform":
        ended.push({
          type: "ended",
          write: effect.write,
          error: this.perform(effect),
        });
    }
  }

  /** Lets time pass; timers fire when they are due. */
  advance(ms: number): void {
    const endMs = this.monoMs + ms;
    for (let fired = 0; fired < 100_000; fired++) {
      const [next] = [...this.#timers].sort(([, a], [, b]) => a - b);
      if (next === undefined || next[1] > endMs) break;
      this.#timers.delete(next[0]);
      this.monoMs = Math.max(this.monoMs, next[1]);
      this.feed({ type: "timer", key: next[0] });
    }
    this.monoMs = endMs;
  }

  /** The adapter publishes. */
  send(topic: string, payload: string | Uint8Array, retain = false): void {
    const bytes = typeof payload === "string"
      ? new TextEncoder().encode(payload)
      : payload;
    this.check.take({
      from: "adapter",
      topic,
      payload: new TextDecoder().decode(bytes),
      retain,
      atMs: this.monoMs,
    });
    this.feed({ type: "message", topic, payload: bytes, retain });
  }

  /** The adapter sends a command. */
  command(sub: string | null, name: string, payload: object = {}): void {
    const to = sub === null ? this.settings.uid : `${this.settings.uid}_${sub}`;
    this.send(`eMQTT/${to}/adapter/${name}`, JSON.stringify(payload));
  }

  /** Sends a command and gives what comes back under its name at once. */
  ask(
    sub: string | null,
    name: string,
    payload: object = {},
  ): SaidByMachine["payload"] | undefined {
    const before = this.said.length;
    this.command(sub, name, payload);
    return this.said.slice(before).find((one) =>
      one.sub === sub && one.command === name
    )?.payload;
  }

  /** What is said while something is done. */
  during(work: () => void): SaidByMachine[] {
    const before = this.said.length;
    work();
    return this.said.slice(before);
  }

  /** Reads one index. */
  read(sub: string, index: number): unknown {
    return this.ask(sub, "getStatData", { Indices: [index] })?.[index];
  }

  /** Something happens to a device, which is known from then on. */
  device(
    id: string,
    device: string,
    change: Partial<Omit<DeviceChange, "state">> & {
      readonly state?: Partial<DeviceState>;
    } = {},
  ): void {
    const before = this.#states.get(id) ?? newDevice(device, this.at);
    const state = {
      ...before,
      ...(change.contact === false ? {} : { lastHeard: this.at }),
      ...change.state,
    };
    this.#states.set(id, state);
    this.feed({
      type: "device",
      id,
      change: {
        events: [],
        measured: null,
        contact: true,
        gone: false,
        ...change,
        state,
      },
      supervision: {
        silentAfterS: 1260,
        offlineAfterS: 3600,
        unregisterAfterS: 86_400,
      },
      queued: [],
    });
  }

  /** A valid measurement of a device. */
  measurement(device: string, valid = true): NewReading {
    return {
      device,
      file: "energy",
      fileId: 52,
      measurements: [],
      valid,
      link: null,
      received: this.at,
      data: new Uint8Array(67),
    };
  }

  /** What was said of a subinterface, all or of one command. */
  of(sub: string | null, command?: string): SaidByMachine[] {
    return this.said.filter((one) =>
      one.sub === sub && (command === undefined || one.command === command)
    );
  }
}
