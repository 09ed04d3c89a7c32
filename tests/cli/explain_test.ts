import assert from "node:assert/strict";
import { decodeLine } from "../../lib/cli/decode_json.ts";
import { widthOf } from "../../lib/cli/table.ts";
import type { ExplainJson } from "../../lib/http/json.ts";
import { deviceJson, FakeAgent, readingJson } from "../fakes/control.ts";
import { energy } from "../fakes/plant.ts";
import { cli } from "./command_line.ts";

const payload = energy("326636300039004C", 0x12345n).toHex();

const explained: ExplainJson = {
  reading: readingJson(42),
  received: {
    at: "2025-01-01T11:00:00.000Z",
    mono_ms: 1000,
    boot_id: "boot",
    clock_synchronised: true,
  },
  frame: { hex: `c000075f1234${payload}`, counter: 7, payload },
  alp: decodeLine("alp", payload, "sub_iot"),
  file: {
    id: 52,
    name: "energy",
    hex: "4523010000000000e600",
    fields: [
      {
        name: "apparent_energy_1",
        offset: 0,
        length: 8,
        hex: "4523010000000000",
        value: "74565",
        unit: "VAh",
      },
      {
        name: "measurement_valid",
        offset: 66,
        length: 1,
        hex: "01",
        value: true,
        unit: null,
      },
    ],
  },
  duplicate: {
    window_s: 60,
    previous: { id: 41, at: "2025-01-01T10:59:00.000Z", same_bytes: false },
    decision: "Taken: its bytes are not those of the push before it.",
  },
  sinks: [
    {
      name: "cloud",
      type: "scorpio",
      fate: "delivered",
      detail: "It took 1 s from receipt to acknowledgement.",
      acknowledged_at: "2025-01-01T11:00:01.000Z",
      messages: [{
        topic: "mqtts/p/DDATA/gw1/326636300039004C",
        qos: 1,
        retain: false,
        payload: JSON.stringify({ metrics: "x".repeat(200) }),
      }],
    },
    {
      name: "sicon",
      type: "emqtt",
      fate: "rejected",
      detail: "Refused by the platform: no subinterface left.",
      acknowledged_at: null,
      messages: [],
    },
  ],
};

Deno.test("explain tells a reading from its bytes to every sink, in 80 columns", async () => {
  await using agent = await FakeAgent.open({ explained: { 42: explained } });
  const { code, out, err } = await cli([
    "explain",
    "42",
    "--socket",
    agent.socket,
  ]);
  assert.equal(code, 0, err);
  for (const line of out.split("\n")) assert.ok(widthOf(line) <= 80, line);
  for (
    const said of [
      /^Reading 42\n {2}device {4}Compressor 2 \(326636300039004C\)\n/,
      /received {2}2025-01-01 .* \(2025-01-01T11:00:00.000Z\), clock\s+synchronised/,
      /values {4}1 234 566 kWh, 230 231 232 V/,
      /^Serial frame 7\n {2}0000 {2}c0 00 07 5f 12 34 20 34 {2}00 /m,
      /^ALP command\n {2}return_file_data file_id=52 offset=0 length=67\n {2}interface_status/m,
      /^File 52 \(energy\)\n {2}OFFSET {2}FIELD +BYTES +VALUE {2}UNIT\n {7}0 {2}apparent_energy_1 {2}4523010000000000 {2}74565 {2}VAh\n {6}66 {2}measurement_valid {2}01 +yes$/m,
      /^Duplicate\?\n {2}Taken: its bytes .* The push before it was\n {2}reading 41/m,
      /^Sink cloud \(scorpio\)\n {2}fate {6}delivered, acknowledged 2025-01-01 [\d:]+\. It took 1 s from\n {12}receipt to acknowledgement\.\n {2}topic {5}mqtts\/p\/DDATA\/gw1\/326636300039004C\n {2}sent {6}QoS 1\n {2}payload {3}\{"metrics":"xxx/m,
      /^Sink sicon \(emqtt\)\n {2}fate {6}REJECTED\. Refused by the platform: no subinterface left\.\n$/m,
    ]
  ) assert.match(out, said);
});

Deno.test("explain tells every fate, and what it does not know", async () => {
  const fates = [
    ["pending", "waiting"],
    ["dropped", "DROPPED"],
    ["before_sink", "not for this sink: it was added later"],
    ["unknown", "not known"],
  ] as const;
  await using agent = await FakeAgent.open({
    explained: {
      42: {
        ...explained,
        reading: readingJson(42, { valid: false, name: null, link: null }),
        frame: { ...explained.frame, counter: null },
        file: { ...explained.file, fields: [] },
        duplicate: { window_s: 0, previous: null, decision: "" },
        sinks: fates.map(([fate]) => ({
          name: fate,
          type: "jsonl",
          fate,
          detail: "",
          acknowledged_at: null,
          messages: [],
        })),
      },
    },
  });
  const { out } = await cli(["explain", "42", "--socket", agent.socket]);
  for (const [fate, words] of fates) {
    assert.ok(out.includes(`Sink ${fate} (jsonl)\n  fate      ${words}\n`));
  }
  assert.match(out, /^ {2}device {4}326636300039004C$/m);
  assert.match(out, /NOT VALID: the device could not read its meter/);
  assert.match(out, /its counter was not kept: 00 stands for it/);
  assert.match(out, /^ {2}0000 {2}45 23 01 00 00 00 00 00 {2}e6 00$/m);
  assert.match(out, /No earlier push of this device and file is in the log/);
});

Deno.test("explain --json is what the agent says, in one line", async () => {
  await using agent = await FakeAgent.open({ explained: { 42: explained } });
  const { out } = await cli([
    "explain",
    "42",
    "--json",
    "--socket",
    agent.socket,
  ]);
  assert.equal(out, `${JSON.stringify(explained)}\n`);
});

Deno.test("explain --last takes the newest reading of a device, by UID or name", async () => {
  const device = deviceJson({ name: "Compressor 2" });
  await using agent = await FakeAgent.open({
    devices: [device],
    queues: { cloud: [readingJson(41), readingJson(42)] },
    explained: { 42: explained },
  });
  for (const named of [device.device, "Compressor 2"]) {
    const { code, out, err } = await cli([
      "explain",
      "--last",
      named,
      "--socket",
      agent.socket,
    ]);
    assert.equal(code, 0, err);
    assert.match(out, /^Reading 42\n/);
  }
});
