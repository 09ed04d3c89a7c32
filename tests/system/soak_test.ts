/** The soak for a fraction of a minute, so that it works when somebody wants an hour of it. */
import assert from "node:assert/strict";
import { fromSource } from "../bench/subject.ts";
import { DEATHS } from "../soak/plan.ts";
import { soak } from "../soak/run.ts";
import { picture, tables } from "../soak/show.ts";
import { tempDir } from "./harness.ts";

Deno.test("a soak of some seconds: faults, deaths, samples and a verdict without violation", async () => {
  await using dir = await tempDir();
  let taken = 0;
  const soaked = await soak({
    seed: 1,
    minutes: 0.1,
    program: fromSource(),
    dir: dir.path,
    signal: new AbortController().signal,
    onSample: () => taken++,
    onStruck: () => {},
  });
  assert.deepEqual(soaked.violations, [], soaked.log.slice(-4000));
  assert.equal(soaked.lost, 0);
  assert.ok(soaked.committed > 50, `${soaked.committed}`);
  assert.ok(soaked.struck.length > DEATHS.length, `${soaked.struck.length}`);
  assert.ok(soaked.struck.every(({ recoveredMs }) => recoveredMs !== null));
  assert.equal(soaked.kills, 2);
  assert.equal(soaked.samples.length, taken);
  const told = soaked.samples.filter(({ told }) => told !== null);
  assert.deepEqual(
    told.at(-1)?.told?.accounts.map(({ sink, pending }) => [sink, pending]),
    [["cloud", 0], ["file", 0]],
  );
  assert.match(tables(soaked), /^No violation\.$/m);
  assert.match(picture(soaked.samples), /^<svg [^]*resident[^]*<\/svg>\n$/);
});
