import assert from "node:assert/strict";
import { decodeCommand } from "../../lib/alp/alp.ts";
import { commandJson } from "../../lib/alp/json.ts";
import { encodeFile, fileKind } from "../../lib/files/files.ts";
import { decisionOf } from "../../lib/inspect/decision.ts";
import { explain } from "../../lib/inspect/explain.ts";
import { buttonReading, energyReading } from "../fakes/readings.ts";
import { button, energy, Plant, push } from "../fakes/plant.ts";

const DEVICE = "326636300039004C";
const FILE_SINK = (path: string) =>
  `[sinks.file]\ntype = "jsonl"\npath = "${path}"\n`;

Deno.test("explain() leads from a reading back to the frame as it came down the line", async () => {
  await using plant = await Plant.open();
  const command = energy(DEVICE, 7n);
  await plant.hear(energy(DEVICE, 5n), command);
  const { view } = plant.agent;
  const explained = view.explain(2);
  assert.ok(explained);
  const line = view.recentLines().map(({ line }) => line()).findLast((one) =>
    one?.kind === "frame" && one.type === "alp_data"
  );
  assert.ok(line?.kind === "frame");
  assert.equal(explained.frame.hex, line.hex);
  assert.equal(explained.frame.counter, line.counter);
  assert.equal(explained.frame.payload, command.toHex());
  assert.deepEqual(explained.alp, commandJson(decodeCommand(command)));
  assert.equal(explained.reading.id, 2);
  assert.equal(explained.received.at, explained.reading.received_at);
  assert.equal(view.explain(3), null);
  assert.equal(view.explain(0), null);
  assert.equal(view.explain(-1), null);
});

Deno.test("explain() gives every field of the file with its place, and they cover it", async () => {
  await using plant = await Plant.open();
  await plant.hear(
    energy(DEVICE, 7n),
    button(DEVICE),
    push(DEVICE, 62, encodeFile(62, { interval: 600, enabled: true })),
  );
  const { view } = plant.agent;
  const file = view.explain(1)?.file;
  assert.ok(file);
  assert.deepEqual(
    file.fields.map(({ name, offset, length, value, unit }) =>
      `${offset}+${length} ${name} = ${value} ${unit ?? ""}`.trim()
    ),
    [
      "0+8 apparent_energy_1 = 7 VAh",
      "8+8 apparent_energy_2 = 2 VAh",
      "16+8 apparent_energy_3 = 3 VAh",
      "24+8 real_energy_1 = 4 Wh",
      "32+8 real_energy_2 = 5 Wh",
      "40+8 real_energy_3 = 6 Wh",
      "48+4 current_1 = 7 mA",
      "52+4 current_2 = 8 mA",
      "56+4 current_3 = 9 mA",
      "60+2 voltage_1 = 230 V",
      "62+2 voltage_2 = 231 V",
      "64+2 voltage_3 = 232 V",
      "66+1 measurement_valid = true",
    ],
  );
  for (const id of [1, 2, 3]) {
    const explained = view.explain(id);
    assert.ok(explained);
    const { hex, fields } = explained.file;
    assert.equal(fields.map((field) => field.hex).join(""), hex);
  }
});

Deno.test("Spans of every file cover its bytes without a gap", () => {
  for (
    const [id, sizes] of [
      [0, [8]],
      [2, [17]],
      [6, [3]],
      [51, [3]],
      [52, [67, 69]],
      [61, [4]],
      [62, [5]],
    ] as const
  ) {
    for (const size of sizes) {
      let end = 0;
      for (
        const { offset, length } of fileKind(id)?.spans(new Uint8Array(size)) ??
          []
      ) {
        assert.equal(offset, end);
        end = offset + length;
      }
      assert.equal(end, size);
    }
  }
});

