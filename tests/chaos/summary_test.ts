import assert from "node:assert/strict";
import type { Report } from "./round.ts";
import { type FaultName, FAULTS, KINDS } from "./schedule.ts";
import { figuresOf, lastLine, summary } from "./summary.ts";

function report(
  number: number,
  faults: Report["faults"],
  other: Partial<Report> = {},
): Report {
  return {
    round: { number, kind: "kill", seed: 1, steps: [] },
    faults,
    leftOut: 0,
    violations: [],
    sent: 12_345,
    committed: 12_340,
    delivered: 12_340,
    duplicates: 17,
    lost: 0,
    destroyed: 3,
    destroyedFirst: 0,
    told: 0,
    recoveriesMs: [900, 1200, 30_100],
    residentMb: 140.4,
    grownMb: 20,
    slow: 1.5,
    kills: 4,
    log: "",
    tookMs: 20_000,
    ...other,
  };
}

const struck = (fault: FaultName, point: string | null = null) => ({
  fault,
  point,
  ended: "struck" as const,
});

const all = report(1, Object.values(FAULTS).flat().map((one) => struck(one)));
const kills = report(2, [
  struck("kill_at_point", "before begin"),
  struck("kill_at_point", "before begin"),
  { fault: "kill_at_point", point: "after commit", ended: "not reached" },
  struck("kill_in_scene", "after prune"),
]);
const notHere = report(3, [
  { fault: "name_gone", point: null, ended: "not here" },
], { kills: 0 });

Deno.test("figuresOf() adds up rounds, and counts points once", () => {
  const figures = figuresOf(7, [all, kills, notHere], 90_000, ["tls"]);
  assert.equal(figures.sent, 37_035);
  assert.equal(figures.kills, 8);
  assert.equal(figures.killsAtPoints, 3);
  assert.deepEqual(figures.points, ["after prune", "before begin"]);
  assert.equal(figures.recoveryMs.p50, 1200);
  assert.deepEqual([figures.passed, figures.failed, figures.ignored], [
    2,
    0,
    1,
  ]);
});

Deno.test("summary() names every fault that struck, in 80 columns", () => {
  const text = summary(figuresOf(7, [all, kills, notHere], 90_000, KINDS));
  for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
  for (
    const words of [
      /readings sent +37 035/,
      /lost +0/,
      /at numbered points +3 +2 of 42 points/,
      /not reached: kill at point 1/,
      /not possible here: name gone 1/,
      /no time for rounds of: kill, scene/,
      /broker +killed 1, restarted 1/,
      /recovery max +30\.10 s/,
    ]
  ) assert.match(text, words);
});

Deno.test("lastLine() can be counted as that of deno test", () => {
  const bad = report(4, [], { violations: ["3 readings published twice"] });
  const line = lastLine(figuresOf(7, [all, kills, notHere, bad], 302_000, []));
  // As `.ci/run` reads it.
  assert.equal(/.*\| ([0-9]+) passed.*/.exec(line)?.[1], "2");
  assert.equal(/.*\| ([0-9]+) failed.*/.exec(line)?.[1], "1");
  assert.match(line, /^FAILED \| .* \| 1 ignored \(5m2s\)$/);
  assert.match(lastLine(figuresOf(7, [all], 1000, [])), /^ok \| /);
});
