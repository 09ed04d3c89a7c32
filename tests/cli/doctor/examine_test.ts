import assert from "node:assert/strict";
import { examine, type Group } from "../../../lib/cli/doctor/examine.ts";
import { tell } from "../../../lib/cli/doctor/finding.ts";
import { fakeClock, settleMicrotasks } from "../../fakes/clock.ts";

const group = (run: Group["run"]): Group => ({
  subject: "any",
  title: "Any",
  run,
});
const never = new AbortController().signal;

Deno.test("examine() tells how long each finding took", async () => {
  const clock = fakeClock();
  const result = examine(
    group(async function* () {
      yield tell("power", "a");
      await clock.sleep(250);
      yield tell("power", "b");
    }),
    clock,
    never,
  );
  await clock.advance(250);
  assert.deepEqual(
    (await result).map(({ what, tookMs }) => [what, tookMs]),
    [["a", 0], ["b", 250]],
  );
  assert.equal(clock.armed(), 0);
});

Deno.test("examine() keeps what was found before a fault of the program", async () => {
  const clock = fakeClock();
  const findings = await examine(
    group(async function* () {
      yield tell("power", "a");
      throw new Error("boom");
    }),
    clock,
    never,
  );
  assert.deepEqual(findings.map(({ code }) => code), ["power", "check_failed"]);
  assert.match(findings[1]?.found ?? "", /boom/);
  assert.equal(clock.armed(), 0);
});

Deno.test("examine() asks a group to end, and leaves behind what does not", async () => {
  const clock = fakeClock();
  const heeds = examine(
    group(async function* (signal) {
      await clock.sleep(60_000, { signal });
      yield tell("power", signal.aborted ? "given up" : "done");
    }),
    clock,
    never,
  );
  const hangs = examine(
    group(async function* () {
      yield tell("power", "a");
      await new Promise(() => {});
    }),
    clock,
    never,
  );
  await clock.advance(11_000);
  assert.deepEqual((await heeds).map(({ what }) => what), ["given up"]);
  await clock.advance(2000);
  assert.deepEqual((await hangs).map(({ code }) => code), [
    "power",
    "check_late",
  ]);
  await settleMicrotasks();
});
