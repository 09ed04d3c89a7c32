import assert from "node:assert/strict";
import { PUBLISH } from "../fakes/sicon_tap.ts";
import type { Said } from "../fakes/sicon.ts";
import { clock } from "./harness.ts";
import { nodeId, NODES, Rig, UID } from "./emqtt_rig.ts";

const [A, B] = NODES;
const a = nodeId(A);
const b = nodeId(B);
const OFF = { Value: "Off" };

const text = (hex: unknown) =>
  new TextDecoder().decode(Uint8Array.fromHex(String(hex)));

/** What SICON.OS's description of a node might list. */
const node = {
  reads: [16, 17, 18, 19, 20, 21, 23, 24, 36, 64, 79, 104],
  starts: [
    ["startCyclicData", { SamplingRate: 1000 }],
    ["setXConfig", {
      XIndices: [83, 0, 0, 0],
      AutomaticReadForEvents: true,
      AutomaticReadForReporting: true,
    }],
    ["startEvents", {}],
    ["stopReporting", {}],
    ["startReporting", {
      Type: "Self-triggered",
      Indices: [
        79,
        68,
        69,
        70,
        77,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
      ],
    }],
  ],
} as const;
const gateway = {
  reads: [16, 18, 21, 24, 36, 64],
  starts: [["startEvents", {}]],
} as const;
const describe = ({ sub }: Said) => sub === "main" ? gateway : node;

Deno.test("nodeId() gives the ids of the mapping", () => {
  assert.deepEqual(
    ["C84C49532000000F", "326636300039004C", "0000000000000001"].map(nodeId),
    ["duxzb53xcz", "d4feggqvsg", "dnbbezr3uq"],
  );
});

Deno.test("E-001 E-005 E-006 E-007 E-008 E-010 E-013 E-024 E-028 E-065 E-066 E-069 E-070 E-071 E-073 onCloud: will, status Off, regPlug every 5 s until startPlug", async () => {
  await using rig = await Rig.open();
  const { adapter, tap } = rig;
  const first = await adapter.next(null, "regPlug", 0);
  const [connect] = tap.connects();
  assert.deepEqual(connect, {
    level: 4,
    cleanSession: true,
    keepAliveS: 30,
    clientId: `LiQuiBit-${UID}`,
    will: {
      topic: `eMQTT/adapter/${UID}/status`,
      payload: '{"Value":"Disconnected"}',
      qos: 0,
      retain: true,
    },
    username: "plug",
  });
  assert.deepEqual(
    adapter.said.map(({ command, payload }) => [command, payload]),
    [
      ["status", OFF],
      ["regPlug", { Address: "127.0.0.1", ProductName: "SICON.PLUG" }],
    ],
  );
  assert.deepEqual(
    tap.spoken().slice(0, 2).map(({ verb, topic }) => `${verb} ${topic}`),
    [
      `subscribe eMQTT/${UID}/adapter/+`,
      `publish eMQTT/adapter/${UID}/status`,
    ],
  );
  await adapter.until(
    "three regPlug",
    () => adapter.of(null, "regPlug").length >= 3,
  );
  const [, second, third] = adapter.of(null, "regPlug");
  for (
    const gapMs of [
      (second?.atMs ?? 0) - first.atMs,
      (third?.atMs ?? 0) - (second?.atMs ?? 0),
    ]
  ) assert.ok(Math.abs(gapMs - 5000) < 500, `${gapMs} ms between two regPlug`);
  await adapter.startPlug();
  const count = adapter.of(null, "regPlug").length;
  adapter.send(null, "stopPlug");
  await clock.sleep(6_000);
  assert.equal(adapter.of(null, "regPlug").length, count);
  for (const { from, type, flags } of tap.packets) {
    if (from === "plug" && type === PUBLISH) assert.equal(flags & 0x06, 0);
  }
  assert.deepEqual(adapter.check.violations, []);
});

