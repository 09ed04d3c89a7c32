/**
 * Memory that only the start of an agent needed is given back to the system,
 * once, at the first quiet moment.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { trimHeap } from "../serial/libc.ts";

/** How long nothing must have come, ms. */
const QUIET_MS = 2000;

/**
 * Waits for a quiet moment, then collects garbage, drops compiled code that
 * nothing uses any more, and returns free pages. It takes about 50 ms on a PC,
 * a few hundred on a small board; meanwhile bytes gather in the driver of the
 * port. A line that is never quiet is never kept waiting.
 *
 * @param heard how much has come so far
 */
export function giveBackOnceQuiet(
  clock: Pick<Clock, "after">,
  heard: () => number,
  giveBack: () => void = collect,
): Disposable {
  // The start itself is not a quiet moment.
  let before: number | null = null;
  const look = (): void => {
    const now = heard();
    if (now === before) return giveBack();
    before = now;
    disarm = clock.after(QUIET_MS, look);
  };
  let disarm = clock.after(QUIET_MS, look);
  return { [Symbol.dispose]: () => disarm() };
}

/** Without `--expose-gc`, as from source, V8 goes by its own rules alone. */
function collect(): void {
  const gc: unknown = Reflect.get(globalThis, "gc");
  if (typeof gc === "function") {
    const how = { type: "major", execution: "sync", flavor: "last-resort" };
    Reflect.apply(gc, undefined, [how]);
  }
  trimHeap();
}
