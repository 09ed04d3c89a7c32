/**
 * A process to be killed: appends and settles for as long as it lives, and
 * prints each id once it is committed.
 *
 * @module
 */
import { systemClock } from "../../lib/clock.ts";
import { silentLog } from "../../lib/log.ts";
import { openStore, outboxConfig } from "../../lib/store/store.ts";
import { entry, restore } from "./fixture.ts";

const [dir = ""] = Deno.args;
const clock = systemClock({
  bootId: "boot",
  monoMs: () => performance.now(),
  synced: () => true,
});
const store = openStore({
  dir,
  config: outboxConfig.parse({ min_free_mb: 0 }),
  clock,
  log: silentLog,
  restore,
});
const lane = store.lane("cloud");
const print = (line: string) =>
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
print("open");
for (let n = 1;; n++) {
  const batch = Array.from(
    { length: 1 + n % 4 },
    (_, at) => entry(clock, at, 1),
  );
  print(`${store.append(batch).at(-1)?.id}`);
  for (const { id } of lane.lease(n % 5)) {
    lane.settle(id, n % 50 === 0 ? { rejected: "no" } : "accepted");
  }
  // Timers get their turn, so that settled readings are written.
  if (n % 8 === 0) await new Promise((resolve) => setTimeout(resolve));
}
