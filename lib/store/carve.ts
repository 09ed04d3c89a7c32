/**
 * ◆ Reads rows of table `reading` out of the bare pages of a SQLite file, whether
 * or not the tree above them can still be read. A row's check says whether what
 * was found is one. [sqlite.org/fileformat2.html §1.6, §2.1]
 *
 * @module
 */
import type { Value } from "./database.ts";
import { intactRow, type StoredRow } from "./row.ts";

/** Type byte of a page that holds rows of a table. */
const TABLE_LEAF = 0x0d;
const LEAF_HEADER_BYTES = 8;
const COLUMN_NAMES = [
  "id",
  "device",
  "file",
  "wall_ms",
  "mono_ms",
  "boot",
  "synced",
  "part",
  "chk",
  "command",
  "back",
  "frame_counter",
] as const;
/** Columns of the first layout; a row written by it ends there. */
const FIRST_COLUMNS = COLUMN_NAMES.indexOf("command") + 1;

/** Bytes of a big-endian integer by serial type; types 8 and 9 are the numbers 0 and 1. */
const INTEGER_BYTES = [0, 1, 2, 3, 4, 6, 8];

/** All intact rows on one page. */
export function carvePage(page: Uint8Array): StoredRow[] {
  const rows: StoredRow[] = [];
  if (page[0] !== TABLE_LEAF) return rows;
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  const cells = Math.min(
    view.getUint16(3),
    (page.length - LEAF_HEADER_BYTES) >> 1,
  );
  for (let at = 0; at < cells; at++) {
    const row = carveCell(view, view.getUint16(LEAF_HEADER_BYTES + 2 * at));
    if (row !== null) rows.push(row);
  }
  return rows;
}

/** The row in the cell at `offset`, or null when there is no intact one. */
function carveCell(view: DataView, offset: number): StoredRow | null {
  try {
    return readCell(view, offset);
  } catch (error) {
    // The cell points outside the page.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function readCell(view: DataView, offset: number): StoredRow | null {
  // A row that continues on another page is not looked for: ours never do.
  const length = varint(view, offset);
  const id = varint(view, length.end);
  const header = varint(view, id.end);
  let bodyAt = id.end + header.value;
  let typeAt = header.end;
  const found: Record<string, Value> = {};
  for (const [at, name] of COLUMN_NAMES.entries()) {
    if (typeAt >= id.end + header.value) {
      if (at < FIRST_COLUMNS) return null;
      break;
    }
    const type = varint(view, typeAt);
    typeAt = type.end;
    const { value, bytes } = readValue(view, bodyAt, type.value);
    found[name] = value;
    bodyAt += bytes;
  }
  // The id of a row is its key and stands as NULL among the columns.
  return intactRow({ ...found, id: id.value });
}

function readValue(
  view: DataView,
  at: number,
  type: number,
): { value: Value; bytes: number } {
  if (type >= 12) {
    const bytes = (type - 12) >> 1;
    const content = new Uint8Array(view.buffer, view.byteOffset + at, bytes);
    if (at + bytes > view.byteLength) throw new RangeError("Outside the page");
    return {
      value: type % 2 === 0
        ? content.slice()
        : new TextDecoder().decode(content),
      bytes,
    };
  }
  if (type === 7) return { value: view.getFloat64(at), bytes: 8 };
  if (type === 8 || type === 9) return { value: type - 8, bytes: 0 };
  const bytes = INTEGER_BYTES[type] ?? 0;
  if (bytes === 0) return { value: null, bytes: 0 };
  let value = view.getInt8(at);
  for (let next = 1; next < bytes; next++) {
    value = value * 256 + view.getUint8(at + next);
  }
  return { value, bytes };
}

function varint(view: DataView, at: number): { value: number; end: number } {
  let value = 0;
  for (let next = 0; next < 8; next++) {
    const byte = view.getUint8(at + next);
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, end: at + next + 1 };
  }
  return { value: value * 256 + view.getUint8(at + 8), end: at + 9 };
}
