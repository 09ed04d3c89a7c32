/**
 * What came down the line, as people and programs see it: the live view of the
 * page, `monitor` and `monitor --json`.
 *
 * @module
 */
import { type Command, decodeCommand, describeCommand } from "../alp/alp.ts";
import { commandJson } from "../alp/json.ts";
import type { Instant } from "../clock.ts";
import {
  fileKind,
  type FileProblem,
  interpret,
  originsOf,
} from "../files/files.ts";
import { fileJson } from "../files/json.ts";
import type { DeframerItem } from "../frame/deframer.ts";
import { encodeFrame, type Frame } from "../frame/frame.ts";
import type { LineJson } from "../http/json.ts";
import type { Measurement, NewReading } from "../reading/reading.ts";

/** What came down the line, for people and programs. */
export function lineJson(
  item: DeframerItem,
  received: Pick<Instant, "wallMs">,
  nameOf: (device: string) => string | null,
): LineJson {
  const at = new Date(received.wallMs).toISOString();
  switch (item.kind) {
    case "frame":
      return frameLine(item.frame, at, nameOf);
    case "discarded": {
      const count = item.bytes.length;
      return {
        kind: "discarded",
        at,
        hex: item.bytes.toHex(),
        summary: `${count} byte${
          count === 1 ? "" : "s"
        } of no frame, discarded`,
      };
    }
    case "bad_checksum":
      // Its bytes are searched for other frames, and come as those or as discarded.
      return {
        kind: "bad_checksum",
        at,
        hex: "",
        summary: "bad checksum, its bytes are searched for other frames",
      };
  }
}

function frameLine(
  frame: Frame,
  at: string,
  nameOf: (device: string) => string | null,
): LineJson {
  const { counter, type, typeCode, payload, gap } = frame;
  const lost = gap === null || gap === 0 ? "" : ` (${gap} lost before it)`;
  const head = {
    kind: "frame" as const,
    at,
    type,
    counter,
    hex: encodeFrame(counter, typeCode, payload, { anySize: true }).toHex(),
  };
  if (type !== "alp_data") {
    return {
      ...head,
      device: null,
      name: null,
      summary: plainSummary(frame) + lost,
      alp: null,
      files: [],
    };
  }
  const command = decodeCommand(payload);
  const [device = null] = originsOf(command).keys();
  return {
    ...head,
    device,
    name: device === null ? null : nameOf(device),
    summary: commandSummary(command) + lost,
    alp: commandJson(command),
    files: filesIn(command),
  };
}

/** Whole files that are known, as `decode --as file:ID --json` prints them. */
function filesIn(command: Command): unknown[] {
  return command.actions.flatMap((action) =>
    (action.op === "return_file_data" || action.op === "write_file_data" ||
        action.op === "write_file_data_flush") &&
      action.offset === 0 &&
      fileKind(action.fileId) !== undefined
      ? [fileJson(action.fileId, action.data)]
      : []
  );
}

/** A frame that is no command, in words. */
function plainSummary(frame: Frame): string {
  const hex = frame.payload.toHex();
  switch (frame.type) {
    case "ping_request":
      return `ping ${hex}`;
    case "ping_response":
      return `answer to a ping ${hex}`;
    case "rebooted":
      return `modem has started: ${frame.reasonName}${
        frame.reason === null ? "" : ` (${frame.reason})`
      }`;
    case "logging":
      return `modem says ${quoted(frame.text)}`;
    default:
      return `type ${frame.typeCode} is not known: ${hex || "no payload"}`;
  }
}

/** A control character from the line must not reach a terminal. */
function quoted(text: string): string {
  return JSON.stringify(text.replace(/[\r\n]+$/, "")).replace(
    /[\x7f-\x9f\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** What devices say where that is known, else action by action. */
function commandSummary(command: Command): string {
  // Only the words are wanted; the time plays no part in them.
  const { readings, problems } = interpret(command, NEVER);
  const parts = [...readings.map(meaning), ...problems.map(problemText)];
  if (parts.length === 0) return describeCommand(command);
  const [link] = originsOf(command).values();
  if (link !== undefined) parts.push(`link ${link.linkBudgetDb} dB`);
  if (command.error !== null) {
    parts.push(`${command.error.code} at ${command.error.rest.toHex()}`);
  }
  return parts.join("; ");
}

const NEVER = { wallMs: 0, monoMs: 0, bootId: "", synced: false };

function problemText({ kind, fileId, data }: FileProblem): string {
  return `file ${fileId} gives no reading (${kind}): ${
    data.toHex() || "empty"
  }`;
}

/** A reading in one line. */
function meaning({ file, measurements, valid }: NewReading): string {
  const value = new Map(measurements.map((m) => [m.name, m.value]));
  switch (file) {
    case "energy": {
      const stale = valid ? "" : " (meter not readable, values are old)";
      const phases = (name: string, unit: string) =>
        `${[1, 2, 3].map((n) => value.get(`${name}_${n}`)).join("/")} ${unit}`;
      return `energy ${phases("voltage", "V")} ${phases("current", "mA")} ${
        phases("active_energy", "Wh")
      }${stale}`;
    }
    case "button":
      return `button ${value.get("button_id")} ${
        value.get("mask") === true ? "pressed" : "released"
      }`;
    default:
      return [file, ...measurements.map(setting)].join(" ");
  }
}

function setting({ name, value, unit }: Measurement): string {
  return typeof value === "boolean"
    ? `${name}=${value ? "yes" : "no"}`
    : `${name}=${value}${unit === null ? "" : ` ${unit}`}`;
}
