import assert from "node:assert/strict";
import { type Notice } from "../../lib/notify/notify.ts";
import { type Proof, watch } from "../../lib/notify/watch.ts";
import { fakeClock } from "../fakes/clock.ts";
import { memoryLog } from "../fakes/log.ts";

/** A watch over proofs, with everything it tells. */
function watched(proofs: readonly Proof[], watchdogMs: number | null = 30_000) {
  const clock = fakeClock();
  const log = memoryLog();
  const told: Notice[] = [];
  const now = { status: "fine" };
  const watching = watch({
    notifier: { watchdogMs, tell: (notice) => told.push(notice) },
    clock,
    log,
    proofs,
    status: () => now.status,
  });
  const signs = () => told.filter(({ alive }) => alive).length;
  return { clock, log, told, now, watching, signs };
}

Deno.test("watch() says READY, then what changes, then STOPPING", async () => {
  const { clock, told, now, watching } = watched([], null);
  assert.deepEqual(told, [{ state: "ready", status: "fine" }]);
  await clock.advance(60_000);
  now.status = "worse";
  await clock.advance(60_000);
  watching[Symbol.dispose]();
  await clock.advance(60_000);
  const news = told.filter(({ status }) => status !== undefined);
  assert.deepEqual(news.map(({ status }) => status), [
    "fine",
    "worse",
    "Stopping",
  ]);
  assert.equal(told.at(-1)?.state, "stopping");
  assert.equal(told.some(({ alive }) => alive), false);
  assert.equal(clock.armed(), 0);
});

Deno.test("watch() feeds three times within the watchdog's limit", async () => {
  for (const limitMs of [900, 9000, 30_000, 600_000]) {
    const { clock, watching, signs } = watched([() => null], limitMs);
    await clock.advance(limitMs);
    assert.ok(signs() >= 2 && signs() <= 3, `${signs()} in ${limitMs}`);
    await clock.advance(9 * limitMs);
    assert.ok(signs() >= 27 && signs() <= 30, `${signs()} in ${limitMs}`);
    watching[Symbol.dispose]();
  }
});

Deno.test("watch() feeds only while every proof holds, and says what stands still once", async () => {
  let stuck: string | null = null;
  const { clock, log, told, watching, signs } = watched([
    () => null,
    () => stuck,
  ]);
  await clock.advance(30_000);
  const before = signs();
  stuck = "The outbox takes nothing";
  await clock.advance(300_000);
  assert.ok(signs() - before <= 1);
  assert.equal(log.about("Standstill").length, 1);
  assert.equal(told.at(-1)?.alive, false);
  assert.ok(told.some(({ status }) => status?.includes("takes nothing")));
  const atEnd = signs();
  stuck = null;
  await clock.advance(30_000);
  assert.ok(signs() - atEnd >= 2);
  assert.equal(log.about("Moves again").length, 1);
  watching[Symbol.dispose]();
});

Deno.test("watch() asks for proofs no oftener than it feeds", async () => {
  let asked = 0;
  const { clock, watching } = watched([() => {
    asked++;
    return null;
  }], 60_000);
  await clock.advance(600_000);
  assert.ok(asked <= 31, `${asked}`);
  watching[Symbol.dispose]();
});
