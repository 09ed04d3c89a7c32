/**
 * What every sink owes its runner, as tests: the obligations at the head of
 * `lib/sink/sink.ts`, run over each kind.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Sink } from "../../lib/sink/sink.ts";
import { energyReading } from "../fakes/readings.ts";

/** A platform under the test's control, with a sink that delivers to it. */
export interface Platform extends AsyncDisposable {
  readonly sink: Sink;
  /** Ids (as `apparent_energy_1`) that have arrived, in order, copies included. */
  arrived(): Promise<readonly number[]>;
  /** From now on the platform acknowledges nothing. */
  hold(): void;
  /** Resolves when something has reached the platform since {@link hold}. */
  reached(): Promise<void>;
  /** It acknowledges again, what it held included. */
  resume(): void;
  /** Makes deliveries fail, as a lost connection or a full disk would. */
  fail(): Promise<void>;
  /** Ends what {@link fail} began. */
  heal(): Promise<void>;
}

const never = () => new AbortController().signal;

const numbered = (id: number, device = "326636300039004C") =>
  energyReading({
    id,
    device,
    measurements: [{
      name: "apparent_energy_1",
      quantity: "apparent_energy",
      unit: "VAh",
      value: BigInt(id),
    }],
  });

const some = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => numbered(from + index));

/**
 * Runs the suite over one kind.
 *
 * @param live its platform shows what is now and takes no readings: they are
 *   accepted at once, so what is about acknowledgements does not apply
 */
export function sinkContract(
  kind: string,
  start: () => Promise<Platform>,
  { live = false } = {},
): void {
  const acknowledged = (
    name: string,
    body: (platform: Platform) => Promise<void>,
  ) => live ? undefined : test(name, body);
  const test = (name: string, body: (platform: Platform) => Promise<void>) =>
    Deno.test(`${kind}: ${name}`, async () => {
      await using platform = await start();
      await platform.sink.ready(never());
      await body(platform);
    });

  acknowledged("delivers in order and accepts", async ({ sink, arrived }) => {
    const outcomes = await Promise.all([
      ...sink.deliver(some(1, 20), never()),
      ...sink.deliver(some(21, 20), never()),
    ]);
    assert.deepEqual(outcomes, Array(40).fill("accepted"));
    assert.deepEqual(
      await arrived(),
      Array.from({ length: 40 }, (_, index) => index + 1),
    );
    assert.equal(sink.state().up, true);
  });

  test("gives one promise per reading", async ({ sink }) => {
    assert.equal(sink.deliver([], never()).length, 0);
    const promises = sink.deliver(some(1, 3), never());
    assert.equal(promises.length, 3);
    await Promise.all(promises);
  });

  test("has a window of 1 or more", ({ sink }) => {
    assert(sink.window() >= 1);
    return Promise.resolve();
  });

  acknowledged("accepts only after the acknowledgement", async (platform) => {
    platform.hold();
    let settled = 0;
    const promises = platform.sink.deliver(some(1, 3), never());
    for (const promise of promises) void promise.then(() => settled++);
    await platform.reached();
    assert.equal(settled, 0);
    platform.resume();
    assert.deepEqual(await Promise.all(promises), Array(3).fill("accepted"));
  });

  acknowledged("keeps what an aborted signal cuts off", async (platform) => {
    platform.hold();
    const abort = new AbortController();
    const promises = platform.sink.deliver(some(1, 3), abort.signal);
    await platform.reached();
    abort.abort();
    assert.deepEqual(await Promise.all(promises), Array(3).fill("kept"));
    assert.deepEqual(
      await Promise.all(platform.sink.deliver(some(4, 1), abort.signal)),
      ["kept"],
    );
    platform.resume();
  });

  acknowledged(
    "keeps readings through a failure, then is ready again",
    async (platform) => {
      const { sink } = platform;
      await Promise.all(sink.deliver(some(1, 2), never()));
      await platform.fail();
      assert.deepEqual(
        await Promise.all(sink.deliver(some(3, 2), never())),
        ["kept", "kept"],
      );
      assert.equal(sink.state().up, false);
      assert.notEqual(sink.state().detail, "");
      await platform.heal();
      await sink.ready(never());
      assert.deepEqual(
        await Promise.all(sink.deliver(some(3, 2), never())),
        ["accepted", "accepted"],
      );
      assert.equal(sink.state().up, true);
      const ids = await platform.arrived();
      assert.deepEqual([...new Set(ids)], [1, 2, 3, 4]);
    },
  );

  test("ready() lets go when its signal aborts", async (platform) => {
    await platform.fail();
    const abort = new AbortController();
    const ready = platform.sink.ready(abort.signal);
    abort.abort();
    await ready;
  });

  acknowledged(
    "closes in time with deliveries in flight, which settle",
    async (platform) => {
      platform.hold();
      const promises = platform.sink.deliver(some(1, 5), never());
      await platform.reached();
      const startMs = performance.now();
      const closed = platform.sink[Symbol.asyncDispose]();
      platform.resume();
      await closed;
      assert(performance.now() - startMs < 3000);
      for (const outcome of await Promise.all(promises)) {
        assert(outcome === "kept" || outcome === "accepted");
      }
    },
  );

  if (!live) return;
  test("accepts at once, up or down", async (platform) => {
    const { sink } = platform;
    await platform.fail();
    assert.equal(sink.state().up, false);
    assert.notEqual(sink.state().detail, "");
    const outcomes = await Promise.all(sink.deliver(some(1, 3), never()));
    assert.deepEqual(outcomes, Array(3).fill("accepted"));
    await platform.heal();
  });

  test("keeps what comes after the signal has aborted", async ({ sink }) => {
    const outcomes = sink.deliver(some(1, 1), AbortSignal.abort());
    assert.deepEqual(await Promise.all(outcomes), ["kept"]);
  });

  test("closes in time", async ({ sink }) => {
    const startMs = performance.now();
    await sink[Symbol.asyncDispose]();
    assert(performance.now() - startMs < 3000);
  });
}
