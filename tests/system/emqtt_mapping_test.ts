import assert from "node:assert/strict";
import { clock } from "./harness.ts";
import { nodeId, NODES, Rig, type RigOptions } from "./emqtt_rig.ts";

const [A, B] = NODES;
const a = nodeId(A);
const b = nodeId(B);

/** A plug that is On, its nodes registered with events on. */
async function up(
  options: RigOptions = {},
  heard: readonly string[] = [A],
): Promise<Rig> {
  const rig = await Rig.open(options);
  const { adapter } = rig;
  adapter.serve(() => ({ reads: [36], starts: [["startEvents", {}]] }));
  await rig.agent?.logged("Modem identified");
  for (const device of heard) rig.energy(device, 1);
  await adapter.next(null, "regPlug", 0);
  await adapter.startPlug();
  adapter.send(null, "startDevices");
  for (const device of heard) {
    await adapter.next(nodeId(device), "startEvents", 0, undefined, 30);
  }
  await adapter.registered();
  return rig;
}

const hex = (text: string) => Uint8Array.fromHex(text);

/** The EnergyFile of the mapping, as received. [mapping §5] */
const VECTOR = "87D6120000000000CECA23000000000015BF340000000000" +
  "804F120000000000601823000000000040E1330000000000" +
  "D2040000FFFFFFFF00000000E600E700E50001";

Deno.test("E-033 E-034 E-134 E-143 the mapping's EnergyFile gives the mapping's indices", async () => {
  await using rig = await up();
  const { adapter } = rig;
  const counter = (await adapter.read(a, [83]))[83];
  assert.equal(counter, "00000001");
  rig.push(A, 52, hex(VECTOR), 87);
  await adapter.ask(a, "startReporting", {
    Type: "Self-triggered",
    YIndices: [83],
  });
  await clock.sleep(300);
  const values = await adapter.read(a, [
    ...[64, 65, 68, 72, 74, 77, 78, 79, 80, 83, 85, 92, 96, 104, 37, 21],
  ]);
  assert.deepEqual(values, {
    64: "000000000012D687000000000023CACE000000000034BF15" +
      "0000000000124F800000000000231860000000000033E140" +
      "000004D2FFFFFFFF0000000000E600E700E501",
    65: "000000000012D687",
    68: "0000000000124F80",
    72: "FFFFFFFF",
    74: "00E6",
    77: "01",
    78: "00000000006B606A",
    79: "0000000000694920",
    80: "57",
    83: "00000002",
    85: 54,
    92: A,
    96: 54,
    104: "00",
    37: "00".repeat(24),
    21: [...A].map((c) => c.charCodeAt(0).toString(16)).join(""),
  });
  const [, data] = [
    await adapter.ask(a, "startCyclicData", { SamplingRate: 1000 }),
    await adapter.next(a, "postCyclicData", 0),
  ];
  assert.match(
    String(data.payload["PDIn"]),
    /^0357000[0-9]00E600E700E5000004D2FFFFFFFF0000000000000000006949200002$/,
  );
  // The radio repeats it: no new measurement.
  const mark = adapter.mark;
  rig.push(A, 52, hex(VECTOR), 90);
  await clock.sleep(500);
  assert.deepEqual(adapter.of(a, "postReport", mark), []);
  const repeated = await adapter.read(a, [80, 83]);
  assert.deepEqual(repeated, { 80: "5A", 83: "00000002" });
  assert.deepEqual(adapter.check.violations, []);
});

Deno.test("E-182 E-183 E-186 E-187 events of nodes: Modbus, buttons, counters, link, configuration", async () => {
  await using rig = await up();
  const { adapter } = rig;
  let mark = adapter.mark;
  const event = async (code: number, mode: string, type: string) => {
    const { payload } = await adapter.next(
      a,
      "postEvent",
      mark,
      (one) => one.payload["Code"] === code && one.payload["Mode"] === mode,
    );
    assert.equal(payload["Type"], type);
  };
  rig.energy(A, 10, false);
  await event(6240, "Appears", "Warning");
  const lost = await adapter.read(a, [36, 37, 77, 68]);
  assert.deepEqual(lost, {
    36: "04",
    37: "E41860" + "00".repeat(21),
    77: "00",
    68: "0000000000000004",
  });
  rig.energy(A, 20);
  await event(6240, "Disappears", "Warning");
  rig.energy(A, 5);
  await event(6244, "Singleshot", "Notification");
  mark = adapter.mark;
  for (let n = 0; n < 50; n++) {
    rig.button(A, n % 2 === 0, 3);
    await clock.sleep(5);
  }
  await adapter.until(
    "50 events",
    () => adapter.of(a, "postEvent", mark).length >= 50,
  );
  assert.deepEqual(
    adapter.of(a, "postEvent", mark).map(({ payload }) => payload["Code"]),
    Array.from({ length: 50 }, (_, n) => n % 2 === 0 ? 6211 : 6227),
  );
  assert.deepEqual(await adapter.read(a, [85, 86, 87, 88, 89]), {
    85: "030000",
    86: "03",
    87: "00",
    88: "00",
    89: "00000019",
  });
  mark = adapter.mark;
  for (let n = 0; n < 3; n++) rig.push(A, 51, Uint8Array.of(0, 0, 0), 131);
  await event(6243, "Appears", "Warning");
  assert.equal((await adapter.read(a, [36]))[36], "01");
  for (let n = 0; n < 3; n++) rig.push(A, 51, Uint8Array.of(0, 0, 0), 127);
  await clock.sleep(200);
  assert.equal((await adapter.read(a, [36]))[36], "01", "hysteresis of 5 dB");
  for (let n = 0; n < 3; n++) rig.push(A, 51, Uint8Array.of(0, 0, 0), 124);
  await event(6243, "Disappears", "Warning");
  mark = adapter.mark;
  rig.push(A, 62, hex("5802000001"));
  await clock.sleep(200);
  rig.push(A, 62, hex("8403000001"));
  await event(6246, "Singleshot", "Notification");
  assert.deepEqual(await adapter.read(a, [96, 97, 98, 104]), {
    96: "0000038401",
    97: "00000384",
    98: "01",
    104: "01",
  });
  assert.deepEqual(adapter.check.violations, []);
});

