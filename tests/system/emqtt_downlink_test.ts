import assert from "node:assert/strict";
import { encodeFile } from "../../lib/files/files.ts";
import { clock, until } from "./harness.ts";
import { type Air, nodeId, NODES, refusal, Rig } from "./emqtt_rig.ts";

const [A, B] = NODES;
const a = nodeId(A);
const b = nodeId(B);

/** Brings the plug up and registers the nodes that were heard. */
async function up(rig: Rig): Promise<void> {
  const { adapter } = rig;
  adapter.serve(() => ({ reads: [36], starts: [["startEvents", {}]] }));
  const mark = adapter.mark;
  await adapter.next(null, "regPlug", 0);
  await adapter.startPlug();
  adapter.send(null, "startDevices");
  await adapter.next(a, "startEvents", mark, undefined, 30);
  await adapter.registered();
}

/** Writes that went out over the air, as `DEVICE FILE OFFSET HEX`. */
const writes = (rig: Rig) =>
  rig.forwarded.flatMap(({ device, actions }) =>
    actions.flatMap((action) =>
      action.op === "write_file_data"
        ? [
          `${device} ${action.fileId} ${action.offset} ${action.data.toHex().toUpperCase()}`,
        ]
        : []
    )
  );

const bit = (value: unknown, n: number) =>
  (parseInt(String(value), 16) >> n & 1) === 1;

Deno.test("E-146 E-149 E-151 a contact write is echoed at once, survives a kill and goes out at the next uplink", async () => {
  let acknowledge = true;
  await using rig = await Rig.open({ air: () => acknowledge ? [] : null });
  const { adapter } = rig;
  await rig.agent?.logged("Modem identified");
  rig.energy(A, 1);
  await up(rig);
  const askedMs = performance.now();
  assert.equal(await adapter.write(a, 97, "0000012C"), "0000012C");
  assert.ok(performance.now() - askedMs < 1_000);
  assert.equal(await adapter.write(a, 97, "00000384"), "00000384");
  assert.equal(await adapter.write(a, 24, "4142"), "4142");
  const waiting = await adapter.read(a, [97, 104]);
  assert.equal(waiting[97], "00000384");
  assert.ok(bit(waiting[104], 2), `ConfigState ${waiting[104]}`);
  assert.deepEqual(writes(rig), [], "nothing goes out before a contact");

  let mark = adapter.mark;
  await rig.stop("SIGKILL");
  await adapter.next(null, "status", mark);
  mark = adapter.mark;
  rig.start();
  await adapter.next(null, "regPlug", mark, undefined, 30);
  await up(rig);
  const kept = await adapter.read(a, [24, 97, 104]);
  assert.deepEqual([kept[24], kept[97]], ["4142", "00000384"]);
  assert.ok(bit(kept[104], 2));

  rig.energy(A, 2);
  await until("the write over the air", () => writes(rig).length > 0);
  assert.deepEqual(writes(rig), [`${A} 62 0 84030000`]);
  let state: unknown;
  for (let n = 0; n < 50; n++) {
    state = (await adapter.read(a, [104]))[104];
    if (!bit(state, 2)) break;
    await clock.sleep(100);
  }
  assert.ok(!bit(state, 2) && !bit(state, 3), `ConfigState ${state}`);
  acknowledge = false;
  assert.deepEqual(adapter.check.violations, []);
});

Deno.test("E-047 E-147 E-149 a write that three contacts did not deliver ends as event 6245 and the node's own value", async () => {
  await using rig = await Rig.open({ air: () => null });
  const { adapter } = rig;
  await rig.agent?.logged("Modem identified");
  rig.energy(A, 1);
  rig.push(A, 62, encodeFile(62, { interval: 600, enabled: true }));
  await up(rig);
  assert.equal((await adapter.read(a, [97]))[97], "00000258");
  assert.equal(await adapter.write(a, 97, "0000012C"), "0000012C");
  const mark = adapter.mark;
  for (let contact = 1; contact <= 3; contact++) {
    rig.energy(A, 10 + contact);
    await until(`try ${contact}`, () => writes(rig).length >= contact);
    await clock.sleep(300);
  }
  const failed = await adapter.next(
    a,
    "postEvent",
    mark,
    ({ payload }) => payload["Code"] === 6245,
    45,
  );
  assert.deepEqual([failed.payload["Mode"], failed.payload["Type"]], [
    "Singleshot",
    "Notification",
  ]);
  const after = await adapter.read(a, [97, 104]);
  assert.equal(after[97], "00000258");
  assert.ok(bit(after[104], 3) && !bit(after[104], 2));
  assert.deepEqual(adapter.check.violations, []);
});

Deno.test("E-047 E-150 E-151 a direct write is echoed after its confirmation, 998 without one, and blocks nothing", async () => {
  let answers = true;
  await using rig = await Rig.open({
    sink: 'downlink = "direct"\ndownlink_timeout_s = 3',
    air: () => answers ? [] : null,
  });
  const { adapter } = rig;
  await rig.agent?.logged("Modem identified");
  rig.energy(A, 1);
  await up(rig);
  assert.equal(await adapter.write(a, 97, "0000012C"), "0000012C");
  assert.deepEqual(writes(rig), [`${A} 62 0 2C010000`]);
  answers = false;
  const mark = adapter.mark;
  adapter.send(a, "putStatData", { "98": "00" });
  assert.equal((await adapter.read(a, [36]))[36], "00");
  const refused = await adapter.next(a, "putStatData", mark, undefined, 5);
  assert.deepEqual(refused.payload, { "98": 998 });
  assert.deepEqual(adapter.check.violations, []);
});