Deno.test("explain() tells each sink's fate, what it publishes and when that was acknowledged", async () => {
  const path = await Deno.makeTempFile();
  await using plant = await Plant.open(FILE_SINK(path));
  plant.frozen.add("one");
  await plant.hear(energy(DEVICE, 1n));
  const pending = plant.agent.view.explain(1)?.sinks.find(({ name }) =>
    name === "one"
  );
  assert.equal(pending?.fate, "pending");
  assert.equal(pending?.acknowledged_at, null);
  assert.match(pending?.detail ?? "", /^The sink is up, its turn comes\./);
  assert.deepEqual(
    pending?.messages.map(({ topic, qos, retain }) => ({ topic, qos, retain })),
    [
      { topic: `mqtts/p/DBIRTH/g/${DEVICE}`, qos: 1, retain: true },
      { topic: `mqtts/p/DDATA/g/${DEVICE}`, qos: 1, retain: false },
    ],
  );
  await plant.clock.advance(2000);
  plant.frozen.delete("one");
  await plant.settle();
  const explained = plant.agent.view.explain(1);
  const cloud = explained?.sinks.find(({ name }) => name === "one");
  assert.equal(cloud?.fate, "delivered");
  const at = Date.parse(cloud?.acknowledged_at ?? "");
  const received = Date.parse(explained?.received.at ?? "");
  assert.ok(at - received >= 2000 && at - received < 3000, `${at - received}`);
  assert.match(
    cloud?.detail ?? "",
    /^It took 2\.\d+ s from receipt to acknowledgement/,
  );
  // Announced in this run by now.
  assert.deepEqual(cloud?.messages.map(({ topic }) => topic), [
    `mqtts/p/DDATA/g/${DEVICE}`,
  ]);
  const file = explained?.sinks.find(({ name }) => name === "file");
  assert.equal(file?.messages[0]?.topic, path);
  assert.equal(
    JSON.parse(file?.messages[0]?.payload ?? "").device,
    DEVICE,
  );
  await Deno.remove(path);
});

Deno.test("explain() says so when a sink came later, and when a purge dropped the reading", async () => {
  await using plant = await Plant.open();
  plant.down.add("one");
  await plant.cut("one");
  await plant.hear(energy(DEVICE, 1n));
  assert.equal(plant.agent.store.purge("one"), 1);
  const fate = () => plant.agent.view.explain(1)?.sinks[0];
  assert.equal(fate()?.fate, "dropped");
  assert.equal(fate()?.detail.startsWith("By a purge of the queue, at "), true);
  const parts = {
    store: plant.agent.store,
    config: { readings: { duplicate_window_s: 60 }, devices: {} },
    sinks: [{
      ...plant.agent.sinks[0],
      name: "late",
      lane: plant.agent.store.lane("late"),
    }],
  } as unknown as Parameters<typeof explain>[0];
  const late = explain(parts, 1)?.sinks[0];
  assert.deepEqual([late?.fate, late?.messages], ["before_sink", []]);
});

Deno.test("decisionOf() says why a reading was no duplicate", () => {
  const base = energyReading({ id: 2 });
  const before = (agoS: number, some = {}) =>
    energyReading({
      received: {
        ...base.received,
        monoMs: base.received.monoMs - agoS * 1000,
      },
      ...some,
    });
  const rows: readonly (readonly [ReturnType<typeof decisionOf>, RegExp])[] = [
    [decisionOf(buttonReading(1), null, 60), /button file is never/],
    [decisionOf(base, before(5), 0), /not looked for/],
    [decisionOf(base, null, 60), /first one of this device and file/],
    [
      decisionOf(base, before(5, { data: new Uint8Array(67).fill(1) }), 60),
      /bytes differ from those of the one before, 5 s earlier/,
    ],
    [
      decisionOf(base, before(600), 60),
      /600 s after it, later than the window of 60 s/,
    ],
    [
      decisionOf(
        base,
        before(5, { received: { ...base.received, bootId: "x" } }),
        60,
      ),
      /started again in between/,
    ],
    [
      decisionOf(
        base,
        before(5, {
          received: { ...base.received, bootId: "x" },
          data: new Uint8Array(3),
        }),
        60,
      ),
      /bytes differ/,
    ],
    [decisionOf(base, before(5), 60), /must have been shorter then/],
  ];
  for (const [sentence, wanted] of rows) {
    assert.match(sentence, wanted);
    assert.match(sentence, /^Taken: .*[^.]\.$/);
  }
});