Deno.test("E-041 E-143 E-184 E-233 events and indices of main: modem, nodes that are not admitted", async () => {
  await using rig = await up({ more: `[devices."${B}"]\nignore = true` });
  const { adapter } = rig;
  let mark = adapter.mark;
  rig.energy(B, 1);
  rig.energy(B, 2);
  const foreign = await adapter.next("main", "postEvent", mark);
  assert.deepEqual(
    [foreign.payload["Code"], foreign.payload["Mode"], foreign.payload["Type"]],
    [6257, "Singleshot", "Notification"],
  );
  await clock.sleep(300);
  assert.equal(adapter.of("main", "postEvent", mark).length, 1, "once an hour");
  assert.deepEqual(adapter.of(b, "regDevice"), []);
  const before = await adapter.read("main", [64, 65, 66, 69, 75, 36, 22, 40]);
  assert.match(String(before[64]), /^[0-9A-F]{16}$/);
  assert.deepEqual({ ...before, 64: "" }, {
    64: "",
    65: "0001",
    66: "0001",
    69: "00000002",
    75: "01",
    36: "00",
    22: 17,
    40: 17,
  });
  mark = adapter.mark;
  await rig.unplug();
  const lost = await adapter.next("main", "postEvent", mark, undefined, 30);
  assert.deepEqual(
    [lost.payload["Code"], lost.payload["Mode"], lost.payload["Type"]],
    [6256, "Appears", "Error"],
  );
  assert.deepEqual(await adapter.read("main", [64, 75, 36, 37]), {
    64: 54,
    75: "00",
    36: "04",
    37: "F41870" + "00".repeat(21),
  });
  await rig.replug();
  const back = await adapter.next(
    "main",
    "postEvent",
    mark,
    (one) => one.payload["Mode"] === "Disappears",
    60,
  );
  assert.equal(back.payload["Code"], 6256);
  assert.equal((await adapter.read("main", [36]))[36], "00");
  assert.deepEqual(adapter.check.violations, []);
});

Deno.test("E-056 E-086 E-122 pipelined starts; nodes heard between startPlug and startDevices wait", async () => {
  await using rig = await Rig.open();
  const { adapter } = rig;
  await rig.agent?.logged("Modem identified");
  await adapter.next(null, "regPlug", 0);
  await adapter.startPlug();
  rig.energy(A, 1);
  await clock.sleep(700);
  assert.deepEqual(adapter.of(a, "regDevice"), []);
  const mark = adapter.mark;
  adapter.send(null, "startPlug");
  adapter.send(null, "startDevices");
  adapter.send("main", "getStatData", { Indices: [36, 24] });
  adapter.send("main", "startCyclicData", { SamplingRate: 1000 });
  adapter.send("main", "startEvents");
  adapter.send("main", "stopCyclicData");
  adapter.send(null, "blink", { Value: "Off" });
  await adapter.next(null, "blink", mark);
  assert.deepEqual(
    adapter.said.slice(mark).map(({ command }) => command),
    [
      "status",
      "regDevice",
      "regDevice",
      "getStatData",
      "getStatData",
      "startCyclicData",
      "postCyclicData",
      "startEvents",
      "stopCyclicData",
      "blink",
    ],
  );
  const node = await adapter.next(a, "regDevice", mark, undefined, 3);
  assert.ok(node.atMs - (adapter.said[mark]?.atMs ?? 0) < 2_000);
  assert.deepEqual(adapter.check.violations, []);
  assert.deepEqual(adapter.check.unanswered(), []);
});

Deno.test("E-164 an agent that was stopped for 5 s bursts nothing", async () => {
  await using rig = await up();
  const { adapter } = rig;
  await adapter.ask(a, "startCyclicData", { SamplingRate: 1000 });
  await adapter.ask(a, "startObservation", {
    Indices: [36],
    SamplingRate: 1000,
  });
  await clock.sleep(1_500);
  const pid = rig.agent?.pid ?? 0;
  Deno.kill(pid, "SIGSTOP");
  await clock.sleep(5_000);
  const mark = adapter.mark;
  Deno.kill(pid, "SIGCONT");
  await clock.sleep(3_000);
  for (const command of ["postCyclicData", "postObservation"]) {
    const count = adapter.of(a, command, mark).length;
    assert.ok(count >= 2 && count <= 5, `${count} ${command} in 3 s`);
  }
  assert.deepEqual(adapter.check.violations, []);
});
