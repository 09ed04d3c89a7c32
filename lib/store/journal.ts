/**
 * The open store: one log of readings, its lanes, register and bounds, over one
 * connection. Past 300 lines because every change of the log passes here.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Reading, Receipt } from "../reading/reading.ts";
import { loadLanes } from "./accounts.ts";
import { type Database, StoreError } from "./database.ts";
import {
  type Counter,
  Counters,
  type DeviceRegister,
  REGISTER_BEHIND,
} from "./devices.ts";
import type { Kept } from "./kept.ts";
import { type LaneHost, StoredLane } from "./lane.ts";
import type { Account, Entry, Lane } from "./outbox.ts";
import { type Limits, usedBytes } from "./prune.ts";
import { type Maintained, Pruner } from "./pruner.ts";
import { Ranges } from "./ranges.ts";
import type { Readings } from "./readings.ts";
import type { Moment } from "./settled.ts";
import { Writer } from "./writer.ts";

/** Readings that end within this have one time, milliseconds: asking the clock costs more than they do. */
const MOMENT_MS = 10;
const NO_MOMENT = { monoMs: -Infinity, synced: false, atMs: 0 };
/** Rows in one step of re-stamping. */
const STEP_ROWS = 1024;

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

/** The store behind `store.ts`. */
export class Journal {
  readonly devices: DeviceRegister;
  readonly #parts: JournalParts;
  readonly #db: Database;
  readonly #readings: Readings;
  readonly #counters: Counters;
  readonly #writer: Writer;
  readonly #pruner: Pruner;
  readonly #lanes: Map<string, StoredLane>;
  readonly #opened = new Set<string>();
  readonly #host: LaneHost;
  /** Where a sink begins that the salvaged tables do not know; null when all are known. */
  #orphanStart: number | null = null;
  #closed = false;
  /** The wall clock as it was asked last. */
  #moment: Moment & { readonly monoMs: number } = NO_MOMENT;

