import assert from "node:assert/strict";
import {
  energy,
  happens,
  measures,
  type Node,
  nodes,
  plugOff,
  plugOn,
  PRESS,
} from "../../fakes/sicon_settings.ts";
import type { MachinePlug } from "../../fakes/sicon_plug.ts";

const A: Node = "duxzb53xcz";
const B: Node = "dnbbezr3uq";
const ACK = { Value: "Ack" };
const NAK = { Value: "Nak" };
const ms = (value: unknown) => parseInt(String(value), 16);
const named = (said: readonly { command: string }[], name: string) =>
  said.filter(({ command }) => command === name);
const silent = (plug: MachinePlug) =>
  assert.deepEqual(plug.check.violations, []);

Deno.test("E-036 E-037 E-095 E-096 E-097 E-098 E-100 dateUpdate sets one clock that runs on the monotonic one", () => {
  const plug = plugOn();
  plug.ask(A, "startEvents");
  const event = () => {
    const [said] = named(
      plug.during(() => happens(plug, A, PRESS)),
      "postEvent",
    );
    return String(
      (said as { payload?: Record<string, unknown> })?.payload?.["ms"],
    );
  };
  assert.equal(
    ms(event()),
    plug.at.wallMs,
    "without dateUpdate: UTC of the host",
  );
  assert.deepEqual(plug.ask(null, "dateUpdate", { ms: "015FE62C8C00" }), ACK);
  assert.equal(event(), "015FE62C8C00");
  plug.advance(5_000);
  assert.equal(ms(event()), Date.UTC(2017, 10, 23) + 5_000);
  for (
    const wrong of [{}, { ms: "XYZ" }, { ms: "" }, { ms: "0123456789ABC" }]
  ) {
    assert.deepEqual(plug.ask(null, "dateUpdate", wrong), NAK);
  }
  assert.equal(ms(event()), Date.UTC(2017, 10, 23) + 5_000);
  assert.deepEqual(plug.ask(null, "dateUpdate", { ms: "123456789ab" }), ACK);
  assert.equal(event(), "0123456789AB");
  silent(plug);
});

Deno.test("E-076 E-095 dateUpdate and blink are served Off, subinterfaces are not", () => {
  const plug = plugOff();
  assert.deepEqual(plug.ask(null, "dateUpdate", { ms: "015FE62C8C00" }), ACK);
  assert.deepEqual(plug.ask(null, "blink", { Value: "On" }), ACK);
  for (const command of ["getStatData", "startCyclicData", "startEvents"]) {
    assert.equal(plug.ask("main", command, { Indices: [16] }), undefined);
  }
  silent(plug);
});

Deno.test("E-039 E-202 a measurement made before the dateUpdate is told in SICON's time", () => {
  const plug = plugOn();
  measures(plug, A, 1);
  plug.advance(10_000);
  const now = 0x0171DE2AD379;
  plug.ask(null, "dateUpdate", { ms: "0171DE2AD379" });
  assert.equal(ms(plug.read(A, 81)), now - 10_000);
  silent(plug);
});

Deno.test("E-100 without a clock of its own the plug tells the time since power-up", () => {
  const plug = plugOn({ noRtc: true });
  plug.ask(A, "startEvents");
  const [said] = plug.during(() => happens(plug, A, PRESS));
  assert.ok(ms(said?.payload["ms"]) <= plug.monoMs);
});

