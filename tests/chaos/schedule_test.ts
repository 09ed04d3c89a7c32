import assert from "node:assert/strict";
import fc from "fast-check";
import { chosen, wantedOf } from "./chaos.ts";
import { PHASES, POINTS } from "./points.ts";
import { FAULTS, KINDS, type Round, schedule } from "./schedule.ts";

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });

function first(seed: number, count: number): Round[] {
  const rounds = schedule(seed);
  return Array.from({ length: count }, () => rounds.next().value);
}

Deno.test("schedule() is the same for the same seed, and not for another", () => {
  fc.assert(fc.property(seeds, (seed) => {
    assert.deepEqual(first(seed, 30), first(seed, 30));
    assert.notDeepEqual(first(seed, 30), first(seed + 1, 30));
  }));
});

Deno.test("schedule() brings each kind once before any comes again", () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 1, max: 5 }), (seed, turns) => {
      const rounds = first(seed, turns * KINDS.length);
      for (let turn = 0; turn < turns; turn++) {
        const kinds = rounds.slice(
          turn * KINDS.length,
          (turn + 1) * KINDS.length,
        )
          .map(({ kind }) => kind);
        assert.deepEqual(kinds.toSorted(), KINDS.toSorted());
      }
    }),
  );
});

Deno.test("schedule() holds every fault, and every numbered point before and after", () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const steps = first(seed, 12 * KINDS.length).flatMap((one) => one.steps);
      const faults = new Set(steps.map(({ fault }) => fault));
      assert.deepEqual(
        [...faults].toSorted(),
        Object.values(FAULTS).flat().toSorted(),
      );
      const points = new Set(
        steps.flatMap(({ trap }) =>
          trap?.act === "kill" ? [`${trap.phase} ${trap.point}`] : []
        ),
      );
      assert.equal(points.size, POINTS.length * PHASES.length);
    }),
    { numRuns: 20 },
  );
});

Deno.test("chosen() gives one round alone as it is within the run", () => {
  const wanted = wantedOf(["--seed", "7", "--round", "9"], new Date(0));
  assert.ok(wanted !== null);
  assert.deepEqual([...chosen(wanted, () => true)], first(7, 9).slice(8));
});

Deno.test("chosen() brings each kind once, and no kind again without time", () => {
  const wanted = wantedOf(["--seed", "7"], new Date(0));
  assert.ok(wanted !== null);
  const kinds = [...chosen(wanted, (again) => !again)].map(({ kind }) => kind);
  assert.deepEqual(kinds.toSorted(), KINDS.toSorted());
});

Deno.test("wantedOf() takes the day as its seed, and refuses what it does not know", () => {
  const day = new Date("2026-11-21T12:00:00Z");
  assert.equal(wantedOf([], day)?.seed, 20261121);
  assert.equal(wantedOf([], day)?.minutes, 5);
  assert.deepEqual(wantedOf(["--only", "wire,kill"], day)?.only, [
    "kill",
    "wire",
  ]);
  for (
    const args of [
      ["--sed", "1"],
      ["--seed", "x"],
      ["--only", "luck"],
      [
        "--only",
        "kill,luck",
      ],
      ["seed", "1"],
      ["--round"],
      ["--kills", "many"],
    ]
  ) {
    assert.equal(wantedOf(args, day), null, args.join(" "));
  }
});
