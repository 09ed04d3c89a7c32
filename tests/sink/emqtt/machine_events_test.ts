import assert from "node:assert/strict";
import type { DeviceEvent } from "../../../lib/device/device.ts";
import { A, B, button, energy, NODE_A, NODE_B, Rig } from "./harness.ts";

function rig(): Rig {
  const rig = new Rig();
  rig.hear(A, NODE_A);
  rig.hear(B, NODE_B);
  return rig.on();
}

const press = (r: Rig, n = 0) =>
  r.hear(A, NODE_A, button(r.receipt(), n), {}, [r.event(NODE_A, 6208 + n)]);

const modbus = (r: Rig, lost: boolean) => {
  const event: DeviceEvent = r.event(
    NODE_A,
    6240,
    lost ? "Appears" : "Disappears",
    "Warning",
  );
  r.hear(
    A,
    NODE_A,
    energy(r.receipt(), { valid: !lost }),
    { modbusLost: lost ? event.at : null },
    [event],
  );
};

Deno.test("E-179 E-180 E-181 E-182 E-187 events are posted between startEvents and stopEvents", () => {
  const r = rig();
  press(r);
  assert.deepEqual(r.topics(), []);
  const ack = (what: string) => [`${A}/${what} {"Value":"Ack"}`];
  assert.deepEqual(r.ask(`${A}/startEvents`), ack("startEvents"));
  assert.deepEqual(r.ask(`${A}/startEvents`), ack("startEvents"));
  press(r, 1);
  const [post] = r.take();
  assert.match(
    post?.text ?? "",
    /^\{"ms":"[0-9A-F]{12}","Type":"Notification","Mode":"Singleshot","Code":6209\}$/,
  );
  assert.deepEqual(r.ask(`${A}/stopEvents`), ack("stopEvents"));
  assert.deepEqual(r.ask(`${A}/stopEvents`), ack("stopEvents"));
  press(r);
  assert.deepEqual(r.topics(), []);
});

Deno.test("E-186 100 button frames are 100 events, in order", () => {
  const r = rig();
  r.send(`${A}/startEvents`);
  r.take();
  for (let turn = 0; turn < 100; turn++) press(r, turn % 16);
  assert.deepEqual(
    r.take().map(({ payload }) => payload["Code"]),
    Array.from({ length: 100 }, (_, turn) => 6208 + turn % 16),
  );
});

Deno.test("E-183 E-185 a condition that lasts is told at startEvents, once, with the time it began", () => {
  const r = rig();
  modbus(r, true);
  const began = r.wallMs;
  r.advance(60_000);
  r.take();
  r.send(`${A}/startEvents`);
  const [, post] = r.take();
  assert.deepEqual(post?.payload, {
    ms: began.toString(16).toUpperCase().padStart(12, "0"),
    Type: "Warning",
    Mode: "Appears",
    Code: 6240,
  });
  r.send(`${A}/stopEvents`);
  r.send(`${A}/startEvents`);
  assert(r.topics().every((what) => !what.endsWith("postEvent")));
});

Deno.test("E-184 Disappears only after its Appears was posted, Appears once while the condition lasts", () => {
  const r = rig();
  const modes = () =>
    r.take().filter(({ what }) => what.endsWith("postEvent"))
      .map(({ payload }) => payload["Mode"]);
  modbus(r, true);
  r.send(`${A}/startEvents`);
  assert.deepEqual(modes(), ["Appears"]);
  r.send(`${A}/stopEvents`);
  modbus(r, false);
  r.send(`${A}/startEvents`);
  assert.deepEqual(modes(), []);
  r.send(`${A}/stopEvents`);
  modbus(r, true);
  modbus(r, false);
  r.send(`${A}/startEvents`);
  assert.deepEqual(modes(), []);
  modbus(r, true);
  modbus(r, false);
  assert.deepEqual(modes(), ["Appears", "Disappears"]);
  modbus(r, true);
  r.send(`${A}/stopEvents`);
  modbus(r, false);
  modbus(r, true);
  r.send(`${A}/startEvents`);
  assert.deepEqual(modes(), ["Appears", "Appears"]);
});

Deno.test("E-185 a new session tells lasting conditions again", () => {
  const r = rig();
  r.send(`${A}/startEvents`);
  modbus(r, true);
  r.feed({ type: "disconnected" });
  r.connect();
  r.send("startPlug");
  r.send("startDevices");
  r.advance(20_000);
  r.take();
  r.send(`${A}/startEvents`);
  assert.equal(r.take()[1]?.payload["Mode"], "Appears");
});

