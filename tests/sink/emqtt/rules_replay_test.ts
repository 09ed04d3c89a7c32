import assert from "node:assert/strict";
import {
  FOUND,
  happens,
  LOST,
  measures,
  type Node,
  plugOn,
  PRESS,
} from "../../fakes/sicon_settings.ts";
import type { MachinePlug, SaidByMachine } from "../../fakes/sicon_plug.ts";

const A: Node = "duxzb53xcz";
const B: Node = "dnbbezr3uq";
const RATE = 1_000;
const quick = { replay: { rateMs: RATE, pre: 4, post: 3 } };
const ms = (value: unknown) => parseInt(String(value), 16);
const silent = (plug: MachinePlug) =>
  assert.deepEqual(plug.check.violations, []);
const only = (said: readonly SaidByMachine[], command: string) =>
  said.filter((one) => one.command === command);
const replays = (plug: MachinePlug, work: () => void) =>
  only(plug.during(work), "postReplay");
const started = (plug: MachinePlug, Triggers: unknown = [], YIndices = [83]) =>
  plug.ask(A, "startReplay", { Triggers, YIndices });
const ack = (active: number, value = "Ack") => ({
  Value: value,
  Active: active,
  Max: 32,
});

Deno.test("E-206 E-208 E-209 E-214 E-215 E-218 E-219 E-220 E-221 E-222 E-223 E-224 a user trigger is told at once and replayed with what came after it", () => {
  const plug = plugOn(quick);
  measures(plug, A, 1);
  assert.deepEqual(started(plug, [], [83, 68, 0, 0]), ack(1));
  plug.advance(10 * RATE + 100);
  const told = plug.during(() =>
    plug.command(A, "triggerReplay", { Label: "Test cycle 1" })
  );
  assert.deepEqual(told.map(({ command }) => command), ["postEvent"]);
  const { ms: at, ...event } = told[0]?.payload ?? {};
  assert.deepEqual(event, {
    Code: 36002,
    Mode: "Singleshot",
    Type: "Notification",
  });
  assert.equal(ms(at), plug.at.wallMs);
  measures(plug, A, 2);
  assert.deepEqual(replays(plug, () => plug.advance(2 * RATE)), []);
  const [segment, ...more] = replays(plug, () => plug.advance(RATE));
  assert.deepEqual(more, []);
  const { Y1, Y2, ms: first, ...rest } = segment?.payload ?? {};
  assert.deepEqual(rest, {
    SamplingRate: RATE,
    EventCode: 36002,
    TriggerTimestamp: at,
    LastSegment: true,
    Label: "Test cycle 1",
  });
  assert.deepEqual(Y1, [1, 1, 1, 1, 2, 2, 2].map((n) => `0000000${n}`));
  assert.equal((Y2 as unknown[]).length, 7);
  const [before, after] = [ms(first) + 3 * RATE, ms(first) + 4 * RATE];
  assert.ok(before <= ms(at) && ms(at) <= after, "four before, three after");
  silent(plug);
});

Deno.test("E-208 E-209 a trigger right after the start has only the samples since then before it", () => {
  const plug = plugOn(quick);
  started(plug);
  plug.command(A, "triggerReplay", {});
  const [segment] = replays(plug, () => plug.advance(4 * RATE));
  assert.equal(segment?.payload["Label"], "", "a missing label is empty");
  const length = (segment?.payload["Y1"] as unknown[]).length;
  assert.ok(length === 3 || length === 4, `${length} samples`);
  silent(plug);
});

Deno.test("E-210 E-211 E-221 E-223 E-224 any of several events triggers, without a label", () => {
  const plug = plugOn(quick);
  started(plug, [
    { Code: 6208, Mode: "Singleshot" },
    { Code: "6240" },
    { Mode: "Singleshot" },
  ]);
  plug.ask(A, "startEvents");
  plug.command(A, "triggerReplay", { Label: "earlier" });
  plug.advance(10 * RATE);
  for (
    const [event, state] of [
      [PRESS, {}],
      [LOST, { modbusLost: plug.at }],
      [FOUND, { modbusLost: null }],
    ] as const
  ) {
    const said = plug.during(() => {
      happens(plug, A, event, state);
      plug.advance(5 * RATE);
    });
    const [post] = only(said, "postEvent");
    const [replay, ...more] = only(said, "postReplay");
    assert.deepEqual(more, []);
    assert.equal(replay?.payload["EventCode"], event.code);
    assert.equal(replay?.payload["TriggerTimestamp"], post?.payload["ms"]);
    assert.ok(!("Label" in (replay?.payload ?? {})));
  }
  const none = replays(plug, () => {
    happens(plug, A, { ...PRESS, code: 6210 });
    plug.advance(5 * RATE);
  });
  assert.deepEqual(none, []);
  silent(plug);
});

