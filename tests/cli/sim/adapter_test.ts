import assert from "node:assert/strict";
import { siconAdapter } from "../../../lib/cli/sim/adapter.ts";
import { mqttjs } from "../../../lib/mqtt/mqttjs.ts";
import { fakeBroker } from "../../fakes/broker.ts";
import { realClock } from "../../fakes/host.ts";

Deno.test("siconAdapter() starts a plug, its devices, and reports on those that measure", async () => {
  const clock = realClock();
  const connect = mqttjs(clock);
  await using broker = await fakeBroker();
  await using _adapter = await siconAdapter({
    broker: broker.url,
    connect,
    clock,
  });
  const stop = new AbortController();
  await using plug = await connect({
    broker: broker.url,
    clientId: "plug",
    protocol: "3.1.1",
    tls: { ca_file: "", cert_file: "", key_file: "", verify: true },
    keepAliveS: 30,
    signal: stop.signal,
  });
  const say = async (topic: string, payload: string, answers: number) => {
    const before = broker.messages.length;
    await plug.publish({
      topic: `eMQTT/adapter/${topic}`,
      payload,
      qos: 0,
      retain: false,
    });
    const all = await broker.received(before + 1 + answers);
    return all.slice(before + 1).map(({ topic }) => topic);
  };
  assert.deepEqual(await say("AB/regPlug", "{}", 1), [
    "eMQTT/AB/adapter/startPlug",
  ]);
  assert.deepEqual(await say("AB_main/regDevice", '{"Prereg":true}', 1), [
    "eMQTT/AB/adapter/startDevices",
  ]);
  assert.deepEqual(await say("AB_main/regDevice", "no JSON", 3), [
    "eMQTT/AB_main/adapter/getStatData",
    "eMQTT/AB/adapter/dateUpdate",
    "eMQTT/AB_main/adapter/startEvents",
  ]);
  assert.deepEqual(await say("AB_d1/regDevice", '{"UID":"01"}', 5), [
    "eMQTT/AB_d1/adapter/getStatData",
    "eMQTT/AB/adapter/dateUpdate",
    "eMQTT/AB_d1/adapter/startEvents",
    "eMQTT/AB_d1/adapter/setXConfig",
    "eMQTT/AB_d1/adapter/startReporting",
  ]);
});