Deno.test("M-37 events of the modem belong to main", () => {
  const r = rig();
  r.send("main/startEvents");
  r.take();
  const lost = r.event(null, 6256, "Appears", "Error");
  r.main({ modemLost: lost.at }, [lost]);
  assert.deepEqual(
    r.take().map((
      { what, payload },
    ) => [what, payload["Code"], payload["Type"]]),
    [["main/postEvent", 6256, "Error"]],
  );
  assert.deepEqual(r.ask("main/getStatData", { Indices: [36, 37, 75, 64] }), [
    'main/getStatData {"36":"04"}',
    `main/getStatData {"37":"F41870${"0".repeat(42)}"}`,
    'main/getStatData {"75":"00"}',
    'main/getStatData {"64":54}',
  ]);
});

Deno.test("E-126 E-127 E-128 setXConfig: Ack, or Nak and the old one stays", () => {
  const r = rig();
  const ask = (payload: unknown) =>
    /"Ack"/.test(r.ask(`${A}/setXConfig`, payload)[0] ?? "");
  const flags = {
    AutomaticReadForEvents: true,
    AutomaticReadForReporting: false,
  };
  assert(ask({ XIndices: [83, 24, 0, 0], ...flags }));
  for (
    const payload of [
      { XIndices: [140, 0, 143, 0], ...flags },
      { XIndices: [0, 140], ...flags },
      { XIndices: [1, 2, 3, 4, 5], ...flags },
      { XIndices: [], ...flags },
      { XIndices: ["a"], ...flags },
      flags,
      '{"XIndices":"[140,143,0,0], "Auto":1}',
    ]
  ) assert(!ask(payload), JSON.stringify(payload));
  assert.deepEqual(r.state.subs.get(A)?.xconfig, {
    indices: [83, 24],
    events: true,
    reporting: false,
  });
  assert(ask({ XIndices: "[140,143,0,0]", AutomaticReadForEvents: "true" }));
  assert.deepEqual(r.state.subs.get(A)?.xconfig, {
    indices: [140, 143],
    events: true,
    reporting: false,
  });
  assert(ask({ XIndices: [24] }));
  assert(ask({ XIndices: [1, 2, 3, 4] }));
  assert(ask({ XIndices: [0, 0, 0, 0], ...flags }));
});

Deno.test("E-129 E-131 E-132 E-133 XValues of the moment of the event, error codes in place, absent by default", () => {
  const r = rig();
  r.send(`${A}/startEvents`);
  r.take();
  press(r);
  assert.equal("XValues" in (r.take()[0]?.payload ?? {}), false);
  r.send(`${A}/setXConfig`, {
    XIndices: [9999, 24, 83, 0],
    AutomaticReadForEvents: true,
    AutomaticReadForReporting: false,
  });
  r.take();
  press(r);
  assert.deepEqual(r.take()[0]?.payload["XValues"], [17, "2A2A2A", "00000001"]);
  r.send(`${A}/setXConfig`, { XIndices: [0], AutomaticReadForEvents: true });
  r.take();
  press(r);
  assert.equal("XValues" in (r.take()[0]?.payload ?? {}), false);
});

const counts = (line: string | undefined) =>
  /"Value":"(\w+)","Active":(\d+),"Max":(\d+)/.exec(line ?? "")?.slice(1)
    .join(" ");

Deno.test("E-188 E-189 E-190 E-205 startReporting: what is accepted, and what is a Nak", () => {
  const r = rig();
  const ask = (payload: unknown) =>
    counts(r.ask(`${A}/startReporting`, payload)[0]);
  const self = { Type: "Self-triggered" };
  const nak = "Nak 0 256";
  assert.equal(ask({ ...self, YIndices: [64, 0, 65] }), nak);
  assert.equal(ask({ ...self, YIndices: Array(21).fill(64) }), nak);
  assert.equal(ask({ ...self, YIndices: Array(20).fill(0) }), nak);
  assert.equal(ask({ ...self, YIndices: [] }), nak);
  assert.equal(ask(self), nak);
  assert.equal(ask({ YIndices: [64] }), nak);
  assert.equal(ask({ Type: "Foo", YIndices: [64] }), nak);
  assert.equal(ask({ Type: "Event", YIndices: [64] }), nak);
  const ack = "Ack 1 256";
  assert.equal(ask({ ...self, Indices: [64, ...Array(19).fill(0)] }), ack);
  assert.equal(ask({ ...self, YIndices: Array(17).fill(64) }), ack);
  assert.equal(ask({ Type: "selftriggered", yindices: ["64"] }), ack);
  assert.equal(ask({ Type: "TIME", YIndices: [64], Indices: [65] }), ack);
  assert.deepEqual(r.state.subs.get(A)?.report?.indices, [64]);
  assert.equal(ask({ Type: "Foo", YIndices: [66] }), "Nak 1 256");
  assert.deepEqual(r.state.subs.get(A)?.report?.indices, [64]);
});

