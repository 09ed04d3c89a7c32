import assert from "node:assert/strict";
import { DISCONNECT } from "../fakes/sicon_tap.ts";
import { Sicon } from "../fakes/sicon.ts";
import { clock, until } from "./harness.ts";
import { PASSWORD, Rig, UID } from "./emqtt_rig.ts";

Deno.test("E-014 E-066 E-071 E-072 E-085 a connection that is lost comes back Off and without processes", async () => {
  await using rig = await Rig.open();
  const { adapter } = rig;
  await adapter.next(null, "regPlug", 0);
  await adapter.startPlug();
  await adapter.ask("main", "startCyclicData", { SamplingRate: 1000 });
  await adapter.ask("main", "startObservation", { Indices: [71] });
  await adapter.ask(null, "blink", { Value: "On" });
  let mark = adapter.mark;
  rig.tap.cut();
  const will = await adapter.next(
    null,
    "status",
    mark,
    ({ payload }) => payload["Value"] === "Disconnected",
  );
  assert.ok(will.retain, "the will is retained");
  assert.ok(adapter.gone, "the simulator marks the plug as gone");
  await adapter.next(
    null,
    "status",
    mark,
    ({ payload }) => payload["Value"] === "Off",
    60,
  );
  await adapter.next(null, "regPlug", mark);
  assert.equal(adapter.gone, false);
  mark = adapter.mark;
  await clock.sleep(2_500);
  assert.deepEqual(
    adapter.said.slice(mark).filter(({ command }) =>
      command.startsWith("post")
    ),
    [],
  );
  await adapter.startPlug();
  assert.equal((await adapter.read("main", [36]))[36], "00");
  assert.deepEqual(adapter.check.violations, []);
});

Deno.test("E-011 E-067 E-068 E-078 SIGTERM in onCloud publishes Disconnected, retained; it stays after the next connection", async () => {
  await using rig = await Rig.open();
  const { adapter } = rig;
  await adapter.next(null, "regPlug", 0);
  const mark = adapter.mark;
  assert.equal(await rig.stop(), 0);
  const gone = await adapter.next(null, "status", mark);
  assert.deepEqual([gone.payload, gone.retain], [
    { Value: "Disconnected" },
    true,
  ]);
  assert.ok(
    rig.tap.packets.some(({ from, type }) =>
      from === "plug" && type === DISCONNECT
    ),
  );
  const back = adapter.mark;
  rig.start();
  await adapter.next(
    null,
    "status",
    back,
    ({ payload }) => payload["Value"] === "Off",
    30,
  );
  await using late = await Sicon.connect({
    port: rig.broker.ports[0] ?? 0,
    uid: UID,
    username: "adapter",
    password: "adapter",
  });
  await late.next(
    null,
    "status",
    0,
    ({ retain, payload }) => retain && payload["Value"] === "Disconnected",
  );
  assert.deepEqual(late.said.filter(({ retain }) => retain).length, 1);
  assert.deepEqual(adapter.check.violations, []);
});

Deno.test("E-068 clear_retained_will removes the will that a lost connection left", async () => {
  await using rig = await Rig.open({ sink: "clear_retained_will = true" });
  await rig.adapter.next(null, "regPlug", 0);
  const mark = rig.adapter.mark;
  rig.tap.cut();
  await rig.adapter.next(null, "regPlug", mark, undefined, 60);
  await using late = await Sicon.connect({
    port: rig.broker.ports[0] ?? 0,
    uid: UID,
    username: "adapter",
    password: "adapter",
  });
  await late.next(null, "regPlug", 0);
  assert.deepEqual(late.said.filter(({ retain }) => retain), []);
});

Deno.test("E-004 a wrong password is reported and tried again, and stands in no log", async () => {
  const wrong = "not-the-s3cret";
  await using rig = await Rig.open({ password: wrong });
  await until("a second try", () => rig.tap.connects().length >= 2, 60);
  await until(
    "the refusal in the log",
    () => /not authori[sz]ed|refused/i.test(rig.log),
  );
  await rig.stop();
  assert.ok(!rig.log.includes(wrong) && !rig.log.includes(PASSWORD));
  assert.deepEqual(rig.adapter.said, []);
});

Deno.test("E-007 E-021 a frozen broker is noticed within 1.5 times the keep-alive and 5 s", async () => {
  await using rig = await Rig.open({ sink: "keep_alive_s = 5" });
  await rig.adapter.next(null, "regPlug", 0);
  await rig.adapter.startPlug();
  const before = rig.tap.closes.length;
  const frozenMs = performance.now();
  rig.broker.signal("SIGSTOP");
  try {
    await until(
      "the end of the connection",
      () => rig.tap.closes.length > before,
      12.5,
    );
  } finally {
    rig.broker.signal("SIGCONT");
  }
  assert.ok(performance.now() - frozenMs < 12_500);
  const mark = rig.adapter.mark;
  await rig.adapter.next(null, "regPlug", mark, undefined, 90);
  assert.deepEqual(rig.adapter.check.violations, []);
});

Deno.test("E-067 SIGTERM ends the agent within 10 s though the broker is frozen", async () => {
  await using rig = await Rig.open();
  await rig.adapter.next(null, "regPlug", 0);
  await rig.adapter.startPlug();
  rig.broker.signal("SIGSTOP");
  try {
    const beganMs = performance.now();
    assert.equal(await rig.stop(), 0);
    const tookMs = performance.now() - beganMs;
    assert.ok(tookMs < 10_000, `${tookMs} ms`);
  } finally {
    rig.broker.signal("SIGCONT");
  }
});
