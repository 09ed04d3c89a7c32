/**
 * Table `reading`: writing rows, deriving readings from rows again, and the ring
 * of the newest readings that lets a lane that keeps up do without SELECT. Past
 * 300 lines because nothing else reads or writes that table's rows.
 *
 * @module
 */
import type { Reading, Receipt } from "../reading/reading.ts";
import { type Database, isFromSqlite } from "./database.ts";
import type { Entry, Restore, Row } from "./outbox.ts";
import { checkOf, COLUMNS, intactRow, type StoredRow } from "./row.ts";

/** How many of the newest readings stay in memory. */
const RING = 2048;
/** Rows that {@link Readings.receiptFrom} passes over since they are damaged. */
const MOST_DAMAGED = 64;

const SELECT_SOME =
  `SELECT ${COLUMNS} FROM reading WHERE id BETWEEN ? AND ? ORDER BY id`;

/** A reading with what the log keeps of it. */
export interface StoredReading {
  readonly reading: Reading;
  /** The ALP command as it came. */
  readonly command: Uint8Array;
  /** Counter of the serial frame; null where it was not kept. */
  readonly frameCounter: number | null;
}

/** The log itself, without lanes. */
export class Readings {
  readonly #db: Database;
  readonly #restore: Restore;
  readonly #boots = new Map<number, string>();
  readonly #bootNumbers = new Map<string, number>();
  readonly #ring: (Reading | undefined)[] = new Array(RING);
  #lastId = 0;

  constructor(db: Database, restore: Restore) {
    this.#db = db;
    this.#restore = restore;
  }

  /** The newest reading's id; 0 before the first one. */
  get lastId(): number {
    return this.#lastId;
  }

