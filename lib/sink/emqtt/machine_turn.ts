/**
 * ◆ One turn of the machine: a draft of the next state and the effects so far,
 * with what all processes need: time, topics, acknowledges, reading indices.
 *
 * @module
 */
import type { DeviceState } from "../../device/device.ts";
import type { PlugEffect } from "./machine_io.ts";
import type { Receipt } from "../../reading/reading.ts";
import {
  type Grid,
  MAIN,
  type Moment,
  noProcesses,
  type PlugState,
  type Settings,
  type Sub,
} from "./machine_state.ts";
import { due } from "./machine_grid.ts";
import { buildTopic } from "./payload.ts";
import { type More, writePayload } from "./payload_write.ts";
import {
  type Channel,
  type CommandName,
  commandRow,
} from "./payload_commands.ts";
import type { Datum } from "./payload_hex.ts";
import { readIndex, type View } from "./payload_index.ts";

/** Processes that have a timer, as the first part of its key. */
export type TimerName = "cyclic" | "observation" | "report" | "replay";

const timerNames: readonly TimerName[] = [
  "cyclic",
  "observation",
  "report",
  "replay",
];

/** Timer of regPlug. */
export const REG_PLUG = "regPlug";
/** Timer of the registration that runs. */
export const REGISTRATION = "registration";

/** The state of every machine is a value; within one turn it is a draft. */
export class Turn {
  readonly effects: PlugEffect[] = [];
  state: PlugState;
  readonly settings: Settings;
  readonly at: Moment;
  #subs: Map<string, Sub> | null = null;

  constructor(state: PlugState, settings: Settings, at: Moment) {
    this.state = state;
    this.settings = settings;
    this.at = at;
  }

  /** Changes parts of the state. */
  set(part: Partial<PlugState>): void {
    this.state = { ...this.state, ...part };
  }

  sub(id: string): Sub | undefined {
    return this.state.subs.get(id);
  }

  /** Changes parts of a subinterface. */
  setSub(id: string, part: Partial<Sub>): void {
    const before = this.sub(id);
    if (before !== undefined) this.addSub({ ...before, ...part });
  }