Deno.test("E-023 E-030 E-031 E-049 E-050 E-054 E-056 E-077 E-079 E-084 E-086 E-087 E-098 E-106 E-110 E-111 E-113 E-114 E-115 E-121 E-136 E-137 E-139 E-199 E-215 E-232 E-233 E-234 onCloud: a whole session without a fault", async () => {
  await using rig = await Rig.open({
    sink: "replay = { rate_ms = 200, pre = 4, post = 3 }",
  });
  const { adapter } = rig;
  adapter.serve(describe);
  await rig.agent?.logged("Modem identified");
  await adapter.next(null, "regPlug", 0);
  rig.energy(A, 1);
  rig.energy(B, 100);
  await clock.sleep(500);
  let mark = adapter.mark;
  await adapter.startPlug();
  await clock.sleep(500);
  assert.deepEqual(
    adapter.said.slice(mark).map(({ sub, command }) => [sub, command]),
    [[null, "status"], ["main", "regDevice"]],
  );
  assert.equal(adapter.said.at(-1)?.payload["Prereg"], true);
  mark = adapter.mark;
  adapter.send(null, "startDevices");
  await adapter.next(a, "startReporting", mark, undefined, 30);
  await adapter.next(b, "startReporting", mark, undefined, 30);
  await adapter.registered();
  const announced = adapter.said.slice(mark).filter(({ command }) =>
    command === "regDevice"
  );
  assert.equal(announced.length, 3);
  assert.deepEqual(announced[0]?.sub, "main");
  assert.ok(!("Prereg" in (announced[0]?.payload ?? {})));
  for (const { sub, payload } of announced) {
    const values = await adapter.read(sub ?? "", [16, 18, 21]);
    assert.deepEqual(
      [16, 18, 21].map((index) => text(values[index])),
      [payload["VendorName"], payload["ProductName"], payload["SerialNumber"]],
    );
    for (const value of Object.values(values)) {
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(text(value), /[\u0000-\u001f\u007f\ufffd]/);
    }
  }
  const ofB = announced.find(({ sub }) => sub === b)?.payload;
  assert.equal(ofB?.["UID"], B);
  assert.equal(ofB?.["ParentSubinterface"], "main");
  assert.ok(!("FirmwareRevision" in (ofB ?? {})));
  assert.equal(announced[0]?.payload["UID"], UID);

  mark = adapter.mark;
  rig.energy(A, 50);
  const report = await adapter.next(a, "postReport", mark);
  assert.deepEqual(report.payload["YValues"], [
    (53n + 54n + 55n).toString(16).toUpperCase().padStart(16, "0"),
    ...[53, 54, 55].map((n) => n.toString(16).padStart(16, "0")),
    "01",
  ]);
  assert.deepEqual(report.payload["XValues"], ["00000002"]);
  rig.button(A, true, 1);
  const pressed = await adapter.next(a, "postEvent", mark);
  assert.equal(pressed.payload["Code"], 6209);
  assert.equal(pressed.payload["Mode"], "Singleshot");
  await adapter.next(a, "postCyclicData", mark);
  await adapter.next(b, "postCyclicData", mark);

  assert.deepEqual(
    await adapter.ask(a, "startObservation", {
      SamplingRate: 1000,
      Indices: [68, 69, 80, 82, 9999],
    }),
    { Value: "Ack", Active: 1, Max: 32 },
  );
  mark = adapter.mark;
  const keys = () =>
    new Set(
      adapter.of(a, "postObservation", mark).flatMap(({ payload }) =>
        Object.keys(payload)
      ),
    );
  await adapter.until("all observed", () => keys().size === 6);
  assert.deepEqual(await adapter.ask(a, "stopObservation"), {
    Value: "Ack",
    Active: 0,
    Max: 32,
  });

  await adapter.ask(b, "startReplay", {
    Triggers: [],
    YIndices: [68, 83, 0, 0],
  });
  await clock.sleep(1_500);
  mark = adapter.mark;
  adapter.send(b, "triggerReplay", { Label: "Test cycle 1" });
  const last = await adapter.next(
    b,
    "postReplay",
    mark,
    ({ payload }) => payload["LastSegment"] === true,
  );
  assert.equal(last.payload["Label"], "Test cycle 1");
  assert.equal((last.payload["Y1"] as unknown[]).length, 7);
  await adapter.ask(b, "stopReplay");
  assert.equal((await adapter.read("main", [36]))[36], "00");

  mark = adapter.mark;
  adapter.send(null, "stopPlug");
  await adapter.next(null, "status", mark);
  mark = adapter.mark;
  rig.energy(A, 60);
  await clock.sleep(2_500);
  assert.deepEqual(adapter.said.slice(mark), []);
  assert.deepEqual(adapter.check.unanswered(), []);
  assert.deepEqual(adapter.check.violations, []);
});
