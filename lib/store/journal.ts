/**
 * The open store: one log of readings, its lanes, register and bounds, over one
 * connection. Here is decided what is written together.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Reading } from "../reading/reading.ts";
import { type Database, StoreError } from "./database.ts";
import { type Counter, Counters, DeviceRegister } from "./devices.ts";
import { type LaneHost, loadLanes, StoredLane } from "./lane.ts";
import type { Account, Entry, Lane } from "./outbox.ts";
import {
  deleteSlice,
  DropReport,
  type Limits,
  nextCut,
  shrink,
  trimRejected,
} from "./prune.ts";
import { Ranges } from "./ranges.ts";
import type { Readings } from "./readings.ts";

/** Settled readings are written at the latest after this, milliseconds. */
const FLUSH_MS = 10;
/** Next try after settled readings could not be written, milliseconds. */
const FLUSH_AGAIN_MS = 1000;
/** The bounds are looked at after so many appended readings. */
const PRUNE_EVERY = 256;
/** How long {@link Journal.maintain} may block, milliseconds. */
const MAINTAIN_MS = 20;
/** Rows in one step of re-stamping. */
const STEP_ROWS = 1024;

/** What {@link Journal.maintain} did. */
export interface Maintained {
  /** Rows that went. */
  readonly removed: number;
  /** Whether there is more to do: call again soon. */
  readonly more: boolean;
}

/** What the journal is made of. */
export interface JournalParts {
  readonly db: Database;
  readonly readings: Readings;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: Limits;
  readonly freeBytes: () => number;
  /** Replaces the damaged file and the connection. */
  readonly salvage: (cause: unknown) => void;
}

/** What is written in one transaction with what waits. */
interface Work {
  readonly before?: () => void;
  readonly after?: () => void;
  readonly staged?: Parameters<DeviceRegister["save"]>[0];
}

/** The store behind `store.ts`. */
export class Journal {
  readonly devices: DeviceRegister;
  readonly #parts: JournalParts;
  readonly #db: Database;
  readonly #readings: Readings;
  readonly #counters: Counters;
  readonly #lanes = new Map<string, StoredLane>();
  readonly #opened = new Set<string>();
  readonly #host: LaneHost;
  readonly #drops: DropReport;
  /** Where a sink begins that the salvaged tables do not know; null when all are known. */
  #orphanStart: number | null = null;
  #disarm: (() => void) | null = null;
  #sincePrune = 0;
  #trouble: string | null = null;
  #closed = false;

