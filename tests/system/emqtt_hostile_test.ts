import assert from "node:assert/strict";
import { clock } from "./harness.ts";
import { nodeId, NODES, Rig, UID } from "./emqtt_rig.ts";

const U = `eMQTT/${UID}`;
const noise = () => crypto.getRandomValues(new Uint8Array(65_536));

/** None may legally be retained: they are left over. [E-012] */
const retained: readonly (readonly [string, string])[] = [
  [`${U}_main/adapter/putStatData`, '{"2":"82"}'],
  [`${U}/adapter/stopPlug`, "{}"],
  [`${U}_main/adapter/getStatData`, '{"Indices":[16]}'],
];

/** Messages without any effect. */
const ignored: readonly (readonly [topic: string, payload: string])[] = [
  // E-015
  [`${U}/adapter/fooBar`, "{}"],
  [`${U}_main/adapter/getStatData/x`, '{"Indices":[16]}'],
  // E-016
  [`${U}/adapter/stopPlug`, ""],
  [`${U}/adapter/blink`, ""],
  [`${U}_main/adapter/startCyclicData`, ""],
  // E-018, E-019: no acknowledge and no default.
  [`${U}/adapter/stopPlug`, "x"],
  [`${U}/adapter/startDevices`, "[]"],
  [`${U}_main/adapter/getStatData`, '{"Indices":[16'],
  [`${U}_main/adapter/getStatData`, "[]"],
  [`${U}_main/adapter/getStatData`, "7"],
  [`${U}_main/adapter/getStatData`, "{}"],
  [`${U}_main/adapter/getStatData`, '{"Indices":[]}'],
  [`${U}_main/adapter/putStatData`, "{}"],
  [`${U}_main/adapter/putStatData`, "null"],
  [`${U}_main/adapter/regDevice`, '{"Action":"Foo"}'],
  // E-024, E-025, E-026, E-027, E-029
  [`${U}_main/adapter/stopPlug`, "{}"],
  [`${U}/adapter/getStatData`, '{"Indices":[16]}'],
  [`${U}/other/stopPlug`, "{}"],
  [`${U}_main/other/getStatData`, '{"Indices":[16]}'],
  [`${U}/adapter/StopPlug`, "{}"],
  [`${U}/adapter/stopplug`, "{}"],
  [`${U}_Main/adapter/getStatData`, '{"Indices":[16]}'],
  [`${U}_nobody/adapter/getStatData`, '{"Indices":[16]}'],
  ["eMQTT/AABBCCDDEEFF/adapter/stopPlug", "{}"],
  [`eMQTT/${UID.toLowerCase()}/adapter/stopPlug`, "{}"],
];

/** Commands that answer Nak to what is no JSON object. */
const naks: readonly (readonly [sub: string | null, command: string])[] = [
  [null, "blink"],
  [null, "dateUpdate"],
  ["main", "setXConfig"],
  ["main", "startObservation"],
  ["main", "startReporting"],
  ["main", "startReplay"],
];

Deno.test("E-012 E-015 E-016 E-018 E-019 E-024 E-025 E-026 E-027 E-029 E-142 hostile input gets silence or Nak and no other effect", async () => {
  await using rig = await Rig.open({ wait: true });
  const { adapter } = rig;
  for (const [topic, payload] of retained) adapter.raw(topic, payload, true);
  rig.start();
  await adapter.next(null, "regPlug", 0, undefined, 30);
  await adapter.startPlug();
  let mark = adapter.mark;
  for (const [topic, payload] of ignored) adapter.raw(topic, payload);
  for (const command of ["stopPlug", "startDevices"]) {
    adapter.raw(`${U}/adapter/${command}`, noise());
  }
  for (const command of ["getStatData", "putStatData", "regDevice"]) {
    adapter.raw(`${U}_main/adapter/${command}`, noise());
  }
  await clock.sleep(5_000);
  assert.deepEqual(adapter.said.slice(mark), []);
  for (const [sub, command] of naks) {
    const to = sub === null ? U : `${U}_${sub}`;
    for (const payload of ['{"Indices":[16', "[]", "7", '"x"', noise()]) {
      mark = adapter.mark;
      adapter.raw(`${to}/adapter/${command}`, payload);
      const answer = await adapter.next(sub, command, mark);
      assert.equal(answer.payload["Value"], "Nak", `${command} ${answer.text}`);
    }
  }
  assert.equal((await adapter.read("main", [36]))[36], "00");
  // The retained commands come again with the next connection.
  mark = adapter.mark;
  rig.tap.cut();
  await adapter.next(null, "regPlug", mark, undefined, 60);
  await adapter.startPlug();
  await clock.sleep(1_000);
  assert.deepEqual(
    adapter.said.slice(mark).filter(({ sub }) => sub === "main").map((s) =>
      s.command
    ),
    ["regDevice"],
  );
  assert.deepEqual(adapter.check.violations, []);
  assert.deepEqual(adapter.check.unanswered(), []);
});

