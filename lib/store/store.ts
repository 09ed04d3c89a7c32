/**
 * The durable log between the modem and the sinks: one SQLite file in the data
 * directory, written with WAL and `synchronous=FULL`. A reading is committed
 * before any sink hears of it.
 *
 * Way in: `outbox.ts` has the contracts, `journal.ts` the open store,
 * `writer.ts` what is written together, `lane.ts` and `order.ts` a sink's way through the log, `prune.ts` and `pruner.ts` its bounds,
 * `salvage.ts` what happens to a damaged file, `recent.ts` and `settled.ts` what
 * people ask about readings of the past. This file opens it all; it
 * is long since it lists all that can be asked of a store.
 *
 * @module
 */
import { existsSync, statfsSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import * as z from "zod";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Reading } from "../reading/reading.ts";
import {
  Database,
  isReadOnly,
  isUnfit,
  openFile,
  StoreError,
  storeError,
} from "./database.ts";
import type { Counter, Devices } from "./devices.ts";
import { Journal } from "./journal.ts";
import type { Kept } from "./kept.ts";
import { takeLock } from "./lock.ts";
import { migrate, versionOf } from "./migrations.ts";
import type { Account, Outbox, Restore } from "./outbox.ts";
import type { Maintained } from "./pruner.ts";
import { Readings, type StoredReading } from "./readings.ts";
import type { PastQuery, RecentQuery } from "./recent.ts";
import { DATABASE, resumeSalvage, salvage } from "./salvage.ts";
import { type Fate, type RejectedRow, Views } from "./views.ts";

export { StoreError };

/** Section `[outbox]` of the configuration. */
export const outboxConfig = z.strictObject({
  max_age_days: z.number().positive().max(3650).default(30)
    .describe(
      "older readings go, delivered or not; what was not delivered is counted",
    ),
  max_mb: z.number().min(1).max(1_000_000).default(256)
    .describe("size of the database; above it the oldest readings go"),
  min_free_mb: z.number().min(0).default(100)
    .describe(
      "free space to leave on the disk; below it the oldest readings go",
    ),
});

/** Checked section `[outbox]`. */
export type OutboxConfig = z.infer<typeof outboxConfig>;

/** What {@link openStore} needs. */
export interface StoreOptions {
  /** Data directory; made when it is not there. */
  readonly dir: string;
  readonly config: OutboxConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly restore: Restore;
  /** Free bytes on the disk of a directory; asks the system by default. */
  readonly freeBytes?: (dir: string) => number;
}

/** The open store. Whatever writes throws {@link StoreError} and has then changed nothing. */
export interface Store extends Outbox, Disposable {
  readonly devices: Devices;
  /** A number that survives restarts, such as bdSeq. */
  counter(name: string): Counter;
  /** Texts that survive restarts, in an area of their own. */
  kept(area: string): Kept;
  /** The account of every sink whose lane was opened. */
  accounts(): ReadonlyMap<string, Account>;
  /** Writes what waits; it is written by itself, too, see `writer.ts`. */
  flush(): void;
  /** Proves that commits reach the disk; writes only if nothing was committed since the last call. */
  prove(): void;
  /** Keeps the log within its bounds for at most about 20 ms; to be called every minute or so. */
  maintain(): Maintained;
  /**
   * The clock was first set: waiting readings of that boot get
   * wall time = monotonic time + `offsetMs`. Says how many there were.
   */
  restamp(bootId: string, offsetMs: number): number;
  /** The newest readings first, delivered or not. */
  recent(query: RecentQuery): readonly Reading[];
  /** {@link recent} in slices of a few milliseconds, some empty; other work may be done between them. */
  recentSlices(query: RecentQuery): Generator<readonly Reading[], void>;
  /**
   * A device's readings of one file, oldest first, and how many there are;
   * thinned out where there are more than asked for. In slices, as above.
   */
  pastSlices(query: PastQuery): Generator<readonly Reading[], number>;
  /** The reading of the same device and file before this one; null when none is in the log. */
  previous(reading: Reading): Reading | null;
  /** How a reading stands with a sink; null when there is no such sink. */
  fate(sink: string, id: number): Fate | null;
  /** One reading with its bytes; null when it is not in the log (any more). */
  stored(id: number): StoredReading | null;
  /** When the oldest reading of the log was received; null for an empty one. */
  oldest(): Reading["received"] | null;
  /** When the oldest reading that waits for a sink was received; null when none does. */
  oldestPending(sink: string): Reading["received"] | null;
  /** Of the newest `max` readings those that are wanted, the oldest first. */
  newest(
    max: number,
    wanted: (device: string, received: Reading["received"]) => boolean,
  ): readonly Reading[];
  /** The newest reading of every device and file since a moment, milliseconds since 1970. */
  lastPushes(sinceWallMs: number): readonly Reading[];
  /** What waits or is in flight for a sink, from behind `afterId` on; leases nothing. */
  peek(sink: string, max: number, afterId?: number): readonly Reading[];
  /** Drops all that is pending for a sink and says how many they were. */
  purge(sink: string): number;
  /** What a sink has rejected, newest first. */
  rejectedRows(sink: string, max: number): readonly RejectedRow[];
  /** Size of the database, bytes; the log of writes beside it, 4 MB at most, does not count. */
  bytes(): number;
  /** How much of the allowed size is taken by what the fullest open lane still has to deliver, 0 to 1. */
  fill(): number;
  /** Why the last write failed; null while the store can be written. */
  trouble(): string | null;
  /** Writes what waits and ends; the directory is free for another process. */
  close(): void;
}

