/**
 * A row of table `reading`, and the check that tells a damaged one.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import type { Value } from "./database.ts";

/** A row as it is stored. */
export interface StoredRow {
  readonly id: number;
  readonly device: string;
  readonly file: number;
  /** Milliseconds since 1970. */
  readonly wall_ms: number;
  /** Milliseconds since boot. */
  readonly mono_ms: number;
  /** Number of the boot in table `boot`. */
  readonly boot: number;
  readonly synced: number;
  readonly part: number;
  /** {@link checkOf} of the row. */
  readonly chk: number;
  readonly command: Uint8Array;
  /** How many ids further back the device's reading before this one stands; 0: there was none, null: not kept. */
  readonly back: number | null;
  /** Counter of the serial frame; null: not kept. */
  readonly frame_counter: number | null;
}

/** The columns of {@link StoredRow}, for SELECT. */
export const COLUMNS =
  "id, device, file, wall_ms, mono_ms, boot, synced, part, chk, command, back, frame_counter";

/** CRC-32 over everything in the row. */
export function checkOf(row: Omit<StoredRow, "chk">): number {
  const { back, frame_counter } = row;
  const head =
    `${row.id} ${row.device} ${row.file} ${row.wall_ms} ${row.mono_ms} ${row.boot} ${row.synced} ${row.part} `;
  // Rows of the first two layouts end before these.
  const tail = back === null && frame_counter === null
    ? ""
    : `${back} ${frame_counter} `;
  return crc32(row.command, crc32(head + tail));
}

/** The row when all columns have their type and the check is right, otherwise null. */
export function intactRow(
  row: Readonly<Record<string, Value>>,
): StoredRow | null {
  const { id, device, file, wall_ms, mono_ms, boot, synced, part, chk } = row;
  const { command, back = null, frame_counter = null } = row;
  if (
    typeof id !== "number" || typeof device !== "string" ||
    typeof file !== "number" || typeof wall_ms !== "number" ||
    typeof mono_ms !== "number" || typeof boot !== "number" ||
    typeof synced !== "number" || typeof part !== "number" ||
    typeof chk !== "number" || !(command instanceof Uint8Array) ||
    !(back === null || typeof back === "number") ||
    !(frame_counter === null || typeof frame_counter === "number")
  ) return null;
  const whole = {
    id,
    device,
    file,
    wall_ms,
    mono_ms,
    boot,
    synced,
    part,
    chk,
    command,
    back,
    frame_counter,
  };
  return checkOf(whole) === chk ? whole : null;
}
