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
import type { MachinePlug } from "../../fakes/sicon_plug.ts";

const A: Node = "duxzb53xcz";
const B: Node = "dnbbezr3uq";
const ms = (value: unknown) => parseInt(String(value), 16);
const silent = (plug: MachinePlug) =>
  assert.deepEqual(plug.check.violations, []);
const reports = (plug: MachinePlug, work: () => void) =>
  plug.during(work).filter(({ command }) => command === "postReport");
const ack = (active: number, value = "Ack") => ({
  Value: value,
  Active: active,
  Max: 256,
});
const filled = (indices: readonly number[], length: number) => [
  ...indices,
  ...new Array<number>(length - indices.length).fill(0),
];

Deno.test("E-130 E-188 E-199 E-201 E-202 E-203 E-204 Self-triggered: one report for each measurement", () => {
  const plug = plugOn();
  plug.ask(A, "setXConfig", {
    XIndices: [83, 9999, 0, 0],
    AutomaticReadForEvents: false,
    AutomaticReadForReporting: true,
  });
  assert.deepEqual(
    plug.ask(A, "startReporting", {
      Type: "Self-triggered",
      YIndices: filled([68, 69, 9999, 77, 81], 20),
    }),
    ack(1),
  );
  const [first, ...more] = reports(plug, () => measures(plug, A, 10));
  assert.deepEqual(more, []);
  const at = plug.at.wallMs.toString(16).toUpperCase().padStart(12, "0");
  assert.deepEqual(first?.payload, {
    ms: at,
    XValues: ["00000001", 17],
    YValues: ["000000000000000E", "000000000000000F", 17, "01", at],
  });
  plug.advance(1_000);
  const [invalid] = reports(plug, () => measures(plug, A, 99, false));
  assert.equal(ms(invalid?.payload["ms"]), plug.at.wallMs, "its reception");
  assert.deepEqual(
    (invalid?.payload["YValues"] as unknown[]).slice(0, 4),
    ["000000000000000E", "000000000000000F", 17, "00"],
    "held values stay",
  );
  const two = reports(plug, () => {
    measures(plug, A, 20);
    measures(plug, A, 30);
  });
  assert.deepEqual(
    two.map(({ payload }) => (payload["YValues"] as unknown[]).slice(0, 2)),
    [20, 30].map((n) =>
      [n + 4, n + 5].map((v) => v.toString(16).padStart(16, "0").toUpperCase())
    ),
  );
  assert.deepEqual(reports(plug, () => measures(plug, B, 1)), []);
  assert.deepEqual(reports(plug, () => happens(plug, A, PRESS)), []);
  silent(plug);
});

Deno.test("E-055 E-192 E-193 E-202 Time: a report at once, then on a grid", () => {
  const plug = plugOn();
  measures(plug, A, 1);
  for (
    const [rate, used] of [
      [5_000, 5_000],
      ["5000", 5_000],
      [10, 1_000],
      [0, 60_000],
      [undefined, 60_000],
      ["x", 60_000],
      [-1, 60_000],
    ] as const
  ) {
    const said = plug.during(() => {
      plug.command(A, "startReporting", {
        Type: "Time",
        SamplingRate: rate,
        Code: 6208,
        Mode: "Singleshot",
        YIndices: [83],
      });
      plug.advance(2 * used + 10);
    });
    assert.deepEqual(said[0]?.payload, ack(1), `rate ${rate}`);
    const began = said[1]?.atMs ?? 0;
    assert.deepEqual(
      said.slice(1).map(({ command, atMs }) => [command, atMs - began]),
      [0, used, 2 * used].map((atMs) => ["postReport", atMs]),
      `rate ${rate}`,
    );
    assert.equal(
      ms(said.at(-1)?.payload["ms"]) - ms(said[1]?.payload["ms"]),
      2 * used,
    );
  }
  silent(plug);
});