const MB = 1_000_000;
const DAY_MS = 86_400_000;
/**
 * Up to this size the whole file is checked at start, which takes about 1 ms per
 * MB and much more from a slow card. Damage in a larger one shows when it is met.
 */
const CHECKED_BYTES = 8 * MB;

/**
 * Opens the store of a data directory. A damaged database is set aside and what
 * can be read goes on in a new one.
 *
 * @throws {StoreError} `locked` by another process, `version` of a newer release, `io`, `full`
 */
export function openStore(options: StoreOptions): Store {
  const { dir, config, clock, log, restore } = options;
  const free = options.freeBytes ?? freeOnDisk;
  using stack = new DisposableStack();
  stack.use(takeLock(dir));
  onDisk("finish the salvage of the outbox", () => resumeSalvage(dir));

  const rescue = (cause: unknown): { db: DatabaseSync; sinks: boolean } => {
    const saved = onDisk(
      "salvage the outbox",
      () => salvage(dir, clock.nowMs()),
    );
    log.error("Outbox was damaged; what could be read is in a new one", {
      cause,
      set_aside: saved.setAside,
      readings_saved: saved.readings,
      sinks_saved: saved.sinks,
      cursors_known: saved.sinksWhole,
    });
    return { db: openFit(dir), sinks: saved.sinksWhole };
  };

  if (isHollow(dir)) {
    log.warn("Outbox holds nothing at all, begun anew; was it emptied?", {
      file: `${dir}/${DATABASE}`,
    });
  }
  let sinksKnown: boolean | null = null;
  let file: DatabaseSync;
  try {
    file = openFit(dir);
  } catch (error) {
    if (!isBroken(error)) {
      // SQLite calls a full disk an I/O error when it cannot even begin.
      throw free(dir) < MB
        ? new StoreError(
          "full",
          `Cannot open the outbox: no space left on the disk of ${dir}, make room there`,
          { cause: error },
        )
        : isReadOnly(error)
        ? new StoreError(
          "io",
          `Cannot open the outbox: its files in ${dir} cannot be written, give them to the agent's user or mount the disk writable`,
          { cause: error },
        )
        : storeError("open the outbox", error);
    }
    const rescued = rescue(error);
    file = rescued.db;
    sinksKnown = rescued.sinks;
  }
  const db = new Database(file);
  stack.defer(() => db.close());
  const readings = new Readings(db, guarded(restore, log));
  const journal = new Journal({
    db,
    readings,
    clock,
    log,
    limits: {
      maxAgeMs: config.max_age_days * DAY_MS,
      maxBytes: config.max_mb * MB,
      minFreeBytes: config.min_free_mb * MB,
    },
    freeBytes: () => onDisk("ask for free space", () => free(dir)),
    salvage: (cause) => {
      db.close();
      db.replace(rescue(cause).db);
    },
  });
  try {
    journal.load(sinksKnown);
  } catch (error) {
    if (!isBroken(error)) throw storeError("read the outbox", error);
    db.close();
    const rescued = rescue(error);
    db.replace(rescued.db);
    journal.load(rescued.sinks);
  }
  const views = new Views({ db, readings, clock }, journal.devices);
  const owned = stack.move();
  const close = (): void => {
    journal.close();
    owned.dispose();
  };
  return {
    devices: journal.devices,
    append: (entries) => journal.append(entries),
    lane: (sink) => journal.lane(sink),
    counter: (name) => journal.counter(name),
    kept: (area) => journal.kept(area),
    accounts: () => journal.accounts(),
    flush: () => journal.flush(),
    prove: () => journal.prove(),
    maintain: () => journal.maintain(),
    restamp: (bootId, offsetMs) => journal.restamp(bootId, offsetMs),
    recent: (query) => [...views.recentSlices(query)].flat(),
    recentSlices: (query) => views.recentSlices(query),
    pastSlices: (query) => views.pastSlices(query),
    previous: (reading) => views.previous(reading),
    fate: (sink, id) => {
      const lane = journal.storedLane(sink);
      return lane === undefined ? null : views.fate(lane, id);
    },
    stored: (id) => views.stored(id),
    oldest: () => views.oldest(),
    oldestPending: (sink) => {
      const lane = journal.storedLane(sink);
      return lane === undefined ? null : views.oldestPending(lane);
    },
    newest: (max, wanted) => journal.newest(max, wanted),
    lastPushes: (sinceWallMs) => views.lastPushes(sinceWallMs),
    peek: (sink, max, afterId = 0) => {
      const lane = journal.storedLane(sink);
      return lane === undefined ? [] : views.peek(lane, max, afterId);
    },
    purge: (sink) => journal.purge(sink),
    rejectedRows: (sink, max) => {
      journal.flush();
      return views.rejectedRows(sink, max);
    },
    bytes: () => views.bytes(),
    fill: () => journal.fill(),
    trouble: () => journal.trouble(),
    close,
    [Symbol.dispose]: close,
  };
}

