/**
 * ◆ The ePlug as a state machine: connection, Off and On, and where each event
 * goes. Processes of subinterfaces are files beside it, `machine_*.ts`. Time
 * comes in events; timers and messages leave as effects.
 *
 * ```
 *  Disconnected ──connected──▶ Off ──startPlug──▶ On, main pre-registered ──startDevices──▶ On
 *       ▲                       ▲                        │                                  │
 *       └── connection lost ────┴────────── stopPlug ────┴──────────────────────────────────┘
 * ```
 *
 * @module
 */
import type { Stepped } from "../../machine.ts";
import type { PlugEffect, PlugEvent } from "./machine_io.ts";
import { command } from "./machine_commands.ts";
import { happened } from "./machine_events.ts";
import { reportDue, reportMeasured } from "./machine_reporting.ts";
import {
  registerHeard,
  registrationDue,
  unregister,
} from "./machine_registration.ts";
import { replayDue } from "./machine_replay.ts";
import {
  MAIN,
  newSub,
  type PlugState,
  type Settings,
} from "./machine_state.ts";
import { stepEnded } from "./machine_static.ts";
import { cyclicDue, observationDue } from "./machine_streams.ts";
import { advance } from "./machine_grid.ts";
import { REG_PLUG, REGISTRATION, Turn } from "./machine_turn.ts";
import { buildTopic, topicFilter } from "./payload.ts";
import { writePayload } from "./payload_write.ts";
import { brokerOf } from "./payload_trigger.ts";

/** Period of regPlug, ms. [E-070] */
const REG_PLUG_MS = 5000;

/** One event of the ePlug. */
export function stepPlug(
  state: PlugState,
  event: PlugEvent,
  settings: Settings,
): Stepped<PlugState, PlugEffect> {
  if (state.phase === "stopped") return { state, effects: [] };
  const turn = new Turn(state, settings, event.at);
  handle(turn, event);
  return { state: turn.state, effects: turn.effects };
}

/** Topic and payload of the will of an onCloud connection, and of its graceful copy. [E-066, E-067] */
export function willOf(
  uid: string,
): { readonly topic: string; readonly payload: string } {
  return {
    topic: buildTopic("toAdapter", uid, null, "status"),
    payload: writePayload("status", "toAdapter", { Value: "Disconnected" }),
  };
}

/** Filter to be subscribed before `connected` is told. */
export function plugFilter(uid: string): string {
  return topicFilter(uid, null);
}

function handle(turn: Turn, event: PlugEvent): void {
  const { settings } = turn;
  switch (event.type) {
    case "start":
      return start(turn, event.lock);
    case "connected":
      return connected(turn, event.localAddress);
    case "disconnected":
      return disconnected(turn);
    case "message":
      if (turn.state.phase === "connected") command(turn, event);
      return;
    case "device":
      return device(turn, event);
    case "gateway":
      turn.set({ gateway: event.gateway });
      if (turn.sub(MAIN)?.phase === "unregistered") return;
      for (const one of event.events) happened(turn, MAIN, one);
      return;
    case "timer":
      return timer(turn, event.key);
    case "trigger": {
      const refusal = trigger(turn, event.body);
      return turn.effect({
        type: "answer",
        request: event.request,
        refusal,
      });
    }
    case "ended":
      return stepEnded(turn, event.write, event.error);
    case "reset":
      return turn.factoryReset();
    case "stop":
      if (turn.state.phase === "connected") {
        turn.endSession();
        // A DISCONNECT suppresses the will. [E-067]
        if (settings.registration === "onCloud") {
          turn.effect({
            type: "publish",
            ...willOf(settings.uid),
            retain: true,
          });
        }
      }
      turn.stopBlinking();
      turn.effect({ type: "disconnect" });
      turn.set({ phase: "stopped", plug: "Disconnected" });
  }
}

function start(turn: Turn, lock: string | null): void {
  const { registration, autoConnect, broker } = turn.settings;
  turn.set({ lock });
  if (registration === "onCloud" && broker !== null) turn.connect(broker);
  else if (autoConnect && lock !== null) turn.connect(lock);
}

function connected(turn: Turn, localAddress: string): void {
  const { settings } = turn;
  // Nothing outlives the connection it was started on. [E-085]
  turn.endSession();
  turn.set({
    phase: "connected",
    plug: "Off",
    localAddress,
    connections: turn.state.connections + 1,
    subscribed: new Set(),
  });
  if (settings.registration === "onCloud" && settings.clearRetainedWill) {
    turn.effect({
      type: "publish",
      topic: willOf(settings.uid).topic,
      payload: "",
      retain: true,
    });
  }
  turn.post("status", null, { Value: "Off" });
  if (settings.registration !== "onCloud") return;
  const grid = turn.grid(REG_PLUG_MS);
  turn.set({ regPlug: grid });
  regPlug(turn);
  turn.armRegPlug(grid);
}

function regPlug(turn: Turn): void {
  turn.post("regPlug", null, {
    Address: turn.state.localAddress,
    ProductName: "SICON.PLUG",
  });
}

/** Everything ends; the connection heals by itself. [E-085] */
function disconnected(turn: Turn): void {
  turn.endSession();
  turn.stopBlinking();
  turn.set({
    plug: "Disconnected",
    phase: turn.state.broker === null ? "idle" : "connecting",
  });
}

function device(
  turn: Turn,
  event: Extract<PlugEvent, { readonly type: "device" }>,
): void {
  const { id, change: { state, events, measured, contact, gone } } = event;
  const before = turn.sub(id) ?? newSub(id, state.device);
  const absent = gone || state.unregistered || (before.absent && !contact);
  turn.addSub({
    ...before,
    state,
    supervision: event.supervision,
    queued: event.queued,
    // Until `unregister` has said good-bye.
    absent: before.absent && absent,
  });
  if (absent) {
    if (!before.absent) unregister(turn, id);
    return;
  }
  const sub = turn.sub(id);
  if (sub === undefined) return;
  registerHeard(turn, sub);
  if (turn.sub(id)?.phase === "unregistered") return;
  for (const one of events) happened(turn, id, one);
  if (measured !== null) reportMeasured(turn, id, measured);
}

function timer(turn: Turn, key: string): void {
  if (key === REGISTRATION) return registrationDue(turn);
  if (key === REG_PLUG) {
    const { regPlug: before } = turn.state;
    if (before === null) return;
    const grid = advance(before, turn.at.monoMs);
    if (grid !== null) {
      turn.set({ regPlug: grid });
      regPlug(turn);
    }
    return turn.armRegPlug(grid ?? before);
  }
  const [name, id = ""] = key.split("/");
  const sub = turn.sub(id);
  if (sub === undefined) return;
  switch (name) {
    case "cyclic":
      return cyclicDue(turn, sub);
    case "observation":
      return observationDue(turn, sub);
    case "report":
      return reportDue(turn, sub);
    case "replay":
      return replayDue(turn, sub);
  }
}

/** The trigger of an onSite registration; says why it is refused. [E-058–E-063, E-090, E-092] */
function trigger(turn: Turn, body: string): string | null {
  if (turn.settings.registration === "onCloud") {
    return "This plug is registered onCloud: its broker is configured";
  }
  const asked = brokerOf(body);
  if ("refusal" in asked) return asked.refusal;
  const { lock } = turn.state;
  if (lock !== null && lock !== asked.broker) {
    return `This plug is locked to ${
      lock.replace("mqtt://", "")
    }: a factory reset unlocks it`;
  }
  turn.report("info", "Broker set over HTTP", { broker: asked.broker });
  turn.disconnect();
  turn.connect(asked.broker);
  return null;
}
