/**
 * What people ask about the log: recent readings, what waits for a sink, what a
 * sink has rejected. Changes nothing.
 *
 * @module
 */
import type { Reading } from "../reading/reading.ts";
import type { Database } from "./database.ts";
import type { Devices } from "./devices.ts";
import type { StoredLane } from "./lane.ts";
import { usedBytes } from "./prune.ts";
import type { Readings, RecentQuery } from "./readings.ts";

/** A reading that was set aside. */
export interface RejectedRow {
  readonly id: number;
  readonly reason: string;
  readonly device: string;
  readonly fileId: number;
  /** Time of receipt, milliseconds since 1970. */
  readonly wallMs: number;
  /** The ALP command as it came; null when its row was damaged. */
  readonly command: Uint8Array | null;
}

/** Rows read at a time while looking for pending ones. */
const PAGE_ROWS = 256;

/** The questions, over an open database. */
export class Views {
  readonly #db: Database;
  readonly #readings: Readings;
  readonly #devices: Devices;

  constructor(db: Database, readings: Readings, devices: Devices) {
    this.#db = db;
    this.#readings = readings;
    this.#devices = devices;
  }

  /** The newest readings first. @throws {StoreError} */
  recent(query: RecentQuery): readonly Reading[] {
    const newest = query.device === undefined
      ? this.#readings.lastId
      : this.#devices.get(query.device)?.lastId ?? 0;
    return this.#read(() => this.#readings.recent(query, newest));
  }

  /** The newest reading of every device and file since a moment. @throws {StoreError} */
  lastPushes(sinceWallMs: number): readonly Reading[] {
    return this.#read(() => this.#readings.lastPushes(sinceWallMs));
  }

  /** What is pending in a lane behind `afterId`, up to `max`. @throws {StoreError} */
  peek(lane: StoredLane, max: number, afterId: number): readonly Reading[] {
    const { lastId } = this.#readings;
    const found: Reading[] = [];
    let id = lane.nextPending(afterId + 1);
    while (found.length < max && id <= lastId) {
      const from = id;
      const to = Math.min(from + PAGE_ROWS - 1, lastId);
      const page = this.#read(() => this.#readings.fetch(from, to));
      for (; id <= to && found.length < max; id = lane.nextPending(id + 1)) {
        const reading = this.#readings.inMemory(id) ?? page[id - from];
        if (reading) found.push(reading);
      }
    }
    return found;
  }

  /** What a sink has rejected, newest first. @throws {StoreError} */
  rejectedRows(sink: string, max: number): readonly RejectedRow[] {
    const rows = this.#read(() =>
      this.#db.sql(
        "SELECT * FROM rejected WHERE sink = ? ORDER BY n DESC LIMIT ?",
      ).all(sink, max)
    );
    return rows.map((row) => ({
      id: Number(row.id),
      reason: String(row.reason),
      device: String(row.device),
      fileId: Number(row.file),
      wallMs: Number(row.wall_ms),
      command: row.command instanceof Uint8Array ? row.command : null,
    }));
  }

  /** Size of the database, bytes. @throws {StoreError} */
  bytes(): number {
    return this.#read(() => usedBytes(this.#db));
  }

  #read<T>(work: () => T): T {
    return this.#db.read("read the outbox", work);
  }
}