  addSub(sub: Sub): void {
    if (this.#subs === null) {
      this.#subs = new Map(this.state.subs);
      this.set({ subs: this.#subs });
    }
    this.#subs.set(sub.id, sub);
  }

  effect(effect: PlugEffect): void {
    this.effects.push(effect);
  }

  report(
    level: "info" | "warn" | "debug",
    message: string,
    fields: Readonly<Record<string, unknown>> = {},
  ): void {
    this.effect({ type: "report", level, message, fields });
  }

  /** Publishes to the adapter. */
  post(
    command: CommandName,
    sub: string | null,
    values: Readonly<Record<string, unknown>>,
    more?: More,
  ): void {
    this.effect({
      type: "publish",
      topic: buildTopic("toAdapter", this.settings.uid, sub, command),
      payload: writePayload(command, "toAdapter", values, more),
      retain: false,
    });
  }

  /** Acknowledges a command; counts stand where channels are counted. [E-051] */
  ack(command: CommandName, sub: string | null, good: boolean): void {
    const { channel } = commandRow(command);
    this.post(command, sub, {
      Value: good ? "Ack" : this.settings.nakLiteral,
      ...(channel === undefined ? {} : {
        Active: this.active(channel),
        Max: this.settings.max[channel],
      }),
    });
  }

  /** Subinterfaces that hold a channel, over the whole plug. */
  active(channel: Channel): number {
    let count = 0;
    for (const sub of this.state.subs.values()) {
      if (sub[channel] !== null) count++;
    }
    return count;
  }

  /** Whether a subinterface may have a channel: its own, or a free one. [E-052] */
  mayHold(channel: Channel, sub: Sub): boolean {
    return sub[channel] !== null ||
      this.active(channel) < this.settings.max[channel];
  }

  /** SICON's time of a moment on the clock that never steps, ms. [E-037, E-100] */
  timeAt(monoMs: number): number {
    const { clock } = this.state;
    if (clock !== null) return clock.ms + monoMs - clock.monoMs;
    return this.settings.noRtc
      ? monoMs
      : this.at.wallMs + monoMs - this.at.monoMs;
  }

  /** SICON's time of a receipt, of this boot or of another. [E-039] */
  timeOf(receipt: Receipt): number {
    return this.timeAt(
      receipt.bootId === this.at.bootId
        ? receipt.monoMs
        : this.at.monoMs - (this.at.wallMs - receipt.wallMs),
    );
  }

  view(sub: Sub): View {
    return {
      at: this.at,
      sub,
      gateway: this.state.gateway,
      nodes: () => nodesOf(this.state),
      reconnects: Math.max(
        0,
        this.state.connections - this.state.connectionsBase - 1,
      ),
      timeOf: (receipt) => this.timeOf(receipt),
    };
  }

  /** Values of indices, all of the same moment. [E-204] */
  read(sub: Sub, indices: readonly number[]): Datum[] {
    const { rows } = this.settings.profile(sub.device);
    const view = this.view(sub);
    return indices.map((index) => readIndex(rows, index, view));
  }

  arm(name: TimerName, sub: string, grid: Grid): void {
    this.effect({ type: "arm", key: `${name}/${sub}`, sub, dueMs: due(grid) });
  }

  disarm(name: TimerName, sub: string): void {
    this.effect({ type: "disarm", key: `${name}/${sub}` });
  }

  /** A grid that begins now. */
  grid(periodMs: number): Grid {
    return { startMs: this.at.monoMs, periodMs, slot: 0 };
  }

  /** Ends all processes of a subinterface; its channels are free. [E-124] */
  endProcesses(id: string): void {
    const sub = this.sub(id);
    if (sub === undefined) return;
    for (const name of timerNames) {
      const timed = name === "report"
        ? sub.report?.trigger.type === "Time"
        : sub[name] !== null;
      if (timed) this.disarm(name, id);
    }
    this.setSub(id, noProcesses);
  }

  /** Nothing is registered any more, nothing runs. [E-083] */
  endProcessesOfAll(): void {
    for (const id of [...this.state.subs.keys()]) {
      this.endProcesses(id);
      this.setSub(id, { phase: "unregistered", cause: null });
    }
    this.effect({ type: "disarm", key: REGISTRATION });
    this.set({
      devicesStarted: false,
      registration: { waiting: [], current: null },
      writes: new Map(),
    });
  }

  /** As {@link endProcessesOfAll}; regPlug ends too. */
  endSession(): void {
    this.endProcessesOfAll();
    if (this.state.regPlug !== null) {
      this.effect({ type: "disarm", key: REG_PLUG });
    }
    this.set({ regPlug: null });
  }

  armRegPlug(grid: Grid): void {
    this.effect({ type: "arm", key: REG_PLUG, sub: null, dueMs: due(grid) });
  }

  connect(broker: string): void {
    this.set({ broker, phase: "connecting" });
    this.effect({ type: "connect", broker });
  }

  /** Ends the connection, if any; effects before it are still performed. */
  disconnect(): void {
    if (this.state.phase === "idle") return;
    this.endSession();
    this.stopBlinking();
    this.set({ phase: "idle", plug: "Disconnected", broker: null });
    this.effect({ type: "disconnect" });
  }

  /** A new session with the same broker. [mapping §9, 128] */
  restart(): void {
    const { broker } = this.state;
    this.disconnect();
    if (broker !== null) this.connect(broker);
  }

  /** Forgets the broker; onSite it waits for a trigger again. [E-093, E-094] */
  factoryReset(): void {
    this.set({ lock: null });
    this.effect({ type: "remember", lock: null });
    if (this.settings.registration === "onCloud") this.restart();
    else this.disconnect();
  }

  /** [E-103] */
  stopBlinking(): void {
    if (this.state.blink) this.effect({ type: "blink", on: false });
    this.set({ blink: false });
  }
}

/** Every node of a state, whether registered or not. */
export function nodesOf(state: PlugState): readonly DeviceState[] {
  return [...state.subs.values()].flatMap((sub) =>
    sub.id === MAIN || sub.state === null ? [] : [sub.state]
  );
}
