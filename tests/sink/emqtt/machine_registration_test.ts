import assert from "node:assert/strict";
import { A, B, NODE_A, NODE_B, Rig } from "./harness.ts";

const C_ID = "dnbbezr3uq";
const NODE_C = "0000000000000001";

function heard(...nodes: readonly (readonly [string, string])[]): Rig {
  const rig = new Rig();
  for (const [id, uid] of nodes) rig.hear(id, uid);
  rig.start().connect();
  rig.send("startPlug");
  rig.take();
  return rig;
}

const three = () => heard([A, NODE_A], [B, NODE_B], [C_ID, NODE_C]);

Deno.test("E-086 E-087 E-106 E-108 E-113 E-115 startDevices registers main again without Prereg, then the nodes", () => {
  const rig = heard([A, NODE_A]);
  rig.send("startDevices");
  const [main] = rig.take();
  assert.equal(main?.what, "main/regDevice");
  assert.equal("Prereg" in (main?.payload ?? {}), false);
  rig.send("main/startEvents");
  rig.take();
  rig.advance(500);
  assert.deepEqual(rig.lines(), [
    `${A}/regDevice {"DeviceID":2,"VendorID":200999,"CyclicDataBitLength":{"PDIn":256,"PDOut":0},"VendorName":"LiQuiBit","ProductName":"MODBUS-to-DASH7","SerialNumber":"C84C49532000000F","UID":"C84C49532000000F","ParentSubinterface":"main"}`,
  ]);
});

Deno.test("E-106 a gateway without nodes registers main", () => {
  const rig = heard();
  rig.send("startDevices");
  assert.deepEqual(rig.topics(), ["main/regDevice"]);
});

Deno.test("E-088 pre-registered main is served, a node is not", () => {
  const rig = heard([A, NODE_A]);
  assert.deepEqual(rig.ask("main/getStatData", { Indices: [16] }), [
    'main/getStatData {"16":"4C69517569426974"}',
  ]);
  assert.deepEqual(rig.ask(`${A}/getStatData`, { Indices: [16] }), []);
});

Deno.test("E-089 startDevices again repeats the whole registration", () => {
  const rig = three();
  for (let round = 0; round < 2; round++) {
    rig.send("startDevices");
    rig.advance(40_000);
    assert.deepEqual(rig.topics(), [
      "main/regDevice",
      `${A}/regDevice`,
      `${B}/regDevice`,
      `${C_ID}/regDevice`,
    ]);
  }
});

Deno.test("E-021 E-116 E-121 a silent adapter gets one device each 10 s", () => {
  const rig = three();
  rig.send("startDevices");
  const times: number[] = [];
  rig.advance(60_000);
  for (const { monoMs } of rig.take()) times.push(monoMs);
  assert.deepEqual(times.map((ms) => ms - (times[0] ?? 0)), [
    0,
    10_000,
    20_000,
    30_000,
  ]);
});

Deno.test("E-121 the next device follows 500 ms after the last request once events are started", () => {
  const rig = three();
  rig.send("startDevices");
  rig.send("main/startEvents");
  rig.advance(400);
  rig.send("main/startReporting", { Type: "Self-triggered", YIndices: [64] });
  rig.take();
  rig.advance(499);
  assert.deepEqual(rig.topics(), []);
  rig.advance(1);
  assert.deepEqual(rig.topics(), [`${A}/regDevice`]);
  // Reads without startEvents hold it for 10 s each.
  rig.advance(9000);
  rig.send(`${A}/getStatData`, { Indices: [16] });
  rig.take();
  rig.advance(9999);
  assert.deepEqual(rig.topics(), []);
  rig.advance(1);
  assert.deepEqual(rig.topics(), [`${B}/regDevice`]);
});

