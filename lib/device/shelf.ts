/**
 * What the register of devices keeps across restarts, written together: at once
 * where somebody was told that it is, a moment later where nothing else knows
 * it, and within an hour where the log of readings could tell it again.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";

/** Where the registry keeps what must survive a restart. */
export interface DeviceKeep {
  entries(): Iterable<readonly [string, string]>;
  /** Writes soon; null removes. Must not throw. */
  put(key: string, text: string | null): void;
  /** Makes what was put durable. @throws {Error} when it cannot */
  flush(): void;
}

/** Changes are written after this, together, ms. */
const WRITE_MS = 1000;
/** What the log could tell again is written after this, ms: a device's text is a page or two of wear. */
const LATER_MS = 3_600_000;
/** So many frames are not waited for more. */
const MOST_FRAMES = 1024;

/** Readings that the log has to tell again at most: a frame rarely has two. */
export const TOLD_AGAIN: number = 2 * MOST_FRAMES;

/** Collects what has changed over a {@link DeviceKeep}; without one nothing survives. */
export class Shelf implements Disposable {
  readonly #keep: DeviceKeep | undefined;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #textOf: (key: string) => string | null;
  /** Keys that nothing else knows, and those that the log of readings could tell again. */
  readonly #soon = new Set<string>();
  readonly #later = new Set<string>();
  #save: (() => void) | null = null;
  #saveLater: (() => void) | null = null;
  /** Frames since nothing was to be written later. */
  #frames = 0;
  #closed = false;

  /** @param textOf what to keep under a key now; null: nothing any more */
  constructor(
    keep: DeviceKeep | undefined,
    clock: Clock,
    log: Log,
    textOf: (key: string) => string | null,
  ) {
    this.#keep = keep;
    this.#clock = clock;
    this.#log = log;
    this.#textOf = textOf;
  }

  /** Everything kept so far. */
  entries(): ReadonlyMap<string, string> {
    return new Map(this.#keep?.entries() ?? []);
  }

  /** What is kept under a key has changed: it is written soon. */
  changed(key: string): void {
    if (this.#keep === undefined) return;
    this.#soon.add(key);
    this.#later.delete(key);
    if (this.#closed) return this.write();
    this.#save ??= this.#clock.after(WRITE_MS, () => this.write());
  }

  /**
   * A frame has changed what is kept under a key.
   *
   * @param logged the log can tell it again
   */
  heard(key: string, logged: boolean): void {
    if (this.#keep === undefined) return;
    this.#frames++;
    if (!logged || this.#closed) this.changed(key);
    else if (!this.#soon.has(key)) this.#later.add(key);
    if (this.#frames >= MOST_FRAMES) this.#all();
    else if (this.#later.size > 0) {
      this.#saveLater ??= this.#clock.after(LATER_MS, () => {
        this.#all();
        this.write();
      });
    }
  }

  /** Hands over what could not wait for its hour. */
  write(): void {
    this.#save?.();
    this.#save = null;
    for (const key of this.#soon) this.#keep?.put(key, this.#textOf(key));
    this.#soon.clear();
  }

  /** What could wait waits no longer. */
  #all(): void {
    this.#saveLater?.();
    this.#saveLater = null;
    this.#frames = 0;
    for (const key of this.#later) this.changed(key);
  }

  /** What an operator or a platform has set is durable before anyone is told that it is. [E-146] */
  commit(): void {
    this.write();
    try {
      this.#keep?.flush();
    } catch (error) {
      this.#log.error("Setting of a device not written yet", { error });
    }
  }

  /** Hands over the rest; later changes are handed over at once. */
  [Symbol.dispose](): void {
    this.#closed = true;
    this.#all();
    this.write();
  }
}
