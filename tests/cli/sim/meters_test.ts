import assert from "node:assert/strict";
import { decodeCommand } from "../../../lib/alp/alp.ts";
import { meters } from "../../../lib/cli/sim/meters.ts";
import { interpret } from "../../../lib/files/files.ts";
import type { NewReading } from "../../../lib/reading/reading.ts";

const RECEIVED = { wallMs: 0, monoMs: 0, bootId: "boot", synced: true };

function readingOf(push: Uint8Array): NewReading {
  const command = decodeCommand(push);
  assert.equal(command.error, null);
  const { readings, problems } = interpret(command, RECEIVED);
  assert.deepEqual(problems, []);
  const [reading, ...others] = readings;
  assert.ok(reading !== undefined);
  assert.equal(others.length, 0);
  return reading;
}

function valueOf(reading: NewReading, name: string): bigint | number | boolean {
  const found = reading.measurements.find((row) => row.name === name);
  assert.ok(found !== undefined, name);
  return found.value;
}

Deno.test("meters() pushes energy as the firmware does: 67 bytes, then 20 of status", () => {
  const { uids, nextPush } = meters({ count: 1, seed: 1 });
  const push = nextPush(0, 0).toHex();
  assert.match(push, /^2034004043.{134}62d714.{40}$/);
  assert.ok(push.endsWith(`2001${uids[0]?.toLowerCase()}`));
});

Deno.test("meters() gives every device a UID of its own, some with leading zeros", () => {
  const { uids } = meters({ count: 300, seed: 1 });
  assert.equal(new Set(uids).size, 300);
  assert.equal(uids[0], "326636300039004C");
  assert.ok(uids.every((uid) => /^[0-9A-F]{16}$/.test(uid)));
  assert.ok(uids.some((uid) => uid.startsWith("00000000")));
});

Deno.test("meters() begins with energy and never lets it fall", () => {
  const { uids, nextPush } = meters({ count: 5, seed: 7 });
  for (const [index, uid] of uids.entries()) {
    let last = -1n;
    let buttons = 0;
    for (let i = 0; i < 200; i++) {
      const reading = readingOf(nextPush(index, i * 60_000));
      assert.equal(reading.device, uid);
      if (reading.file === "button") {
        buttons++;
        assert.notEqual(i, 0);
        continue;
      }
      assert.equal(reading.valid, true);
      const energy = valueOf(reading, "active_energy_1");
      assert.ok(typeof energy === "bigint" && energy >= last);
      last = energy;
      assert.ok(
        Number(valueOf(reading, "apparent_energy_1")) >= Number(energy),
      );
      const voltage = Number(valueOf(reading, "voltage_2"));
      assert.ok(voltage > 220 && voltage < 240);
      const current = Number(valueOf(reading, "current_3"));
      assert.ok(current > 500 && current < 20_000);
      const { link } = reading;
      assert.ok(link !== null && link.rxLevelDbm < -40);
      assert.equal(link.linkBudgetDb, 14 - link.rxLevelDbm);
    }
    assert.ok(buttons > 0 && buttons < 60, `${buttons} button pushes`);
  }
});

Deno.test("meters() has an energy that a double cannot hold", () => {
  const { nextPush } = meters({ count: 3, seed: 1 });
  const energy = valueOf(readingOf(nextPush(2, 0)), "active_energy_1");
  assert.equal(energy, 9_007_199_254_740_993n);
});

Deno.test("meters() repeats itself for the same seed only", () => {
  const pushes = (seed: number) => {
    const { nextPush } = meters({ count: 2, seed });
    return [0, 1, 2, 3].map((i) => nextPush(i % 2, i * 1000).toHex());
  };
  assert.deepEqual(pushes(5), pushes(5));
  assert.notDeepEqual(pushes(5), pushes(6));
});

Deno.test("meters() answers a read of its configuration and of nothing unknown", () => {
  const { answerRead } = meters({ count: 1, seed: 1, intervalS: 30 });
  const [file] = answerRead(0, 62, 0) ?? [];
  assert.ok(file?.op === "return_file_data");
  assert.equal(file.data.toHex(), "1e00000001");
  assert.equal(answerRead(0, 99, 0), null);
});

Deno.test("meters() refuses a device that it does not have", () => {
  assert.throws(() => meters({ count: 1, seed: 1 }).nextPush(1, 0), RangeError);
});
