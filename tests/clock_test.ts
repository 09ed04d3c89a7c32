import assert from "node:assert/strict";
import fc from "fast-check";
import { backoffMs, kernelClock, sleepOn, systemClock } from "../lib/clock.ts";
import { fakeClock, settleMicrotasks } from "./fakes/clock.ts";

const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

Deno.test("backoffMs() stays from 1 s to 60 s at any attempt", () => {
  fc.assert(fc.property(fc.nat(), fraction, (attempt, random) => {
    const delay = backoffMs(attempt, random);
    assert.ok(Number.isInteger(delay) && delay >= 1000 && delay <= 60_000);
  }));
});

Deno.test("backoffMs() doubles its ceiling from the first failure and uses all below it", () => {
  const almost = 1 - Number.EPSILON;
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 6, 1000].map((attempt) => backoffMs(attempt, almost)),
    [2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000],
  );
  for (const attempt of [0, 3, 50]) {
    assert.equal(backoffMs(attempt, 0), 1000);
  }
  assert.equal(backoffMs(0, almost, 10, 15), 15);
});

Deno.test("sleepOn() wakes after its delay, or when aborted, and leaves nothing behind", async () => {
  const clock = fakeClock();
  const stop = new AbortController();
  let woken = 0;
  const wake = () => woken++;
  void clock.sleep(100).then(wake);
  void sleepOn(clock.after, 200, stop.signal).then(wake);
  await clock.advance(99);
  assert.equal(woken, 0);
  await clock.advance(1);
  assert.equal(woken, 1);
  stop.abort();
  await settleMicrotasks();
  assert.equal(woken, 2);
  assert.equal(clock.armed(), 0);
  await sleepOn(clock.after, 1e9, stop.signal);
  assert.equal(clock.armed(), 0);
});

Deno.test("systemClock() sleeps, aborts and disarms without leaks", async () => {
  const clock = systemClock({
    bootId: "b",
    monoMs: () => 5,
    synced: () => true,
  });
  let fired = false;
  const disarm = clock.after(0, () => fired = true);
  disarm();
  const stop = new AbortController();
  const sleeping = clock.sleep(600_000, { signal: stop.signal });
  stop.abort();
  await sleeping;
  await clock.sleep(1);
  assert.equal(fired, false);
  const { wallMs, ...rest } = clock.instant();
  assert.deepEqual(rest, { monoMs: 5, bootId: "b", synced: true });
  assert.ok(Math.abs(wallMs - Date.now()) < 5000);
});

Deno.test("kernelClock() counts from boot, never back, and asks about synchronisation sparingly", () => {
  let asked = 0;
  const source = kernelClock(() => ++asked > 0);
  const uptimeMs = parseFloat(Deno.readTextFileSync("/proc/uptime")) * 1000;
  assert.match(source.bootId, /^[0-9a-f-]{36}$/);
  let before = source.monoMs();
  assert.ok(Math.abs(before - uptimeMs) < 1000);
  for (let i = 0; i < 1000; i++) {
    const now = source.monoMs();
    assert.ok(now >= before);
    before = now;
    assert.equal(source.synced(), true);
  }
  assert.ok(asked <= 2);
});