Deno.test("E-117 E-118 E-119 E-120 Abort goes on with the next; the aborted one answers and is not announced again", () => {
  const rig = three();
  rig.send("startDevices");
  rig.advance(10_000);
  rig.take();
  rig.send(`${A}/regDevice`, { Action: "Foo" });
  rig.send(`${A}/regDevice`, {});
  assert.deepEqual(rig.topics(), []);
  rig.send(`${A}/regDevice`, { Action: "abort", Cause: "Licence" });
  assert.deepEqual(rig.topics(), [`${B}/regDevice`]);
  assert.equal(rig.state.subs.get(A)?.cause, "Licence");
  assert.equal(rig.ask(`${A}/getStatData`, { Indices: [16] }).length, 1);
  rig.advance(60_000);
  rig.take();
  rig.hear(A, NODE_A);
  rig.advance(20_000);
  assert.deepEqual(rig.topics(), []);
  rig.send("startDevices");
  rig.advance(60_000);
  assert(rig.topics().includes(`${A}/regDevice`));
  assert.equal(rig.state.subs.get(A)?.phase, "announced");
});

Deno.test("E-122 a node heard later is registered then, at once if none is being registered", () => {
  const rig = heard();
  rig.send("startDevices");
  rig.advance(10_000);
  rig.take();
  rig.hear(A, NODE_A);
  assert.deepEqual(rig.topics(), [`${A}/regDevice`]);
  rig.hear(B, NODE_B);
  assert.deepEqual(rig.topics(), []);
  rig.advance(10_000);
  assert.deepEqual(rig.topics(), [`${B}/regDevice`]);
});

Deno.test("E-123 E-124 E-125 E-132 a node that is gone is unregistered, all of it at default, and returns as itself", () => {
  const rig = heard([A, NODE_A], [B, NODE_B]);
  rig.send("startDevices");
  rig.advance(40_000);
  rig.send(`${A}/startCyclicData`);
  rig.send(`${A}/startEvents`);
  rig.send(`${A}/setXConfig`, { XIndices: [83], AutomaticReadForEvents: true });
  rig.send(`${A}/startReporting`, { Type: "Self-triggered", YIndices: [64] });
  rig.send(`${A}/startReplay`, { YIndices: [74] });
  rig.send(`${A}/startObservation`, { Indices: [74] });
  rig.take();
  rig.device(A, NODE_A, { unregistered: true }, { gone: true });
  assert.deepEqual(rig.lines(), [`${A}/disDevice {}`]);
  rig.advance(120_000);
  assert.deepEqual(rig.topics(), []);
  assert.deepEqual(rig.ask(`${A}/getStatData`, { Indices: [16] }), []);
  assert.deepEqual(
    rig.ask(`${B}/startReporting`, { Type: "Self-triggered", YIndices: [64] }),
    [`${B}/startReporting {"Value":"Ack","Active":1,"Max":256}`],
  );
  rig.hear(A, NODE_A, undefined, { unregistered: false }, [
    rig.event(NODE_A, 6208),
  ]);
  assert.deepEqual(rig.topics(), [`${A}/regDevice`]);
  rig.hear(A, NODE_A, undefined, {}, [rig.event(NODE_A, 6208)]);
  rig.advance(60_000);
  assert.deepEqual(rig.topics(), []);
});

Deno.test("E-089 startDevices leaves out nodes beyond their unregister limit until they are heard", () => {
  const rig = new Rig();
  rig.device(A, NODE_A, { unregistered: true });
  rig.on();
  assert.equal(rig.state.subs.get(A)?.phase, "unregistered");
  rig.hear(A, NODE_A, undefined, { unregistered: false });
  assert.deepEqual(rig.topics(), [`${A}/regDevice`]);
});

Deno.test("a node that goes while it waits or is being registered does not stop the others", () => {
  const rig = three();
  rig.send("startDevices");
  rig.advance(10_000);
  rig.take();
  rig.device(B, NODE_B, { unregistered: true }, { gone: true });
  assert.deepEqual(rig.topics(), []);
  rig.device(A, NODE_A, { unregistered: true }, { gone: true });
  assert.deepEqual(rig.topics(), [`${A}/disDevice`, `${C_ID}/regDevice`]);
});

Deno.test("E-118 an Abort of main goes on with the nodes: announced and aborted is not unregistered", () => {
  const rig = three();
  rig.send("startDevices");
  rig.take();
  for (const id of ["main", A, B, C_ID]) {
    rig.send(`${id}/regDevice`, { Action: "Abort" });
  }
  assert.deepEqual(rig.topics(), [
    `${A}/regDevice`,
    `${B}/regDevice`,
    `${C_ID}/regDevice`,
  ]);
});
