import assert from "node:assert/strict";
import { A, B, button, energy, NODE_A, NODE_B, Rig } from "./harness.ts";

const REPLAY = { rate_ms: 1000, pre: 6, post: 3 };

function rig(more: Record<string, unknown> = {}): Rig {
  const rig = new Rig({ replay: REPLAY, ...more });
  rig.hear(A, NODE_A);
  rig.hear(B, NODE_B);
  return rig.on();
}

const press = (r: Rig) =>
  r.hear(A, NODE_A, button(r.receipt()), {}, [r.event(NODE_A, 6208)]);

const trigger = { Triggers: [{ Code: 6208, Mode: "Singleshot" }] };
const hex = (text: unknown) => parseInt(String(text), 16);

Deno.test("E-206 E-207 E-213 startReplay: Ack with counts; broken lists and unknown indices are a Nak", () => {
  const r = rig({ max_replays: 1 });
  const ask = (payload: unknown, at = A) =>
    /"Value":"(\w+)","Active":(\d)/.exec(
      r.ask(`${at}/startReplay`, payload)[0] ?? "",
    )?.slice(1).join(" ");
  for (
    const YIndices of [
      undefined,
      [],
      [0],
      [64, 0, 65],
      [9999],
      [2],
      Array(31).fill(64),
    ]
  ) assert.equal(ask({ ...trigger, YIndices }), "Nak 0");
  assert.equal(ask({ ...trigger, YIndices: [64, 65] }), "Ack 1");
  assert.equal(ask({ ...trigger, Indices: [64, 65] }), "Ack 1");
  assert.equal(ask({ ...trigger, YIndices: [64] }, B), "Nak 1");
  r.advance(4000);
  assert.equal(
    ask({ ...trigger, YIndices: [64, ...Array(29).fill(0)] }),
    "Ack 1",
  );
  assert.equal(r.state.subs.get(A)?.replay?.samples.length, 1);
});

Deno.test("E-208 E-209 E-218 E-219 E-220 E-221 E-222 E-224 a replay holds what was before and after its trigger", () => {
  const r = rig();
  r.send(`${A}/startReplay`, { ...trigger, YIndices: [74, 82] });
  r.send(`${A}/startEvents`);
  r.advance(20_500);
  r.take();
  press(r);
  const [event] = r.take();
  r.advance(2499);
  assert.deepEqual(r.topics(), []);
  r.advance(1);
  const [replay, ...none] = r.take();
  assert.deepEqual(none, []);
  assert.deepEqual(Object.keys(replay?.payload ?? {}), [
    "SamplingRate",
    "ms",
    "EventCode",
    "TriggerTimestamp",
    "LastSegment",
    "Y1",
    "Y2",
  ]);
  const { payload } = replay ?? { payload: {} as Record<string, unknown> };
  assert.equal(payload["SamplingRate"], 1000);
  assert.equal(payload["EventCode"], 6208);
  assert.equal(payload["LastSegment"], true);
  assert.equal(payload["TriggerTimestamp"], event?.payload["ms"]);
  assert.deepEqual(payload["Y1"], Array(9).fill("00E6"));
  const ages = (payload["Y2"] as string[]).map(hex);
  assert(ages.every((age, at) => at === 0 || age === (ages[at - 1] ?? 0) + 1));
  assert.equal(hex(payload["ms"]), r.wallMs - 8000);
});

Deno.test("E-208 a trigger right after the start has only the samples since the start", () => {
  const r = rig();
  r.send(`${A}/startReplay`, { ...trigger, YIndices: [74] });
  press(r);
  r.take();
  r.advance(3000);
  assert.equal((r.take()[0]?.payload["Y1"] as string[]).length, 4);
});

Deno.test("E-210 E-211 several triggers, any mode where none is given, none without a code", () => {
  const r = rig();
  r.send(`${A}/startReplay`, {
    Triggers: [{ Code: "6208" }, { Mode: "Appears" }, {
      Code: 6240,
      Mode: "appears",
    }],
    YIndices: [74],
  });
  r.take();
  press(r);
  r.advance(3000);
  assert.deepEqual(r.take().map(({ payload }) => payload["EventCode"]), [6208]);
  r.hear(A, NODE_A, energy(r.receipt()), {}, [
    r.event(NODE_A, 6240, "Disappears", "Warning"),
  ]);
  r.advance(5000);
  assert.deepEqual(r.topics(), []);
  r.hear(A, NODE_A, energy(r.receipt()), {}, [
    r.event(NODE_A, 6240, "Appears", "Warning"),
  ]);
  r.advance(3000);
  assert.deepEqual(r.take().map(({ payload }) => payload["EventCode"]), [6240]);
  r.send(`${A}/startReplay`, { YIndices: [74] });
  r.take();
  press(r);
  r.advance(5000);
  assert.deepEqual(r.topics(), []);
});

