/**
 * Tells the service manager how the agent is, and feeds its watchdog only while
 * everything that has to move does move. That the timer here fires is the proof
 * that the event loop turns; the other proofs are given.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Notifier } from "./notify.ts";

/** Says what stands still; null when it moves, or is known to wait. */
export type Proof = () => string | null;

/** What {@link watch} needs. */
export interface WatchOptions {
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly log: Log;
  /** All of them are needed for a sign of life. */
  readonly proofs: readonly Proof[];
  /** One line on how things are. */
  readonly status: () => string;
}

/** How often the status is looked at, milliseconds. */
const STATUS_MS = 5000;
/** Signs of life within one limit of the watchdog: one may be late, one may be lost. */
const BEATS = 3;

/**
 * Says READY at once and keeps status and watchdog going; disposing says
 * STOPPING.
 */
export function watch(options: WatchOptions): Disposable {
  const { notifier, clock, log, proofs, status } = options;
  const proofMs = (notifier.watchdogMs ?? Infinity) / BEATS;
  const beatMs = Math.min(proofMs, STATUS_MS);
  let told = status();
  let dueMs = clock.monoMs();
  let trouble: string | null = null;

  const prove = (): string | null => {
    for (const proof of proofs) {
      const found = proof();
      if (found !== null) return found;
    }
    return null;
  };
  const beat = (): void => {
    let alive = false;
    if (clock.monoMs() >= dueMs) {
      dueMs = clock.monoMs() + proofMs;
      const found = prove();
      if (found !== null && trouble === null) {
        log.error("Standstill, no sign of life for the service manager", {
          reason: found,
        });
      } else if (found === null && trouble !== null) {
        log.info("Moves again");
      }
      trouble = found;
      alive = found === null && notifier.watchdogMs !== null;
    }
    const now = trouble === null ? status() : `Standstill: ${trouble}`;
    const changed = now !== told;
    told = now;
    notifier.tell({ alive, ...(changed ? { status: now } : {}) });
    disarm = clock.after(beatMs, beat);
  };

  notifier.tell({ state: "ready", status: told });
  let disarm = clock.after(beatMs, beat);
  return {
    [Symbol.dispose]() {
      disarm();
      notifier.tell({ state: "stopping", status: "Stopping" });
    },
  };
}