Deno.test("E-020 E-035 E-041 E-042 E-043 E-044 E-045 E-138 E-140 E-144 E-145 E-148 E-153 E-169 lenient input, strict answers", async () => {
  await using rig = await Rig.open();
  const { adapter } = rig;
  await adapter.next(null, "regPlug", 0);
  rig.energy(NODES[0], 1);
  await adapter.startPlug();
  let mark = adapter.mark;
  adapter.raw(`${U}_main/adapter/getStatData`, '{"indices":["16"]}');
  const vendor = await adapter.next("main", "getStatData", mark);
  assert.deepEqual(Object.keys(vendor.payload), ["16"]);
  mark = adapter.mark;
  adapter.send("main", "getStatData", {
    Indices: [16, 18, 9999, 2, 36, 16, 0, 24],
  });
  await adapter.until(
    "all answers",
    () => adapter.of("main", "getStatData", mark).length >= 7,
  );
  await clock.sleep(200);
  const answers = adapter.of("main", "getStatData", mark).map(({ payload }) =>
    payload
  );
  assert.deepEqual(answers.map((answer) => Object.keys(answer)), [
    ["16"],
    ["18"],
    ["9999"],
    ["2"],
    ["36"],
    ["0"],
    ["24"],
  ]);
  assert.deepEqual(
    [answers[2]?.["9999"], answers[3]?.["2"], answers[5]?.["0"]],
    [
      17,
      35,
      17,
    ],
  );
  for (
    const [index, hex, expected] of [
      [24, "2a2a2a", "2A2A2A"],
      [24, "2A2", 48],
      [24, "ZZ", 48],
      [24, "00".repeat(33), 51],
      [16, "41", 35],
      [9999, "41", 17],
      [2, "", 52],
      [2, "0102", 51],
      [2, "05", 53],
      [2, "83", 53],
    ] as const
  ) {
    assert.equal(
      await adapter.write("main", index, hex),
      expected,
      `${index} ${hex}`,
    );
  }
  mark = adapter.mark;
  adapter.raw(`${U}_main/adapter/putStatData`, '{"24":"41","16":"42"}');
  await adapter.until(
    "two answers",
    () => adapter.of("main", "putStatData", mark).length >= 2,
  );
  assert.deepEqual(
    adapter.of("main", "putStatData", mark).map(({ payload }) => payload),
    [{ "24": "41" }, { "16": 35 }],
  );
  assert.equal((await adapter.read("main", [24]))[24], "41");
  adapter.send(null, "startDevices");
  const a = nodeId(NODES[0]);
  await adapter.next(a, "regDevice", 0, undefined, 20);
  assert.deepEqual(await adapter.ask(a, "putCyclicData", { Value: "0100" }), {
    Value: 53,
  });
  for (
    const [index, hex, expected] of [
      [97, "0000003B", 50],
      [97, "00015181", 49],
      [97, "000000", 52],
      [97, "0000000000", 51],
      [98, "02", 48],
      [68, "0000000000000000", 35],
      [105, "000000020000000100000000", 65],
    ] as const
  ) {
    assert.equal(
      await adapter.write(a, index, hex),
      expected,
      `${index} ${hex}`,
    );
  }
  assert.deepEqual(adapter.check.violations, []);
});
