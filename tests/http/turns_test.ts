import assert from "node:assert/strict";
import { Turns } from "../../lib/http/turns.ts";
import { fakeClock, settleMicrotasks } from "../fakes/clock.ts";

/** Lets the event loop go round some times: pieces that take long wait for it. */
async function rounds(): Promise<void> {
  for (let n = 0; n < 20; n++) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** A clock whose time also passes by work. */
function laborious() {
  const clock = fakeClock();
  let worked = 0;
  return {
    clock: { ...clock, monoMs: () => clock.monoMs() + worked },
    advance: async (ms: number) => {
      await clock.advance(ms);
      await rounds();
      await clock.advance(0);
    },
    armed: () => clock.armed(),
    work: (ms: number) => () => void (worked += ms),
  };
}

Deno.test("Turns.run() runs pieces in their order and gives what they give", async () => {
  using turns = new Turns(fakeClock());
  const seen: number[] = [];
  const given = await Promise.all([
    turns.run(() => (seen.push(1), 1)),
    turns.run(() => Promise.resolve((seen.push(2), 2))),
    turns.run(() => (seen.push(3), 3)),
  ]);
  assert.deepEqual(given, [1, 2, 3]);
  assert.deepEqual(seen, [1, 2, 3]);
});

Deno.test("Turns.run() goes on after a fault", async () => {
  using turns = new Turns(fakeClock());
  const bad = turns.run(() => {
    throw new Error("bad");
  });
  const late = turns.run(() => Promise.reject(new Error("late")));
  const good = turns.run(() => "good");
  await assert.rejects(bad, /bad/);
  await assert.rejects(late, /late/);
  assert.equal(await good, "good");
});

Deno.test("Turns.run() does not wait for what a piece waits for", async () => {
  using turns = new Turns(fakeClock());
  const { promise, resolve } = Promise.withResolvers<string>();
  const slow = turns.run(() => promise);
  assert.equal(await turns.run(() => "quick"), "quick");
  resolve("slow");
  assert.equal(await slow, "slow");
});

Deno.test("Turns.run() lets the event loop go round between pieces that take long", async () => {
  const { clock, work } = laborious();
  using turns = new Turns(clock);
  const seen: string[] = [];
  const pieces = ["one", "two", "three", "four"].map((name) =>
    turns.run(() => {
      seen.push(name);
      work(3)();
    })
  );
  await settleMicrotasks();
  // Others have the loop now, until its next round.
  assert.deepEqual(seen, ["one", "two"]);
  await Promise.all(pieces);
  assert.deepEqual(seen, ["one", "two", "three", "four"]);
});

Deno.test("Turns.run() makes who has worked a lot wait until half of the time is the others'", async () => {
  const { clock, advance, work, armed } = laborious();
  using turns = new Turns(clock);
  let done = 0;
  const pieces = Array.from(
    { length: 8 },
    () => turns.run(work(100)).then(() => done++),
  );
  await advance(0);
  await advance(0);
  // 250 ms may be spent at once and half of 600 ms has been earned meanwhile:
  // the sixth piece goes over.
  assert.equal(done, 6);
  await advance(99);
  assert.equal(done, 6);
  await advance(1);
  assert.equal(done, 7);
  await advance(100);
  assert.equal(done, 8);
  await Promise.all(pieces);
  assert.equal(armed(), 0);
});

Deno.test("Turns lets go of who waits when it is disposed", async () => {
  const { clock, advance, work, armed } = laborious();
  let done = 0;
  {
    using turns = new Turns(clock);
    void turns.run(work(10_000));
    void turns.run(() => void done++);
    await advance(0);
    assert.equal(done, 0);
  }
  await advance(0);
  assert.equal(done, 1);
  assert.equal(armed(), 0);
});
