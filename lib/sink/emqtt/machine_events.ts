/**
 * ◆ Events: what a subinterface tells by itself, and the order of
 * what an event causes: its postEvent, its report, its replay.
 * [eMQTT 8]
 *
 * @module
 */
import type { DeviceEvent } from "../../device/device.ts";
import { MAIN, type Sub } from "./machine_state.ts";
import type { Turn } from "./machine_turn.ts";
import { xValues } from "./machine_xconfig.ts";
import type { Payload } from "./payload.ts";
import {
  conditionsOf,
  gatewayConditions,
  USER_TRIGGER,
} from "./payload_event.ts";
import { msHex } from "./payload_hex.ts";
import { reportEvent } from "./machine_reporting.ts";
import { triggerByEvent, triggerByUser } from "./machine_replay.ts";

/** Starts events; conditions that last and were not told are told now. [E-185] */
export function startEvents(turn: Turn, sub: Sub): void {
  turn.ack("startEvents", sub.id, true);
  const pending = sub.id === MAIN
    ? gatewayConditions(turn.state.gateway)
    : sub.state === null
    ? []
    : conditionsOf(sub.state);
  const untold = pending.filter(({ code }) => !sub.posted.has(code));
  turn.setSub(sub.id, {
    events: true,
    posted: new Set([...sub.posted, ...untold.map(({ code }) => code)]),
  });
  for (const { code, type, since } of untold) {
    postEvent(turn, sub, { code, type, mode: "Appears" }, turn.timeOf(since));
  }
}

export function stopEvents(turn: Turn, sub: Sub): void {
  turn.setSub(sub.id, { events: false });
  turn.ack("stopEvents", sub.id, true);
}

type Told = Pick<DeviceEvent, "code" | "type" | "mode">;

function postEvent(turn: Turn, sub: Sub, event: Told, ms: number): void {
  turn.post("postEvent", sub.id, {
    ms: msHex(ms),
    Type: event.type,
    Mode: event.mode,
    Code: event.code,
    ...xValues(turn, sub, "events"),
  });
}

/** Something happened to a registered subinterface. */
export function happened(turn: Turn, id: string, event: DeviceEvent): void {
  const sub = turn.sub(id);
  if (sub === undefined) return;
  const ms = turn.timeOf(event.at);
  if (mayPost(turn, sub, event)) postEvent(turn, sub, event, ms);
  reportEvent(turn, id, event, ms);
  triggerByEvent(turn, id, event, msHex(ms));
}

/** Whether an event is published, keeping count of what was told. [E-184] */
function mayPost(turn: Turn, sub: Sub, event: DeviceEvent): boolean {
  const { code, mode } = event;
  const posted = new Set(sub.posted);
  switch (mode) {
    case "Singleshot":
      return sub.events;
    case "Appears":
      if (!sub.events || posted.has(code)) return false;
      turn.setSub(sub.id, { posted: posted.add(code) });
      return true;
    case "Disappears": {
      const told = posted.delete(code);
      turn.setSub(sub.id, { posted });
      return told && sub.events;
    }
  }
}

/** The user's trigger: its event is sent even if events are not started. [E-215, E-216] */
export function triggerReplay(turn: Turn, sub: Sub, payload: Payload): void {
  const label = payload.values.get("Label");
  const ms = turn.timeAt(turn.at.monoMs);
  const event = {
    code: USER_TRIGGER,
    type: "Notification",
    mode: "Singleshot",
  } as const;
  postEvent(turn, sub, event, ms);
  reportEvent(turn, sub.id, event, ms);
  triggerByUser(
    turn,
    sub.id,
    msHex(ms),
    typeof label === "string" ? label : "",
  );
}
