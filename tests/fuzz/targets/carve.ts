/**
 * Rows carved out of pages of a damaged database. Pages are built here from the
 * file format's own description, damaged by the mutation.
 *
 * @module
 */
import { carvePage } from "../../../lib/store/carve.ts";
import { checkOf, type StoredRow } from "../../../lib/store/row.ts";
import { Random } from "../random.ts";
import { joined, must, type Target } from "../target.ts";

const PAGE_BYTES = 4096;

/** SQLite's integer of 1 to 9 bytes [sqlite.org/fileformat2.html §1.6]; ours fit into 8. */
function varint(value: number): Uint8Array {
  const bytes = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0;) {
    bytes.unshift(0x80 | rest % 128);
    rest = Math.floor(rest / 128);
  }
  return new Uint8Array(bytes);
}

/** Serial type and content of a value. */
function stored(
  value: number | string | Uint8Array | null,
): readonly [number, Uint8Array] {
  if (value === null) return [0, new Uint8Array()];
  if (value instanceof Uint8Array) return [12 + 2 * value.length, value];
  if (typeof value === "string") {
    const text = new TextEncoder().encode(value);
    return [13 + 2 * text.length, text];
  }
  const view = new DataView(new ArrayBuffer(8));
  if (!Number.isInteger(value)) {
    view.setFloat64(0, value);
    return [7, new Uint8Array(view.buffer)];
  }
  view.setBigInt64(0, BigInt(value));
  return [6, new Uint8Array(view.buffer)];
}

function cellOf(row: StoredRow): Uint8Array {
  const { id, chk, command, back, frame_counter } = row;
  const columns = [
    null,
    row.device,
    row.file,
    row.wall_ms,
    row.mono_ms,
    row.boot,
    row.synced,
    row.part,
    chk,
    command,
    ...(back === null && frame_counter === null ? [] : [back, frame_counter]),
  ].map(stored);
  const types = joined(columns.map(([type]) => varint(type)));
  const header = joined([varint(types.length + 1), types]);
  const body = joined([header, ...columns.map(([, content]) => content)]);
  return joined([varint(body.length), varint(id), body]);
}

function pageOf(rows: readonly StoredRow[]): Uint8Array {
  const page = new Uint8Array(PAGE_BYTES);
  const view = new DataView(page.buffer);
  page[0] = 0x0d;
  view.setUint16(3, rows.length);
  let end = PAGE_BYTES;
  rows.forEach((row, at) => {
    const cell = cellOf(row);
    end -= cell.length;
    page.set(cell, end);
    view.setUint16(8 + 2 * at, end);
  });
  view.setUint16(5, end);
  return page;
}

function rowOf(random: Random): StoredRow {
  const row = {
    id: 1 + random.next() * (random.oneIn(4) ? 100_000 : 1),
    device: random.bytes(8).toHex().toUpperCase(),
    file: random.below(256),
    wall_ms: random.next() * 400,
    mono_ms: random.next() / (random.oneIn(2) ? 1 : 8),
    boot: random.below(300),
    synced: random.below(2),
    part: random.below(3),
    command: random.bytes(random.below(random.oneIn(10) ? 256 : 40)),
    back: random.oneIn(4) ? null : random.below(70_000),
    frame_counter: random.oneIn(4) ? null : random.below(256),
  };
  return { ...row, chk: checkOf(row) };
}

const keyOf = ({ command, ...row }: StoredRow) =>
  JSON.stringify([command.toHex(), ...Object.entries(row).toSorted()]);

/** The first byte of an input says whether the page is as it was written. */
const SOUND = 1;

function run(input: Uint8Array): void {
  if (input[0] === SOUND && input.length === 9) return sound(input);
  const page = new Uint8Array(PAGE_BYTES);
  page.set(input.subarray(1, 1 + PAGE_BYTES));
  const rows = carvePage(page);
  const cells = page[0] === 0x0d ? new DataView(page.buffer).getUint16(3) : 0;
  must(rows.length <= cells, () => `${rows.length} rows of ${cells} cells`);
  for (const row of rows) {
    must(checkOf(row) === row.chk, () => `a damaged row: ${keyOf(row)}`);
    must(row.command.length < PAGE_BYTES, () => "a command that is too long");
    must(
      row.command.buffer !== page.buffer,
      () => "a row that changes when the page is read over",
    );
  }
}

/** A whole page gives back what was written. */
function sound(input: Uint8Array): void {
  const random = new Random(
    new DataView(input.buffer, input.byteOffset).getInt32(1),
  );
  const rows: StoredRow[] = [];
  for (let room = PAGE_BYTES - 8;;) {
    const row = rowOf(random);
    room -= cellOf(row).length + 2;
    if (room < 0 || rows.length === 60) break;
    rows.push(row);
  }
  const found = carvePage(pageOf(rows));
  must(
    found.map(keyOf).join() === rows.map(keyOf).join(),
    () => `${found.length} of ${rows.length} rows`,
  );
}

function grammar(random: Random): Uint8Array {
  if (random.oneIn(8)) {
    return joined([new Uint8Array([SOUND]), random.bytes(8)]);
  }
  const rows = Array.from({ length: 1 + random.below(9) }, () => rowOf(random));
  const page = pageOf(rows);
  // Damage where it hurts: heads, and the beginnings of cells.
  for (let n = random.below(4); n > 0; n--) {
    const view = new DataView(page.buffer);
    const cell = view.getUint16(8 + 2 * random.below(rows.length));
    const at = random.oneIn(2) ? random.below(30) : cell + random.below(30);
    page[Math.min(at, PAGE_BYTES - 1)] = random.pick([
      0,
      1,
      127,
      128,
      255,
      200,
    ]);
  }
  return joined([new Uint8Array([0]), page]);
}

const SEEDS = new Random(6, "carve");

/** Pages of the database. */
export const carve: Target = {
  name: "carve",
  inputs: 10_000,
  maxBytes: PAGE_BYTES + 1,
  boundMs: 500,
  sources: /\/lib\/store\/(carve|row)/,
  seeds: [grammar(SEEDS), grammar(SEEDS), grammar(SEEDS)],
  words: [Uint8Array.fromHex("ffffffffffffffffff"), Uint8Array.fromHex("0d")],
  grammar,
  text: false,
  run,
};
