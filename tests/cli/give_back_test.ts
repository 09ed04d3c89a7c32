import assert from "node:assert/strict";
import { giveBackOnceQuiet } from "../../lib/cli/give_back.ts";
import { fakeClock } from "../fakes/clock.ts";

function stage() {
  const clock = fakeClock();
  const seen = { heard: 0, times: 0 };
  const waiting = giveBackOnceQuiet(clock, () => seen.heard, () => {
    seen.times++;
  });
  return { clock, seen, waiting };
}

Deno.test("Memory is given back once, when nothing has come for 2 s", async () => {
  const { clock, seen, waiting } = stage();
  using _ = waiting;
  for (let n = 0; n < 10; n++) {
    seen.heard++;
    await clock.advance(2000);
  }
  assert.equal(seen.times, 0);
  await clock.advance(1999);
  assert.equal(seen.times, 0);
  await clock.advance(1);
  assert.equal(seen.times, 1);
  await clock.advance(3_600_000);
  assert.equal(seen.times, 1);
});

Deno.test("Memory is not given back by an agent that has ended", async () => {
  const { clock, seen, waiting } = stage();
  await clock.advance(2000);
  waiting[Symbol.dispose]();
  await clock.advance(60_000);
  assert.equal(seen.times, 0);
});

Deno.test("Memory can be given back where V8 offers no collection", async () => {
  const clock = fakeClock();
  using _ = giveBackOnceQuiet(clock, () => 0);
  await clock.advance(4000);
});
