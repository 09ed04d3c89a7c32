import assert from "node:assert/strict";
import { stepPlug } from "../../../lib/sink/emqtt/machine.ts";
import { A, B, NODE_A, NODE_B, Rig, UID } from "./harness.ts";

const on = (rig: Rig) => rig.start().connect();

Deno.test("E-065 E-073 E-036 E-069 E-070 E-072 onCloud connects at start, says Off once, then regPlug every 5 s until startPlug", () => {
  const rig = new Rig().start();
  assert.deepEqual(rig.effects, [{ type: "connect", broker: "mqtt://broker" }]);
  rig.connect();
  assert.deepEqual(rig.lines(), [
    'status {"Value":"Off"}',
    'regPlug {"Address":"192.168.0.7","ProductName":"SICON.PLUG"}',
  ]);
  rig.advance(14_999);
  assert.deepEqual(rig.topics(), ["regPlug", "regPlug"]);
  rig.send("dateUpdate", { ms: "0171DE2AD379" });
  rig.advance(5000);
  assert.deepEqual(rig.topics(), ["dateUpdate", "regPlug"]);
  rig.send("startPlug");
  rig.take();
  rig.advance(20_000);
  assert.deepEqual(rig.topics(), []);
});

Deno.test("E-071 regPlug resumes after a new connection, not after stopPlug", () => {
  const rig = on(new Rig());
  rig.send("startPlug");
  rig.send("stopPlug");
  rig.take();
  rig.advance(15_000);
  assert.deepEqual(rig.topics(), []);
  rig.feed({ type: "disconnected" });
  rig.connect();
  assert.deepEqual(rig.topics(), ["status", "regPlug"]);
});

Deno.test("E-070 stopPlug before startPlug leaves regPlug going", () => {
  const rig = on(new Rig());
  rig.send("stopPlug");
  rig.take();
  rig.advance(10_000);
  assert.deepEqual(rig.topics(), ["regPlug", "regPlug"]);
});

Deno.test("E-003 E-057 E-091 onSite waits for the trigger, also with a stored broker; never sends regPlug", () => {
  const rig = new Rig({ registration: "onSite" })
    .start("mqtt://192.168.3.110:1883");
  assert.deepEqual(rig.effects, []);
  assert.equal(rig.trigger('{"MQTT_HOST":"192.168.3.110"}'), null);
  assert.deepEqual(
    rig.effects.filter(({ type }) => type === "connect"),
    [{ type: "connect", broker: "mqtt://192.168.3.110:1883" }],
  );
  rig.connect();
  rig.advance(60_000);
  assert.deepEqual(rig.lines(), ['status {"Value":"Off"}']);
});

Deno.test("E-091 auto_connect connects an onSite plug to its stored broker", () => {
  const rig = new Rig({ registration: "onSite", auto_connect: true })
    .start("mqtt://192.168.3.110:1883");
  assert.deepEqual(rig.effects, [{
    type: "connect",
    broker: "mqtt://192.168.3.110:1883",
  }]);
});

Deno.test("E-063 a repeated trigger restarts the session", () => {
  const rig = new Rig({ registration: "onSite" }).start();
  rig.trigger('{"MQTT_HOST":"10.0.0.1"}');
  rig.connect();
  rig.send("startPlug");
  rig.send("main/startCyclicData");
  rig.take();
  assert.equal(rig.trigger('{"mqtt_host":"10.0.0.1:1883"}'), null);
  assert.equal(rig.state.plug, "Disconnected");
  rig.connect();
  rig.advance(30_000);
  assert.deepEqual(rig.lines(), ['status {"Value":"Off"}']);
  rig.send("startPlug");
  assert.deepEqual(rig.topics(), ["status", "main/regDevice"]);
});