Deno.test("E-017 E-156 E-157 E-158 E-160 E-161 E-162 E-163 E-164 E-165 cyclic data: first post at once, then on a fixed grid, with the true period", () => {
  const plug = plugOn();
  measures(plug, A, 1);
  for (
    const [rate, used] of [
      [0, 10_000],
      [undefined, 10_000],
      ["x", 10_000],
      [null, 10_000],
      [-5, 10_000],
      [10, 1_000],
      [2_500, 2_500],
      ["2500", 2_500],
    ] as const
  ) {
    const said = plug.during(() => {
      plug.command(A, "startCyclicData", { SamplingRate: rate });
      plug.advance(used * 3 + 10);
    });
    assert.deepEqual(said[0]?.payload, ACK);
    const posts = said.slice(1);
    assert.equal(posts.length, 4, `rate ${rate}`);
    posts.forEach(({ command, payload, atMs }, n) => {
      assert.equal(command, "postCyclicData");
      assert.equal(payload["SamplingRate"], used);
      assert.equal(payload["PDOut"], "");
      assert.equal(String(payload["PDIn"]).length, 64);
      assert.equal(atMs - (posts[0]?.atMs ?? 0), n * used);
      assert.equal(ms(payload["ms"]) - ms(posts[0]?.payload["ms"]), n * used);
    });
  }
  // Asleep for ten periods: what was missed stays missed.
  plug.command(A, "startCyclicData", { SamplingRate: 1_000 });
  plug.monoMs += 10_300;
  const late = plug.during(() => plug.advance(1_000));
  assert.ok(late.length <= 2, `${late.length} posts after a pause`);
  assert.deepEqual(plug.ask(A, "stopCyclicData"), ACK);
  assert.deepEqual(plug.ask(A, "stopCyclicData"), ACK);
  assert.deepEqual(plug.during(() => plug.advance(30_000)), []);
  silent(plug);
});

Deno.test("E-155 E-159 E-166 cyclic data of main are two empty strings", () => {
  const plug = plugOn();
  const [ack, post] = plug.during(() =>
    plug.command("main", "startCyclicData")
  );
  assert.deepEqual(ack?.payload, ACK);
  assert.equal(post?.payload["PDIn"], "");
  assert.equal(post?.payload["PDOut"], "");
  silent(plug);
});

Deno.test("E-033 E-034 E-159 PDIn holds the bytes of the mapping's vector", () => {
  const plug = plugOn();
  const measured = energy(plug, A, 0);
  const held = {
    ...measured,
    measurements: measured.measurements.map((one) =>
      one.name.startsWith("active_energy")
        ? {
          ...one,
          value: [1200000n, 2300000n, 3400000n][Number(one.name.at(-1)) - 1] ??
            0n,
        }
        : one
    ),
  };
  plug.device(A, nodes[A], {
    measured: held,
    state: {
      energy: held,
      held,
      measurementCounter: 42,
      link: {
        rxLevelDbm: -70,
        linkBudgetDb: 87,
        band: "868",
        channelIndex: 0,
        fifoToken: 0,
        seqNr: 0,
        secured: false,
      },
    },
  });
  plug.advance(75_000);
  const [, post] = plug.during(() => plug.command(A, "startCyclicData"));
  assert.equal(
    post?.payload["PDIn"],
    "0357004B00E600E700E5000004D2FFFFFFFF000000000000000000694920002A",
  );
  assert.equal(plug.read(A, 79), "0000000000694920");
  assert.equal(plug.read(A, 74), "00E6");
});

Deno.test("E-167 E-168 E-169 E-170 output data are forced by whole length, where there are any", () => {
  const settings = plugOn().settings;
  let forced = "";
  const plug = plugOn({
    profile: (device) => ({
      ...settings.profile(device),
      pdOutBits: device === nodes[A] ? 16 : 0,
      pdOut: () => device === nodes[A] ? "0000" : "",
      force: (bytes) => {
        forced = bytes.toHex();
        return forced === "ffff" ? 35 : null;
      },
    }),
  });
  const put = (sub: string, value: unknown) =>
    plug.ask(sub, "putCyclicData", { Value: value })?.["Value"];
  assert.equal(put(A, "01ab"), "01AB");
  assert.equal(forced, "01ab");
  assert.equal(put(A, "010000"), 51);
  assert.equal(put(A, "01"), 52);
  assert.equal(put(A, "01Z0"), 48);
  assert.equal(put(A, "FFFF"), 35);
  assert.equal(put(B, "0100"), 53);
  silent(plug);
});

