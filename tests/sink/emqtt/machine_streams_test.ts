import assert from "node:assert/strict";
import type { Settings } from "../../../lib/sink/emqtt/machine_state.ts";
import { A, B, energy, NODE_A, NODE_B, Rig, settings } from "./harness.ts";

function rig(more: Settings | Record<string, unknown> = {}): Rig {
  const rig = new Rig(more);
  rig.hear(A, NODE_A);
  rig.hear(B, NODE_B);
  rig.on();
  return rig;
}

const rates = (r: Rig) =>
  r.take().map(({ payload, monoMs }) => [payload["SamplingRate"], monoMs]);

Deno.test("E-055 E-156 E-158 E-159 E-164 startCyclicData: Ack, a post at once, then the grid", () => {
  const r = rig();
  const started = r.monoMs;
  r.send(`${A}/startCyclicData`, { SamplingRate: 2500 });
  const [ack, first] = r.take();
  assert.equal(ack?.text, '{"Value":"Ack"}');
  assert.equal(first?.what, `${A}/postCyclicData`);
  assert.deepEqual(Object.keys(first?.payload ?? {}), [
    "ms",
    "SamplingRate",
    "PDIn",
    "PDOut",
  ]);
  assert.match(String(first?.payload["PDIn"]), /^[0-9A-F]{64}$/);
  assert.equal(first?.payload["PDOut"], "");
  r.advance(7500);
  assert.deepEqual(rates(r), [
    [2500, started + 2500],
    [2500, started + 5000],
    [2500, started + 7500],
  ]);
});

Deno.test("E-017 E-160 E-161 E-162 the period in force is told: default, minimum, or as asked", () => {
  const r = rig();
  for (
    const [asked, period] of [
      [0, 10_000],
      ["x", 10_000],
      [null, 10_000],
      [-5, 10_000],
      [undefined, 10_000],
      [10, 1000],
      ["2500", 2500],
      [2500, 2500],
    ] as const
  ) {
    r.send(`${A}/startCyclicData`, { SamplingRate: asked });
    assert.equal(r.take()[1]?.payload["SamplingRate"], period, String(asked));
    r.advance(3 * period);
    assert.equal(r.take().length, 3);
  }
});

Deno.test("E-157 stopCyclicData is acknowledged, also when nothing runs, and nothing follows it", () => {
  const r = rig();
  const ack = [`${A}/stopCyclicData {"Value":"Ack"}`];
  assert.deepEqual(r.ask(`${A}/stopCyclicData`), ack);
  r.send(`${A}/startCyclicData`);
  assert.deepEqual(r.ask(`${A}/stopCyclicData`), ack);
  r.advance(60_000);
  assert.deepEqual(r.topics(), []);
});

Deno.test("E-163 ms grows although dateUpdates step back a little", () => {
  const r = rig();
  r.send(`${A}/startCyclicData`, { SamplingRate: 1000 });
  for (let turn = 0; turn < 20; turn++) {
    r.send("dateUpdate", { ms: "0171DE2AD379" });
    r.advance(1000);
  }
  const posts = r.take().filter(({ what }) => what.endsWith("postCyclicData"));
  const times = posts.map(({ payload }) => parseInt(String(payload["ms"]), 16))
    .slice(1);
  assert(times.every((ms, at) => at === 0 || ms > (times[at - 1] ?? 0)));
});

Deno.test("E-164 after a suspension there is no burst, and the grid is the old one", () => {
  const r = rig();
  const started = r.monoMs;
  r.send(`${A}/startCyclicData`, { SamplingRate: 1000 });
  r.send(`${A}/startObservation`, { SamplingRate: 1000, Indices: [82] });
  r.take();
  r.suspend(10_400);
  r.advance(0);
  assert.deepEqual(r.topics(), [`${A}/postCyclicData`, `${A}/postObservation`]);
  r.advance(600);
  assert.deepEqual(r.take().map(({ monoMs }) => monoMs - started), [
    11_000,
    11_000,
  ]);
});

