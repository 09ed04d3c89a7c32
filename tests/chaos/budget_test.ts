import assert from "node:assert/strict";
import fc from "fast-check";
import { shareMs, USUAL_S } from "./budget.ts";
import { type Kind, KINDS } from "./schedule.ts";

Deno.test("shareMs() leaves each kind a part, in whatever order they come", () => {
  fc.assert(
    fc.property(
      fc.shuffledSubarray([...KINDS], { minLength: KINDS.length }),
      (order) => {
        const came = new Set<Kind>();
        let leftMs = 300_000;
        for (const kind of order) {
          const share = shareMs(kind, KINDS, came, leftMs);
          const usual = USUAL_S[kind] / Object.values(USUAL_S)
            .reduce((sum, one) => sum + one, 0);
          assert.ok(Math.abs(share - 300_000 * usual) < 1, kind);
          leftMs -= share;
          came.add(kind);
        }
      },
    ),
  );
});

Deno.test("shareMs() hands on what others did not need, and never gives a time that is over", () => {
  const kinds: Kind[] = ["name", "line"];
  assert.equal(shareMs("name", kinds, new Set(["line"]), 1000), 1000);
  assert.equal(shareMs("line", kinds, new Set(["line"]), 1000), 1000);
  assert.equal(shareMs("line", kinds, new Set(), -5), 0);
});

Deno.test("A run of 5 minutes on a fast machine holds each kind in full", () => {
  const usualS = Object.values(USUAL_S).reduce((sum, one) => sum + one, 0);
  assert.ok(usualS < 300);
});