Deno.test("E-216 a user trigger is told without startEvents and without a replay", () => {
  const plug = plugOn(quick);
  const alone = plug.during(() => {
    plug.command(A, "triggerReplay", { Label: "x" });
    plug.advance(10 * RATE);
  });
  assert.deepEqual(alone.map(({ command }) => command), ["postEvent"]);
  started(plug, [{ Code: 6208, Mode: "Singleshot" }]);
  const both = plug.during(() => {
    plug.command(A, "triggerReplay", { Label: "y" });
    plug.advance(10 * RATE);
  });
  assert.deepEqual(both.map(({ command }) => command), [
    "postEvent",
    "postReplay",
  ]);
  assert.deepEqual(
    plug.during(() => plug.command("main", "triggerReplay", {})).length,
    1,
  );
  silent(plug);
});

Deno.test("E-207 lists of a replay", () => {
  const plug = plugOn(quick);
  for (
    const good of [
      [65, 66, 67, 68],
      [65, 66, ...new Array<number>(28).fill(0)],
      Array.from({ length: 15 }, (_, n) => 65 + n).concat([16, 17, 18, 80]),
    ]
  ) assert.deepEqual(started(plug, [], good), ack(1), String(good));
  for (
    const bad of [[], [0], [65, 0, 66], [9999], new Array<number>(31).fill(65)]
  ) assert.deepEqual(started(plug, [], bad), ack(1, "Nak"), String(bad));
  assert.deepEqual(plug.ask(A, "startReplay", { Triggers: [] }), ack(1, "Nak"));
  assert.deepEqual(plug.ask(A, "startReplay", { Indices: [65] }), ack(1));
  assert.deepEqual(
    plug.ask(A, "startReplay", { Triggers: "x", YIndices: [65] }),
    ack(1),
  );
  silent(plug);
});

Deno.test("E-212 E-213 stopReplay drops what is being collected; a new start empties the FIFO", () => {
  const plug = plugOn(quick);
  assert.deepEqual(plug.ask(A, "stopReplay"), ack(0));
  started(plug);
  plug.advance(5 * RATE);
  plug.command(A, "triggerReplay", { Label: "x" });
  plug.advance(RATE);
  assert.deepEqual(plug.ask(A, "stopReplay"), ack(0));
  assert.deepEqual(replays(plug, () => plug.advance(20 * RATE)), []);
  started(plug);
  plug.advance(10 * RATE);
  assert.deepEqual(
    plug.ask(B, "startReplay", { Triggers: [], YIndices: [83] }),
    ack(2),
  );
  assert.deepEqual(started(plug), ack(2));
  plug.command(A, "triggerReplay", { Label: "x" });
  const [segment] = replays(plug, () => plug.advance(5 * RATE));
  assert.ok((segment?.payload["Y1"] as unknown[]).length <= 4);
  silent(plug);
});

Deno.test("E-217 E-220 E-221 E-222 E-223 a long replay comes in segments that follow each other", () => {
  const plug = plugOn();
  measures(plug, A, 1);
  const indices = Array.from({ length: 15 }, (_, n) => 65 + n)
    .concat([16, 17, 18, 19, 20, 21, 24, 36, 37, 40, 64, 80, 83, 84, 92]);
  assert.equal(indices.length, 30);
  started(plug, [], indices);
  plug.advance(65 * 60_000);
  const said = plug.during(() => {
    plug.command(A, "triggerReplay", { Label: "long" });
    plug.advance(31 * 60_000);
  });
  const segments = only(said, "postReplay");
  assert.ok(segments.length > 1, `${segments.length} segments`);
  let samples = 0;
  segments.forEach(({ payload, text }, n) => {
    assert.ok(new TextEncoder().encode(text).length <= 16_384);
    assert.equal(payload["LastSegment"], n === segments.length - 1);
    assert.equal(payload["Label"], "long");
    assert.equal(payload["TriggerTimestamp"], said[0]?.payload["ms"]);
    assert.equal(
      ms(payload["ms"]) - ms(segments[0]?.payload["ms"]),
      samples * 60_000,
    );
    samples += (payload["Y30"] as unknown[]).length;
  });
  assert.equal(samples, 90);
  silent(plug);
});

Deno.test("E-225 triggers during a replay start no second one; afterwards it is armed again", () => {
  const plug = plugOn(quick);
  started(plug, [{ Code: 6208, Mode: "Singleshot" }]);
  plug.ask(A, "startEvents");
  plug.advance(5 * RATE);
  const said = plug.during(() => {
    happens(plug, A, PRESS);
    plug.advance(500);
    happens(plug, A, PRESS);
    plug.command(A, "triggerReplay", { Label: "x" });
    plug.advance(20 * RATE);
  });
  assert.equal(only(said, "postEvent").length, 3);
  assert.equal(only(said, "postReplay").length, 1);
  const again = replays(plug, () => {
    happens(plug, A, PRESS);
    plug.advance(5 * RATE);
  });
  assert.equal(again.length, 1);
  silent(plug);
});

Deno.test("E-085 E-124 a replay does not outlive stopPlug or the node", () => {
  const plug = plugOn(quick);
  started(plug);
  plug.advance(5 * RATE);
  plug.command(A, "triggerReplay", { Label: "x" });
  plug.command(null, "stopPlug");
  assert.deepEqual(replays(plug, () => plug.advance(60 * RATE)), []);
  silent(plug);
});
