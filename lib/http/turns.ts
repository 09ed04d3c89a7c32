/**
 * Lets the HTTP side have a part of the event loop and no more: pieces of work
 * run one after the other, and who works for longer than the allowance waits
 * until it has been earned again. Readings are delivered on the same loop; they
 * never wait for longer than one piece.
 *
 * @module
 */
import type { Clock } from "../clock.ts";

/** Share of the time that may be spent for good. */
const SHARE = 0.5;
/** What may be spent at once after some quiet, milliseconds: the opening of a page. */
const ALLOWANCE_MS = 250;

/** How long pieces may follow each other before the event loop goes round, milliseconds. */
const HOLD_MS = 5;

/** Turns of work. */
export class Turns implements Disposable {
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  #leftMs = ALLOWANCE_MS;
  #atMs: number;
  #last: Promise<unknown> = Promise.resolve();
  /** How long the event loop has been held in its present round, milliseconds. */
  #heldMs = 0;
  /** Fires when that round is over. */
  #marker: ReturnType<typeof setImmediate> | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#atMs = clock.monoMs();
  }

  /** Runs a piece of work when it is its turn; only what it does before it first waits counts. */
  run<T>(work: () => T | Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => {
      // Whatever came meanwhile goes first: promises alone would not let it.
      if (this.#heldMs >= HOLD_MS) await this.#round();
      this.#earn();
      if (this.#leftMs < 0) {
        await this.#clock.sleep(-this.#leftMs / SHARE, {
          signal: this.#stop.signal,
        });
        this.#earn();
      }
      const before = this.#clock.monoMs();
      try {
        // Wrapped, so that a promise is not waited for within the turn.
        return { result: work() };
      } finally {
        const tookMs = this.#clock.monoMs() - before;
        this.#leftMs -= tookMs;
        this.#heldMs += tookMs;
        // Little work, however often, makes nobody wait: its rounds are over soon.
        if (tookMs > 0) {
          this.#marker ??= setImmediate(() => this.#gone());
        }
      }
    });
    this.#last = turn.catch(() => {});
    return turn.then(({ result }) => result);
  }

  /** Nobody waits any longer. */
  [Symbol.dispose](): void {
    this.#stop.abort();
    this.#gone();
  }

  /** The event loop goes round once. */
  async #round(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#gone();
  }

  /** The event loop has gone round since the last piece. */
  #gone(): void {
    this.#heldMs = 0;
    if (this.#marker !== null) clearImmediate(this.#marker);
    this.#marker = null;
  }

  #earn(): void {
    const now = this.#clock.monoMs();
    const earned = (now - this.#atMs) * SHARE;
    this.#atMs = now;
    this.#leftMs = Math.min(ALLOWANCE_MS, this.#leftMs + Math.max(0, earned));
  }
}