Deno.test("E-165 startCyclicData again replaces the rate", () => {
  const r = rig();
  r.send(`${A}/startCyclicData`, { SamplingRate: 1000 });
  r.send(`${A}/startCyclicData`, { SamplingRate: 5000 });
  r.take();
  r.advance(20_000);
  assert.deepEqual(rates(r).map(([rate]) => rate), [5000, 5000, 5000, 5000]);
});

Deno.test("E-166 cyclic data of main is two empty texts", () => {
  const r = rig();
  r.send("main/startCyclicData");
  const post = r.take()[1];
  assert.deepEqual([post?.payload["PDIn"], post?.payload["PDOut"]], ["", ""]);
});

Deno.test("E-155 E-167 E-168 E-169 putCyclicData to a subinterface without PDOut is error 53", () => {
  const r = rig();
  assert.deepEqual(r.ask(`${A}/putCyclicData`, { Value: "0100" }), [
    `${A}/putCyclicData {"Value":53}`,
  ]);
});

Deno.test("E-155 E-168 E-170 putCyclicData of a device with PDOut: mirror, 51, 52, 48, 35", () => {
  const own = settings();
  let locked = false;
  const profile = own.profile(NODE_A);
  const r = rig({
    ...own,
    profile: (device) =>
      device === null ? own.profile(null) : {
        ...profile,
        pdOutBits: 16,
        pdOut: () => "0000",
        force: () => locked ? 35 : null,
      },
  });
  const ask = (Value: unknown) =>
    r.ask(`${A}/putCyclicData`, { Value })
      .map((line) => JSON.parse(line.split(" ")[1] ?? "").Value);
  assert.deepEqual(ask("01ab"), ["01AB"]);
  assert.deepEqual(ask("010203"), [51]);
  assert.deepEqual(ask("01"), [52]);
  assert.deepEqual(ask("0G"), [48]);
  locked = true;
  assert.deepEqual(ask("0100"), [35]);
  assert.deepEqual(r.ask(`${A}/putCyclicData`, {}), []);
});

Deno.test("E-171 E-172 E-173 E-174 observation: Ack with counts, every index every period, in two messages", () => {
  const r = rig();
  const indices = [74, 82, 9999, 65, 24, 83, 77];
  assert.equal(
    r.ask(`${A}/startObservation`, { SamplingRate: 10, Indices: indices })[0],
    `${A}/startObservation {"Value":"Ack","Active":1,"Max":32}`,
  );
  for (let period = 0; period < 3; period++) {
    r.advance(1000);
    const posts = r.take();
    assert.equal(posts.length, 2);
    const [held, rest] = posts;
    assert.deepEqual(held?.text.match(/"\d+":/g), ['"74":', '"65":', '"83":']);
    assert.deepEqual(rest?.text.match(/"\d+":/g), [
      '"82":',
      '"9999":',
      '"24":',
      '"77":',
    ]);
    assert.equal(rest?.payload["9999"], 17);
    assert(posts.every(({ text }) => text.startsWith('{"ms":"')));
  }
});

Deno.test("E-175 M-31 held values carry the time of their measurement, polled ones that of the poll", () => {
  const r = rig();
  const [time = ""] = r.ask(`${A}/getStatData`, { Indices: [81] });
  const measured = JSON.parse(time.split(" ")[1] ?? "")["81"];
  r.send(`${A}/startObservation`, { Indices: [74] });
  r.advance(300_000);
  const all = new Set(r.take().slice(1).map(({ payload }) => payload["ms"]));
  assert.deepEqual([...all], [measured]);

  const polled = rig({ observation_timestamp: "polled" });
  polled.send(`${A}/startObservation`, { Indices: [74, 82] });
  polled.take();
  polled.advance(3000);
  const posts = polled.take();
  assert.equal(posts.length, 3);
  assert.equal(new Set(posts.map(({ payload }) => payload["ms"])).size, 3);
});

Deno.test("E-176 stopObservation is acknowledged, also when idle", () => {
  const r = rig();
  r.send(`${A}/startObservation`, { Indices: [74] });
  for (let turn = 0; turn < 2; turn++) {
    assert.deepEqual(r.ask(`${A}/stopObservation`), [
      `${A}/stopObservation {"Value":"Ack","Active":0,"Max":32}`,
    ]);
  }
  r.advance(10_000);
  assert.deepEqual(r.topics(), []);
});

