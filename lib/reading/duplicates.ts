/**
 * Which pushes are repetitions. A device repeats a push that was not
 * acknowledged up to ten times, so the same reading can arrive more than once
 * [serial §10.1]. Pure: time comes with the readings.
 *
 * @module
 */
import type { NewReading } from "./reading.ts";

/** Devices × files remembered; the ones longest unheard are forgotten first. */
const MAX_REMEMBERED = 16_384;

/** Remembers each device file's previous push. */
export class Duplicates {
  readonly #windowMs: number;
  readonly #previous = new Map<
    string,
    { data: Uint8Array; bootId: string; monoMs: number }
  >();

  /** @param windowMs how long a push is remembered; 0 finds no duplicates */
  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /**
   * Whether `reading` has the bytes of its device file's previous push, no
   * longer ago than the window; remembers it either way. Buttons never do: two
   * presses look alike.
   */
  seen(reading: NewReading): boolean {
    if (this.#windowMs === 0 || reading.file === "button") return false;
    const key = `${reading.device} ${reading.fileId}`;
    const { bootId, monoMs } = reading.received;
    const previous = this.#previous.get(key);
    // Taken out and put back: a Map keeps the order of insertion.
    this.#previous.delete(key);
    this.#previous.set(key, { data: reading.data, bootId, monoMs });
    if (this.#previous.size > MAX_REMEMBERED) {
      const [oldest] = this.#previous.keys();
      if (oldest !== undefined) this.#previous.delete(oldest);
    }
    return previous !== undefined && previous.bootId === bootId &&
      monoMs - previous.monoMs <= this.#windowMs &&
      sameBytes(previous.data, reading.data);
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
