/**
 * Decides what is written together, and when. A commit writes whole pages and
 * waits for the disk, so it is what wears an SD card: a reading alone makes one
 * commit, and what may wait rides along with the next.
 *
 * | what | when |
 * | --- | --- |
 * | readings | at once |
 * | a text that is kept, a rejection, a drop | with the next commit, 10 ms later at most |
 * | deliveries | with the next commit; after 10 s, or once 32 wait, by themselves |
 * | the device register | with the first commit after an hour or 1024 readings; the log says what it misses |
 *
 * So a power cut repeats the deliveries of the last reading, a few dozen at most.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import { type Database, StoreError } from "./database.ts";
import { DeviceRegister, type Staged } from "./devices.ts";
import { KeptTexts } from "./kept.ts";
import type { StoredLane } from "./lane.ts";
import { DropReport } from "./prune.ts";

/** What should not wait is written at the latest after this, milliseconds. */
const FLUSH_MS = 10;
/** Next try after that could not be written, milliseconds. */
const FLUSH_AGAIN_MS = 1000;
/** Deliveries are written at the latest after this, milliseconds. */
const DELIVERED_MS = 10_000;
/** So many deliveries, all sinks together, wait for no other commit: a kill repeats them. */
const MOST_DELIVERED = 32;
/** The register is written at the latest after this, milliseconds. */
const REGISTER_MS = 3_600_000;

/** What is written in one transaction with what waits. */
export interface Work {
  readonly before?: () => void;
  readonly after?: () => void;
  readonly staged?: Staged;
  /** Rows up to this id go: the register is written first if it misses one of them. */
  readonly going?: number;
}

const NOTHING: Staged = { entries: new Map(), lastId: 0 };

/** The lanes and the register, and their way to the disk. */
export class Writer {
  readonly devices: DeviceRegister;
  readonly kept: KeptTexts;
  /** All lanes that the tables know, by sink. */
  readonly lanes = new Map<string, StoredLane>();
  readonly drops: DropReport;
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #log: Log;
  #timer: { readonly dueMs: number; readonly disarm: () => void } | null = null;
  /** Deliveries that are not written. */
  #delivered = 0;
  /** When the register is due, milliseconds of the monotonic clock; null while it is all written. */
  #registerDueMs: number | null = null;
  #trouble: string | null = null;
  #closed = false;
  /** Commits that succeeded. */
  #commits = 0;
  /** {@link #commits} when the last proof was asked for. */
  #proved = 0;

  constructor(db: Database, clock: Clock, log: Log) {
    this.#db = db;
    this.#clock = clock;
    this.#log = log;
    this.drops = new DropReport(log);
    this.devices = new DeviceRegister(db);
    this.kept = new KeptTexts(db, () => this.changed());
  }

  /** Why the last write failed; null when it did not. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /** One transaction with all that waits to be written. @throws {StoreError} */
  commit(doing: string, work: Work = {}): void {
    const staged = work.staged ?? NOTHING;
    const register = this.devices.misses(work.going ?? 0) ||
      this.#registerIsDue(staged);
    try {
      this.#db.write(doing, () => {
        work.before?.();
        if (register) this.devices.save(staged.entries);
        this.kept.save();
        for (const lane of this.lanes.values()) if (lane.dirty) lane.save();
        work.after?.();
      });
    } catch (error) {
      this.#trouble = error instanceof Error ? error.message : String(error);
      throw error;
    }
    this.#trouble = null;
    this.#commits++;
    this.#delivered = 0;
    this.#timer?.disarm();
    this.#timer = null;
    this.devices.committed(staged);
    if (register) {
      this.devices.saved();
      this.#registerDueMs = null;
    } else if (this.devices.dirty) {
      this.#registerDueMs ??= this.#clock.monoMs() + REGISTER_MS;
    }
    this.kept.saved();
    for (const lane of this.lanes.values()) if (lane.dirty) lane.saved();
  }

  /** Proves that commits reach the disk: makes one if there was none since the last proof. @throws {StoreError} */
  prove(): void {
    if (this.#commits === this.#proved) {
      this.commit("prove that it can be written", {
        // A transaction that changes nothing would not touch the disk.
        after: () =>
          this.#db.sql(
            "INSERT INTO meta VALUES ('proofs', 1) ON CONFLICT (key) DO UPDATE SET value = value + 1",
          ).run(),
      });
    }
    this.#proved = this.#commits;
  }

  /** Writes what waits; the register only at its time. @throws {StoreError} */
  flush(): void {
    // What waits has its timer still if this fails.
    const dirty = this.kept.dirty || this.#registerIsDue(NOTHING) ||
      [...this.lanes.values()].some((lane) => lane.dirty);
    if (dirty) this.commit("write what was settled");
    this.tell();
  }

  /** Logs drops that are due. */
  tell(): void {
    this.drops.tell(this.#clock.monoMs());
  }

  /** A delivery waits to be written. */
  delivered(): void {
    this.#delivered++;
    this.changed(
      this.#delivered < MOST_DELIVERED ? DELIVERED_MS : FLUSH_MS,
    );
  }

  /** Something waits to be written: it will be, soon. */
  changed(delayMs = FLUSH_MS): void {
    // A disk that refused is not asked again at once.
    const waitMs = this.#trouble === null
      ? delayMs
      : Math.max(delayMs, FLUSH_AGAIN_MS);
    const dueMs = this.#clock.monoMs() + waitMs;
    if (this.#closed || (this.#timer?.dueMs ?? Infinity) <= dueMs) return;
    this.#timer?.disarm();
    const disarm = this.#clock.after(waitMs, () => {
      this.#timer = null;
      this.quietly("Outbox cannot be written", () => this.flush());
      if (this.#trouble !== null) this.changed(FLUSH_AGAIN_MS);
    });
    this.#timer = { dueMs, disarm };
  }

  /** Does what can wait: a failure is told once and tried again at the next occasion. */
  quietly(message: string, work: () => void): void {
    const before = this.#trouble;
    try {
      work();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#trouble = error.message;
      if (before === null) this.#log.error(message, { error });
    }
  }

  /** Writes what waits for the last time. */
  close(): void {
    this.#closed = true;
    this.#registerDueMs = this.devices.dirty ? -Infinity : null;
    try {
      this.flush();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      // What was settled lately will be delivered twice: that is allowed, silence is not.
      this.#log.error("Outbox could not be written at close", { error });
    }
    this.#timer?.disarm();
    this.#timer = null;
  }

  #registerIsDue(staged: Staged): boolean {
    return this.devices.full(staged) ||
      (this.#registerDueMs !== null &&
        this.#clock.monoMs() >= this.#registerDueMs);
  }
}