  /** Reads the boots and where the numbering stands. */
  load(): void {
    this.loadBoots();
    this.#lastId = Math.max(
      this.#lastId,
      this.#db.number("SELECT value FROM meta WHERE key = 'last_id'"),
      this.#db.number("SELECT max(id) FROM reading"),
      this.#db.number("SELECT max(cursor) FROM sink"),
      this.#db.number("SELECT max(last_id) FROM ahead"),
      this.#db.number("SELECT max(last_id) FROM device"),
      this.#db.number("SELECT max(id) FROM rejected"),
    );
  }

  /** Reads the boots again: another connection may number them differently. */
  loadBoots(): void {
    this.#boots.clear();
    this.#bootNumbers.clear();
    for (const row of this.#db.sql("SELECT n, boot FROM boot").all()) {
      this.#noteBoot(Number(row.n), String(row.boot));
    }
  }

  /** Writes the boots again: the database may have lost them; inside a transaction. */
  saveBoots(): void {
    for (const [n, boot] of this.#boots) {
      this.#db.sql("INSERT OR REPLACE INTO boot VALUES (?, ?, 0)").run(n, boot);
    }
  }

  /** Number of a boot in table `boot`, or null when nothing was logged in it. */
  bootNumber(bootId: string): number | null {
    return this.#bootNumbers.get(bootId) ?? null;
  }

  /** Gives the entries their ids, the next ones; nothing is written. */
  numbered(entries: readonly Entry[]): Reading[] {
    return entries.map((entry, at) => ({
      ...entry.reading,
      id: this.#lastId + 1 + at,
    }));
  }

  /**
   * Writes numbered entries; inside a transaction.
   *
   * @param lastOf a device's newest reading before these; 0 when there is none
   */
  insert(
    entries: readonly Entry[],
    readings: readonly Reading[],
    lastOf: (device: string) => number,
  ): void {
    const insert = this.#db.sql(
      `INSERT INTO reading (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    const lasts = new Map<string, number>();
    for (const [at, entry] of entries.entries()) {
      const reading = readings[at];
      if (reading === undefined) continue;
      const { device, fileId, received, id } = reading;
      const before = lasts.get(device) ?? lastOf(device);
      lasts.set(device, id);
      const row = {
        id,
        device,
        file: fileId,
        wall_ms: received.wallMs,
        mono_ms: received.monoMs,
        boot: this.#bootFor(received),
        synced: received.synced ? 1 : 0,
        part: entry.part,
        command: entry.command,
        back: before === 0 ? 0 : id - before,
        frame_counter: entry.frameCounter ?? null,
      };
      insert.run(
        id,
        device,
        fileId,
        row.wall_ms,
        row.mono_ms,
        row.boot,
        row.synced,
        row.part,
        checkOf(row),
        row.command,
        row.back,
        row.frame_counter,
      );
    }
  }

  /** Takes written readings into the ring; after the commit. */
  inserted(readings: readonly Reading[]): void {
    for (const reading of readings) this.#ring[reading.id % RING] = reading;
    this.#lastId = readings.at(-1)?.id ?? this.#lastId;
    for (const { received } of readings) {
      // The number was given inside the transaction; it is certain only now.
      if (this.#bootNumbers.has(received.bootId)) continue;
      this.loadBoots();
    }
  }

  /** A reading that is still in memory. */
  inMemory(id: number): Reading | undefined {
    const reading = this.#ring[id % RING];
    return reading?.id === id ? reading : undefined;
  }

  /** The readings `from` to `to`, one place per id; null where the row is missing or damaged. */
  fetch(from: number, to: number): (Reading | null)[] {
    const found: (Reading | null)[] = new Array(to - from + 1).fill(null);
    for (const row of this.rows(from, to)) {
      found[row.id - from] = this.reading(row);
    }
    return found;
  }

  /** What is not there behind `from`: neither on disk nor in memory. */
  *missing(from: number): Generator<{ first: number; last: number }> {
    const gaps = this.#db.sql(
      `SELECT before + 1 AS first, id - 1 AS last FROM (
         SELECT id, lag(id, 1, ?) OVER (ORDER BY id) AS before FROM (
           SELECT id FROM reading WHERE id > ? UNION ALL SELECT ?))
       WHERE id > before + 1`,
    ).all(from, from, this.#lastId + 1);
    const ringStart = this.#lastId - RING + 1;
    for (const gap of gaps) {
      let first = Number(gap.first);
      const last = Number(gap.last);
      for (let id = Math.max(first, ringStart); id <= last; id++) {
        if (this.inMemory(id) === undefined) continue;
        if (id > first) yield { first, last: id - 1 };
        first = id + 1;
      }
      if (first <= last) yield { first, last };
    }
  }

  /** Of the newest `max` rows those that are wanted, the oldest first. */
  newest(
    max: number,
    wanted: (device: string, received: Receipt) => boolean,
  ): readonly Reading[] {
    const found: Reading[] = [];
    const rows = this.#db.sql(
      "SELECT id, device, boot, wall_ms, mono_ms, synced FROM reading WHERE id > ? ORDER BY id",
    );
    // Mostly none is wanted: whole rows are read one by one.
    for (const row of rows.all(this.#lastId - max)) {
      const received = this.#receipt({
        boot: Number(row.boot),
        wall_ms: Number(row.wall_ms),
        mono_ms: Number(row.mono_ms),
        synced: Number(row.synced),
      });
      if (!wanted(String(row.device), received)) continue;
      const whole = this.stored(Number(row.id));
      if (whole !== null) found.push(whole.reading);
    }
    return found;
  }

  /** Of the newest `max` rows those that their device's row does not know, in order. */
  unregistered(max: number): readonly StoredRow[] {
    return this.#db.sql(
      `SELECT reading.id FROM reading LEFT JOIN device ON device.uid = reading.device
       WHERE reading.id > ? AND reading.id > coalesce(device.last_id, 0) ORDER BY reading.id`,
    ).all(this.#lastId - max).flatMap(({ id }) =>
      this.rows(Number(id), Number(id))
    );
  }

  /** One row with its reading; null when it is not there or damaged. */
  stored(id: number): StoredReading | null {
    const [row] = this.rows(id, id);
    if (row === undefined) return null;
    const reading = this.reading(row);
    return reading === null
      ? null
      : { reading, command: row.command, frameCounter: row.frame_counter };
  }

  /** When the first reading from `id` on was received; null when there is none. */
  receiptFrom(id: number): Receipt | null {
    const next = "SELECT id FROM reading WHERE id >= ? ORDER BY id LIMIT 1";
    for (let at = id, tries = 0; tries < MOST_DAMAGED; at++, tries++) {
      const live = this.inMemory(at);
      if (live !== undefined) return live.received;
      at = this.#db.number(next, at);
      if (at === 0) return null;
      const [row] = this.rows(at, at);
      if (row !== undefined) return this.#receipt(row);
    }
    return null;
  }

  /** Rows `from` to `to` of a boot get wall time = monotonic time + `offsetMs`; inside a transaction. */
  restamp(
    from: number,
    to: number,
    boot: number,
    offsetMs: number,
  ): readonly number[] {
    const update = this.#db.sql(
      "UPDATE reading SET wall_ms = ?, synced = 1, chk = ? WHERE id = ?",
    );
    const stamped: number[] = [];
    for (const row of this.rows(from, to)) {
      if (row.boot !== boot || row.synced !== 0) continue;
      const wall_ms = Math.round(row.mono_ms + offsetMs);
      update.run(wall_ms, checkOf({ ...row, wall_ms, synced: 1 }), row.id);
      stamped.push(row.id);
    }
    return stamped;
  }

  /** Gives readings in memory their new time; after the commit of {@link restamp}. */
  restamped(ids: readonly number[], offsetMs: number): void {
    for (const id of ids) {
      const reading = this.inMemory(id);
      if (reading === undefined) continue;
      const wallMs = Math.round(reading.received.monoMs + offsetMs);
      const received = { ...reading.received, wallMs, synced: true };
      this.#ring[id % RING] = { ...reading, received };
    }
  }

  /** Intact rows `from` to `to`, in order. */
  rows(from: number, to: number): StoredRow[] {
    const select = this.#db.sql(SELECT_SOME);
    try {
      return select.all(from, to).flatMap((row) => intactRow(row) ?? []);
    } catch (error) {
      // A damaged value that no number can hold: only its row is lost.
      if (isFromSqlite(error) || !(error instanceof Error)) throw error;
      if (error.name === "StoreError" || from === to) {
        if (from === to) return [];
        throw error;
      }
      const middle = Math.floor((from + to) / 2);
      return [...this.rows(from, middle), ...this.rows(middle + 1, to)];
    }
  }

  /** The reading of an intact row; null when its bytes give none. */
  reading(row: StoredRow): Reading | null {
    const live = this.inMemory(row.id);
    if (live !== undefined) return live;
    const plain: Row = {
      id: row.id,
      device: row.device,
      fileId: row.file,
      received: this.#receipt(row),
      command: row.command,
      part: row.part,
    };
    return this.#restore(plain);
  }

  #receipt(
    row: Pick<StoredRow, "boot" | "wall_ms" | "mono_ms" | "synced">,
  ): Receipt {
    return {
      wallMs: row.wall_ms,
      monoMs: row.mono_ms,
      bootId: this.#boots.get(row.boot) ?? "",
      synced: row.synced === 1,
    };
  }

  #bootFor(received: Receipt): number {
    const known = this.#bootNumbers.get(received.bootId);
    if (known !== undefined) return known;
    this.#db.sql(
      "INSERT INTO boot (boot, first_seen_ms) VALUES (?, ?) ON CONFLICT (boot) DO NOTHING",
    ).run(received.bootId, received.wallMs);
    return this.#db.number(
      "SELECT n FROM boot WHERE boot = ?",
      received.bootId,
    );
  }

  #noteBoot(n: number, boot: string): void {
    this.#boots.set(n, boot);
    this.#bootNumbers.set(boot, n);
  }
}
