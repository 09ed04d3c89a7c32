/**
 * Decides what is written together, and when: what was settled rides along with
 * the next commit, or is written by itself a few milliseconds later.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import { type Database, StoreError } from "./database.ts";
import { DeviceRegister } from "./devices.ts";
import { KeptTexts } from "./kept.ts";
import type { StoredLane } from "./lane.ts";
import { DropReport } from "./prune.ts";

/** Settled readings are written at the latest after this, milliseconds. */
const FLUSH_MS = 10;
/** Next try after settled readings could not be written, milliseconds. */
const FLUSH_AGAIN_MS = 1000;

/** What is written in one transaction with what waits. */
export interface Work {
  readonly before?: () => void;
  readonly after?: () => void;
  readonly staged?: Parameters<DeviceRegister["save"]>[0];
}

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
  #disarm: (() => void) | null = null;
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
    this.devices = new DeviceRegister(db, () => this.changed());
    this.kept = new KeptTexts(db, () => this.changed());
  }

  /** Why the last write failed; null when it did not. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /** One transaction with all that waits to be written. @throws {StoreError} */
  commit(doing: string, work: Work = {}): void {
    const staged = work.staged ?? new Map();
    try {
      this.#db.write(doing, () => {
        work.before?.();
        this.devices.save(staged);
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
    this.devices.saved(staged);
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

  /** Writes what waits. @throws {StoreError} */
  flush(): void {
    this.#disarm?.();
    this.#disarm = null;
    const dirty = this.devices.dirty || this.kept.dirty ||
      [...this.lanes.values()].some((lane) => lane.dirty);
    if (dirty) this.commit("write what was settled");
    this.tell();
  }

  /** Logs drops that are due. */
  tell(): void {
    this.drops.tell(this.#clock.monoMs());
  }

  /** Something waits to be written: it will be, soon. */
  changed(delayMs = FLUSH_MS): void {
    if (this.#disarm !== null || this.#closed) return;
    this.#disarm = this.#clock.after(delayMs, () => {
      this.#disarm = null;
      this.quietly("Outbox cannot be written", () => this.flush());
      if (this.#trouble !== null) this.changed(FLUSH_AGAIN_MS);
    });
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
    try {
      this.flush();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      // What was settled lately will be delivered twice: that is allowed, silence is not.
      this.#log.error("Outbox could not be written at close", { error });
    }
  }
}
