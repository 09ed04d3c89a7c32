/**
 * Keeps the log within its bounds, slice by slice: now and then as readings
 * come, once in a while on its own, and at once when the disk is full. What the
 * bounds say is in `prune.ts`.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Database } from "./database.ts";
import {
  deleteSlice,
  type Limits,
  nextCut,
  shrink,
  trimRejected,
} from "./prune.ts";
import type { Readings } from "./readings.ts";
import type { Writer } from "./writer.ts";

/** The bounds are looked at after so many appended readings. */
const PRUNE_EVERY = 256;
/** How long {@link Pruner.maintain} may block, milliseconds. */
const MAINTAIN_MS = 20;
/** What is logged when it fails. */
const FAILED = "Outbox could not be pruned";

/** What {@link Pruner.maintain} did. */
export interface Maintained {
  /** Rows that went. */
  readonly removed: number;
  /** Whether there is more to do: call again soon. */
  readonly more: boolean;
}

/** What a pruner works with. */
export interface PrunerHost {
  readonly db: Database;
  readonly readings: Readings;
  readonly writer: Writer;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly freeBytes: () => number;
}

/** Takes from the log what its bounds do not allow. */
export class Pruner {
  readonly #host: PrunerHost;
  /** Readings appended since the bounds were looked at. */
  #since = 0;

  constructor(host: PrunerHost) {
    this.#host = host;
  }

  /** Readings were appended and are committed: nothing from here on may say otherwise. */
  appended(count: number): void {
    const { writer } = this.#host;
    this.#since += count;
    if (this.#since < PRUNE_EVERY) return;
    writer.quietly(FAILED, () => {
      this.slice();
      writer.tell();
    });
  }

  /** Takes what has to go for at most about 20 ms; a failure is logged. */
  maintain(): Maintained {
    const { db, writer, clock } = this.#host;
    const until = clock.monoMs() + MAINTAIN_MS;
    let removed = 0;
    // After a failure there is no more to do: trying again at once would not help.
    let more = false;
    writer.quietly(FAILED, () => {
      for (let gone = this.slice(); gone !== null; gone = this.slice()) {
        removed += gone;
        more = clock.monoMs() >= until;
        if (more) break;
      }
      if (!more) {
        writer.commit("trim the outbox", { after: () => trimRejected(db) });
      }
      writer.flush();
    });
    return { removed, more };
  }

  /** Takes one slice; says how many rows went, or null when nothing has to go. @throws {StoreError} */
  slice(): number | null {
    const { db, readings, writer, clock, limits, freeBytes } = this.#host;
    this.#since = 0;
    const now = clock.instant();
    const boot = readings.bootNumber(now.bootId);
    const { lastId } = readings;
    const cut = db.read(
      "read the outbox",
      () => nextCut(db, limits, now, boot, lastId, freeBytes),
    );
    if (cut === null) return null;
    let removed = 0;
    writer.commit("prune the outbox", {
      // What the register misses must not go before it is in there.
      going: cut.upTo,
      before: () => {
        for (const lane of writer.lanes.values()) {
          lane.drop(0, cut.upTo, cut.reason);
        }
      },
      // Rows after lanes: a rejected reading is set aside with its command.
      after: () => {
        removed = deleteSlice(db, cut, lastId);
      },
    });
    db.read("prune the outbox", () => shrink(db, cut, limits.maxBytes));
    return removed;
  }
}
