/**
 * The indicator of a plug: a log line, and an LED where there is one. [E-104]
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import type { Log } from "../../log.ts";

/** Half a period, ms. */
const HALF_MS = 500;

/** An LED given by its `brightness` file; an empty path is none. */
export class Blinker implements Disposable {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #on = false;
  #disarm = () => {};
  #failed = false;

  constructor(path: string, clock: Clock, log: Log) {
    this.#path = path;
    this.#clock = clock;
    this.#log = log;
  }

  set(on: boolean): void {
    if (on === this.#on) return;
    this.#on = on;
    this.#log.info(on ? "Blinking, as SICON.OS asked" : "Blinking ended");
    if (this.#path === "") return;
    this.#disarm();
    if (on) this.#toggle(true);
    else this.#light(false);
  }

  [Symbol.dispose](): void {
    this.set(false);
  }

  #toggle(lit: boolean): void {
    this.#light(lit);
    this.#disarm = this.#clock.after(HALF_MS, () => this.#toggle(!lit));
  }

  // Not awaited: such a file is a register of the kernel, not a disk.
  #light(lit: boolean): void {
    try {
      Deno.writeTextFileSync(this.#path, lit ? "1" : "0", { create: false });
      this.#failed = false;
    } catch (error) {
      if (!this.#failed) {
        this.#log.warn("Cannot switch the LED", {
          blink_led: this.#path,
          error,
        });
      }
      this.#failed = true;
    }
  }
}
