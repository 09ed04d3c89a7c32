/**
 * Sets a damaged database aside and saves what can be read into a new one:
 * readings page by page, the small tables as far as SQLite reads them. A kill
 * at any moment leaves either the old file or the finished new one in place.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { carvePage } from "./carve.ts";
import { openFile, PAGE_BYTES, type Value } from "./database.ts";
import { migrate } from "./migrations.ts";
import { COLUMNS, type StoredRow } from "./row.ts";

/** Name of the database in its directory. */
export const DATABASE = "outbox.db";
const UNFINISHED = "outbox.db.salvage";
const COMPANIONS = ["", "-wal", "-shm"];
/** Damaged databases that are kept; older ones are removed. */
const SETS_KEPT = 3;
const SMALL_TABLES = [
  "meta",
  "boot",
  "device",
  "counter",
  "sink",
  "ahead",
  "rejected",
  "kept",
  "settled",
];
const FILE_HEADER_BYTES = 100;
/** A damaged header is not believed beyond this size. */
const MAX_FILLED_BYTES = 1e12;
const WAL_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** First bytes of a log of writes; the fourth tells the byte order of its sums. */
const WAL_MAGIC = "377f06";

/** What a salvage has saved. */
export interface Salvaged {
  /** Where the damaged file is now. */
  readonly setAside: string;
  readonly readings: number;
  readonly sinks: number;
  /** Whether every sink's cursor is known. */
  readonly sinksWhole: boolean;
}

/**
 * Replaces the database in `dir` by what can be saved of it. Nobody may have it open.
 *
 * @param nowMs for the name of the set-aside file; milliseconds since 1970
 */
export function salvage(dir: string, nowMs: number): Salvaged {
  const damaged = `${dir}/${DATABASE}`;
  const fresh = `${dir}/${UNFINISHED}`;
  removeSet(fresh);
  const db = openFile(fresh);
  let readings = 0;
  let lost: readonly string[] = [];
  let sinks = 0;
  try {
    migrate(db);
    fillUp(damaged);
    lost = copyTables(damaged, db);
    copyReadings(blocks(damaged, 0, PAGE_BYTES), db);
    copyReadings(walPages(`${damaged}-wal`), db);
    repair(db);
    readings = count(db, "reading");
    sinks = count(db, "sink");
  } finally {
    // Closing folds the log of writes in, so that one file is all there is.
    db.close();
  }
  const stamp = new Date(nowMs).toISOString().replaceAll(":", "-");
  const setAside = freeName(`${damaged}.damaged-${stamp}`);
  moveSet(damaged, setAside);
  Deno.renameSync(fresh, damaged);
  removeOldSets(dir);
  return { setAside, readings, sinks, sinksWhole: !lost.includes("sink") };
}

/** Finishes or undoes a salvage that was killed. */
export function resumeSalvage(dir: string): void {
  const damaged = `${dir}/${DATABASE}`;
  const fresh = `${dir}/${UNFINISHED}`;
  if (!existsSync(fresh)) return;
  if (existsSync(damaged)) return removeSet(fresh);
  // Killed between the two moves: a log of writes left behind is the old file's.
  moveSet(damaged, freeName(`${damaged}.damaged-wal`));
  Deno.renameSync(fresh, damaged);
}

/** SQLite refuses all of a file that lacks its end: zeros take the place of what was cut off. */
function fillUp(path: string): void {
  const [header] = blocks(path, 0, FILE_HEADER_BYTES);
  if (header === undefined) return;
  const view = new DataView(header.buffer);
  const magic = new TextDecoder().decode(header.subarray(0, 15));
  // Offsets of page size and number of pages [sqlite.org/fileformat2.html §1.3].
  if (magic !== "SQLite format 3" || view.getUint16(16) !== PAGE_BYTES) return;
  const whole = view.getUint32(28) * PAGE_BYTES;
  const { size } = Deno.statSync(path);
  if (size < whole && whole < MAX_FILLED_BYTES) Deno.truncateSync(path, whole);
}

/** Copies the small tables and names those that could not be read to the end. */
function copyTables(damaged: string, into: DatabaseSync): readonly string[] {
  let from: DatabaseSync;
  try {
    from = new DatabaseSync(damaged, { readOnly: true });
  } catch {
    // Whatever is wrong with the file, SQLite has nothing to give.
    return SMALL_TABLES;
  }
  try {
    return SMALL_TABLES.filter((table) => !copyTable(table, from, into));
  } finally {
    from.close();
  }
}

