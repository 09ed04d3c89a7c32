import assert from "node:assert/strict";
import type { NewReading, Receipt } from "../../lib/reading/reading.ts";
import {
  buttonBytes,
  DEVICE,
  energyBytes,
  memoryKeep,
  model,
} from "../fakes/devices.ts";

/** A log of what a model hears. */
function log() {
  const rows: NewReading[] = [];
  return {
    rows,
    logged: (wanted: (device: string, received: Receipt) => boolean) =>
      rows.filter(({ device, received }) => wanted(device, received)),
  };
}

Deno.test("A registry that was killed knows from the log what its texts do not", async () => {
  const keep = memoryKeep();
  const { rows, logged } = log();
  const before = model({ keep, logged });
  const { clock, registry } = before;
  before.registry.watch(({ measured, state }) => {
    if (measured !== null) rows.push(measured);
    else if (state?.button && !rows.includes(state.button)) {
      rows.push(state.button);
    }
  });
  before.hears([[52, energyBytes({ wh: 1n })]]);
  for (let n = 0; n < 5; n++) {
    await clock.advance(20_000);
    before.hears([[52, energyBytes({ wh: BigInt(10 - n) })]], {
      linkBudgetDb: 135,
    });
    await clock.advance(20_000);
    before.hears([[51, buttonBytes(n % 2, n % 2 === 0)]], {
      linkBudgetDb: 135,
    });
  }
  const was = registry.get(DEVICE);
  assert.equal(was?.measurementCounter, 6);
  assert.notEqual(was.linkHigh, null);
  // No disposal: the texts are as old as they are.
  const text = keep.texts.get(DEVICE);
  const after = model({ keep, clock, logged });
  assert.equal(keep.texts.get(DEVICE), text);
  assert.deepEqual(after.registry.get(DEVICE), was);
  assert.deepEqual(after.changes, []);
  // The log need not tell it a second time.
  await clock.advance(1000);
  assert.notEqual(keep.texts.get(DEVICE), text);
  after.registry[Symbol.dispose]();

  // What the texts hold is not counted again.
  const third = model({ keep, clock, logged });
  assert.deepEqual(third.registry.get(DEVICE), was);
  third.registry[Symbol.dispose]();
  registry[Symbol.dispose]();
});

Deno.test("The log does not bring back a device that was removed", () => {
  const keep = memoryKeep();
  const { rows, logged } = log();
  const before = model({ keep, logged });
  before.hears([[52, energyBytes()]]);
  const energy = before.registry.get(DEVICE)?.energy;
  assert.ok(energy);
  rows.push(energy);
  before.registry.remove(DEVICE);
  before.registry[Symbol.dispose]();
  const after = model({ keep, clock: before.clock, logged });
  assert.equal(after.registry.get(DEVICE), undefined);
  after.registry[Symbol.dispose]();
});

Deno.test("A thousand frames wait for no time", async () => {
  const keep = memoryKeep();
  const { clock, registry, hears } = model({ keep });
  hears([[52, energyBytes()]]);
  const first = keep.texts.get(DEVICE);
  for (let n = 0; n < 1022; n++) {
    await clock.advance(100);
    hears([[51, buttonBytes(0, n % 2 === 0)]]);
  }
  await clock.advance(1000);
  assert.equal(keep.texts.get(DEVICE), first);
  hears([[51, buttonBytes(0, true)]]);
  await clock.advance(1000);
  assert.notEqual(keep.texts.get(DEVICE), first);
  registry[Symbol.dispose]();
});

Deno.test("What the log cannot tell is written within a second: another boot, a repetition, a frame without a reading, two frames at once", async () => {
  const keep = memoryKeep();
  const { clock, registry, hears } = model({ keep });
  clock.synced = false;
  const written = async (hear: () => void): Promise<boolean> => {
    const before = keep.texts.get(DEVICE);
    await clock.advance(10_000);
    hear();
    await clock.advance(1000);
    return keep.texts.get(DEVICE) !== before;
  };
  hears([[52, energyBytes()]]);
  assert.equal(await written(() => hears([[51, buttonBytes(0, true)]])), false);
  assert.equal(
    await written(() => hears([[51, buttonBytes(0, true)]], { logged: false })),
    true,
  );
  assert.equal(await written(() => hears([])), true);
  // No clock tells whether this was before or after.
  clock.bootId = "next-boot";
  assert.equal(await written(() => hears([[52, energyBytes()]])), true);
  assert.equal(await written(() => hears([[51, buttonBytes(1, true)]])), false);
  const both = () => {
    hears([[51, buttonBytes(2, true)]]);
    hears([[51, buttonBytes(3, true)]]);
  };
  assert.equal(await written(both), true);
  registry[Symbol.dispose]();
});

Deno.test("A repetition of one device does not write the others", async () => {
  const keep = memoryKeep();
  const { clock, registry, hears } = model({ keep });
  const other = "00000000003A004F";
  for (const device of [DEVICE, other]) {
    hears([[52, energyBytes()]], { device });
    await clock.advance(1000);
    hears([[51, buttonBytes(0, true)]], { device });
  }
  const text = keep.texts.get(other);
  hears([[51, buttonBytes(1, true)]], { logged: false });
  await clock.advance(1000);
  assert.match(keep.texts.get(DEVICE) ?? "", /"buttonCounter":2/);
  assert.equal(keep.texts.get(other), text);
  registry[Symbol.dispose]();
  assert.match(keep.texts.get(other) ?? "", /"buttonCounter":1/);
});