Deno.test("E-090 startDevices locks the broker; another one is refused, the same one is not", () => {
  const rig = new Rig({ registration: "onSite" }).start();
  rig.trigger('{"MQTT_HOST":"10.0.0.1"}');
  rig.connect();
  rig.send("startPlug");
  assert.equal(rig.state.lock, null);
  rig.send("startDevices");
  assert.deepEqual(rig.effects.findLast(({ type }) => type === "remember"), {
    type: "remember",
    lock: "mqtt://10.0.0.1:1883",
  });
  assert.match(rig.trigger('{"MQTT_HOST":"10.0.0.2"}') ?? "", /locked/);
  assert.equal(rig.state.plug, "On");
  assert.equal(rig.trigger('{"MQTT_HOST":"10.0.0.1"}'), null);
});

Deno.test("E-060 E-092 bad triggers and those of an onCloud plug are refused, nothing changes", () => {
  const site = new Rig({ registration: "onSite" }).start();
  for (
    const body of [
      "{",
      "[]",
      "{}",
      '{"MQTT_HOST":""}',
      '{"MQTT_HOST":7}',
      '{"MQTT_HOST":"a b"}',
      '{"MQTT_HOST":"300.1.1.1"}',
      '{"MQTT_HOST":"h:0"}',
      '{"MQTT_HOST":"h:99999"}',
      '{"MQTT_HOST":"http://h/"}',
    ]
  ) assert.notEqual(site.trigger(body), null, body);
  assert.deepEqual(site.effects.filter(({ type }) => type !== "answer"), []);
  for (const host of ["h.local", "10.0.0.1:18830", "[fe80::1]:1883", "::1"]) {
    assert.equal(site.trigger(JSON.stringify({ MQTT_HOST: host })), null, host);
  }
  const cloud = new Rig().on();
  assert.match(cloud.trigger('{"MQTT_HOST":"broker"}') ?? "", /onCloud/);
  assert.equal(cloud.state.plug, "On");
  assert.equal(cloud.state.lock, "mqtt://broker");
});

Deno.test("E-066 E-067 stop publishes the will of an onCloud plug itself, retained, before it disconnects", () => {
  const rig = new Rig().on();
  rig.feed({ type: "stop" });
  const [publish, disconnect] = rig.effects.slice(-2);
  assert.deepEqual(publish, {
    type: "publish",
    topic: `eMQTT/adapter/${UID}/status`,
    payload: '{"Value":"Disconnected"}',
    retain: true,
  });
  assert.deepEqual(disconnect, { type: "disconnect" });
  assert.deepEqual(
    stepPlug(
      rig.state,
      { type: "timer", key: "regPlug", at: rig.at },
      rig.settings,
    )
      .effects,
    [],
  );
});

Deno.test("E-010 E-078 an onSite plug says nothing when it stops", () => {
  const rig = new Rig({ registration: "onSite" }).start();
  rig.trigger('{"MQTT_HOST":"10.0.0.1"}');
  rig.connect();
  rig.take();
  rig.feed({ type: "stop" });
  assert.deepEqual(rig.topics(), []);
});

Deno.test("E-068 clear_retained_will empties the retained status after connecting", () => {
  const rig = on(new Rig({ clear_retained_will: true }));
  const [first] = rig.effects.filter(({ type }) => type === "publish");
  assert.deepEqual(first, {
    type: "publish",
    topic: `eMQTT/adapter/${UID}/status`,
    payload: "",
    retain: true,
  });
  assert.deepEqual(rig.topics(), ["status", "status", "regPlug"]);
});

Deno.test("E-076 in Off only plug commands are served", () => {
  const rig = on(new Rig());
  for (
    const place of [
      "main/getStatData",
      "main/putStatData",
      "main/startCyclicData",
      "main/startEvents",
      "main/triggerReplay",
      "startDevices",
    ]
  ) {
    assert.deepEqual(rig.ask(place, { Indices: [16], "24": "2A" }), [], place);
  }
  assert.deepEqual(rig.ask("dateUpdate", { ms: "015FE62C8C00" }), [
    'dateUpdate {"Value":"Ack"}',
  ]);
  assert.deepEqual(rig.ask("blink", { Value: "On" }), [
    'blink {"Value":"Ack"}',
  ]);
  assert.deepEqual(rig.ask("stopPlug"), ['status {"Value":"Off"}']);
});