/** Copies one table as far as it can be read; false when that is not to its end. */
function copyTable(
  table: string,
  from: DatabaseSync,
  into: DatabaseSync,
): boolean {
  const put = (row: Readonly<Record<string, Value>>): void => {
    const names = Object.keys(row);
    const places = names.map(() => "?").join(", ");
    into.prepare(
      `INSERT OR REPLACE INTO ${table} (${
        names.join(", ")
      }) VALUES (${places})`,
    ).run(...Object.values(row));
  };
  const select = `SELECT * FROM ${table}`;
  try {
    for (const row of from.prepare(select).all()) put(row);
    return true;
  } catch {
    // A page that cannot be read or a value that does not fit: the rows before it.
  }
  try {
    for (const row of from.prepare(select).iterate()) put(row);
  } catch {
    // That far and no farther; other tables may be whole.
  }
  return false;
}

function copyReadings(
  pages: Iterable<Uint8Array>,
  into: DatabaseSync,
): void {
  // The same row may stand on a page that is not in use any more; a stamped one is newer.
  const insert = into.prepare(
    `INSERT INTO reading (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET wall_ms = excluded.wall_ms, synced = excluded.synced, chk = excluded.chk
     WHERE excluded.synced > reading.synced`,
  );
  into.prepare("BEGIN").run();
  for (const page of pages) {
    for (const row of carvePage(page)) insert.run(...valuesOf(row));
  }
  into.prepare("COMMIT").run();
}

function valuesOf(row: StoredRow): Value[] {
  return [
    row.id,
    row.device,
    row.file,
    row.wall_ms,
    row.mono_ms,
    row.boot,
    row.synced,
    row.part,
    row.chk,
    row.command,
    row.back,
    row.frame_counter,
  ];
}

/** What the rows rely on in other tables: last ids keep the order per device, boots keep their numbers. */
function repair(db: DatabaseSync): void {
  db.prepare(
    `INSERT INTO device (uid, first_seen_ms, last_seen_ms, last_id, files)
       SELECT device, min(wall_ms), max(wall_ms), max(id), '{}' FROM reading WHERE true GROUP BY device
       ON CONFLICT (uid) DO UPDATE SET last_seen_ms = excluded.last_seen_ms, last_id = excluded.last_id
       WHERE excluded.last_id > last_id`,
  ).run();
  db.prepare(
    `INSERT OR IGNORE INTO boot (n, boot, first_seen_ms)
       SELECT boot, 'lost-' || boot, min(wall_ms) FROM reading GROUP BY boot`,
  ).run();
}

function count(db: DatabaseSync, table: string): number {
  return Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n);
}

/** Pages in the log of writes, oldest first; frames of an earlier use of the file are skipped. */
function* walPages(path: string): Generator<Uint8Array> {
  if (!existsSync(path)) return;
  // Both salts of the header stand in every frame of this use [sqlite.org/walformat.html].
  const [header] = blocks(path, 0, WAL_HEADER_BYTES);
  const salts = header?.subarray(16, 24).toHex();
  const whole = header?.subarray(0, 3).toHex() === WAL_MAGIC;
  const size = FRAME_HEADER_BYTES + PAGE_BYTES;
  for (const frame of blocks(path, WAL_HEADER_BYTES, size)) {
    if (whole && frame.subarray(8, 16).toHex() !== salts) continue;
    yield frame.slice(FRAME_HEADER_BYTES);
  }
}

/** The whole blocks of `size` bytes in a file from byte `start` on; each is valid until the next. */
function* blocks(
  path: string,
  start: number,
  size: number,
): Generator<Uint8Array> {
  using file = Deno.openSync(path);
  file.seekSync(start, Deno.SeekMode.Start);
  const block = new Uint8Array(size);
  for (;;) {
    let filled = 0;
    while (filled < size) {
      const length = file.readSync(block.subarray(filled));
      if (length === null) return;
      filled += length;
    }
    yield block;
  }
}

function moveSet(from: string, to: string): void {
  for (const end of COMPANIONS) {
    if (existsSync(from + end)) Deno.renameSync(from + end, to + end);
  }
}

function removeSet(path: string): void {
  for (const end of COMPANIONS) {
    if (existsSync(path + end)) Deno.removeSync(path + end);
  }
}

function freeName(wanted: string): string {
  let name = wanted;
  for (let n = 2; COMPANIONS.some((end) => existsSync(name + end)); n++) {
    name = `${wanted}-${n}`;
  }
  return name;
}

function removeOldSets(dir: string): void {
  const sets = [...Deno.readDirSync(dir)].map(({ name }) => name)
    .filter((name) => /\.damaged-.*(?<!-wal|-shm)$/.test(name)).sort();
  for (const name of sets.slice(0, -SETS_KEPT)) removeSet(`${dir}/${name}`);
}
