/**
 * Device files: the table of those we know, and what the file data in a heard
 * command say about its device.
 *
 * @module
 */
import { DecodeError, EncodeError } from "../bytes/codec.ts";
import type { Action, ActionOf } from "../alp/action.ts";
import type { Command } from "../alp/alp.ts";
import { D7ASP, type D7aspStatus } from "../alp/d7asp.ts";
import type { Link, NewReading, Receipt } from "../reading/reading.ts";
import { buttonConfigFile, buttonFile } from "./button.ts";
import { energyConfigFile, energyFile } from "./energy.ts";
import type { DeviceFile, FileKind } from "./file.ts";
import { firmwareVersionFile, uidFile, vidFile } from "./system.ts";

/** Files that give readings, by number. */
export const deviceFiles: ReadonlyMap<number, DeviceFile> = new Map(
  [buttonFile, energyFile, buttonConfigFile, energyConfigFile]
    // Values only go back to the row they came from.
    .map((file) => [file.id, file as DeviceFile]),
);

const systemFiles: ReadonlyMap<number, FileKind> = new Map(
  [uidFile, firmwareVersionFile, vidFile]
    .map((file) => [file.id, file as FileKind]),
);

/** The file of that number, of a device or of the system; undefined if unknown. */
export function fileKind(id: number): FileKind | undefined {
  return deviceFiles.get(id) ?? systemFiles.get(id);
}

/**
 * The value of a file's bytes.
 *
 * @throws {DecodeError} `unknown_file` or `unexpected_length`
 */
export function decodeFile(id: number, bytes: Uint8Array): unknown {
  const file = fileKind(id);
  if (file === undefined) {
    const detail = "its layout is not known";
    throw new DecodeError(`file ${id}`, "unknown_file", 0, detail);
  }
  return file.decode(bytes);
}

/**
 * The bytes of a file's value.
 *
 * @throws {EncodeError} when the file is unknown, or naming the field that has no encoding
 */
export function encodeFile(id: number, value: unknown): Uint8Array {
  const file = fileKind(id);
  if (file === undefined) {
    throw new EncodeError(`file ${id}`, "its layout is not known");
  }
  return file.encode(value);
}

/** Why file data gave no reading. */
export type FileProblemKind =
  | "no_origin"
  | "unknown_file"
  | "unexpected_length"
  | "nonzero_offset"
  | "no_status";

/** File data that gave no reading: still evidence. */
export interface FileProblem {
  readonly kind: FileProblemKind;
  /** Origin, if it is known. */
  readonly device: string | null;
  readonly fileId: number;
  readonly data: Uint8Array;
}

/** What a heard command says. */
export interface Interpretation {
  readonly readings: readonly NewReading[];
  readonly problems: readonly FileProblem[];
}

type DataAction = ActionOf<
  "return_file_data" | "write_file_data" | "write_file_data_flush"
>;
type StatusAction = ActionOf<"interface_status">;

/**
 * Readings of a heard command, in its order; never throws. File data belong to
 * the next D7ASP status behind them, else to the last one before them; what
 * was decoded before a fault counts, but a status that may have been lost in
 * the fault is not replaced by one that belongs to other data.
 */
export function interpret(
  command: Command,
  received: Receipt,
): Interpretation {
  const readings: NewReading[] = [];
  const problems: FileProblem[] = [];
  const waiting: DataAction[] = [];
  let last: StatusAction | null = null;
  let lastTaken = false;
  for (const action of command.actions) {
    if (isData(action)) waiting.push(action);
    else if (
      action.op === "interface_status" && action.interfaceId === D7ASP
    ) {
      last = action;
      lastTaken = waiting.length > 0;
      settle(waiting, action.status, received, readings, problems);
    }
  }
  const lost = command.error !== null && lastTaken;
  settle(
    waiting,
    lost ? null : last?.status ?? null,
    received,
    readings,
    problems,
  );
  return { readings, problems };
}

/** Who sent a heard command, and how it came; the last word on each device counts. */
export function originsOf(command: Command): ReadonlyMap<string, Link> {
  const origins = new Map<string, Link>();
  for (const action of command.actions) {
    if (action.op !== "interface_status" || action.status === null) continue;
    const device = originOf(action.status);
    if (device !== null) origins.set(device, linkOf(action.status));
  }
  return origins;
}

/** What a device file's bytes say; null when they are none of a device file. */
export function contentOf(
  fileId: number,
  data: Uint8Array,
): Pick<NewReading, "file" | "measurements" | "valid"> | null {
  const file = deviceFiles.get(fileId);
  if (file === undefined || !file.sizes.includes(data.length)) return null;
  const value = file.decode(data);
  return {
    file: file.name,
    measurements: file.measurements(value),
    valid: file.valid(value),
  };
}

function isData(action: Action): action is DataAction {
  return action.op === "return_file_data" || action.op === "write_file_data" ||
    action.op === "write_file_data_flush";
}

/** Empties `waiting` into readings and problems. */
function settle(
  waiting: DataAction[],
  status: D7aspStatus | null,
  received: Receipt,
  readings: NewReading[],
  problems: FileProblem[],
): void {
  if (waiting.length === 0) return;
  const device = originOf(status);
  const link = status === null ? null : linkOf(status);
  for (const action of waiting) {
    const { fileId, offset, data } = action;
    const file = deviceFiles.get(fileId);
    if (file === undefined) {
      // System files of a device are known, but say nothing to measure.
      if (!systemFiles.has(fileId)) {
        problems.push({ kind: "unknown_file", device, fileId, data });
      }
      continue;
    }
    const kind = status === null
      ? "no_status"
      : offset !== 0
      ? "nonzero_offset"
      : !file.sizes.includes(data.length)
      ? "unexpected_length"
      : null;
    if (kind !== null) problems.push({ kind, device, fileId, data });
    else if (device === null) {
      problems.push({ kind: "no_origin", device, fileId, data });
    } else {
      const value = file.decode(data);
      readings.push({
        device,
        file: file.name,
        fileId,
        measurements: file.measurements(value),
        valid: file.valid(value),
        link,
        received,
        data,
      });
    }
  }
  waiting.length = 0;
}

function originOf(status: D7aspStatus | null): string | null {
  const id = status?.addressee.id;
  return typeof id === "string" ? id : null;
}

function linkOf(status: D7aspStatus): Link {
  return {
    // The wire carries the magnitude.
    rxLevelDbm: 0 - status.rxLevel,
    linkBudgetDb: status.linkBudget,
    band: status.channelHeader.band,
    channelIndex: status.channelIndex,
    fifoToken: status.fifoToken,
    seqNr: status.seqNr,
    secured: "nls" in status ? status.nls : status.nlsState !== null,
  };
}