Deno.test("E-054 E-075 E-079 E-084 E-110 E-111 E-112 startPlug is answered by status On and pre-registers main alone", () => {
  const rig = on(new Rig());
  rig.hear(A, NODE_A);
  assert.deepEqual(rig.ask("startPlug"), [
    'status {"Value":"On"}',
    'main/regDevice {"DeviceID":1,"VendorID":200999,"Prereg":true,"CyclicDataBitLength":{"PDIn":0,"PDOut":0},"VendorName":"LiQuiBit","ProductName":"DASH7 Gateway","SerialNumber":"0102030405060708","UID":"00301133E40F","FirmwareRevision":"1.2.3"}',
  ]);
  rig.hear(B, NODE_B);
  rig.advance(60_000);
  assert.deepEqual(rig.topics(), []);
});

Deno.test("E-028 topics of a subinterface are subscribed before its regDevice", () => {
  const rig = on(new Rig());
  rig.hear(A, NODE_A);
  rig.send("startPlug");
  rig.send("startDevices");
  rig.advance(10_000);
  const order = rig.effects.flatMap((effect) =>
    effect.type === "subscribe"
      ? [effect.filter]
      : effect.type === "publish" && effect.topic.endsWith("regDevice")
      ? [effect.topic]
      : []
  );
  assert.deepEqual(order, [
    `eMQTT/${UID}_main/adapter/+`,
    `eMQTT/adapter/${UID}_main/regDevice`,
    `eMQTT/adapter/${UID}_main/regDevice`,
    `eMQTT/${UID}_${A}/adapter/+`,
    `eMQTT/adapter/${UID}_${A}/regDevice`,
  ]);
});

Deno.test("E-080 startPlug while On restarts from pre-registration and ends all processes", () => {
  const rig = new Rig();
  rig.hear(A, NODE_A);
  rig.on();
  rig.send(`${A}/startCyclicData`);
  assert.deepEqual(rig.ask("startPlug").map((line) => line.split(" ")[0]), [
    "status",
    "main/regDevice",
  ]);
  rig.advance(60_000);
  assert.deepEqual(rig.topics(), []);
  assert.deepEqual(rig.ask(`${A}/getStatData`, { Indices: [16] }), []);
});

Deno.test("E-081 E-082 E-083 stopPlug ends everything without disDevice; measured values stay", () => {
  const rig = new Rig();
  rig.hear(A, NODE_A);
  rig.on();
  startAll(rig);
  assert.deepEqual(rig.ask("stopPlug"), ['status {"Value":"Off"}']);
  rig.advance(300_000);
  rig.hear(A, NODE_A, undefined, {}, [rig.event(NODE_A, 6208)]);
  assert.deepEqual(rig.topics(), []);
  assert.deepEqual(rig.ask("stopPlug"), ['status {"Value":"Off"}']);
  rig.send("startPlug");
  rig.send("startDevices");
  rig.advance(20_000);
  rig.take();
  rig.hear(A, NODE_A, undefined, {}, [rig.event(NODE_A, 6208)]);
  rig.advance(120_000);
  assert.deepEqual(rig.topics(), []);
  assert.deepEqual(rig.ask(`${A}/getStatData`, { Indices: [74] }), [
    `${A}/getStatData {"74":"00E6"}`,
  ]);
});

Deno.test("E-085 E-103 loss of the connection ends everything, blinking too", () => {
  const rig = new Rig();
  rig.hear(A, NODE_A);
  rig.on();
  startAll(rig);
  rig.send("blink", { Value: "On" });
  rig.take();
  rig.feed({ type: "disconnected" });
  assert.deepEqual(rig.effects.findLast(({ type }) => type === "blink"), {
    type: "blink",
    on: false,
  });
  assert.deepEqual(rig.armed(), []);
  rig.advance(30_000);
  rig.hear(A, NODE_A);
  assert.deepEqual(rig.topics(), []);
  rig.connect();
  assert.deepEqual(rig.lines()[0], 'status {"Value":"Off"}');
  rig.send("startDevices");
  rig.advance(4000);
  assert.deepEqual(rig.topics(), []);
});

