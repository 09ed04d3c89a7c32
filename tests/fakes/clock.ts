/**
 * A clock that moves only when told to.
 *
 * @module
 */
import { type Clock, sleepOn } from "../../lib/clock.ts";

interface Timer {
  readonly dueMs: number;
  readonly fire: () => void;
}

/** A {@link Clock} under the test's control. */
export interface FakeClock extends Clock {
  /** Moves on, firing timers in order; between two of them promises get their turn. */
  advance(ms: number): Promise<void>;
  /** Timers that are armed. */
  armed(): number;
  /** Moves the wall clock only, as a time server would. */
  setWall(ms: number): void;
  synced: boolean;
  bootId: string;
}

/** Lets everything run that waits for promises only, not for I/O. */
export async function settleMicrotasks(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

/** A clock that stands at 2025-01-01T00:00:00Z, one minute after boot. */
export function fakeClock(
  wallMs: number = Date.UTC(2025, 0, 1),
  startMonoMs = 60_000,
): FakeClock {
  let monoMs = startMonoMs;
  let offsetMs = wallMs - startMonoMs;
  const timers = new Set<Timer>();
  const after = (delayMs: number, fire: () => void): () => void => {
    const timer = { dueMs: monoMs + Math.max(0, delayMs), fire };
    timers.add(timer);
    return () => timers.delete(timer);
  };
  const clock: FakeClock = {
    synced: true,
    bootId: "fake-boot",
    nowMs: () => monoMs + offsetMs,
    monoMs: () => monoMs,
    instant: () => ({
      wallMs: monoMs + offsetMs,
      monoMs,
      bootId: clock.bootId,
      synced: clock.synced,
    }),
    after,
    sleep: (delayMs, options) => sleepOn(after, delayMs, options?.signal),
    armed: () => timers.size,
    setWall: (ms) => offsetMs = ms - monoMs,
    async advance(ms) {
      const untilMs = monoMs + ms;
      await settleMicrotasks();
      for (;;) {
        const due = [...timers].filter(({ dueMs }) => dueMs <= untilMs)
          .sort((a, b) => a.dueMs - b.dueMs)[0];
        if (due === undefined) break;
        timers.delete(due);
        monoMs = Math.max(monoMs, due.dueMs);
        due.fire();
        await settleMicrotasks();
      }
      monoMs = untilMs;
    },
  };
  return clock;
}
