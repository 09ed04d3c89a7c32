import assert from "node:assert/strict";
import { readingJson } from "../../lib/inspect/readings.ts";
import { encodeFile } from "../../lib/files/files.ts";
import { energyReading } from "../fakes/readings.ts";
import { button, Plant, push } from "../fakes/plant.ts";

const DEVICE = "326636300039004C";

/** What work in steps gives in the end. */
function ended<T>(steps: Generator<unknown, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** An energy file with one current, of a meter that can be read or not. */
function measured(current: number, valid = true): Uint8Array {
  return push(
    DEVICE,
    52,
    encodeFile(52, {
      apparentEnergy: [2n ** 60n, 2n, 3n],
      realEnergy: [4n, 5n, 6n],
      current: [current, 8, 9],
      voltage: [230, 231, 232],
      receivedSignalStrength: null,
      measurementValid: valid,
    }),
  );
}

Deno.test("readingJson() writes 64-bit counters digit by digit", () => {
  const json = readingJson(energyReading({ id: 7 }), "Compressor 2");
  assert.equal(json.id, 7);
  assert.equal(json.name, "Compressor 2");
  assert.equal(json.received_at, "2025-01-01T12:00:00.250Z");
  assert.deepEqual(json.measurements.slice(0, 3), [
    {
      name: "apparent_energy_1",
      quantity: "apparent_energy",
      unit: "VAh",
      value: "9007199254740993",
    },
    {
      name: "apparent_energy_2",
      quantity: "apparent_energy",
      unit: "VAh",
      value: "-1",
    },
    {
      name: "apparent_energy_3",
      quantity: "apparent_energy",
      unit: "VAh",
      value: "9223372036854775807",
    },
  ]);
  assert.deepEqual(json.link, {
    rx_level_dbm: -70,
    link_budget_db: 80,
    band: "868",
    channel_index: 0,
    fifo_token: 50,
    seq_nr: 1,
    secured: false,
  });
  assert.equal(readingJson(energyReading({ link: null }), null).link, null);
});

Deno.test("history() gives the EnergyFiles of one device as columns, with gaps where the meter was not readable", async () => {
  await using plant = await Plant.open();
  const { view } = plant.agent;
  const sinceMs = plant.clock.nowMs();
  await plant.hear(measured(10));
  await plant.clock.advance(600_000);
  await plant.hear(button(DEVICE), measured(20, false));
  await plant.clock.advance(600_000);
  await plant.hear(measured(30));
  const untilMs = plant.clock.nowMs();
  const history = ended(view.history(DEVICE, sinceMs, untilMs, 100));
  assert.equal(history.readings, 3);
  assert.equal(history.time_s.length, 3);
  const [first = 0, second = 0, third = 0] = history.time_s;
  assert.ok(Math.abs(second - first - 600) < 1);
  assert.ok(Math.abs(third - second - 600) < 1);
  assert.deepEqual(history.columns.current_1, [10, null, 30]);
  assert.deepEqual(history.columns.apparent_energy_1, [
    2 ** 60,
    null,
    2 ** 60,
  ]);
  assert.deepEqual(history.columns.link_budget_db, [71, 71, 71]);
  assert.equal(history.columns.measurement_valid, undefined);
  const part = ended(
    view.history(DEVICE, sinceMs + 300_000, untilMs, 100),
  );
  assert.deepEqual(part.columns.current_1, [null, 30]);
  const none = ended(
    view.history("0000000000000001", sinceMs, untilMs, 100),
  );
  assert.deepEqual([none.readings, none.time_s, none.columns], [0, [], {}]);
});

Deno.test("readings() are those of a device and a time, newest first", async () => {
  await using plant = await Plant.open();
  const { view } = plant.agent;
  const times: number[] = [];
  for (const current of [1, 2, 3, 4]) {
    times.push(plant.clock.nowMs());
    await plant.hear(measured(current));
    await plant.clock.advance(60_000);
  }
  const ids = (query: Partial<Parameters<typeof view.readings>[0]>) =>
    [...view.readings({ device: DEVICE, limit: 10, ...query })].flat()
      .map(({ id }) => id);
  assert.deepEqual(ids({}), [4, 3, 2, 1]);
  assert.deepEqual(ids({ limit: 2 }), [4, 3]);
  const [, sinceMs = 0, untilMs = 0] = times;
  assert.deepEqual(ids({ sinceMs }), [4, 3, 2]);
  assert.deepEqual(ids({ sinceMs, untilMs: untilMs - 1 }), [2]);
});
