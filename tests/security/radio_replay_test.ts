/** What a recorded frame does when somebody sends it again: documented in docs/security.md. */
import assert from "node:assert/strict";
import { button, energy, Plant } from "../fakes/plant.ts";

const A = "326636300039004C";
const B = "C84C49532000000F";

Deno.test("a frame again within duplicate_window_s is counted and not delivered", async () => {
  await using plant = await Plant.open();
  const frame = energy(A, 7n);
  await plant.hear(frame);
  for (let n = 0; n < 20; n++) {
    await plant.clock.advance(2000);
    await plant.hear(frame);
  }
  assert.deepEqual(plant.received().data, [`${A} 7`]);
  assert.equal(plant.agent.counters.duplicates, 20);
  assert.equal(plant.account().readings, 1);
});

Deno.test("a frame again after the window, or after another of its device, is a new reading", async () => {
  await using plant = await Plant.open();
  const recorded = energy(A, 7n);
  await plant.hear(recorded, energy(A, 8n));
  // Not the same as the push before it: nothing tells it from a new one.
  await plant.hear(recorded);
  await plant.clock.advance(61_000);
  await plant.hear(recorded);
  assert.deepEqual(plant.received().data, [7, 8, 7, 7].map((n) => `${A} ${n}`));
  assert.equal(plant.agent.counters.duplicates, 0);
  // With the time of its receipt, not of the recording.
  const { stamps } = plant.received();
  assert.ok((stamps.at(-1) ?? 0) - (stamps[0] ?? 0) >= 61_000);
});

Deno.test("a button's frame again is a press again", async () => {
  await using plant = await Plant.open();
  await plant.hear(button(A), button(A));
  assert.equal(plant.received().data.length, 2);
  assert.equal(plant.agent.counters.duplicates, 0);
});

Deno.test("a flood of one recorded frame leaves other devices alone", async () => {
  await using plant = await Plant.open();
  const frame = energy(A, 7n);
  for (let n = 0; n < 25; n++) {
    await plant.hear(...Array.from({ length: 20 }, () => frame));
  }
  await plant.hear(energy(B, 1n));
  assert.deepEqual(plant.received().data, [`${A} 7`, `${B} 1`]);
  assert.equal(plant.agent.counters.duplicates, 499);
});
