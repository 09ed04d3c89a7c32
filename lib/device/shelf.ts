/**
 * What the register of devices keeps across restarts, written a moment later
 * and together, or at once where somebody was told that it is.
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

/** Collects what has changed over a {@link DeviceKeep}; without one nothing survives. */
export class Shelf implements Disposable {
  readonly #keep: DeviceKeep | undefined;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #textOf: (key: string) => string | null;
  readonly #unsaved = new Set<string>();
  #save: (() => void) | null = null;
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
    this.#unsaved.add(key);
    if (this.#closed) return this.write();
    this.#save ??= this.#clock.after(WRITE_MS, () => this.write());
  }

  /** Hands over what has changed. */
  write(): void {
    this.#save?.();
    this.#save = null;
    for (const key of this.#unsaved) this.#keep?.put(key, this.#textOf(key));
    this.#unsaved.clear();
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
    this.write();
  }
}
