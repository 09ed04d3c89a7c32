/**
 * One sink's way through the log: what it may lease, what is in flight, and its
 * account. State changes happen in memory; the store writes them together.
 *
 * @module
 */
import type { Reading } from "../reading/reading.ts";
import type { Database } from "./database.ts";
import { backlogOrder, type Order, pick } from "./order.ts";
import type { Account, DropReason, Lane } from "./outbox.ts";
import type { Ranges } from "./ranges.ts";
import { type Ended, type Moment, SettledLog } from "./settled.ts";

/** What a lane needs of the store. */
export interface LaneHost {
  readonly db: Database;
  lastId(): number;
  /** By device, the id of its newest reading. */
  lastIds(): Iterable<readonly [string, number]>;
  inMemory(id: number): Reading | undefined;
  /** One place per id; null where there is no intact row. */
  fetch(from: number, to: number): readonly (Reading | null)[];
  now(): Moment;
  /** Something waits to be written: soon, but a delivery may wait for another commit. */
  changed(what?: "delivery"): void;
  /** Pending readings were dropped. */
  dropped(sink: string, reason: DropReason, count: number): void;
}

/** What is stored of a lane besides the ids settled ahead of the cursor. */
export interface LaneState {
  readonly startId: number;
  readonly cursor: number;
  readonly delivered: number;
  readonly rejected: number;
  readonly droppedBy: Readonly<Partial<Record<DropReason, number>>>;
  /** The newest ends, see {@link SettledLog}. */
  readonly settled: Uint8Array;
}

/** Rows read at a time while a backlog is worked through. */
const PAGE_ROWS = 256;
/** Most separate ranges settled ahead of the cursor; above it no reading overtakes the backlog. */
const MAX_PIECES = 65_536;

interface Page {
  readonly from: number;
  readonly readings: readonly (Reading | null)[];
}

/** {@link Lane} over tables `sink`, `ahead` and `rejected`. */
export class StoredLane implements Lane {
  readonly sink: string;
  readonly #host: LaneHost;
  readonly #startId: number;
  #cursor: number;
  #delivered: number;
  #rejected: number;
  readonly #droppedBy: Partial<Record<DropReason, number>>;
  readonly #ahead: Ranges;
  readonly #settled: SettledLog;
  readonly #leased = new Map<number, Reading>();
  /** Rejected, not yet written. */
  #setAside: { readonly reading: Reading; readonly reason: string }[] = [];
  #order: Order;
  /** At most two: the live end and the backlog are read at different places. */
  #pages: Page[] = [];
  readonly #waiters = new Set<() => void>();
  #dirty = false;