Deno.test("E-055 E-192 E-193 E-201 E-202 E-203 a Time report comes at once and then each period", () => {
  const r = rig();
  const started = r.monoMs;
  r.send(`${A}/startReporting`, {
    Type: "Time",
    SamplingRate: 5000,
    YIndices: [74, 9999, 0, 0],
  });
  const [ack, first] = r.take();
  assert(ack?.what.endsWith("startReporting"));
  assert.match(
    first?.text ?? "",
    /^\{"ms":"[0-9A-F]{12}","YValues":\["00E6",17\]\}$/,
  );
  r.advance(10_000);
  assert.deepEqual(r.take().map(({ monoMs }) => monoMs - started), [
    5000,
    10_000,
  ]);
  for (const [rate, period] of [[0, 60_000], [undefined, 60_000], [7, 1000]]) {
    r.send(`${A}/startReporting`, {
      Type: "Time",
      SamplingRate: rate,
      YIndices: [74],
    });
    r.take();
    r.advance(2 * (period ?? 0));
    assert.equal(r.take().length, 2);
  }
});

Deno.test("E-194 E-195 E-196 E-197 E-198 an Event report follows its postEvent, or comes without one", () => {
  const r = rig();
  r.send(`${A}/startReporting`, {
    Type: "Event",
    Code: "6208",
    Mode: "Singleshot",
    SamplingRate: 1000,
    YIndices: [83],
  });
  r.take();
  press(r);
  assert.deepEqual(r.topics(), [`${A}/postReport`]);
  r.send(`${A}/startEvents`);
  r.take();
  press(r);
  press(r, 1);
  const said = r.take();
  assert.deepEqual(said.map(({ what }) => what), [
    `${A}/postEvent`,
    `${A}/postReport`,
    `${A}/postEvent`,
  ]);
  assert.equal(said[0]?.payload["ms"], said[1]?.payload["ms"]);
  r.send(`${A}/startReporting`, { Type: "Event", Code: 6240, YIndices: [77] });
  r.take();
  modbus(r, true);
  modbus(r, false);
  assert.deepEqual(
    r.take().filter(({ what }) => what.endsWith("postReport"))
      .map(({ payload }) => payload["YValues"]),
    [["00"], ["01"]],
  );
  r.send(`${A}/startReporting`, {
    Type: "Event",
    Code: 6240,
    Mode: "Disappears",
    YIndices: [77],
  });
  modbus(r, true);
  r.take();
  modbus(r, false);
  assert(r.topics().includes(`${A}/postReport`));
});

Deno.test("E-191 E-200 one trigger per subinterface; stopReporting is acknowledged, also when idle", () => {
  const r = rig();
  r.send(`${A}/startReporting`, { Type: "Time", YIndices: [83] });
  assert.equal(
    counts(
      r.ask(`${A}/startReporting`, {
        Type: "Event",
        Code: 1,
        YIndices: [83],
      })[0],
    ),
    "Ack 1 256",
  );
  r.advance(200_000);
  assert.deepEqual(r.topics(), []);
  assert.equal(
    counts(
      r.ask(`${B}/startReporting`, {
        Type: "Self-triggered",
        YIndices: [83],
      })[0],
    ),
    "Ack 2 256",
  );
  assert.equal(counts(r.ask(`${A}/stopReporting`)[0]), "Ack 1 256");
  assert.equal(counts(r.ask(`${A}/stopReporting`)[0]), "Ack 1 256");
});

Deno.test("E-130 E-199 E-202 E-204 M-32 a report for each EnergyFile, valid or not, with its own values", () => {
  const r = rig();
  r.send(`${A}/setXConfig`, {
    XIndices: [83],
    AutomaticReadForReporting: true,
  });
  r.send(`${A}/startReporting`, {
    Type: "Self-triggered",
    YIndices: [68, 77, 83],
  });
  r.take();
  r.hear(A, NODE_A, energy(r.receipt(2000), { active1: 1n }));
  r.hear(A, NODE_A, energy(r.receipt(1000), { active1: 2n }));
  r.hear(A, NODE_A, energy(r.receipt(0), { active1: 3n, valid: false }));
  press(r);
  assert.deepEqual(
    r.take().map(({ payload }) => [
      parseInt(String(payload["ms"]), 16) - r.wallMs,
      payload["XValues"],
      payload["YValues"],
    ]),
    [
      [-2000, ["00000002"], ["0000000000000001", "01", "00000002"]],
      [-1000, ["00000003"], ["0000000000000002", "01", "00000003"]],
      [0, ["00000004"], ["0000000000000002", "00", "00000004"]],
    ],
  );
});
