/**
 * How long to let bytes gather before a busy line is read again. A UART hands
 * over some 16 bytes at a time; to wake up for each costs more than all that is
 * done with them. A line with a frame now and then is read at once.
 *
 * @module
 */

/** The rate is taken over at least this time, milliseconds. */
const WINDOW_MS = 250;
/** Bytes worth waking up for: three to four frames. */
const WORTH_BYTES = 384;
/** Bytes per millisecond from which a line is busy: a third of 115 200 baud. */
const BUSY_RATE = 4;
/** Longest pause; at 115 200 baud some 350 bytes come meanwhile, the kernel keeps 4095. */
const PAUSE_MAX_MS = 30;
/** Shorter pauses cost more than they spare. */
const PAUSE_MIN_MS = 2;

/** Measures a line's rate. Pure: time is passed in. */
export class Pace {
  #windowStartMs = -Infinity;
  #windowBytes = 0;
  #pauseMs = 0;

  /** Takes note of bytes that were read. */
  read(bytes: number, nowMs: number): void {
    this.#windowBytes += bytes;
    const spanMs = nowMs - this.#windowStartMs;
    if (spanMs < WINDOW_MS) return;
    // After a quiet time the span is long and the rate next to nothing.
    const rate = this.#windowBytes / spanMs;
    const pauseMs = Math.min(PAUSE_MAX_MS, Math.floor(WORTH_BYTES / rate));
    this.#pauseMs = rate < BUSY_RATE || pauseMs < PAUSE_MIN_MS ? 0 : pauseMs;
    this.#windowStartMs = nowMs;
    this.#windowBytes = 0;
  }

  /** The line had nothing after a pause: the next bytes are read as they come. */
  idle(): void {
    this.#pauseMs = 0;
  }

  /** Pause before the next read, whole milliseconds; 0 for none. */
  get pauseMs(): number {
    return this.#pauseMs;
  }
}
