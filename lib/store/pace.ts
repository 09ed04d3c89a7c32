/**
 * How many rows to read at a time, so that others have their turn soon: as many
 * as some milliseconds allow, which are fewer by far on a card that has to seek
 * for each of them.
 *
 * @module
 */
import type { Clock } from "../clock.ts";

/** What a slice may take, milliseconds. */
const SLICE_MS = 5;
/** So few that they do no harm on the slowest disk. */
const LEAST_ROWS = 8;
/** So many that a slow processor has decoded them in some milliseconds. */
const MOST_ROWS = 128;

/** The pace of one answer; it begins slowly, as often few rows are asked for. */
export class Pace {
  readonly #clock: Pick<Clock, "monoMs">;
  #rows = 2 * LEAST_ROWS;

  constructor(clock: Pick<Clock, "monoMs">) {
    this.#clock = clock;
  }

  /** Rows of the next slice. */
  get rows(): number {
    return this.#rows;
  }

  /** Reads a slice; what it takes sets the length of the next one. */
  timed<T>(read: () => T): T {
    const startMs = this.#clock.monoMs();
    const found = read();
    const tookMs = this.#clock.monoMs() - startMs;
    const rows = tookMs <= SLICE_MS / 2
      ? 2 * this.#rows
      : tookMs > SLICE_MS
      ? Math.floor(this.#rows * SLICE_MS / tookMs)
      : this.#rows;
    this.#rows = Math.max(LEAST_ROWS, Math.min(MOST_ROWS, rows));
    return found;
  }
}