  constructor(sink: string, state: LaneState, ahead: Ranges, host: LaneHost) {
    this.sink = sink;
    this.#host = host;
    this.#startId = state.startId;
    this.#cursor = state.cursor;
    this.#delivered = state.delivered;
    this.#rejected = state.rejected;
    this.#droppedBy = { ...state.droppedBy };
    this.#ahead = ahead;
    this.#settled = new SettledLog(
      host.db,
      sink,
      state.settled,
      () => host.now(),
    );
    this.#order = backlogOrder(this.#cursor, host.lastId(), host.lastIds());
  }

  /** Everything up to this id is settled. */
  get cursor(): number {
    return this.#cursor;
  }

  /** Whether something waits for {@link save}. */
  get dirty(): boolean {
    return this.#dirty;
  }

  lease(max: number): readonly Reading[] {
    if (!this.#hasWaiting()) return [];
    const overtake = this.#ahead.pieces < MAX_PIECES;
    return pick(this.#order, max, this.#host.lastId(), overtake, {
      nextFree: (id) => this.nextPending(id, true),
      at: (id) => this.#at(id),
      take: (reading) => void this.#leased.set(reading.id, reading),
      lost: (id) => void this.drop(id, id, "damaged"),
    });
  }

  settle(
    id: number,
    outcome: "accepted" | { readonly rejected: string },
  ): void {
    const reading = this.#leased.get(id);
    // Released or dropped in the meantime: it is accounted for already.
    if (reading === undefined) return;
    this.#leased.delete(id);
    this.#settled.note(id, id, outcome === "accepted" ? outcome : "rejected");
    if (outcome === "accepted") this.#delivered++;
    else {
      this.#rejected++;
      this.#setAside.push({ reading, reason: outcome.rejected });
    }
    if (id === this.#cursor + 1) this.#cursor = this.#ahead.fold(id);
    else this.#ahead.add(id, id);
    this.#dirty = true;
    this.#host.changed(outcome === "accepted" ? "delivery" : undefined);
  }

  release(): void {
    this.#leased.clear();
    this.#pages = [];
    const { lastId, lastIds } = this.#host;
    this.#order = backlogOrder(this.#cursor, lastId(), lastIds());
    this.wake();
  }

  waiting(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#hasWaiting()) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        this.#waiters.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#waiters.add(done);
      signal.addEventListener("abort", done);
    });
  }

  account(): Account {
    const lastId = this.#host.lastId();
    const droppedBy = { ...this.#droppedBy };
    return {
      readings: lastId - this.#startId,
      delivered: this.#delivered,
      pending: this.#pending(),
      rejected: this.#rejected,
      dropped: Object.values(droppedBy).reduce((sum, n) => sum + n, 0),
      droppedBy,
    };
  }

  /** Lets those who wait look again. */
  wake(): void {
    if (!this.#hasWaiting()) return;
    for (const done of [...this.#waiters]) done();
  }

  /** The first pending id from `id` on, or beyond the log; with `free`, also not leased. */
  nextPending(id: number, free = false): number {
    let at = Math.max(id, this.#cursor + 1);
    for (;;) {
      const settledTo = this.#ahead.lastFrom(at);
      if (settledTo !== null) at = settledTo + 1;
      else if (free && this.#leased.has(at)) at++;
      else return at;
    }
  }

  /** The last id before `id` ends or the log does that is pending, given that `id` is. */
  pendingTo(id: number): number {
    return Math.min(
      this.#ahead.firstFrom(id) ?? Infinity,
      this.#host.lastId() + 1,
    ) - 1;
  }

  /** How a reading stands with this sink. */
  fate(id: number): Ended | "pending" | "before_sink" | null {
    if (id <= this.#startId) return "before_sink";
    return this.nextPending(id) === id ? "pending" : this.#settled.find(id);
  }

  /** Why a reading was rejected, while that is not written yet; otherwise null. */
  unwrittenReason(id: number): string | null {
    return this.#setAside.find(({ reading }) => reading.id === id)?.reason ??
      null;
  }

  /** Settles what is pending from `first` to `last` as dropped; says how many there were. */
  drop(first: number, last: number, reason: DropReason): number {
    const from = Math.max(first, this.#cursor + 1);
    if (from > last) return 0;
    const count = this.#ahead.add(from, last);
    if (count > 0 && reason === "purged") {
      this.#settled.note(from, last, "dropped");
    }
    for (const id of this.#leased.keys()) {
      if (id >= from && id <= last) this.#leased.delete(id);
    }
    this.#cursor = this.#ahead.fold(this.#cursor);
    if (count > 0) {
      this.#droppedBy[reason] = (this.#droppedBy[reason] ?? 0) + count;
      this.#host.dropped(this.sink, reason, count);
    }
    this.#change();
    return count;
  }

  /** Forgets rows read ahead: they have changed. */
  forgetPages(): void {
    this.#pages = [];
  }

  /** Writes what has changed; inside a transaction. */
  save(): void {
    const { db } = this.#host;
    db.sql("INSERT OR REPLACE INTO sink VALUES (?, ?, ?, ?, ?, ?, ?)").run(
      this.sink,
      this.#startId,
      this.#cursor,
      this.#delivered,
      this.#rejected,
      JSON.stringify(this.#droppedBy),
      this.#settled.save(),
    );
    for (const { first, last } of this.#ahead.changes()) {
      if (last === null) {
        db.sql("DELETE FROM ahead WHERE sink = ? AND first_id = ?")
          .run(this.sink, first);
      } else {
        db.sql("INSERT OR REPLACE INTO ahead VALUES (?, ?, ?)")
          .run(this.sink, first, last);
      }
    }
    for (const { reading, reason } of this.#setAside) {
      const { id, device, fileId, received } = reading;
      db.sql(
        `INSERT INTO rejected (sink, id, reason, device, file, wall_ms, command)
         VALUES (?, ?, ?, ?, ?, ?, (SELECT command FROM reading WHERE id = ?))`,
      ).run(this.sink, id, reason, device, fileId, received.wallMs, id);
    }
  }

  /** Takes over that {@link save} was committed. */
  saved(): void {
    this.#dirty = false;
    this.#ahead.saved();
    this.#settled.saved();
    this.#setAside = [];
  }

  /** Lets everything be written again: the database has lost it. */
  touchAll(): void {
    this.#dirty = true;
    this.#ahead.touchAll();
  }

  #change(): void {
    this.#dirty = true;
    this.#host.changed();
  }

  #pending(): number {
    return this.#host.lastId() - this.#cursor - this.#ahead.size;
  }

  #hasWaiting(): boolean {
    return this.#pending() > this.#leased.size;
  }

  #at(id: number): Reading | null {
    const live = this.#host.inMemory(id);
    if (live !== undefined) return live;
    const read = this.#pages.find(({ from, readings }) =>
      id >= from && id < from + readings.length
    );
    if (read !== undefined) return read.readings[id - read.from] ?? null;
    const to = Math.min(id + PAGE_ROWS - 1, this.#host.lastId());
    const page = { from: id, readings: this.#host.fetch(id, to) };
    // What lies farther back than both readers is of no use any more.
    const others = this.#pages.filter((other) =>
      other.from + other.readings.length > this.#order.low
    );
    this.#pages = [page, ...others.slice(0, 1)];
    return page.readings[0] ?? null;
  }
}