  constructor(parts: JournalParts) {
    const { db } = parts;
    this.#parts = parts;
    this.#db = db;
    this.#drops = new DropReport(parts.log);
    this.#readings = parts.readings;
    this.#counters = new Counters(db);
    this.devices = new DeviceRegister(db, () => this.#changed());
    this.#host = {
      db,
      lastId: () => this.#readings.lastId,
      lastIds: () => this.devices.lastIds(),
      inMemory: (id) => this.#readings.inMemory(id),
      fetch: (from, to) =>
        db.read("read the outbox", () => this.#readings.fetch(from, to)),
      changed: () => this.#changed(),
      dropped: (sink, reason, count) => {
        if (this.#opened.has(sink)) this.#drops.add(sink, reason, count);
      },
    };
  }

  /**
   * Reads what the tables say; once, before anything else.
   *
   * @param sinksKnown null for an intact database; otherwise whether a salvage has found every sink
   */
  load(sinksKnown: boolean | null): void {
    this.#readings.load();
    this.devices.load();
    this.#counters.load();
    this.#lanes.clear();
    for (const lane of loadLanes(this.#host)) this.#lanes.set(lane.sink, lane);
    if (sinksKnown !== null) this.#dropGaps();
    if (sinksKnown === false) {
      const oldest = this.#db.number("SELECT min(id) FROM reading");
      this.#orphanStart = oldest === 0 ? this.#readings.lastId : oldest - 1;
    }
    this.#db.onDamage((cause) => this.#heal(cause));
  }

  append(entries: readonly Entry[]): readonly Reading[] {
    if (entries.length === 0) return [];
    const readings = this.#readings.numbered(entries);
    const staged = this.devices.staged(readings);
    const commit = (): void =>
      this.#commit("append to the outbox", {
        before: () => this.#readings.insert(entries, readings),
        staged,
      });
    try {
      commit();
    } catch (error) {
      if (!(error instanceof StoreError) || error.fault !== "full") throw error;
      // What the bounds would take at the next occasion may make the room.
      if (this.#pruneSlice() === null) throw error;
      commit();
    }
    this.#readings.inserted(readings);
    for (const lane of this.#lanes.values()) lane.wake();
    this.#sincePrune += readings.length;
    if (this.#sincePrune >= PRUNE_EVERY) {
      // The readings are committed: nothing from here on may say otherwise.
      this.#quietly("Outbox could not be pruned", () => {
        this.#pruneSlice();
        this.#drops.tell(this.#parts.clock.monoMs());
      });
    }
    return readings;
  }

  lane(sink: string): Lane {
    const known = this.#lanes.get(sink);
    this.#opened.add(sink);
    if (known !== undefined) return known;
    const start = this.#orphanStart ?? this.#readings.lastId;
    const state = {
      startId: start,
      cursor: start,
      delivered: 0,
      rejected: 0,
      droppedBy: {},
    };
    const lane = new StoredLane(sink, state, new Ranges(), this.#host);
    // Written at once: after a kill it would otherwise start at a later "now".
    this.#commit("add a sink to the outbox", { before: () => lane.save() });
    lane.saved();
    this.#lanes.set(sink, lane);
    return lane;
  }

  /** The lane the tables know by that name. */
  storedLane(sink: string): StoredLane | undefined {
    return this.#lanes.get(sink);
  }

  counter(name: string): Counter {
    return this.#counters.counter(name);
  }

  accounts(): ReadonlyMap<string, Account> {
    return new Map(
      this.#openLanes().map((lane) => [lane.sink, lane.account()]),
    );
  }

  flush(): void {
    this.#disarm?.();
    this.#disarm = null;
    const dirty = this.devices.dirty ||
      [...this.#lanes.values()].some((lane) => lane.dirty);
    if (dirty) this.#commit("write what was settled");
    this.#drops.tell(this.#parts.clock.monoMs());
  }

  maintain(): Maintained {
    const { clock } = this.#parts;
    const until = clock.monoMs() + MAINTAIN_MS;
    let removed = 0;
    let more = true;
    this.#quietly("Outbox could not be pruned", () => {
      while (more) {
        const gone = this.#pruneSlice();
        if (gone === null) more = false;
        else removed += gone;
        if (clock.monoMs() >= until) break;
      }
      if (!more) {
        this.#commit("trim the outbox", {
          after: () => trimRejected(this.#db),
        });
      }
      this.flush();
    });
    return { removed, more };
  }

  restamp(bootId: string, offsetMs: number): number {
    const boot = this.#readings.bootNumber(bootId);
    if (boot === null) return 0;
    const cursors = [...this.#lanes.values()].map((lane) => lane.cursor);
    let from = Math.min(this.#readings.lastId, ...cursors) + 1;
    let count = 0;
    for (; from <= this.#readings.lastId; from += STEP_ROWS) {
      const to = Math.min(from + STEP_ROWS - 1, this.#readings.lastId);
      const ids = this.#db.write(
        "re-stamp readings",
        () => this.#readings.restamp(from, to, boot, offsetMs),
      );
      this.#readings.restamped(ids, offsetMs);
      count += ids.length;
    }
    for (const lane of this.#lanes.values()) lane.forgetPages();
    return count;
  }

  purge(sink: string): number {
    const lane = this.#lanes.get(sink);
    const count = lane?.drop(0, this.#readings.lastId, "purged") ?? 0;
    this.flush();
    return count;
  }

  /** Why the last write failed; null when it did not. */
  trouble(): string | null {
    return this.#trouble;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.flush();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      // What was settled lately will be delivered twice: that is allowed, silence is not.
      this.#parts.log.error("Outbox could not be written at close", { error });
    } finally {
      this.#db.close();
    }
  }

  /** One transaction with all that waits to be written. */
  #commit(doing: string, work: Work = {}): void {
    const staged = work.staged ?? new Map();
    try {
      this.#db.write(doing, () => {
        work.before?.();
        this.devices.save(staged);
        for (const lane of this.#lanes.values()) if (lane.dirty) lane.save();
        work.after?.();
      });
    } catch (error) {
      this.#trouble = error instanceof Error ? error.message : String(error);
      throw error;
    }
    this.#trouble = null;
    this.devices.saved(staged);
    for (const lane of this.#lanes.values()) if (lane.dirty) lane.saved();
  }

  #changed(delayMs = FLUSH_MS): void {
    if (this.#disarm !== null || this.#closed) return;
    this.#disarm = this.#parts.clock.after(delayMs, () => {
      this.#disarm = null;
      this.#quietly("Outbox cannot be written", () => this.flush());
      if (this.#trouble !== null) this.#changed(FLUSH_AGAIN_MS);
    });
  }

  /** Rows that went, or null when nothing has to go. */
  #pruneSlice(): number | null {
    const { limits, clock, freeBytes } = this.#parts;
    this.#sincePrune = 0;
    const now = clock.instant();
    const boot = this.#readings.bootNumber(now.bootId);
    const { lastId } = this.#readings;
    const cut = this.#db.read(
      "read the outbox",
      () => nextCut(this.#db, limits, now, boot, lastId, freeBytes),
    );
    if (cut === null) return null;
    let removed = 0;
    this.#commit("prune the outbox", {
      before: () => {
        for (const lane of this.#lanes.values()) {
          lane.drop(0, cut.upTo, cut.reason);
        }
      },
      // Rows after lanes: a rejected reading is set aside with its command.
      after: () => {
        removed = deleteSlice(this.#db, cut, lastId);
      },
    });
    shrink(this.#db, cut, limits.maxBytes);
    return removed;
  }

  /** Does what can wait: a failure is told once and tried again at the next occasion. */
  #quietly(message: string, work: () => void): void {
    const before = this.#trouble;
    try {
      work();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#trouble = error.message;
      if (before === null) this.#parts.log.error(message, { error });
    }
  }