Deno.test("E-177 a new observation replaces the old one without another channel", () => {
  const r = rig();
  r.send(`${A}/startObservation`, { Indices: [74] });
  assert.match(
    r.ask(`${A}/startObservation`, { Indices: [82] })[0] ?? "",
    /"Active":1/,
  );
  r.advance(5000);
  assert(r.take().every(({ payload }) => !("74" in payload)));
});

Deno.test("E-018 E-178 startObservation without usable Indices is a Nak; what runs goes on", () => {
  const r = rig();
  r.send(`${A}/startObservation`, { Indices: [82] });
  for (
    const payload of [{}, { Indices: [] }, { Indices: "x" }, '{"Indices":[16']
  ) {
    assert.deepEqual(r.ask(`${A}/startObservation`, payload), [
      `${A}/startObservation {"Value":"Nak","Active":1,"Max":32}`,
    ]);
  }
  r.advance(2000);
  assert.equal(r.take().length, 2);
});

Deno.test("E-051 E-052 Active counts over the whole plug and never exceeds Max", () => {
  const r = rig({ max_observations: 1, nak_literal: "nak" });
  assert.match(
    r.ask(`${A}/startObservation`, { Indices: [74] })[0] ?? "",
    /"Ack","Active":1,"Max":1/,
  );
  assert.deepEqual(r.ask(`${B}/startObservation`, { Indices: [74] }), [
    `${B}/startObservation {"Value":"nak","Active":1,"Max":1}`,
  ]);
  assert.match(
    r.ask(`${A}/startObservation`, { Indices: [75] })[0] ?? "",
    /"Ack","Active":1,"Max":1/,
  );
  assert.match(
    r.ask(`${B}/stopObservation`)[0] ?? "",
    /"Ack","Active":1,"Max":1/,
  );
});

Deno.test("E-037 E-039 E-098 time runs from the last dateUpdate, for what was measured before it too", () => {
  const r = new Rig();
  r.hear(A, NODE_A, energy(r.receipt()));
  const measuredAt = r.monoMs;
  r.on();
  r.send("dateUpdate", { ms: "015FE62C8C00" });
  const base = 0x015FE62C8C00 - (r.monoMs - measuredAt);
  const read = () =>
    parseInt(
      String(
        JSON.parse(
          r.ask(`${A}/getStatData`, { Indices: [81] })[0]?.split(" ")[1] ?? "",
        )["81"],
      ),
      16,
    );
  assert.equal(read(), base);
  r.wallMs += 3_600_000;
  r.advance(5000);
  assert.equal(read(), base);
  r.take();
  r.send(`${A}/triggerReplay`, { Label: "x" });
  assert.equal(
    parseInt(String(r.take()[0]?.payload["ms"]), 16),
    0x015FE62C8C00 + 5000,
  );
});

Deno.test("E-100 without a dateUpdate the host's clock counts, without a clock the time since boot", () => {
  const time = (r: Rig) => {
    r.take();
    r.send(`${A}/triggerReplay`);
    return parseInt(String(r.take()[0]?.payload["ms"]), 16);
  };
  const host = rig();
  assert.equal(time(host), host.wallMs);
  const bare = rig({ no_rtc: true });
  assert.equal(time(bare), bare.monoMs);
});

Deno.test("E-095 E-096 E-097 dateUpdate takes 1 to 12 hex digits in either case, else Nak and no change", () => {
  const r = rig();
  for (const ms of ["015FE62C8C00", "123456789AB", "0171de2ad379", "1"]) {
    assert.deepEqual(r.ask("dateUpdate", { ms }), [
      'dateUpdate {"Value":"Ack"}',
    ]);
  }
  const clock = r.state.clock;
  for (
    const payload of [
      {},
      { ms: "XYZ" },
      { ms: "" },
      { ms: "1234567890ABC" },
      "x",
    ]
  ) {
    assert.deepEqual(r.ask("dateUpdate", payload), [
      'dateUpdate {"Value":"Nak"}',
    ]);
  }
  assert.equal(r.state.clock, clock);
});
