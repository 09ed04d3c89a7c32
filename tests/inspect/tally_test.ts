import assert from "node:assert/strict";
import { Since } from "../../lib/inspect/since.ts";
import { Tally } from "../../lib/inspect/tally.ts";

Deno.test("Tally.sum() forgets what is older than its window", () => {
  const tally = new Tally(1000, 10, 60_000);
  tally.add(60_100, 5);
  assert.equal(tally.sum(60_100), 5);
  assert.equal(tally.sum(70_999), 5);
  assert.equal(tally.sum(71_000), 0);
  tally.add(71_500, 2);
  assert.equal(tally.sum(71_500), 2);
});

Deno.test("Tally.perSecond() is a mean of the time that was counted", () => {
  const tally = new Tally(1000, 10, 60_000);
  assert.equal(tally.perSecond(60_000), 0);
  for (let ms = 60_000; ms < 65_000; ms += 100) tally.add(ms);
  assert.equal(tally.perSecond(65_000), 10);
  for (let ms = 65_000; ms < 100_000; ms += 100) tally.add(ms);
  assert.equal(Math.round(tally.perSecond(100_000)), 10);
  assert.equal(tally.spanS(100_500), 10.5);
});

Deno.test("Tally.max() is the largest slot of its window", () => {
  const tally = new Tally(2000, 30, 0);
  tally.add(1000, 40);
  tally.add(9000, 7);
  assert.equal(tally.max(9000), 40);
  assert.equal(tally.max(62_500), 7);
});

Deno.test("Since.note() says since when a value holds", () => {
  const since = new Since();
  assert.equal(since.note("up", false, 1000), 1000);
  assert.equal(since.note("up", false, 2000), 1000);
  assert.equal(since.note("up", true, 3000), 3000);
  assert.equal(since.note("other", true, 4000), 4000);
  assert.equal(since.get("up"), true);
});
