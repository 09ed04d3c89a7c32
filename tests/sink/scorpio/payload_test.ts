import assert from "node:assert/strict";
import fc from "fast-check";
import {
  metricNames,
  type PayloadOptions,
  payloadWriter,
} from "../../../lib/sink/scorpio/payload.ts";
import {
  buttonReading,
  configReading,
  energyReading,
} from "../../fakes/readings.ts";

interface SeedMetric {
  readonly name: string;
  readonly dataType: string;
}

/** The two JSON examples of the platform's own page, made valid. */
function seed(): readonly (readonly SeedMetric[])[] {
  const text = Deno.readTextFileSync(
    new URL("../../fixtures/scorp-io.md", import.meta.url),
  );
  return [...text.matchAll(/```\n([\s\S]*?)```/g)].map(([, block]) => {
    const json = (block ?? "").replace(/,(\s*])/g, "$1")
      .replaceAll(":True", ":true").replaceAll(":timestamp", ":0");
    return JSON.parse(json).metrics.map(({ name, dataType }: SeedMetric) => ({
      name,
      dataType,
    }));
  });
}

const options: PayloadOptions = {
  topicRoot: "mqtts",
  projectId: "p",
  edgeNodeId: "gw1",
  deviceId: "full",
  invalidReadings: "omit",
  signal: "link_budget",
  labels: {},
};

const writer = (some: Partial<PayloadOptions> = {}) =>
  payloadWriter({ ...options, ...some });

function metricsOf(payload: string | null): Record<string, unknown>[] {
  assert(payload !== null);
  return JSON.parse(payload).metrics;
}

const shape = (payload: string | null) =>
  metricsOf(payload).map(({ name, dataType }) => ({ name, dataType }));

Deno.test("birth() announces the 15 metrics of the platform's page, in its order", () => {
  const [birth] = seed();
  assert.equal(birth?.length, 15);
  assert.deepEqual(metricsOf(writer().birth()), birth);
});

Deno.test("data() of an energy reading carries the 14 metrics of the platform's page", () => {
  const [, data] = seed();
  assert.equal(data?.length, 14);
  assert.deepEqual(shape(writer().data(energyReading())), data);
});

Deno.test("data() is compact JSON with every digit", () => {
  const reading = energyReading();
  const text = writer().data(reading) ?? "";
  const stamp = reading.received.wallMs;
  assert(text.startsWith(
    `{"metrics":[{"name":"Énergie apparente/Phase 1","dataType":"Long","timestamp":${stamp},"value":9007199254740993},`,
  ));
  const values = [...text.matchAll(/"value":([^}]+)}/g)].map((match) =>
    match[1]
  );
  assert.deepEqual(values, [
    "9007199254740993",
    "-1",
    "9223372036854775807",
    "-9223372036854775808",
    "0",
    "7",
    "15320",
    "980",
    "-4410",
    "231",
    "229",
    "233",
    "80",
    "true",
  ]);
  assert(!/\s[:{\["]/.test(text.replaceAll(/"[^"]*"/g, '""')));
});

Deno.test("data() keeps any 64-bit value to the last digit", () => {
  fc.assert(
    fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), (value) => {
      const reading = energyReading({
        measurements: [{
          name: "apparent_energy_1",
          quantity: "apparent_energy",
          unit: "VAh",
          value,
        }],
      });
      assert((writer().data(reading) ?? "").includes(`"value":${value}}`));
    }),
  );
});

Deno.test("data() stamps with the time of receipt, in whole milliseconds", () => {
  const reading = energyReading();
  const late = energyReading({
    received: { ...reading.received, wallMs: 1_700_000_000_123.4 },
  });
  for (const metric of metricsOf(writer().data(late))) {
    assert.equal(metric.timestamp, 1_700_000_000_123);
  }
});

Deno.test("data() of an invalid reading tells link and signal only, unless asked", () => {
  const reading = energyReading({ valid: false });
  const brief = metricsOf(writer().data(reading));
  assert.deepEqual(brief.map(({ name, value }) => [name, value]), [
    ["Force du signal radio DASH7", 80],
    ["État de la liaison Modbus - DASH7", false],
  ]);
  const all = metricsOf(writer({ invalidReadings: "send" }).data(reading));
  assert.equal(all.length, 14);
  assert.equal(all.at(-1)?.value, false);
});

Deno.test("data() sends the received level when asked, and no signal without a link", () => {
  const signal = (text: string | null) =>
    metricsOf(text).find(({ name }) => name === "Force du signal radio DASH7")
      ?.value;
  assert.equal(signal(writer().data(energyReading())), 80);
  assert.equal(
    signal(writer({ signal: "rx_level" }).data(energyReading())),
    -70,
  );
  assert.equal(signal(writer().data(energyReading({ link: null }))), undefined);
  assert.equal(
    metricsOf(writer().data(energyReading({ link: null }))).length,
    13,
  );
});

Deno.test("data() of a button reading is bit 0 and the signal", () => {
  for (
    const [state, pressed] of [[0, false], [1, true], [2, false], [
      7,
      true,
    ]] as const
  ) {
    assert.deepEqual(
      metricsOf(writer().data(buttonReading(state))).map((
        { name, dataType, value },
      ) => [name, dataType, value]),
      [
        ["Bouton pressé", "Boolean", pressed],
        ["Force du signal radio DASH7", "Short", 80],
      ],
    );
  }
});

Deno.test("data() of a configuration file is nothing", () => {
  assert.equal(writer().data(configReading()), null);
  assert.equal(writer().data(configReading({ file: "button_config" })), null);
});

Deno.test("labels rename metrics in births and data alike", () => {
  const labelled = writer({
    labels: { "Tension/Phase 1": 'Spannung "L1"', "Bouton pressé": "Knopf" },
  });
  const names = (text: string | null) =>
    metricsOf(text).map(({ name }) => name);
  assert.equal(names(labelled.birth())[9], 'Spannung "L1"');
  assert.equal(names(labelled.data(energyReading()))[9], 'Spannung "L1"');
  assert.equal(names(labelled.data(buttonReading(1)))[0], "Knopf");
  assert.equal(metricNames.length, 15);
});

Deno.test("topic() writes full and trimmed identifiers", () => {
  assert.equal(
    writer().topic("DBIRTH", "0B57000009151D00"),
    "mqtts/p/DBIRTH/gw1/0B57000009151D00",
  );
  const trimmed = writer({ deviceId: "trimmed", topicRoot: "t" });
  assert.equal(
    trimmed.topic("DDATA", "0B57000009151D00"),
    "t/p/DDATA/gw1/B57000009151D00",
  );
  assert.equal(trimmed.topic("DDATA", "0000"), "t/p/DDATA/gw1/0");
});
