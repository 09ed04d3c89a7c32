import assert from "node:assert/strict";
import { clock } from "../system/harness.ts";
import { patiently, slowness } from "./patience.ts";

Deno.test("patiently() gives up what never comes, and says what and how slow the machine was", async () => {
  await assert.rejects(
    patiently(() => "the moon", () => false, {
      workS: 0.01,
      slow: () => Promise.resolve(3),
    }),
    /3\.0 times as slow as usual, for: the moon/,
  );
});

Deno.test("patiently() waits longer where the machine is found to be slow", async () => {
  let asked = 0;
  await patiently(() => "the second look", () => asked > 0, {
    workS: 0.01,
    slow: () => Promise.resolve(asked++ === 0 ? 10_000 : 1),
  });
  assert.equal(asked, 1);
});

Deno.test("patiently() does not count slowness for what no machine changes", async () => {
  const fromMs = clock.monoMs();
  await assert.rejects(patiently(() => "nothing", () => false, {
    workS: 0,
    fixedS: 0.05,
    slow: () => Promise.resolve(10_000),
  }));
  assert.ok(clock.monoMs() - fromMs >= 50);
});

Deno.test("patiently() begins anew while there is progress", async () => {
  let looks = 0;
  await patiently(() => "twenty looks", () => ++looks > 20, {
    workS: 0.2,
    progress: () => looks,
    slow: () => Promise.resolve(1),
  });
});

Deno.test("slowness() is a number of times, within its bounds", async () => {
  const times = await slowness();
  assert.ok(times >= 1 && times <= 10, String(times));
});
