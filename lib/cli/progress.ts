/**
 * A line about long work, for people: how much is done, how fast it goes, how
 * long it will take. Redrawn in place on a terminal's stderr, gone when the
 * work is done; nothing at all when piped or when the terminal cannot redraw.
 *
 * @module
 */
import { clockOf, type Io } from "./io.ts";
import { cut } from "./table.ts";
import { count, rate, span } from "./words.ts";

/** What the work is. */
export interface Work {
  /** In front of the line, e.g. `Exporting`. */
  readonly what: string;
  /** What is counted, in the plural, e.g. `readings`. */
  readonly unit: string;
  /** How many there will be; absent when nobody knows. */
  readonly total?: number;
  /** How a number of units is written; by default with its thousands apart. */
  readonly show?: (value: number) => string;
}

/** The line. Disposing it is {@link Progress.done}. */
export interface Progress extends Disposable {
  /** So many are done. Cheap: call it for each one. */
  at(done: number): void;
  /** Clears the line; `at` draws it again, so other words may be written in between. */
  done(): void;
}

/** Shortest time between two drawings. */
const REDRAW_MS = 200;

/** The rate is that of the last seconds. */
const RATE_MS = 10_000;

/** Back to the first column, and clear the line. */
const CLEAR = "\r\x1b[K";

/** Starts a line; it shows itself from the first {@link Progress.at} on. */
export function progress(io: Io, work: Work): Progress {
  const { terminal } = io;
  if (terminal === undefined || !terminal.err) {
    return { at() {}, done() {}, [Symbol.dispose]() {} };
  }
  const clock = clockOf(io);
  const since: Sample[] = [{ atMs: clock.monoMs(), done: 0 }];
  let drawnMs = -Infinity;
  let drawn = false;
  const done = () => {
    if (drawn) io.err(CLEAR);
    drawn = false;
  };
  return {
    at(number) {
      const nowMs = clock.monoMs();
      if (nowMs - drawnMs < REDRAW_MS) return;
      drawnMs = nowMs;
      drawn = true;
      since.push({ atMs: nowMs, done: number });
      while (since.length > 2 && nowMs - (since[1]?.atMs ?? 0) >= RATE_MS) {
        since.shift();
      }
      // The last column stays free: some terminals wrap when it is written.
      const line = cut(progressLine(work, since), terminal.columns() - 1);
      io.err(`${CLEAR}${line}`);
    },
    done,
    [Symbol.dispose]: done,
  };
}

/** How much was done at a moment. */
export interface Sample {
  readonly atMs: number;
  readonly done: number;
}

/** `Exporting  12 000 of 40 000 readings  30 %  3 000/s  10 s left`. */
export function progressLine(
  { what, unit, total, show = count }: Work,
  samples: readonly Sample[],
): string {
  const first = samples[0] ?? { atMs: 0, done: 0 };
  const last = samples.at(-1) ?? first;
  const seconds = (last.atMs - first.atMs) / 1000;
  const perSecond = seconds > 0 ? (last.done - first.done) / seconds : 0;
  const parts = [what];
  if (total === undefined) parts.push(`${show(last.done)} ${unit}`);
  else {
    parts.push(`${show(last.done)} of ${show(total)} ${unit}`);
    if (total > 0) {
      const percent = Math.floor(Math.min(1, last.done / total) * 100);
      parts.push(`${percent} %`);
    }
  }
  if (perSecond > 0) {
    parts.push(
      show === count ? `${rate(perSecond)}/s` : `${show(perSecond)}/s`,
    );
    if (total !== undefined && total > last.done) {
      parts.push(`${span((total - last.done) / perSecond)} left`);
    }
  }
  return parts.join("  ");
}
