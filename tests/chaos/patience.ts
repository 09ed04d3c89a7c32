/**
 * Waiting on a machine that may be slow: a limit of a fast machine that has run
 * out is looked at again with what the machine can do now. So a busy machine
 * breaks no promise, and an agent that has stopped is still found.
 *
 * @module
 */
import { clock, tempDir } from "../system/harness.ts";

/** What `yardstick.ts` takes on the machine that the limits were written on, milliseconds. */
const YARDSTICK_MS = 400;
/** More is no slow machine, but one on which nothing can be judged. */
const SLOWEST = 10;
/** First and longest pause between two looks, milliseconds. */
const PAUSE_MS = { first: 20, longest: 200 };

const yardstick = new URL("yardstick.ts", import.meta.url).pathname;

/** How many times slower than usual the machine works at the moment, 1 to 10. */
export async function slowness(): Promise<number> {
  await using dir = await tempDir();
  const fromMs = clock.monoMs();
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", yardstick, dir.path],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const times = (clock.monoMs() - fromMs) / YARDSTICK_MS;
  return Math.min(SLOWEST, Math.max(1, times));
}

/** How long may be waited. */
export interface Limits {
  /** What the machine has to do, seconds on a fast one; counts so many times as it is slow. */
  readonly workS: number;
  /** What no machine changes, such as a back-off, seconds. */
  readonly fixedS?: number;
  /** While this changes, the wait begins anew. */
  readonly progress?: () => number;
  /** See {@link slowness}. */
  readonly slow?: () => Promise<number>;
}

/** Waits for a condition; `what` says in the error what was waited for. */
export async function patiently(
  what: () => string,
  condition: () => boolean | Promise<boolean>,
  limits: Limits,
): Promise<void> {
  const { workS, fixedS = 0, progress = () => 0, slow = slowness } = limits;
  let startMs = clock.monoMs();
  let seen = progress();
  let times = 1;
  for (let pauseMs = PAUSE_MS.first; !(await condition());) {
    if (progress() !== seen) {
      seen = progress();
      startMs = clock.monoMs();
    }
    const over = () =>
      clock.monoMs() - startMs > (fixedS + workS * times) * 1000;
    if (over()) {
      times = Math.max(times, await slow());
      if (over() && !(await condition())) {
        const waitedS = Math.round((clock.monoMs() - startMs) / 1000);
        throw new Error(
          `Waited ${waitedS} s in vain, on a machine ${
            times.toFixed(1)
          } times as slow as usual, for: ${what()}`,
        );
      }
    }
    await clock.sleep(pauseMs);
    pauseMs = Math.min(PAUSE_MS.longest, pauseMs * 1.05);
  }
}
