/**
 * Parts of the outbox alone, for `deno bench`: commits, rows, leases.
 *
 * @module
 */
import { type Clock, systemClock } from "../../lib/clock.ts";
import { silentLog } from "../../lib/log.ts";
import { openStore, outboxConfig, type Store } from "../../lib/store/store.ts";
import { entry, restore } from "../store/fixture.ts";

function benchClock(): Clock {
  return systemClock({
    bootId: "bench",
    monoMs: () => performance.now(),
    synced: () => true,
  });
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