  constructor(parts: JournalParts) {
    const { db } = parts;
    this.#parts = parts;
    this.#db = db;
    this.#writer = new Writer(db, parts.clock, parts.log);
    this.#lanes = this.#writer.lanes;
    this.devices = this.#writer.devices;
    this.#readings = parts.readings;
    this.#counters = new Counters(db);
    this.#pruner = new Pruner({ ...parts, writer: this.#writer });
    this.#host = {
      db,
      lastId: () => this.#readings.lastId,
      lastIds: () => this.devices.lastIds(),
      inMemory: (id) => this.#readings.inMemory(id),
      fetch: (from, to) =>
        db.read("read the outbox", () => this.#readings.fetch(from, to)),
      now: () => this.#now(),
      changed: (what) =>
        what === "delivery" ? this.#writer.delivered() : this.#writer.changed(),
      dropped: (sink, reason, count) => {
        // A sink that is not configured any more is nobody's loss, damage is.
        if (this.#opened.has(sink) || reason === "damaged") {
          this.#writer.drops.add(sink, reason, count);
        }
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
    this.devices.catchUp(
      this.#readings.unregistered(REGISTER_BEHIND),
      (row) => this.#readings.reading(row),
    );
    this.#counters.load();
    this.#writer.kept.load();
    this.#lanes.clear();
    for (const lane of loadLanes(this.#host)) this.#lanes.set(lane.sink, lane);
    if (sinksKnown !== null) this.#dropGaps();
    if (sinksKnown === false) {
      const oldest = this.#db.number("SELECT min(id) FROM reading");
      this.#orphanStart = oldest === 0 ? this.#readings.lastId : oldest - 1;
    }
    this.#db.onDamage((cause) => this.#heal(cause));
    this.#writer.tell();
  }

  append(entries: readonly Entry[]): readonly Reading[] {
    if (entries.length === 0) return [];
    const readings = this.#readings.numbered(entries);
    const staged = this.devices.staged(readings);
    const commit = (): void =>
      this.#writer.commit("append to the outbox", {
        before: () =>
          this.#readings.insert(
            entries,
            readings,
            (device) => this.devices.get(device)?.lastId ?? 0,
          ),
        staged,
      });
    try {
      commit();
    } catch (error) {
      if (!(error instanceof StoreError) || error.fault !== "full") throw error;
      // What the bounds would take at the next occasion may make the room.
      if (this.#pruner.slice() === null) throw error;
      commit();
    }
    this.#readings.inserted(readings);
    // Nothing ends before it was received.
    this.#moment = NO_MOMENT;
    for (const lane of this.#lanes.values()) lane.wake();
    this.#pruner.appended(readings.length);
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
      settled: new Uint8Array(),
    };
    const lane = new StoredLane(sink, state, new Ranges(), this.#host);
    // Written at once: after a kill it would otherwise start at a later "now".
    this.#writer.commit("add a sink to the outbox", {
      before: () => lane.save(),
    });
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

  kept(area: string): Kept {
    return this.#writer.kept.area(area);
  }

  accounts(): ReadonlyMap<string, Account> {
    return new Map(
      this.#openLanes().map((lane) => [lane.sink, lane.account()]),
    );
  }

  prove(): void {
    this.#writer.prove();
  }

  /** How much of the allowed size is taken by what the fullest open lane still has to deliver, 0 to 1. */
  fill(): number {
    const pending = Math.max(
      0,
      ...this.#openLanes().map((lane) => lane.account().pending),
    );
    if (pending === 0) return 0;
    return this.#db.read("read the outbox", () => {
      const oldest = this.#db.number("SELECT min(id) FROM reading");
      const rows = Math.max(pending, this.#readings.lastId - oldest + 1);
      const share = usedBytes(this.#db) / this.#parts.limits.maxBytes;
      return share * pending / rows;
    });
  }

  flush(): void {
    this.#writer.flush();
  }

  maintain(): Maintained {
    return this.#pruner.maintain();
  }

  newest(
    max: number,
    wanted: (device: string, received: Receipt) => boolean,
  ): readonly Reading[] {
    try {
      return this.#db.read(
        "read the outbox",
        () => this.#readings.newest(max, wanted),
      );
    } catch (error) {
      // A damaged value that no number can hold.
      if (!(error instanceof RangeError)) throw error;
      return [];
    }
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
    this.#writer.flush();
    return count;
  }

  /** Why the last write failed; null when it did not. */
  trouble(): string | null {
    return this.#writer.trouble;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#writer.close();
    this.#db.close();
  }

  #now(): Moment {
    const monoMs = this.#parts.clock.monoMs();
    if (monoMs - this.#moment.monoMs >= MOMENT_MS) {
      const { synced, wallMs } = this.#parts.clock.instant();
      this.#moment = { monoMs, synced, atMs: wallMs };
    }
    return this.#moment;
  }

  /** Salvages the file in use; what memory knows better than the file is written again. */
  #heal(cause: unknown): void {
    this.#parts.salvage(cause);
    const { lastId } = this.#readings;
    this.#db.transaction(() => {
      this.#db.exec("DELETE FROM sink");
      this.#db.exec("DELETE FROM ahead");
      // The numbers of an append that did not come to its end are free.
      this.#db.sql("DELETE FROM reading WHERE id > ?").run(lastId);
      this.#readings.saveBoots();
      this.#counters.saveAll();
      this.devices.touchAll();
      this.devices.save(new Map());
      this.#writer.kept.touchAll();
      this.#writer.kept.save();
      for (const lane of this.#lanes.values()) lane.touchAll();
    });
    this.#readings.loadBoots();
    this.#dropGaps();
    this.#db.transaction(() => {
      for (const lane of this.#lanes.values()) lane.save();
    });
    for (const lane of this.#lanes.values()) lane.saved();
    this.devices.saved();
    this.#writer.kept.saved();
    this.#writer.tell();
  }

  /** Settles what a salvage did not find. */
  #dropGaps(): void {
    const lanes = [...this.#lanes.values()];
    if (lanes.length === 0) return;
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