/** Opens the file, checks it as far as that is quick, and brings it to the present layout. */
function openFit(dir: string): DatabaseSync {
  const path = `${dir}/${DATABASE}`;
  const bytes = existsSync(path) ? Deno.statSync(path).size : 0;
  const db = openFile(path);
  try {
    if (bytes > 0 && bytes <= CHECKED_BYTES) {
      const found = db.prepare("PRAGMA quick_check(1)").get()?.quick_check;
      if (found !== "ok") broken(String(found));
    }
    const tables = db.prepare("SELECT count(*) AS n FROM sqlite_schema").get();
    if (versionOf(db) === 0 && tables?.n !== 0) broken("it has no version");
    migrate(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function broken(why: string): never {
  throw new StoreError("damaged", `Cannot use the outbox: ${why}`);
}

/** Whether an error says that the file has to be salvaged. */
function isBroken(error: unknown): boolean {
  if (error instanceof StoreError) return error.fault === "damaged";
  // A RangeError is a number in the file that no number can hold.
  return isUnfit(error) || error instanceof RangeError;
}

/** A row that cannot be interpreted must not stop the lane behind it. */
function guarded(restore: Restore, log: Log): Restore {
  return (row) => {
    try {
      return restore(row);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      log.error("Reading cannot be restored", { id: row.id, error });
      return null;
    }
  };
}

function freeOnDisk(dir: string): number {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
}

/** Does work on files: what the system refuses becomes a {@link StoreError}, for which every caller has a plan. */
function onDisk<T>(doing: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const fromSystem = error instanceof Error && "code" in error &&
      typeof error.code === "string" && /^E[A-Z]+$/.test(error.code);
    if (!fromSystem) throw storeError(doing, error);
    throw new StoreError("io", `Cannot ${doing}: ${error.message}`, {
      cause: error,
    });
  }
}

/** Whether the database's file is there without a byte: SQLite takes that for a new one. */
function isHollow(dir: string): boolean {
  const sizeOf = (path: string) => {
    try {
      return Deno.statSync(path).size;
    } catch {
      return null;
    }
  };
  return sizeOf(`${dir}/${DATABASE}`) === 0 &&
    !sizeOf(`${dir}/${DATABASE}-wal`);
}