Deno.test("E-051 E-052 E-171 E-172 E-173 E-174 E-175 E-176 E-177 E-178 observation", () => {
  const plug = plugOn({ max: { observation: 2, report: 2, replay: 2 } });
  measures(plug, A, 10);
  plug.advance(20_000);
  const indices = [68, 79, 81, 80, 82, 84, 9999];
  const said = plug.during(() => {
    plug.command(A, "startObservation", { SamplingRate: 10, Indices: indices });
    plug.advance(3_000);
  });
  assert.deepEqual(said[0]?.payload, { Value: "Ack", Active: 1, Max: 2 });
  const instants = [...new Set(said.slice(1).map(({ atMs }) => atMs))];
  assert.equal(instants.length, 4);
  for (const atMs of instants) {
    const messages = said.slice(1).filter((one) => one.atMs === atMs);
    assert.ok(messages.length <= 2);
    assert.deepEqual(
      messages.flatMap(({ payload }) => Object.keys(payload))
        .filter((key) => key !== "ms").sort(),
      indices.map(String).sort(),
    );
    for (const { payload } of messages) {
      const own = "68" in payload;
      assert.equal(own, "81" in payload, "held values stand together");
      assert.equal(own, !("82" in payload));
      if (own) assert.equal(payload["ms"], payload["81"]);
      if ("9999" in payload) assert.equal(payload["9999"], 17);
    }
  }
  for (const wrong of [{}, { Indices: [] }, { Indices: "x" }, { Indices: 7 }]) {
    assert.deepEqual(plug.ask(A, "startObservation", wrong), {
      Value: "Nak",
      Active: 1,
      Max: 2,
    });
  }
  assert.ok(plug.during(() => plug.advance(1_000)).length > 0, "it goes on");
  assert.deepEqual(
    plug.ask(A, "startObservation", { Indices: [36] }),
    { Value: "Ack", Active: 1, Max: 2 },
  );
  const replaced = plug.during(() => plug.advance(2_000));
  assert.deepEqual(
    [...new Set(replaced.flatMap(({ payload }) => Object.keys(payload)))]
      .sort(),
    ["36", "ms"],
  );
  plug.ask(B, "startObservation", { Indices: [36] });
  assert.deepEqual(
    plug.ask("main", "startObservation", { Indices: [36] }),
    { Value: "Nak", Active: 2, Max: 2 },
  );
  assert.deepEqual(
    plug.ask(A, "startObservation", { Indices: [37] }),
    { Value: "Ack", Active: 2, Max: 2 },
  );
  assert.deepEqual(plug.ask(A, "stopObservation"), {
    Value: "Ack",
    Active: 1,
    Max: 2,
  });
  assert.deepEqual(plug.ask(A, "stopObservation"), {
    Value: "Ack",
    Active: 1,
    Max: 2,
  });
  assert.deepEqual(plug.ask(B, "stopObservation"), {
    Value: "Ack",
    Active: 0,
    Max: 2,
  });
  assert.deepEqual(plug.during(() => plug.advance(5_000)), []);
  const many = Array.from({ length: 64 }, (_, n) => 64 + n);
  const wide = plug.during(() =>
    plug.command(A, "startObservation", { Indices: many })
  );
  assert.equal(
    wide.slice(1).flatMap(({ payload }) => Object.keys(payload))
      .filter((key) => key !== "ms").length,
    64,
  );
  silent(plug);
});

Deno.test("E-175 observationTimestamp polled: all is told with the time of the poll", () => {
  const plug = plugOn({ observationTimestamp: "polled" });
  measures(plug, A, 10);
  plug.advance(20_000);
  const [, post] = plug.during(() =>
    plug.command(A, "startObservation", { Indices: [68] })
  );
  assert.equal(ms(post?.payload["ms"]), plug.at.wallMs);
});
