import assert from "node:assert/strict";
import fc from "fast-check";
import { run, type Step } from "../lib/machine.ts";

/** Counts events and echoes each one as an effect, as often as it says. */
const echo: Step<number, number, number> = (state, event) => ({
  state: state + 1,
  effects: Array.from({ length: event }, () => event),
});

Deno.test("run() performs effects in order before feed() returns", () => {
  const performed: number[] = [];
  const machine = run(echo, 0, (effect) => performed.push(effect));
  machine.feed(2);
  assert.deepEqual([machine.state(), performed], [1, [2, 2]]);
  machine.feed(1);
  assert.deepEqual([machine.state(), performed], [2, [2, 2, 1]]);
});

Deno.test("run() never nests steps: what an effect feeds waits its turn", () => {
  fc.assert(fc.property(fc.array(fc.nat(3), { maxLength: 5 }), (events) => {
    let depth = 0;
    const order: string[] = [];
    const step: Step<number, number, number> = (state, event) => {
      assert.equal(depth, 0);
      order.push(`event ${event}`);
      return echo(state, event);
    };
    const machine = run(step, 0, (effect) => {
      assert.equal(depth++, 0);
      order.push(`effect ${effect}`);
      if (effect > 0) machine.feed(effect - 1);
      depth--;
    });
    for (const event of events) machine.feed(event);
    // All effects of an event come before the next event.
    let due = 0;
    for (const entry of order) {
      const [kind, number] = entry.split(" ");
      if (kind === "event") {
        assert.equal(due, 0);
        due = Number(number);
      } else due--;
    }
    assert.equal(due, 0);
  }));
});

Deno.test("run() goes on after an effect that could not be performed", () => {
  const performed: number[] = [];
  const machine = run(echo, 0, (effect) => {
    if (effect === 3) throw new Error("cannot");
    performed.push(effect);
  });
  assert.throws(() => machine.feed(3), /cannot/);
  machine.feed(1);
  assert.deepEqual([machine.state(), performed], [2, [1]]);
});
