import assert from "node:assert/strict";
import { type Log, silentLog } from "../../lib/log.ts";
import type { Reading } from "../../lib/reading/reading.ts";
import { GRACE_MS, runSink } from "../../lib/sink/runner.ts";
import type { Outcome, Sink } from "../../lib/sink/sink.ts";
import { type FakeClock, fakeClock, settleMicrotasks } from "../fakes/clock.ts";
import { type FakeLane, fakeLane } from "../fakes/lane.ts";
import { energyReading } from "../fakes/readings.ts";

interface Handed {
  readonly reading: Reading;
  readonly settle: (outcome: Outcome) => void;
}

/** A sink whose platform is the test. */
interface ManualSink extends Sink {
  readonly inFlight: Handed[];
  /** Ids in the order they were handed over. */
  readonly handed: number[];
  limit: number;
  setUp(up: boolean): void;
  /** Answers everything that waits. */
  settleAll(outcome: Outcome): void;
}

function manualSink(limit = 8): ManualSink {
  let up = true;
  const waiters = new Set<() => void>();
  const sink: ManualSink = {
    inFlight: [],
    handed: [],
    limit,
    window: () => sink.limit,
    ready: (signal) =>
      new Promise((resolve) => {
        const wake = () => {
          if (!up && !signal.aborted) return;
          waiters.delete(wake);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        waiters.add(wake);
        signal.addEventListener("abort", wake);
        wake();
      }),
    deliver: (readings, signal) =>
      readings.map((reading) => {
        const { promise, resolve } = Promise.withResolvers<Outcome>();
        const handed = {
          reading,
          settle(outcome: Outcome) {
            const at = sink.inFlight.indexOf(handed);
            if (at >= 0) sink.inFlight.splice(at, 1);
            resolve(outcome);
          },
        };
        signal.addEventListener("abort", () => handed.settle("kept"));
        sink.inFlight.push(handed);
        sink.handed.push(reading.id);
        return promise;
      }),
    setUp(value) {
      up = value;
      for (const wake of [...waiters]) wake();
    },
    settleAll(outcome) {
      for (const handed of [...sink.inFlight]) handed.settle(outcome);
    },
    state: () => ({ up, detail: "" }),
    preview: () => ({ messages: [] }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return sink;
}

const readings = (from: number, count: number) =>
  Array.from(
    { length: count },
    (_, index) => energyReading({ id: from + index }),
  );

async function running(
  body: (parts: {
    lane: FakeLane;
    sink: ManualSink;
    clock: FakeClock;
    stop: AbortController;
    done: Promise<void>;
    seconds: number[];
    errors: string[];
  }) => Promise<void>,
  sink = manualSink(),
  random = 0,
): Promise<void> {
  const lane = fakeLane();
  const clock = fakeClock();
  const stop = new AbortController();
  const seconds: number[] = [];
  const errors: string[] = [];
  const log: Log = { ...silentLog, error: (text) => errors.push(text) };
  const done = runSink({
    lane,
    sink,
    clock,
    random: () => random,
    log,
    signal: stop.signal,
    onDelivered: (_reading, age) => seconds.push(age),
  });
  await settleMicrotasks();
  await body({ lane, sink, clock, stop, done, seconds, errors });
  stop.abort();
  await settleMicrotasks();
  sink.settleAll("kept");
  await done;
  assert.equal(clock.armed(), 0);
  assert.equal(lane.leased.size, 0);
}

Deno.test("runSink() delivers, settles and tells the age of what it delivered", () =>
  running(async ({ lane, sink, clock, seconds }) => {
    lane.add(...readings(1, 2));
    await clock.advance(1500);
    sink.inFlight[0]?.settle("accepted");
    sink.inFlight[0]?.settle({ rejected: "too large" });
    await settleMicrotasks();
    assert.deepEqual(lane.accepted, [1]);
    assert.deepEqual([...lane.rejected], [[2, "too large"]]);
    assert.deepEqual(seconds, [1.5]);
  }));

Deno.test("runSink() keeps to the sink's window and refills it in bites", () =>
  running(async ({ lane, sink }) => {
    lane.add(...readings(1, 30));
    await settleMicrotasks();
    assert.equal(sink.inFlight.length, 8);
    const leases = lane.leases();
    sink.inFlight[0]?.settle("accepted");
    await settleMicrotasks();
    assert.equal(lane.leases(), leases);
    sink.inFlight[0]?.settle("accepted");
    await settleMicrotasks();
    assert.equal(sink.inFlight.length, 8);
    while (sink.inFlight.length > 0) {
      assert(sink.inFlight.length <= 8);
      sink.inFlight[0]?.settle("accepted");
      await settleMicrotasks();
    }
    assert.deepEqual(sink.handed, readings(1, 30).map(({ id }) => id));
  }));

Deno.test("runSink() stops at a kept reading, waits for the rest, gives back and backs off", () =>
  running(async ({ lane, sink, clock }) => {
    lane.add(...readings(1, 4));
    await settleMicrotasks();
    const releases = lane.releases();
    sink.inFlight[1]?.settle("kept");
    lane.add(...readings(5, 1));
    await settleMicrotasks();
    assert.deepEqual(sink.handed, [1, 2, 3, 4]);
    assert.equal(lane.releases(), releases);
    sink.settleAll("accepted");
    await settleMicrotasks();
    assert.deepEqual(lane.accepted, [1, 3, 4]);
    assert.equal(lane.releases(), releases + 1);
    await clock.advance(999);
    assert.deepEqual(sink.handed, [1, 2, 3, 4]);
    await clock.advance(1);
    assert.deepEqual(sink.handed, [1, 2, 3, 4, 2, 5]);
  }));

Deno.test("runSink() backs off ever longer while everything is kept", () => {
  const sink = manualSink();
  return running(
    async ({ lane, clock }) => {
      lane.add(...readings(1, 1));
      let tries = 0;
      for (let second = 0; second < 600; second++) {
        await clock.advance(1000);
        tries += sink.inFlight.length;
        sink.settleAll("kept");
        await settleMicrotasks();
      }
      // 2, 4, 8, 16, 32 s, and from then on once a minute.
      assert.equal(tries, 14);
      assert(lane.leases() <= 30, String(lane.leases()));
    },
    sink,
    1,
  );
});

Deno.test("runSink() waits for a sink that is down, and starts anew with a release", () => {
  const sink = manualSink();
  sink.setUp(false);
  return running(async ({ lane, clock }) => {
    lane.add(...readings(1, 3));
    await clock.advance(3_600_000);
    assert.equal(lane.leases(), 0);
    const releases = lane.releases();
    sink.setUp(true);
    await settleMicrotasks();
    assert.equal(lane.releases(), releases + 1);
    assert.deepEqual(sink.handed, [1, 2, 3]);
  }, sink);
});

Deno.test("runSink() lets what is in flight settle after the signal, within its grace", () =>
  running(async ({ lane, sink, clock, stop, done }) => {
    lane.add(...readings(1, 3));
    await settleMicrotasks();
    stop.abort();
    lane.add(...readings(4, 1));
    await clock.advance(1000);
    sink.inFlight[0]?.settle("accepted");
    await settleMicrotasks();
    assert.deepEqual(lane.accepted, [1]);
    assert.deepEqual(sink.handed, [1, 2, 3]);
    await clock.advance(GRACE_MS - 1000);
    await done;
    assert.deepEqual(lane.accepted, [1]);
    assert.equal(lane.account().pending, 3);
  }));

Deno.test("runSink() takes a sink that throws, rejects or answers too little for kept", async () => {
  for (
    const deliver of [
      () => {
        throw new Error("bug");
      },
      () => [Promise.reject(new Error("bug"))],
      () => [],
    ]
  ) {
    const sink = manualSink();
    const good = sink.deliver;
    sink.deliver = deliver;
    await running(async ({ lane, clock, errors }) => {
      lane.add(...readings(1, 1));
      await settleMicrotasks();
      assert.equal(lane.account().pending, 1);
      sink.deliver = good;
      await clock.advance(1000);
      assert.deepEqual(sink.handed, [1]);
      assert(errors.length <= 1);
    }, sink);
  }
});

Deno.test("runSink() does not spin on a lane that says it has something and gives nothing", async () => {
  const clock = fakeClock();
  const lane = fakeLane();
  const stop = new AbortController();
  const done = runSink({
    lane: { ...lane, waiting: () => Promise.resolve() },
    sink: manualSink(),
    clock,
    random: () => 0,
    log: silentLog,
    signal: stop.signal,
  });
  await clock.advance(1000);
  assert(lane.leases() <= 25, String(lane.leases()));
  stop.abort();
  await done;
});
