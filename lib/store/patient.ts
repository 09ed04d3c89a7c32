/**
 * Appends to the outbox, patiently: what the disk refuses is held in memory, in
 * order, and offered again until it is committed.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import { StoreError } from "./database.ts";
import type { Entry, Outbox } from "./outbox.ts";

/** Pause before readings that the store refused are offered again. */
const RETRY_MS = 1000;
/** Readings held at most, about 50 MB; the oldest go first. */
const MAX_HELD = 100_000;
/** Held readings in one transaction, so that a store that still refuses does so soon. */
const OFFERED_AT_ONCE = 1000;

/** The way into the outbox for readings that exist nowhere else. */
export class PatientAppender implements Disposable {
  readonly #outbox: Pick<Outbox, "append">;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onLost: (count: number) => void;
  readonly #held: Entry[] = [];
  #disarm: (() => void) | null = null;
  #overflowing = false;
  #closed = false;

  /** @param onLost told how many readings were given up */
  constructor(
    outbox: Pick<Outbox, "append">,
    clock: Clock,
    log: Log,
    onLost: (count: number) => void,
  ) {
    this.#outbox = outbox;
    this.#clock = clock;
    this.#log = log;
    this.#onLost = onLost;
  }

  /** Commits, or holds in memory what cannot be committed yet. */
  append(entries: readonly Entry[]): void {
    // Order is kept: nothing passes what is held.
    if (this.#held.length > 0) return this.#hold(entries);
    try {
      this.#outbox.append(entries);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#log.error(
        "Readings cannot be committed, held in memory and tried every second",
        { reason: error.message },
      );
      this.#hold(entries);
    }
  }

  /** The last try; what is refused even then is lost. */
  [Symbol.dispose](): void {
    this.#closed = true;
    this.#disarm?.();
    this.#disarm = null;
    if (this.#held.length > 0) this.#offer();
    const count = this.#held.length;
    if (count === 0) return;
    this.#onLost(count);
    this.#log.error("Held readings could not be committed, lost", { count });
  }

  #hold(entries: readonly Entry[]): void {
    this.#held.push(...entries);
    const over = this.#held.length - MAX_HELD;
    if (over > 0) {
      this.#held.splice(0, over);
      this.#onLost(over);
      if (!this.#overflowing) {
        this.#log.error(
          "Too many readings held in memory, the oldest are lost",
          {
            held: MAX_HELD,
          },
        );
      }
      this.#overflowing = true;
    }
    this.#offerLater();
  }

  #offerLater(): void {
    if (this.#disarm !== null || this.#closed) return;
    this.#disarm = this.#clock.after(RETRY_MS, () => {
      this.#disarm = null;
      this.#offer();
    });
  }

  /** Offers what is held, oldest first. */
  #offer(): void {
    const count = this.#held.length;
    try {
      while (this.#held.length > 0) {
        const bite = this.#held.slice(0, OFFERED_AT_ONCE);
        this.#outbox.append(bite);
        this.#held.splice(0, bite.length);
      }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#offerLater();
      return;
    }
    this.#overflowing = false;
    this.#log.info("Store writable again, held readings committed", { count });
  }
}
