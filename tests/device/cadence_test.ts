import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Cadence,
  cadenceS,
  joined,
  NO_CADENCE,
  reported,
} from "../../lib/device/cadence.ts";
import type { Receipt } from "../../lib/reading/reading.ts";

function at(seconds: number, bootId = "a", synced = true): Receipt {
  return {
    wallMs: Date.UTC(2025, 0, 1) + seconds * 1000,
    monoMs: seconds * 1000,
    bootId,
    synced,
  };
}

/** What was learned from reports at these seconds. */
function learned(...seconds: readonly number[]): Cadence {
  return seconds.map((s) => at(s)).reduce(reported, NO_CADENCE);
}

const rows: readonly (readonly [
  about: string,
  seconds: readonly number[],
  cadence: number | null,
])[] = [
  ["nothing", [], null],
  ["three reports, two gaps", [0, 10, 20], null],
  ["four reports", [0, 600, 1200, 1800], 600],
  ["one lost report", [0, 60, 120, 240, 300], 60],
  ["a restart that took an hour", [0, 60, 120, 3720, 3780, 3840], 60],
  ["bursts", [0, 0.1, 0.2, 60, 60.1, 120, 120.3, 180], 60],
  ["a burst without an end", [0, 0.3, 0.6, 0.9, 1.2, 1.5, 1.8], 0.6],
  ["jitter", [0, 58, 121, 178, 243, 300], 58],
  ["seconds, to a tenth", [0, 1.5, 3, 4.5], 1.5],
  [
    "a change of the interval, after five reports",
    [0, 60, 120, 180, 240, 300, 360, 420, 480, 540, 550, 560, 570, 580, 590],
    10,
  ],
];

for (const [about, seconds, cadence] of rows) {
  Deno.test(`cadenceS() of ${about} is ${cadence}`, () => {
    assert.equal(cadenceS(learned(...seconds)), cadence);
  });
}

Deno.test("reported() takes no gap where no clock can tell it", () => {
  const before = learned(0, 60, 120, 180);
  // Another boot: the monotonic clock began anew, the wall clock was not set.
  const after = reported(before, at(5000, "b", false));
  assert.deepEqual(after.gapsMs, before.gapsMs);
  assert.equal(after.last?.bootId, "b");
  assert.equal(cadenceS(reported(after, at(5060, "b", false))), 60);
});

Deno.test("joined() puts what was before in front of what came since", () => {
  const since = learned(1000, 1060);
  const both = joined([at(0), at(60), at(120)], since);
  assert.deepEqual(both.gapsMs, [60_000, 60_000, 60_000]);
  assert.equal(both.last, since.last);
  assert.equal(
    cadenceS(joined([at(0), at(60), at(120), at(180)], NO_CADENCE)),
    60,
  );
});

Deno.test("cadenceS() lies between the least and the largest gap, and forgets", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 1, max: 100_000 }), {
      minLength: 3,
      maxLength: 40,
    }),
    (gaps) => {
      let now = 0;
      const cadence = [0, ...gaps].map((gap) => at(now += gap))
        .reduce(reported, NO_CADENCE);
      const found = cadenceS(cadence) ?? assert.fail("nothing learned");
      const recent = gaps.slice(-9);
      assert.ok(found >= Math.min(...recent) && found <= Math.max(...recent));
      assert.ok(cadence.gapsMs.length <= 9);
    },
  ));
});