Deno.test("E-191 E-194 E-195 E-196 E-197 E-198 E-202 Event: a report for each event of code and mode", () => {
  const plug = plugOn();
  const start = (more: object) =>
    plug.ask(A, "startReporting", { Type: "Event", YIndices: [83], ...more });
  assert.deepEqual(start({ Code: 6208, Mode: "Singleshot" }), ack(1));
  let said = plug.during(() => happens(plug, A, PRESS));
  assert.deepEqual(said.map(({ command }) => command), ["postReport"]);
  plug.ask(A, "startEvents");
  said = plug.during(() => happens(plug, A, PRESS));
  assert.deepEqual(said.map(({ command }) => command), [
    "postEvent",
    "postReport",
  ]);
  assert.equal(said[0]?.payload["ms"], said[1]?.payload["ms"]);
  assert.deepEqual(
    reports(plug, () => happens(plug, A, { ...PRESS, code: 6209 })),
    [],
  );
  assert.deepEqual(reports(plug, () => happens(plug, B, PRESS)), []);
  assert.deepEqual(start({ Code: "6240", Mode: "Disappears" }), ack(1));
  const lost = () => happens(plug, A, LOST, { modbusLost: plug.at });
  const found = () => happens(plug, A, FOUND, { modbusLost: null });
  assert.deepEqual(reports(plug, lost), []);
  assert.equal(reports(plug, found).length, 1);
  assert.deepEqual(
    reports(plug, () => happens(plug, A, PRESS)),
    [],
    "replaced",
  );
  assert.deepEqual(start({ Code: 6240 }), ack(1));
  assert.equal(reports(plug, lost).length, 1);
  assert.equal(reports(plug, found).length, 1);
  assert.deepEqual(start({ Mode: "Appears" }), ack(1, "Nak"), "no Code");
  assert.deepEqual(start({ Code: "x" }), ack(1, "Nak"));
  assert.equal(reports(plug, lost).length, 1, "the old one is kept");
  silent(plug);
});

Deno.test("E-189 E-190 E-191 E-200 E-205 which lists and types a report may have", () => {
  const plug = plugOn();
  const start = (some: object) => plug.ask(A, "startReporting", some);
  const type = "Self-triggered";
  assert.deepEqual(plug.ask(A, "stopReporting"), ack(0));
  for (
    const good of [
      { YIndices: [83] },
      { Indices: [83] },
      { YIndices: [83], Indices: [1, 0, 2] },
      { YIndices: filled([83], 17) },
      { YIndices: filled([83], 20) },
      { YIndices: ["83"] },
      { yindices: [83] },
    ]
  ) {
    assert.deepEqual(
      start({ Type: type, ...good }),
      ack(1),
      JSON.stringify(good),
    );
    const [report] = reports(plug, () => measures(plug, A, 1));
    assert.equal((report?.payload["YValues"] as unknown[]).length, 1);
  }
  for (const loose of ["selftriggered", "SELF-TRIGGERED", "Selftriggered"]) {
    assert.deepEqual(start({ Type: loose, YIndices: [83] }), ack(1), loose);
  }
  for (
    const bad of [
      { Type: type },
      { Type: type, YIndices: [] },
      { Type: type, YIndices: [0, 0] },
      { Type: type, YIndices: [64, 0, 65] },
      { Type: type, YIndices: new Array<number>(21).fill(83) },
      { Type: "Foo", YIndices: [83] },
      { YIndices: [83] },
      {},
    ]
  ) assert.deepEqual(start(bad), ack(1, "Nak"), JSON.stringify(bad));
  assert.equal(reports(plug, () => measures(plug, A, 1)).length, 1, "kept");
  assert.deepEqual(
    plug.ask(B, "startReporting", { Type: type, YIndices: [83] }),
    ack(2),
  );
  assert.deepEqual(plug.ask(A, "stopReporting"), ack(1));
  assert.deepEqual(reports(plug, () => measures(plug, A, 1)), []);
  silent(plug);
});
