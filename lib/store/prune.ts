/**
 * The bounds of the log: age, size, free space on the disk. Decides what goes,
 * oldest first, a slice at a time; and tells what was dropped without telling
 * it a thousand times.
 *
 * @module
 */
import type { Instant } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Database } from "./database.ts";
import type { DropReason } from "./outbox.ts";
import { forgetSettled } from "./settled.ts";

/** Rows that go at a time; a slice takes a few milliseconds. */
const SLICE_ROWS = 512;
/** Fewer rows than this do not go for their age yet: each slice is a commit of some pages. */
const FEW_ROWS = 256;
/** Nor do they wait longer than this for others, milliseconds. */
const AGE_LATE_MS = 3_600_000;
/**
 * The newest rows stay however full the disk is, and whatever else the database
 * holds: taking them would free next to nothing and stop live delivery.
 */
const KEPT = 256;
/** Rows set aside as rejected that are kept, all sinks together. */
const REJECTED_KEPT = 1000;
/** Ongoing drops are told again after this long. */
const TELL_AGAIN_MS = 600_000;

/** Limits in the units of the decision. */
export interface Limits {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
  readonly minFreeBytes: number;
}

/** The rows up to `upTo` have to go. */
export interface Cut {
  readonly upTo: number;
  readonly reason: Extract<DropReason, "age" | "size" | "disk">;
}

/** Bytes of the database in use, without pages that are free for reuse. */
export function usedBytes(db: Database): number {
  return (db.number("PRAGMA page_count") -
    db.number("PRAGMA freelist_count")) * db.number("PRAGMA page_size");
}

/**
 * The next slice that has to go, or null.
 *
 * @param boot number of the present boot in table `boot`, or null when it has no rows
 * @param lastId the newest reading
 */
export function nextCut(
  db: Database,
  limits: Limits,
  now: Instant,
  boot: number | null,
  lastId: number,
  freeBytes: () => number,
): Cut | null {
  const oldest = db.number("SELECT min(id) FROM reading");
  if (oldest === 0) return null;
  // Ids are in order of time, so what stands before an old row is old, too. Age
  // is certain within this boot. A wall clock that was not synchronised says
  // nothing while the present one is: such rows go with their neighbours.
  const olderThan = (ageMs: number) =>
    db.number(
      `SELECT max(id) FROM (SELECT * FROM reading ORDER BY id LIMIT ${SLICE_ROWS})
       WHERE CASE WHEN boot = ? THEN mono_ms < ? ELSE synced >= ? AND wall_ms < ? END`,
      boot ?? -1,
      now.monoMs - ageMs,
      now.synced ? 1 : 0,
      now.wallMs - ageMs,
    );
  const aged = olderThan(limits.maxAgeMs);
  const goes = aged >= oldest + FEW_ROWS ||
    (aged > 0 && olderThan(limits.maxAgeMs + AGE_LATE_MS) > 0);
  if (goes) return { upTo: aged, reason: "age" };
  const upTo = Math.min(oldest + SLICE_ROWS - 1, lastId - KEPT);
  if (upTo < oldest) return null;
  if (usedBytes(db) > limits.maxBytes) return { upTo, reason: "size" };
  return freeBytes() < limits.minFreeBytes ? { upTo, reason: "disk" } : null;
}

/** Deletes a slice; inside the transaction that also settles it in every lane. */
export function deleteSlice(db: Database, cut: Cut, lastId: number): number {
  const { changes } = db.sql("DELETE FROM reading WHERE id <= ?").run(cut.upTo);
  forgetSettled(db, cut.upTo);
  // Without rows only this tells how far the numbers have come.
  db.sql("INSERT OR REPLACE INTO meta VALUES ('last_id', ?)").run(lastId);
  return Number(changes);
}

/** Deletes what was set aside beyond its bounds; inside a transaction. */
export function trimRejected(db: Database): void {
  db.sql(
    "DELETE FROM rejected WHERE n <= (SELECT max(n) FROM rejected) - ?",
  ).run(REJECTED_KEPT);
}

/** Gives free pages back to the disk where that is what matters; outside a transaction. */
export function shrink(db: Database, cut: Cut, maxBytes: number): void {
  const file = db.number("PRAGMA page_count") * db.number("PRAGMA page_size");
  if (cut.reason !== "disk" && file <= maxBytes) return;
  db.exec("PRAGMA incremental_vacuum(256)");
  // The file gets shorter at a checkpoint only.
  if (cut.reason === "disk") db.exec("PRAGMA wal_checkpoint(PASSIVE)");
}

/** Counts dropped readings and logs them once, then every ten minutes while it goes on. */
export class DropReport {
  readonly #log: Log;
  readonly #episodes = new Map<
    string,
    { sink: string; reason: DropReason; untold: number; toldMs: number | null }
  >();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Notes dropped readings. */
  add(sink: string, reason: DropReason, count: number): void {
    const key = `${reason} ${sink}`;
    const episode = this.#episodes.get(key) ??
      { sink, reason, untold: 0, toldMs: null };
    episode.untold += count;
    this.#episodes.set(key, episode);
  }

  /** Logs what is due; `nowMs` is a clock that never steps. */
  tell(nowMs: number): void {
    for (const [key, episode] of this.#episodes) {
      const { sink, reason, untold, toldMs } = episode;
      const due = toldMs === null || nowMs - toldMs >= TELL_AGAIN_MS;
      if (!due) continue;
      if (untold === 0) {
        // Quiet for that long: the next drop is a new episode.
        this.#episodes.delete(key);
        continue;
      }
      this.#log.warn("Readings were dropped undelivered", {
        sink,
        reason,
        count: untold,
      });
      episode.untold = 0;
      episode.toldMs = nowMs;
    }
  }
}