Deno.test("E-212 stopReplay is acknowledged and drops what is being collected", () => {
  const r = rig();
  r.send(`${A}/startReplay`, { ...trigger, YIndices: [74] });
  press(r);
  for (let turn = 0; turn < 2; turn++) {
    assert.deepEqual(r.ask(`${A}/stopReplay`), [
      `${A}/stopReplay {"Value":"Ack","Active":0,"Max":32}`,
    ]);
  }
  r.advance(20_000);
  assert.deepEqual(r.topics(), []);
});

Deno.test("E-054 E-214 E-215 E-216 E-223 the user's trigger posts its event in any case, and labels its replay", () => {
  const r = rig();
  r.send(`${A}/triggerReplay`, { Label: "alone" });
  const [event, ...none] = r.take();
  assert.deepEqual(none, []);
  assert.match(
    event?.text ?? "",
    /^\{"ms":"[0-9A-F]{12}","Type":"Notification","Mode":"Singleshot","Code":36002\}$/,
  );
  r.send(`${A}/startReplay`, { ...trigger, YIndices: [74] });
  r.take();
  r.send(`${A}/triggerReplay`, { Label: "Test cycle 1" });
  const [first] = r.take();
  r.advance(3000);
  const [replay] = r.take();
  assert.equal(replay?.payload["Label"], "Test cycle 1");
  assert.equal(replay?.payload["EventCode"], 36_002);
  assert.equal(replay?.payload["TriggerTimestamp"], first?.payload["ms"]);
  press(r);
  r.advance(3000);
  assert.equal("Label" in (r.take()[0]?.payload ?? {}), false);
  r.send(`${A}/triggerReplay`);
  r.take();
  r.advance(3000);
  assert.equal(r.take()[0]?.payload["Label"], "");
});

Deno.test("E-217 E-220 E-221 E-222 E-223 a large FIFO is sent in segments of 16 KiB that follow each other exactly", () => {
  const r = rig({ replay: { rate_ms: 1000, pre: 60, post: 30 } });
  const indices = Array.from({ length: 30 }, (_, at) => at === 0 ? 64 : 24);
  r.send(`${A}/putStatData`, { "24": "41".repeat(32) });
  r.send(`${A}/startReplay`, { YIndices: indices });
  r.advance(100_000);
  r.take();
  r.send(`${A}/triggerReplay`, { Label: "é" });
  const [event] = r.take();
  r.advance(30_000);
  const segments = r.take();
  assert(segments.length > 1);
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  assert(segments.every(({ text }) => bytes(text) <= 16_384));
  assert.deepEqual(
    segments.map(({ payload }) => payload["LastSegment"]),
    segments.map((_, at) => at === segments.length - 1),
  );
  let expected = hex(segments[0]?.payload["ms"]);
  let total = 0;
  for (const { payload } of segments) {
    assert.equal(hex(payload["ms"]), expected);
    assert.equal(payload["TriggerTimestamp"], event?.payload["ms"]);
    assert.equal(payload["Label"], "é");
    const lengths = new Set(
      indices.map((_, at) => (payload[`Y${at + 1}`] as string[]).length),
    );
    assert.equal(lengths.size, 1);
    const [length = 0] = lengths;
    expected += length * 1000;
    total += length;
  }
  assert.equal(total, 90);
});

Deno.test("E-225 a trigger while one is collected starts no second replay; afterwards it is armed again", () => {
  const r = rig();
  r.send(`${A}/startReplay`, { ...trigger, YIndices: [74] });
  r.send(`${A}/startEvents`);
  r.advance(5000);
  r.take();
  press(r);
  press(r);
  assert.deepEqual(r.topics(), [`${A}/postEvent`, `${A}/postEvent`]);
  r.advance(20_000);
  assert.deepEqual(r.topics(), [`${A}/postReplay`]);
  press(r);
  r.advance(20_000);
  assert.deepEqual(r.topics(), [`${A}/postEvent`, `${A}/postReplay`]);
});

Deno.test("E-220 samples stay a period apart over a suspension; M-34 a sample without data is empty", () => {
  const r = rig();
  r.device(A, NODE_A, { held: null, energy: null });
  r.send(`${A}/startReplay`, { ...trigger, YIndices: [74, 82] });
  r.take();
  press(r);
  r.suspend(100_000);
  r.advance(0);
  const [replay] = r.take();
  assert.deepEqual(replay?.payload["Y1"], ["", "", "", ""]);
});
