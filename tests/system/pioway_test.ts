import assert from "node:assert/strict";
import {
  AgentProcess,
  type Got,
  Line,
  Subscriber,
  tempDir,
  until,
} from "./harness.ts";
import { mosquitto } from "./mosquitto.ts";

/** The two commands that stand as tests in the old gateway [serial §11], and a device whose UID begins with zeros. */
const status = "62d714320000394750004900a92001";
const energy = "2034004043" +
  "00010203040506070809000102030405060708090001020304050607080900010203" +
  "040506070809000102030405060708090001020304050607080900010203040506";
const button = "20330003000000";
const buttonPressed = "20330003000101";

/** Names and data types of the platform's document, in its order. */
function seedMetrics(block: number): { name: string; dataType: string }[] {
  const text = Deno.readTextFileSync(
    new URL("../fixtures/scorp-io.md", import.meta.url),
  );
  const example = text.split("```")[block * 2 + 1] ?? "";
  return [...example.matchAll(/"name":("[^"]*"),\s*"dataType":("[^"]*")/g)].map(
    ([, name = "", dataType = ""]) => ({
      name: JSON.parse(name),
      dataType: JSON.parse(dataType),
    }),
  );
}

/** Values of a payload by name, digits as they stand. */
function values({ payload }: Got): Record<string, string | undefined> {
  return Object.fromEntries(
    [...payload.matchAll(
      /"name":"([^"]*)","dataType":"[^"]*","timestamp":\d+,"value":([^}]*)/g,
    )].map(([, name = "", value]) => [name, value]),
  );
}

Deno.test("topics and JSON are those of the old gateway", async () => {
  await using dir = await tempDir();
  await using broker = await mosquitto();
  const brokerPort = broker.ports[0] ?? 0;
  await using line = await Line.open(`${dir.path}/modem`);
  await using watch = await Subscriber.connect(brokerPort);
  await using agent = AgentProcess.start({
    dir: dir.path,
    port: line.path,
    brokerPort,
    sink: 'device_id = "trimmed"',
  });
  await agent.logged("Modem identified");
  const before = Date.now();
  const first = "323636300039004c";
  const second = "0000363000390abc";
  for (
    const hex of [
      `${energy}${status}${first}`,
      `${button}${status}${first}`,
      `${buttonPressed}${status}${second}`,
      `203e0005580200000162d714320000394750004900a92001${first}`,
    ]
  ) {
    const [frame] = line.modem.push(Uint8Array.fromHex(hex));
    assert.ok(frame && line.send(frame));
  }
  await until("five messages", () => watch.messages.length >= 5);
  const after = Date.now();
  const messages = watch.messages;
  const id = "323636300039004C";
  assert.deepEqual(
    messages.map(({ topic, retain, qos }) => ({ topic, retain, qos })),
    [
      { topic: `mqtts/p/DBIRTH/gw1/${id}`, retain: true, qos: 1 },
      { topic: `mqtts/p/DDATA/gw1/${id}`, retain: false, qos: 1 },
      { topic: `mqtts/p/DDATA/gw1/${id}`, retain: false, qos: 1 },
      { topic: "mqtts/p/DBIRTH/gw1/363000390ABC", retain: true, qos: 1 },
      { topic: "mqtts/p/DDATA/gw1/363000390ABC", retain: false, qos: 1 },
    ],
  );
  const [birth, data, released, , pressed] = messages;
  assert.ok(birth && data && released && pressed);
  assert.deepEqual(JSON.parse(birth.payload), { metrics: seedMetrics(0) });
  const metrics: {
    name: string;
    dataType: string;
    timestamp: number;
  }[] = JSON.parse(data.payload).metrics;
  assert.deepEqual(
    metrics.map(({ name, dataType }) => ({ name, dataType })),
    seedMetrics(1),
  );
  for (const { timestamp } of metrics) {
    assert.ok(timestamp >= before && timestamp <= after);
  }
  assert.deepEqual(values(data), {
    "Énergie apparente/Phase 1": "506097522914230528",
    "Énergie apparente/Phase 2": "361417177238079752",
    "Énergie apparente/Phase 3": "216736831730353926",
    "Énergie active/Phase 1": "72067524120151300",
    "Énergie active/Phase 2": "650777868590383874",
    "Énergie active/Phase 3": "506097522914230528",
    "Intensité/Phase 1": "16779528",
    "Intensité/Phase 2": "84148994",
    "Intensité/Phase 3": "151521030",
    "Tension/Phase 1": "256",
    "Tension/Phase 2": "770",
    "Tension/Phase 3": "1284",
    "Force du signal radio DASH7": "71",
    "État de la liaison Modbus - DASH7": "true",
  });
  assert.deepEqual(values(released), {
    "Bouton pressé": "false",
    "Force du signal radio DASH7": "71",
  });
  assert.deepEqual(values(pressed), {
    "Bouton pressé": "true",
    "Force du signal radio DASH7": "71",
  });
});
