/**
 * What people ask about the log: recent readings, what waits for a sink, what a
 * sink has rejected. Changes nothing.
 *
 * @module
 */
import type { Reading, Receipt } from "../reading/reading.ts";
import type { Database } from "./database.ts";
import type { Devices } from "./devices.ts";
import type { StoredLane } from "./lane.ts";
import { usedBytes } from "./prune.ts";
import type { Readings, StoredReading } from "./readings.ts";
import {
  lastPushes,
  type PastQuery,
  pastSlices,
  type ReadingLog,
  type RecentQuery,
  recentSlices,
  slicesOf,
} from "./recent.ts";
import type { Moment } from "./settled.ts";

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

/** How a reading stands with one sink. */
export type Fate =
  | { readonly is: "pending" | "before_sink" }
  /** It ended before the ends were kept. */
  | { readonly is: "unknown" }
  /** Dropped by a purge: other drops leave no reading to ask about. */
  | { readonly is: "delivered" | "dropped"; readonly at: Moment }
  | {
    readonly is: "rejected";
    /** Null when it is no longer kept. */
    readonly reason: string | null;
    /** Null when it was not kept. */
    readonly at: Moment | null;
  };

/** Rows read at a time while looking for pending ones. */
const PAGE_ROWS = 256;
/** How many readings of a device are looked at for the one before, of the same file. */
const PREVIOUS_ROWS = 1000;

/** The questions, over an open database. */
export class Views {
  readonly #db: Database;
  readonly #readings: Readings;
  readonly #devices: Devices;
  readonly #log: ReadingLog;

  constructor(log: ReadingLog, devices: Devices) {
    this.#db = log.db;
    this.#readings = log.readings;
    this.#devices = devices;
    this.#log = log;
  }

  /** The newest readings first, as of now; a slice is a few milliseconds of work. @throws {StoreError} */
  recentSlices(query: RecentQuery): Generator<readonly Reading[], void> {
    return recentSlices(this.#log, query, this.#newest(query.device));
  }

  /** A device's readings of one file as of now, oldest first, and how many there are. @throws {StoreError} */
  pastSlices(query: PastQuery): Generator<readonly Reading[], number> {
    return pastSlices(this.#log, query, this.#newest(query.device));
  }

  /** The reading of the same device and file before this one; null when none is in the log. @throws {StoreError} */
  previous({ id, device, fileId }: Reading): Reading | null {
    let looked = 0;
    for (const rows of slicesOf(this.#log, device, id)) {
      const before = rows.find((row) => row.id < id && row.file === fileId);
      if (before !== undefined) return this.#readings.reading(before);
      looked += rows.length;
      if (looked > PREVIOUS_ROWS) break;
    }
    return null;
  }

  /** How a reading stands with a sink. @throws {StoreError} */
  fate(lane: StoredLane, id: number): Fate {
    return this.#read(() => {
      const ended = lane.fate(id);
      if (ended === "pending" || ended === "before_sink") return { is: ended };
      const reason = this.#db.sql(
        "SELECT reason FROM rejected WHERE sink = ? AND id = ? ORDER BY n DESC",
      ).get(lane.sink, id)?.reason;
      const known = typeof reason === "string"
        ? reason
        : lane.unwrittenReason(id);
      if (ended === null) {
        return known === null
          ? { is: "unknown" }
          : { is: "rejected", reason: known, at: null };
      }
      const { end, ...at } = ended;
      if (end === "rejected") return { is: end, reason: known, at };
      return { is: end === "accepted" ? "delivered" : "dropped", at };
    });
  }

  /** The newest reading of every device and file since a moment. @throws {StoreError} */
  lastPushes(sinceWallMs: number): readonly Reading[] {
    return this.#read(() => lastPushes(this.#db, this.#readings, sinceWallMs));
  }

  /** One reading with its bytes; null when it is not in the log. @throws {StoreError} */
  stored(id: number): StoredReading | null {
    return this.#read(() => this.#readings.stored(id));
  }

  /** When the oldest reading of the log was received; null for an empty one. @throws {StoreError} */
  oldest(): Receipt | null {
    return this.#read(() => this.#readings.receiptFrom(0));
  }

  /** When the oldest reading that is pending in a lane was received; null when none is. @throws {StoreError} */
  oldestPending(lane: StoredLane): Receipt | null {
    const id = lane.nextPending(0);
    if (id > this.#readings.lastId) return null;
    return this.#read(() => this.#readings.receiptFrom(id));
  }

  /** What is pending in a lane behind `afterId`, up to `max`. @throws {StoreError} */
  peek(lane: StoredLane, max: number, afterId: number): readonly Reading[] {
    const { lastId } = this.#readings;
    const found: Reading[] = [];
    let id = lane.nextPending(afterId + 1);
    while (found.length < max && id <= lastId) {
      const from = id;
      // Only what is pending is read, however much has been settled around it.
      const to = Math.min(
        from + Math.min(PAGE_ROWS, max - found.length) - 1,
        lane.pendingTo(from),
      );
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

  /** Where to begin for a device, or for all of them. */
  #newest(device: string | undefined): number {
    return device === undefined
      ? this.#readings.lastId
      : this.#devices.get(device)?.lastId ?? 0;
  }

  #read<T>(work: () => T): T {
    return this.#db.read("read the outbox", work);
  }
}