Deno.test("E-101 E-102 E-103 blink is acknowledged, Nak for another value, and survives stopPlug", () => {
  const rig = new Rig().on();
  assert.deepEqual(rig.ask("blink", { Value: "On" }), [
    'blink {"Value":"Ack"}',
  ]);
  assert.equal(rig.state.blink, true);
  assert.deepEqual(rig.ask("blink", { Value: "Maybe" }), [
    'blink {"Value":"Nak"}',
  ]);
  rig.sendRaw(`eMQTT/adapter/${UID}/blink`, '{"Value":"Off"}');
  rig.send("stopPlug");
  assert.equal(rig.state.blink, true);
  rig.send("blink", { Value: "Off" });
  assert.equal(rig.state.blink, false);
});

Deno.test("E-226 E-230 updateFirmware is switched off: Fail 53, without a URL 1000", () => {
  const rig = on(new Rig());
  rig.take();
  rig.send("updateFirmware", { URLFirmwareLocation: "http://h/f.bin" });
  const [off] = rig.take();
  assert.deepEqual(
    [off?.what, off?.payload["Status"], off?.payload["ErrorCode"]],
    ["updateFirmware", "Fail", 53],
  );
  rig.send("updateFirmware");
  assert.equal(rig.take()[0]?.payload["ErrorCode"], 1000);
});

Deno.test("E-093 E-094 SystemCommand 130 on main echoes, then forgets the broker", () => {
  const rig = new Rig({ registration: "onSite" }).start();
  rig.trigger('{"MQTT_HOST":"10.0.0.1"}');
  rig.connect();
  rig.send("startPlug");
  rig.send("startDevices");
  rig.take();
  const before = rig.effects.length;
  rig.send("main/putStatData", { "2": "82" });
  assert.deepEqual(rig.lines(), ['main/putStatData {"2":"82"}']);
  assert.deepEqual(
    rig.effects.slice(before).map((effect) =>
      effect.type === "perform" ? effect.step.do : effect.type
    ).filter((type) => !type.endsWith("arm")),
    ["tag", "supervision", "publish", "remember", "disconnect"],
  );
  assert.equal(rig.state.phase, "idle");
  assert.equal(rig.trigger('{"MQTT_HOST":"10.9.9.9"}'), null);
});

Deno.test("E-154 SystemCommand 128 on main echoes, then reconnects", () => {
  const rig = new Rig().on();
  const before = rig.effects.length;
  assert.deepEqual(rig.ask("main/putStatData", { "2": "80" }), [
    'main/putStatData {"2":"80"}',
  ]);
  assert.deepEqual(
    rig.effects.slice(before).map(({ type }) => type)
      .filter((type) => !type.endsWith("arm")),
    ["publish", "disconnect", "connect"],
  );
  rig.connect();
  assert.deepEqual(rig.lines()[0], 'status {"Value":"Off"}');
});

Deno.test("a factory reset by the operator does as SystemCommand 130 does to the lock", () => {
  const rig = new Rig({ registration: "onSite" }).start("mqtt://10.0.0.1:1883");
  rig.feed({ type: "reset" });
  assert.equal(rig.state.lock, null);
  assert.equal(rig.trigger('{"MQTT_HOST":"10.9.9.9"}'), null);
});

/** Starts every process of node A. */
function startAll(rig: Rig): void {
  rig.send(`${A}/startCyclicData`, { SamplingRate: 1000 });
  rig.send(`${A}/startObservation`, { Indices: [64, 65] });
  rig.send(`${A}/startEvents`);
  rig.send(`${A}/setXConfig`, {
    XIndices: [83],
    AutomaticReadForEvents: true,
    AutomaticReadForReporting: true,
  });
  rig.send(`${A}/startReporting`, { Type: "Time", YIndices: [64] });
  rig.send(`${A}/startReplay`, { YIndices: [74] });
  rig.take();
}
