import assert from "node:assert/strict";
import fc from "fast-check";
import { consumption, firstStart } from "../../lib/http/page/consumption.js";

Deno.test("consumption() gives the growth of a counter in each interval", () => {
  const { start_s, used } = consumption(
    [0, 30, 60, 120, 180],
    [100, 110, 130, 130, 160],
    0,
    60,
    3,
  );
  assert.deepEqual(start_s, [0, 60, 120]);
  assert.deepEqual(used, [30, 0, 30]);
});

Deno.test("consumption() spreads what was used in a gap, and skips what is not known", () => {
  assert.deepEqual(
    consumption([0, 120], [0, 60], 0, 60, 3).used,
    [30, 30, null],
  );
  assert.deepEqual(
    consumption([0, 60, 120], [0, null, 60], 0, 60, 2).used,
    [30, 30],
  );
});

Deno.test("consumption() takes a counter that fell for another meter", () => {
  assert.deepEqual(
    consumption([0, 60, 120, 180], [1000, 1010, 5, 9], 0, 60, 3).used,
    [10, null, 4],
  );
});

Deno.test("consumption() of all intervals is the whole growth", () => {
  fc.assert(fc.property(
    fc.array(fc.tuple(fc.integer({ min: 1, max: 500 }), fc.nat(1000)), {
      minLength: 2,
      maxLength: 40,
    }),
    fc.integer({ min: 1, max: 300 }),
    (steps, step_s) => {
      let time = 0;
      let value = 0;
      const rows = steps.map(([s, growth]) => [time += s, value += growth]);
      const times = rows.map(([at = 0]) => at);
      const values = rows.map(([, counter = 0]) => counter);
      const from_s = times[0] ?? 0;
      const count = Math.ceil((time - from_s) / step_s) + 1;
      const { used } = consumption(times, values, from_s, step_s, count);
      const sum = used.reduce((all: number, part) => all + (part ?? 0), 0);
      assert.ok(Math.abs(sum - (value - (values[0] ?? 0))) < 1e-6);
    },
  ));
});

Deno.test("firstStart() begins intervals at round times of the wall clock", () => {
  // 10:30 UTC is 12:30 two hours east of it; days begin at 22:00 UTC.
  const day = 86_400;
  assert.equal(firstStart(10.5 * 3600, day, 1, 2 * 3600), -2 * 3600);
  assert.equal(firstStart(10.5 * 3600, 3600, 24, 2 * 3600), -13 * 3600);
});
