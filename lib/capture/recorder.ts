/**
 * Turns what a serial line does into records of a capture, with the times of a
 * clock. What becomes of them is decided by whoever takes them.
 *
 * @module
 */
import type { Clock, Instant } from "../clock.ts";
import type { CaptureEvent, CaptureRecord } from "./capture.ts";

/** The wall clock may differ by this from what it said before, ms, until it is noted. */
export const STEP_MS: number = 50;

/** Takes a line's life; fits the tap of a serial port. */
export class LineRecorder {
  /** When it began: time 0 of the records. */
  readonly start: Instant;
  readonly #clock: Pick<Clock, "instant">;
  readonly #take: (record: CaptureRecord) => void;
  #offsetMs: number;
  #synced: boolean;
  #lastMs: number;

  /** @param take must not throw; bytes are lent for the call */
  constructor(
    clock: Pick<Clock, "instant">,
    take: (record: CaptureRecord) => void,
  ) {
    this.#clock = clock;
    this.#take = take;
    this.start = clock.instant();
    this.#offsetMs = this.start.wallMs - this.start.monoMs;
    this.#synced = this.start.synced;
    this.#lastMs = this.start.wallMs;
  }

  /** Time of the last record as a replay will tell it, milliseconds since 1970. */
  get lastMs(): number {
    return this.#lastMs;
  }

  opened(port: string): void {
    this.#event({ event: "opened", port });
  }

  closed(): void {
    this.#event({ event: "closed" });
  }

  lost(reason: string): void {
    this.#event({ event: "lost", reason });
  }

  refused(reason: string): void {
    this.#event({ event: "refused", reason });
  }

  read(bytes: Uint8Array): Instant {
    const at = this.#clock.instant();
    this.#take({ kind: "rx", atMs: this.#at(at), bytes });
    return at;
  }

  wrote(bytes: Uint8Array): void {
    this.#take({ kind: "tx", atMs: this.now(), bytes });
  }

  /** Milliseconds since the start; notes when the wall clock was set meanwhile. */
  now(): number {
    return this.#at(this.#clock.instant());
  }

  #at({ wallMs, monoMs, synced }: Instant): number {
    const atMs = Math.max(0, monoMs - this.start.monoMs);
    const offsetMs = wallMs - monoMs;
    if (
      Math.abs(offsetMs - this.#offsetMs) >= STEP_MS || synced !== this.#synced
    ) {
      this.#offsetMs = offsetMs;
      this.#synced = synced;
      this.#take({ kind: "event", atMs, event: "clock", wallMs, synced });
    }
    this.#lastMs = this.#offsetMs + monoMs;
    return atMs;
  }

  #event(event: CaptureEvent): void {
    this.#take({ kind: "event", atMs: this.now(), ...event });
  }
}
