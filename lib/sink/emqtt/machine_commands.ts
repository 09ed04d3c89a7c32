/**
 * ◆ Messages of the adapter: which are heard, in which state, and who does what
 * they ask for. Everything else is ignored without a reaction. [eMQTT 2.3, 2.7]
 *
 * @module
 */
import { startEvents, stopEvents, triggerReplay } from "./machine_events.ts";
import { setXConfig } from "./machine_xconfig.ts";
import {
  abort,
  preregister,
  registerAll,
  requested,
} from "./machine_registration.ts";
import { startReplay, stopReplay } from "./machine_replay.ts";
import { startReporting, stopReporting } from "./machine_reporting.ts";
import type { PlugEvent } from "./machine_io.ts";
import type { Sub } from "./machine_state.ts";
import { getStatData, putStatData } from "./machine_static.ts";
import {
  putCyclicData,
  startCyclicData,
  startObservation,
  stopCyclicData,
  stopObservation,
} from "./machine_streams.ts";
import type { Turn } from "./machine_turn.ts";
import { parseTopic, type Payload, readPayload, textIn } from "./payload.ts";
import { type CommandName, commandRow } from "./payload_commands.ts";
import { errorCode, msOf } from "./payload_hex.ts";

/** A payload that is no object, where defaults serve as well. [E-019] */
const nothing: Payload = { values: new Map(), more: [] };

/** One message. [E-012, E-015, E-016, E-024–E-029] */
export function command(
  turn: Turn,
  event: Extract<PlugEvent, { readonly type: "message" }>,
): void {
  const topic = parseTopic(event.topic, "toPlug");
  if (topic === null || topic.uid !== turn.settings.uid) return;
  if (event.payload.length === 0) return;
  if (event.retain) {
    turn.report("warn", "Retained command ignored", { topic: event.topic });
    return;
  }
  const payload = readPayload(topic.command, "toPlug", event.payload);
  // Only commands with an acknowledge may take broken data for missing data.
  const usable = payload ?? (commandRow(topic.command).ack ? nothing : null);
  if (topic.sub === null) {
    if (usable !== null) plugCommands[topic.command]?.(turn, usable);
    return;
  }
  const sub = turn.sub(topic.sub);
  if (
    turn.state.plug !== "On" || sub === undefined ||
    sub.phase === "unregistered"
  ) return;
  if (usable !== null) subCommands[topic.command]?.(turn, sub, usable);
  requested(turn, topic.sub, topic.command);
}

type PlugCommands = Partial<
  Record<CommandName, (turn: Turn, payload: Payload) => void>
>;

const plugCommands: PlugCommands = {
  startPlug(turn) {
    turn.endSession();
    turn.set({ plug: "On" });
    turn.post("status", null, { Value: "On" });
    preregister(turn);
  },
  stopPlug(turn) {
    // regPlug goes on: only startPlug ends it. [E-070]
    turn.endProcessesOfAll();
    turn.set({ plug: "Off" });
    turn.post("status", null, { Value: "Off" });
  },
  startDevices(turn) {
    const { plug, broker, lock } = turn.state;
    if (plug !== "On") return;
    if (broker !== null && broker !== lock) {
      turn.set({ lock: broker });
      turn.effect({ type: "remember", lock: broker });
    }
    turn.set({ devicesStarted: true });
    registerAll(turn);
  },
  blink(turn, payload) {
    const value = textIn(payload, "Value")?.toLowerCase();
    const good = value === "on" || value === "off";
    if (good) {
      turn.set({ blink: value === "on" });
      turn.effect({ type: "blink", on: value === "on" });
    }
    turn.ack("blink", null, good);
  },
  dateUpdate(turn, payload) {
    const ms = msOf(textIn(payload, "ms"));
    if (ms !== null) {
      turn.set({ clock: { ms, monoMs: turn.at.monoMs } });
    }
    turn.ack("dateUpdate", null, ms !== null);
  },
  updateFirmware(turn, payload) {
    const url = textIn(payload, "URLFirmwareLocation")?.trim() ?? "";
    // A gateway's software is installed by its administrator. [E-230]
    turn.post("updateFirmware", null, {
      Status: "Fail",
      ...(url === ""
        ? {
          ErrorCode: errorCode.firmwareNotFetched,
          Message: "URLFirmwareLocation is missing",
        }
        : {
          ErrorCode: errorCode.functionNotAvailable,
          Message: "Self-update is switched off on this gateway",
        }),
    });
  },
};

type SubCommands = Partial<
  Record<CommandName, (turn: Turn, sub: Sub, payload: Payload) => void>
>;

const subCommands: SubCommands = {
  regDevice: abort,
  setXConfig,
  getStatData,
  putStatData,
  startCyclicData,
  stopCyclicData,
  putCyclicData,
  startObservation,
  stopObservation,
  startEvents,
  stopEvents,
  startReporting,
  stopReporting,
  startReplay,
  stopReplay,
  triggerReplay,
};