  /** Salvages the file in use; what memory knows better than the file is written again. */
  #heal(cause: unknown): void {
    this.#parts.salvage(cause);
    const { lastId } = this.#readings;
    this.#db.transaction(() => {
      this.#db.exec("DELETE FROM sink; DELETE FROM ahead");
      // The numbers of an append that did not come to its end are free.
      this.#db.sql("DELETE FROM reading WHERE id > ?").run(lastId);
      this.#readings.saveBoots();
      this.#counters.saveAll();
      this.devices.touchAll();
      this.devices.save(new Map());
      for (const lane of this.#lanes.values()) lane.touchAll();
    });
    this.#readings.loadBoots();
    this.#dropGaps();
    this.#db.transaction(() => {
      for (const lane of this.#lanes.values()) lane.save();
    });
    for (const lane of this.#lanes.values()) lane.saved();
    this.devices.saved(new Map());
    this.#drops.tell(this.#parts.clock.monoMs());
  }

  /** Settles what a salvage did not find. */
  #dropGaps(): void {
    const lanes = [...this.#lanes.values()];
    const from = Math.min(...lanes.map((lane) => lane.cursor));
    for (const { first, last } of this.#readings.missing(from)) {
      for (const lane of lanes) lane.drop(first, last, "damaged");
    }
  }

  #openLanes(): StoredLane[] {
    return [...this.#lanes.values()].filter(({ sink }) =>
      this.#opened.has(sink)
    );
  }
}
