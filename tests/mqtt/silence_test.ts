import assert from "node:assert/strict";
import { watchSilence } from "../../lib/mqtt/silence.ts";
import { fakeClock } from "../fakes/clock.ts";

/** How long a broker that says nothing is given, s. */
async function patienceS(
  keepAliveS: number,
  limitMs?: number,
): Promise<number> {
  const clock = fakeClock();
  const startMs = clock.monoMs();
  let deadMs = 0;
  let pings = 0;
  const watch = watchSilence({
    clock,
    keepAliveS,
    ...(limitMs === undefined ? {} : { limitMs }),
    ping: () => pings++,
    onDead: () => deadMs = clock.monoMs(),
  });
  await clock.advance(300_000);
  watch.stop();
  assert(pings > 0);
  return (deadMs - startMs) / 1000;
}

Deno.test("E-007 a broker that is silent for 1.5 keep-alives is dead within 5 s more", async () => {
  for (const keepAliveS of [5, 10, 30, 60, 120]) {
    const limitS = 1.5 * keepAliveS;
    const foundS = await patienceS(keepAliveS, limitS * 1000);
    assert(
      foundS >= limitS && foundS <= limitS + 5,
      `${keepAliveS}: ${foundS}`,
    );
  }
});

Deno.test("watchSilence() gives 75 s where nothing else is agreed", async () => {
  assert.equal(await patienceS(60), 75);
});

Deno.test("watchSilence() lets a broker live that answers pings", async () => {
  const clock = fakeClock();
  const watch = watchSilence({
    clock,
    keepAliveS: 5,
    limitMs: 7500,
    ping: () => watch.heard(),
    onDead: () => assert.fail("it lives"),
  });
  await clock.advance(600_000);
  watch.stop();
});
