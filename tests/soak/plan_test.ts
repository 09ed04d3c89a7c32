import assert from "node:assert/strict";
import {
  DEATHS,
  deathsOf,
  faultsOf,
  FIRST_LIFE,
  LIVED_THROUGH,
  outboxMb,
  type Planned,
} from "./plan.ts";
import { askedOf } from "./soak.ts";

const HOUR = 60;

/** The first faults of a seed. */
function first(seed: number, count: number, minutes = HOUR): Planned[] {
  const all = faultsOf(seed, minutes);
  return Array.from({ length: count }, () => all.next().value);
}

Deno.test("faultsOf() is the same for a seed, and another for another", () => {
  assert.deepEqual(first(7, 40), first(7, 40));
  assert.notDeepEqual(first(7, 40), first(8, 40));
});

Deno.test("faultsOf() brings every fault before any comes again, with a minute of quiet between", () => {
  const faults = first(1, LIVED_THROUGH.length);
  assert.deepEqual(
    new Set(faults.map(({ step }) => step.fault)),
    new Set(LIVED_THROUGH),
  );
  for (const { quietMs } of faults) {
    assert.ok(quietMs >= 60_000 && quietMs <= 180_000, `${quietMs}`);
  }
});

Deno.test("faultsOf() brings an hour more faults than there are kinds, a fraction of a minute still some", () => {
  const within = (minutes: number): number => {
    let leftMs = FIRST_LIFE * minutes * 60_000;
    let count = 0;
    for (const { quietMs, step } of faultsOf(1, minutes)) {
      leftMs -= quietMs + step.ms;
      if (leftMs < 0) break;
      count++;
    }
    return count;
  };
  assert.ok(within(HOUR) > LIVED_THROUGH.length, `${within(HOUR)}`);
  assert.ok(within(0.15) >= 3, `${within(0.15)}`);
});

Deno.test("faultsOf() ends the connection soon after bytes that are no MQTT", () => {
  const malformed = first(1, 200).filter(({ step }) =>
    step.fault === "wire_malformed"
  );
  assert.ok(malformed.length > 10);
  assert.ok(malformed.every(({ step }) => step.ms <= 1500));
});

Deno.test("deathsOf() brings every death once, within what the first life leaves", () => {
  const deaths = deathsOf(1, HOUR);
  assert.deepEqual(deaths.map(({ step }) => step.fault), DEATHS);
  const tookMs = deaths.reduce((sum, { quietMs }) => sum + quietMs, 0);
  assert.ok(tookMs < (1 - FIRST_LIFE) * HOUR * 60_000);
  assert.ok(FIRST_LIFE * HOUR >= 50);
});

Deno.test("outboxMb() is full after a fraction of an hour and never below what may be set", () => {
  assert.equal(outboxMb(0.1), 2);
  assert.equal(outboxMb(HOUR), 4);
  assert.equal(outboxMb(600), 4);
});

Deno.test("askedOf() reads the command line", () => {
  const today = new Date("2026-11-21T00:00:00Z");
  const usual = { seed: 20261121, minutes: 60, portable: false, out: null };
  assert.deepEqual(askedOf([], today), usual);
  assert.deepEqual(
    askedOf(["--portable", "--minutes", "0.5", "--out", "d"], today),
    { ...usual, portable: true, minutes: 0.5, out: "d" },
  );
  for (
    const args of [["--seed"], ["--seed", "x"], ["--minutes", "0"], ["--who"]]
  ) assert.equal(askedOf(args, today), null);
});
