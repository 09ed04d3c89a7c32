/**
 * What the outbox does in a second on the machine at hand: commits, rows, and
 * the draining of a backlog with everything that belongs to it.
 *
 * @module
 */
import { type Clock, systemClock } from "../../lib/clock.ts";
import { silentLog } from "../../lib/log.ts";
import { openStore, outboxConfig, type Store } from "../../lib/store/store.ts";
import { entry, imbalance, restore } from "../store/fixture.ts";

/** Figures of one run; all but the last three per second. */
export interface OutboxFigures {
  readonly singleCommits: number;
  readonly rowsInHundreds: number;
  readonly drained: number;
  /** Longest the drain has kept others waiting, milliseconds. */
  readonly longestMs: number;
  /** Growth of resident memory during the drain, MB. */
  readonly drainRssMb: number;
  /** Opening with the backlog in place, milliseconds. */
  readonly openMs: number;
}

function benchClock(): Clock {
  return systemClock({
    bootId: "bench",
    monoMs: () => performance.now(),
    synced: () => true,
  });
}

/** Appends, then drains a backlog of `backlog` readings of 50 devices through one lane. */
export async function benchOutbox(backlog: number): Promise<OutboxFigures> {
  const dir = Deno.makeTempDirSync({ prefix: "dash7-bench-" });
  const clock = benchClock();
  const config = outboxConfig.parse({ max_mb: 10_000, min_free_mb: 0 });
  const open = () => openStore({ dir, config, clock, log: silentLog, restore });
  const perSecond = (count: number, work: () => void): number => {
    const start = performance.now();
    work();
    return Math.round(count / (performance.now() - start) * 1000);
  };
  try {
    let store = open();
    store.lane("cloud");
    const singleCommits = perSecond(2000, () => {
      for (let n = 0; n < 2000; n++) store.append([entry(clock, n % 50, n)]);
    });
    const rows = backlog - 2000;
    const rowsInHundreds = perSecond(rows, () => {
      for (let at = 0; at < rows; at += 100) {
        store.append(
          Array.from({ length: 100 }, (_, n) => entry(clock, n % 50, at + n)),
        );
      }
    });
    store.close();
    const openStart = performance.now();
    store = open();
    const lane = store.lane("cloud");
    lane.release();
    const openMs = performance.now() - openStart;
    const before = Deno.memoryUsage().rss;
    let peak = before;
    let count = 0;
    let longestMs = 0;
    const start = performance.now();
    for (let turn = performance.now(); lane.account().pending > 0;) {
      // A window of 100, acknowledged in order, with a turn for timers after each.
      for (const { id } of lane.lease(100)) {
        lane.settle(id, "accepted");
        count++;
      }
      if (count % 1000 === 0) {
        // Live readings come in all the while.
        store.append([entry(clock, 99, count)]);
        peak = Math.max(peak, Deno.memoryUsage().rss);
      }
      longestMs = Math.max(longestMs, performance.now() - turn);
      await new Promise((resolve) => setTimeout(resolve));
      turn = performance.now();
    }
    const drained = Math.round(count / (performance.now() - start) * 1000);
    if (imbalance(lane.account()) !== 0) throw new Error("Account is wrong");
    store.close();
    return {
      singleCommits,
      rowsInHundreds,
      drained,
      longestMs,
      drainRssMb: (peak - before) / 1e6,
      openMs,
    };
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

/** Does `work` between the timer's marks, with a store of its own for it. */
function withStore(
  bench: Deno.BenchContext,
  prepare: (store: Store, clock: Clock) => void,
  work: (store: Store, clock: Clock) => void,
): void {
  const dir = Deno.makeTempDirSync({ prefix: "dash7-bench-" });
  try {
    const clock = benchClock();
    using store = openStore({
      dir,
      config: outboxConfig.parse({ max_mb: 10_000, min_free_mb: 0 }),
      clock,
      log: silentLog,
      restore,
    });
    store.lane("cloud");
    prepare(store, clock);
    bench.start();
    work(store, clock);
    bench.end();
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

const thousand = (store: Store, clock: Clock): void => {
  store.append(Array.from({ length: 1000 }, (_, n) => entry(clock, n % 50, n)));
};
/** Few: each has a database of its own. */
const runs = { n: 20, warmup: 2 };

Deno.bench({
  name: "100 readings, each committed alone",
  ...runs,
  fn: (bench) =>
    withStore(bench, () => {}, (store, clock) => {
      for (let n = 0; n < 100; n++) store.append([entry(clock, n % 50, n)]);
    }),
});

Deno.bench({
  name: "1000 readings in one commit",
  ...runs,
  fn: (bench) => withStore(bench, () => {}, thousand),
});

Deno.bench({
  name: "1000 readings leased and settled, a hundred at a time",
  ...runs,
  fn: (bench) =>
    withStore(bench, thousand, (store) => {
      const lane = store.lane("cloud");
      while (lane.account().pending > 0) {
        for (const { id } of lane.lease(100)) lane.settle(id, "accepted");
      }
      store.flush();
    }),
});
