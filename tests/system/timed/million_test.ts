import assert from "node:assert/strict";
import { restore } from "../../../lib/agent.ts";
import { decodeCommand } from "../../../lib/alp/alp.ts";
import { interpret } from "../../../lib/files/files.ts";
import { historyJson, readingJson } from "../../../lib/inspect/readings.ts";
import type { Parts } from "../../../lib/inspect/parts.ts";
import { silentLog } from "../../../lib/log.ts";
import type { NewReading } from "../../../lib/reading/reading.ts";
import {
  openStore,
  outboxConfig,
  type Store,
} from "../../../lib/store/store.ts";
import { fakeClock } from "../../fakes/clock.ts";
import { energyCommand } from "../harness.ts";
import { type Bounded, late, slowed } from "./slowed.ts";

const DEVICES = 200;
const READINGS = 1_000_000;
/** Each device every ten minutes. */
const APART_MS = 600_000 / DEVICES;
const DAY_MS = 86_400_000;

const uid = (n: number) =>
  `32663630${n.toString(16).padStart(8, "0")}`.toUpperCase();

/** Fills a store as 200 devices do in 35 days. */
function fill(store: Store, endMs: number): void {
  const devices = Array.from({ length: DEVICES }, (_, n) => {
    const command = energyCommand(uid(n), BigInt(n + 1));
    const received = { wallMs: 0, monoMs: 0, bootId: "b", synced: true };
    const [reading] = interpret(decodeCommand(command), received).readings;
    return { command, reading };
  });
  for (let at = 0; at < READINGS; at += 1000) {
    store.append(Array.from({ length: 1000 }, (_, n) => {
      const { command, reading } = devices[(at + n) % DEVICES] ?? {};
      assert.ok(command && reading);
      const wallMs = endMs - (READINGS - at - n - 1) * APART_MS;
      const received = { wallMs, monoMs: wallMs, bootId: "b", synced: true };
      const one: NewReading = { ...reading, received };
      return { reading: one, command, part: 0, frameCounter: n & 0xff };
    }));
  }
}

/** The fastest of three times, milliseconds: others share this machine. */
function fastestMs(work: () => void): number {
  const times = [0, 1, 2].map(() => {
    const startMs = performance.now();
    work();
    return performance.now() - startMs;
  });
  return Math.min(...times);
}

/** Does work in steps to its end; says how long the longest of them took, milliseconds. */
function stepped<T>(
  steps: Generator<unknown, T>,
): { readonly result: T; readonly longestMs: number } {
  let longestMs = 0;
  for (;;) {
    const startMs = performance.now();
    const step = steps.next();
    longestMs = Math.max(longestMs, performance.now() - startMs);
    if (step.done) return { result: step.value, longestMs };
  }
}

Deno.test("200 devices, a million readings: history, pages of what waits and single answers come at once", () => {
  const dir = Deno.makeTempDirSync({ prefix: "dash7-edge-million-" });
  // Slices go by the time they take.
  const clock = { ...fakeClock(), monoMs: () => performance.now() };
  const open = () =>
    openStore({
      dir,
      config: outboxConfig.parse({
        max_age_days: 3650,
        max_mb: 10_000,
        min_free_mb: 0,
      }),
      clock,
      log: silentLog,
      restore,
    });
  try {
    const endMs = clock.nowMs();
    {
      using store = open();
      store.lane("cloud");
      fill(store, endMs);
    }
    const startMs = performance.now();
    using store = open();
    const openMs = performance.now() - startMs;
    const device = uid(7);
    const sinceMs = endMs - 30 * DAY_MS;
    const parts = { store } as unknown as Parts;
    const lane = store.lane("cloud");
    const measured: Bounded[] = [];
    const note = (what: string, ms: number, limitMs: number): void => {
      measured.push({ what, ms, limitMs, slowed: slowed() });
    };
    const check = (what: string, limitMs: number, work: () => void): void =>
      note(what, fastestMs(work), limitMs);
    note("open", openMs, 500);
    let columnsStepMs = Infinity;
    check("30 days of one device as columns", 200, () => {
      const { result: history, longestMs } = stepped(
        historyJson(parts, device, sinceMs, endMs, 1000),
      );
      columnsStepMs = Math.min(columnsStepMs, longestMs);
      assert.equal(history.readings, 4320);
      assert.ok(history.time_s.length > 900 && history.time_s.length <= 1000);
    });
    let readingsStepMs = Infinity;
    check("30 days of one device as readings", 200, () => {
      let count = 0;
      const slices = store.recentSlices({ device, sinceMs, limit: 5000 });
      const { longestMs } = stepped(function* () {
        for (const slice of slices) {
          count += slice.length;
          yield JSON.stringify(slice.map((one) => readingJson(one, null)));
        }
      }());
      readingsStepMs = Math.min(readingsStepMs, longestMs);
      assert.equal(count, 4320);
    });
    note("longest step of the columns", columnsStepMs, 20);
    note("longest step of the readings", readingsStepMs, 20);
    check("the last 100 of one device", 20, () => {
      assert.equal(store.recent({ device, limit: 100 }).length, 100);
    });
    check("oldest reading", 1, () => assert.ok(store.oldest()));
    check(
      "oldest that waits",
      1,
      () => assert.ok(store.oldestPending("cloud")),
    );
    check("first page of what waits", 30, () => {
      assert.equal(store.peek("cloud", 500).length, 500);
    });
    check("page in the middle", 30, () => {
      assert.equal(store.peek("cloud", 500, READINGS / 2)[0]?.id, 500_001);
    });
    // All but every thousandth of the first 100 000, as an unfair broker would.
    for (
      const { id } of Array.from({ length: 200 }, () => lane.lease(500)).flat()
    ) {
      if (id % 1000 !== 0) lane.settle(id, "accepted");
    }
    store.flush();
    check("page of what little is left", 30, () => {
      const ids = store.peek("cloud", 100).map(({ id }) => id);
      assert.deepEqual(ids.slice(0, 3), [1000, 2000, 3000]);
      assert.equal(ids.length, 100);
    });
    check("oldest that waits, then", 1, () => {
      const at = store.oldestPending("cloud")?.wallMs;
      assert.equal(at, endMs - (READINGS - 1000) * APART_MS);
    });
    check("how one ended", 5, () => {
      assert.equal(store.fate("cloud", 50_001)?.is, "delivered");
    });
    check("the one before", 10, () => {
      const one = store.stored(900_000);
      assert.ok(one);
      assert.equal(store.previous(one.reading)?.id, 900_000 - DEVICES);
    });
    const purgeMs = performance.now();
    assert.equal(store.purge("cloud"), 900_100);
    note("purge of the rest", performance.now() - purgeMs, 200);
    assert.equal(store.fate("cloud", 500_000)?.is, "dropped");
    assert.deepEqual(late(measured), [], JSON.stringify(measured));
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