Deno.test("E-109 E-122 E-123 E-124 E-125 E-143 E-150 a node that stays away: silent, offline, gone; heard again, it returns under its id", async () => {
  await using rig = await Rig.open();
  const { adapter } = rig;
  await rig.agent?.logged("Modem identified");
  rig.energy(A, 1);
  await up(rig);
  rig.button(B, true);
  const late = await adapter.next(b, "regDevice", 0, undefined, 5);
  assert.equal(late.payload["UID"], B);
  await adapter.registered();
  assert.equal((await adapter.read(b, [68]))[68], 54);
  await adapter.ask(a, "startCyclicData", { SamplingRate: 1000 });
  await adapter.ask(a, "startReporting", { Type: "Time", YIndices: [83] });
  rig.energy(A, 2);
  await clock.sleep(200);
  let mark = adapter.mark;
  assert.equal(
    await adapter.write(a, 105, "000000010000000300000006"),
    "000000010000000300000006",
  );
  const code = (wanted: number, mode: string) =>
    adapter.next(
      a,
      "postEvent",
      mark,
      ({ payload }) => payload["Code"] === wanted && payload["Mode"] === mode,
    );
  await code(6241, "Appears");
  assert.equal((await adapter.read(a, [36]))[36], "02");
  await code(6242, "Appears");
  assert.equal((await adapter.read(a, [36]))[36], "04");
  assert.equal(await adapter.write(a, 97, "0000012C"), 54);
  await adapter.next(a, "disDevice", mark);
  mark = adapter.mark;
  const stopped = await adapter.ask(b, "stopReporting");
  assert.equal(stopped["Active"], 0);
  rig.energy(A, 3);
  const again = await adapter.next(a, "regDevice", mark, undefined, 5);
  assert.equal(again.payload["UID"], A);
  await clock.sleep(300);
  assert.deepEqual(
    adapter.said.slice(mark).filter((one) =>
      one.sub === a && /^post(Cyclic|Report)/.test(one.command)
    ),
    [],
  );
  assert.deepEqual(adapter.check.violations, []);
});

Deno.test("E-047 E-147 E-150 a direct write that the node refuses, or swallows, tells why", async () => {
  let answer: ReturnType<Air> = [];
  await using rig = await Rig.open({
    sink: 'downlink = "direct"\ndownlink_timeout_s = 2',
    air: () => answer,
  });
  const { adapter } = rig;
  await rig.agent?.logged("Modem identified");
  rig.energy(A, 1);
  rig.push(A, 62, encodeFile(62, { interval: 600, enabled: true }));
  await up(rig);
  for (
    const [code, error] of [[0xfc, 35], [0xff, 17], [0xf8, 51], [
      0xe1,
      999,
    ]] as const
  ) {
    answer = [refusal(A, code)];
    assert.equal(await adapter.write(a, 97, "0000012C"), error, `ALP ${code}`);
    assert.equal((await adapter.read(a, [97]))[97], "00000258");
  }
  answer = "nothing";
  const askedMs = performance.now();
  assert.equal(await adapter.write(a, 97, "0000012C", 5), 998);
  const tookMs = performance.now() - askedMs;
  assert.ok(tookMs > 1_800 && tookMs < 3_500, `${tookMs} ms`);
  answer = [];
  assert.equal(await adapter.write(a, 99, "01000101"), "01000101");
  assert.equal(writes(rig).at(-1), `${A} 61 0 01000101`);
  assert.equal(await adapter.write(a, 96, "0000038400"), "0000038400");
  assert.equal(writes(rig).at(-1), `${A} 62 0 8403000000`);
  assert.deepEqual(adapter.check.violations, []);
});

Deno.test("E-045 E-149 E-152 SystemCommands of a node: 160 asks for its files, 130 queues the factory settings", async () => {
  await using rig = await Rig.open({ air: () => [] });
  const { adapter } = rig;
  await rig.agent?.logged("Modem identified");
  rig.energy(A, 1);
  await up(rig);
  assert.equal(await adapter.write(a, 24, "41"), "41");
  for (
    const [byte, answer] of [["80", 53], ["83", 53], ["01", 53], [
      "81",
      "81",
    ]] as const
  ) {
    assert.equal(await adapter.write(a, 2, byte), answer, byte);
  }
  assert.equal((await adapter.read(a, [24]))[24], "2A2A2A");
  assert.equal(await adapter.write(a, 2, "82"), "82");
  assert.deepEqual(await adapter.read(a, [96, 99]), {
    96: "0000025801",
    99: "01010101",
  });
  assert.equal(await adapter.write(a, 2, "a0"), "A0");
  for (let n = 2; n < 6; n++) {
    rig.energy(A, n);
    await clock.sleep(400);
  }
  assert.deepEqual([...writes(rig)].sort(), [
    `${A} 61 0 01010101`,
    `${A} 62 0 5802000001`,
  ]);
  const reads = rig.forwarded.flatMap(({ actions }) =>
    actions.flatMap((one) => one.op === "read_file_data" ? [one.fileId] : [])
  );
  assert.deepEqual(reads.sort(), [52, 61, 62]);
  assert.deepEqual(adapter.check.violations, []);
});
