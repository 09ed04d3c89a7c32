/**
 * Those who watch the devices: told of every change in its order, one after the
 * other, also of changes that they make themselves.
 *
 * @module
 */
import type { Log } from "../log.ts";
import type { DeviceChange } from "./device.ts";

/** The watchers of one registry. */
export class Watchers {
  readonly #log: Log;
  readonly #all = new Set<(change: DeviceChange) => void>();
  readonly #untold: DeviceChange[] = [];
  #telling = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Adds one until it is disposed; the same function may watch twice. */
  add(watch: (change: DeviceChange) => void): Disposable {
    const watcher = (change: DeviceChange) => watch(change);
    this.#all.add(watcher);
    return { [Symbol.dispose]: () => void this.#all.delete(watcher) };
  }

  /** Tells every watcher; changes that watchers make are told after this one. */
  tell(change: DeviceChange): void {
    this.#untold.push(change);
    if (this.#telling) return;
    this.#telling = true;
    for (
      let next = this.#untold.shift();
      next !== undefined;
      next = this.#untold.shift()
    ) {
      for (const watcher of [...this.#all]) {
        try {
          watcher(next);
        } catch (error) {
          this.#log.error("Watcher of devices failed", { error });
        }
      }
    }
    this.#telling = false;
  }

  /** Forgets them all. */
  clear(): void {
    this.#all.clear();
  }
}
