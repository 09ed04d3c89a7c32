/**
 * ◆ Reporting: snapshots at a period, at an event, or at each measurement.
 * [eMQTT 9]
 *
 * @module
 */
import type { DeviceEvent } from "../../device/device.ts";
import type { NewReading } from "../../reading/reading.ts";
import type { ReportTrigger, Sub } from "./machine_state.ts";
import { xValues } from "./machine_xconfig.ts";
import { advance, paddedIndices, periodOf, slotMs } from "./machine_grid.ts";
import type { Turn } from "./machine_turn.ts";
import {
  modeOf,
  numberIn,
  numbersIn,
  type Payload,
  textIn,
} from "./payload.ts";
import { msHex } from "./payload_hex.ts";

const Y_INDICES = 20;

/** Starts reporting, replacing the trigger of this subinterface. [E-188–E-196, E-205] */
export function startReporting(turn: Turn, sub: Sub, payload: Payload): void {
  const list = numbersIn(payload, "YIndices");
  const indices = (list?.length ?? 0) > Y_INDICES
    ? null
    : paddedIndices(list, Y_INDICES);
  const trigger = triggerOf(turn, payload);
  const good = trigger !== null && indices !== null && indices.length > 0 &&
    turn.mayHold("report", sub);
  if (!good) return turn.ack("startReporting", sub.id, false);
  if (sub.report?.trigger.type === "Time") turn.disarm("report", sub.id);
  turn.setSub(sub.id, { report: { trigger, indices } });
  turn.ack("startReporting", sub.id, true);
  if (trigger.type === "Time") {
    postReport(turn, sub.id, turn.timeAt(turn.at.monoMs));
    turn.arm("report", sub.id, trigger.grid);
  }
}

function triggerOf(turn: Turn, payload: Payload): ReportTrigger | null {
  const { reportDefaultMs, reportMinMs } = turn.settings;
  const type = textIn(payload, "Type")?.toLowerCase().replace(/[^a-z]/g, "");
  switch (type) {
    case "time":
      return {
        type: "Time",
        grid: turn.grid(
          periodOf(
            numberIn(payload, "SamplingRate"),
            reportDefaultMs,
            reportMinMs,
          ),
        ),
      };
    case "event": {
      const code = numberIn(payload, "Code");
      return code === undefined
        ? null
        : { type: "Event", code, mode: modeOf(textIn(payload, "Mode")) };
    }
    case "selftriggered":
      return { type: "Self-triggered" };
    default:
      return null;
  }
}

export function stopReporting(turn: Turn, sub: Sub): void {
  if (sub.report?.trigger.type === "Time") turn.disarm("report", sub.id);
  turn.setSub(sub.id, { report: null });
  turn.ack("stopReporting", sub.id, true);
}

export function reportDue(turn: Turn, sub: Sub): void {
  if (sub.report?.trigger.type !== "Time") return;
  const { trigger } = sub.report;
  const grid = advance(trigger.grid, turn.at.monoMs);
  if (grid !== null) {
    turn.setSub(sub.id, {
      report: { ...sub.report, trigger: { ...trigger, grid } },
    });
    postReport(turn, sub.id, turn.timeAt(slotMs(grid)));
  }
  turn.arm("report", sub.id, grid ?? trigger.grid);
}

/** Reports if an event is the trigger, whether it was published or not. [E-194, E-197] */
export function reportEvent(
  turn: Turn,
  id: string,
  event: Pick<DeviceEvent, "code" | "mode">,
  ms: number,
): void {
  const trigger = turn.sub(id)?.report?.trigger;
  if (trigger?.type !== "Event" || trigger.code !== event.code) return;
  if (trigger.mode !== null && trigger.mode !== event.mode) return;
  postReport(turn, id, ms);
}

/** Reports an EnergyFile, valid or not, at its instant. [E-199, M-32] */
export function reportMeasured(
  turn: Turn,
  id: string,
  measured: NewReading,
): void {
  if (turn.sub(id)?.report?.trigger.type !== "Self-triggered") return;
  postReport(turn, id, turn.timeOf(measured.received));
}

function postReport(turn: Turn, id: string, ms: number): void {
  const sub = turn.sub(id);
  if (sub === undefined || sub.report === null) return;
  turn.post("postReport", id, {
    ms: msHex(ms),
    ...xValues(turn, sub, "reporting"),
    YValues: turn.read(sub, sub.report.indices),
  });
}
