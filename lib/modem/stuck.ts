/**
 * Tells when the reader of the port hangs: a port that does not open or close,
 * or bytes that lie in the driver while nobody reads them. A modem that says
 * nothing is no fault of the reader.
 *
 * @module
 */
import type { Clock } from "../clock.ts";

/** Longest that opening or closing a port takes: a driver may wait half a minute for its device. */
const MOVE_MS = 60_000;
/** Longest that bytes may lie in the driver while a read is under way. */
const UNREAD_MS = 5000;

/** Watches the steps and reads of one reader. */
export class StuckWatch {
  readonly #clock: Pick<Clock, "monoMs">;
  /** What is being done to the port, and since when. */
  #doing: { readonly what: "open" | "close"; readonly sinceMs: number } | null =
    null;
  #chunks = 0;
  /** Bytes seen lying in the driver: since when, and after how many chunks. */
  #unread: { readonly sinceMs: number; readonly chunks: number } | null = null;

  constructor(clock: Pick<Clock, "monoMs">) {
    this.#clock = clock;
  }

  /** Notes how long a step takes. */
  async timed<T>(what: "open" | "close", step: PromiseLike<T>): Promise<T> {
    this.#doing = { what, sinceMs: this.#clock.monoMs() };
    try {
      return await step;
    } finally {
      this.#doing = null;
    }
  }

  /** A read has brought something. */
  read(): void {
    this.#chunks++;
  }

  /**
   * What the reader is stuck at; null while all is as it should be.
   *
   * @param unread bytes that lie in the driver now
   */
  stuck(unread: number): string | null {
    const nowMs = this.#clock.monoMs();
    if (this.#doing !== null && nowMs - this.#doing.sinceMs > MOVE_MS) {
      return `The port does not ${this.#doing.what}`;
    }
    if (unread === 0) {
      this.#unread = null;
    } else if (this.#unread?.chunks !== this.#chunks) {
      this.#unread = { sinceMs: nowMs, chunks: this.#chunks };
    } else if (nowMs - this.#unread.sinceMs > UNREAD_MS) {
      return `${unread} bytes lie in the port and are not read`;
    }
    return null;
  }
}
