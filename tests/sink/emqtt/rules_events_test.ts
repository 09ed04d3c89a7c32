import assert from "node:assert/strict";
import {
  happens,
  LOST,
  type Node,
  plugOn,
  PRESS,
} from "../../fakes/sicon_settings.ts";
import type { MachinePlug } from "../../fakes/sicon_plug.ts";

const A: Node = "duxzb53xcz";
const ACK = { Value: "Ack" };
const NAK = { Value: "Nak" };
const named = (said: readonly { command: string }[], name: string) =>
  said.filter(({ command }) => command === name);
const silent = (plug: MachinePlug) =>
  assert.deepEqual(plug.check.violations, []);

Deno.test("E-126 E-127 E-128 E-129 E-131 E-132 E-133 setXConfig adds values to events, read at their time", () => {
  const plug = plugOn();
  plug.ask(A, "startEvents");
  const x = () =>
    plug.during(() => happens(plug, A, PRESS))[0]?.payload["XValues"];
  const set = (XIndices: unknown, events: unknown = true) =>
    plug.ask(A, "setXConfig", {
      XIndices,
      AutomaticReadForEvents: events,
      AutomaticReadForReporting: false,
    });
  assert.equal(x(), undefined);
  assert.deepEqual(set([24, 36, 0, 0]), ACK);
  assert.deepEqual(x(), ["2A2A2A", "00"]);
  for (
    const wrong of [[24, 0, 36, 0], [1, 2, 3, 4, 5], undefined, "x", 7]
  ) assert.deepEqual(set(wrong), NAK, JSON.stringify(wrong));
  assert.deepEqual(x(), ["2A2A2A", "00"], "the old one is kept");
  assert.deepEqual(set([36]), ACK);
  assert.deepEqual(x(), ["00"]);
  assert.deepEqual(set("[24,36,0,0]"), ACK);
  assert.deepEqual(x(), ["2A2A2A", "00"]);
  assert.deepEqual(set([9999, 24, 0, 0]), ACK);
  assert.deepEqual(x(), [17, "2A2A2A"]);
  assert.deepEqual(set([24, 0, 0, 0], false), ACK);
  assert.equal(x(), undefined);
  assert.deepEqual(plug.ask(A, "setXConfig", { XIndices: [24, 0, 0, 0] }), ACK);
  assert.equal(x(), undefined, "missing booleans are false");
  assert.deepEqual(set([0, 0, 0, 0]), ACK);
  assert.equal(x(), undefined);
  set([24, 0, 0, 0]);
  plug.command(null, "startPlug");
  plug.command(null, "startDevices");
  plug.advance(30_000);
  plug.ask(A, "startEvents");
  assert.equal(x(), undefined, "back to default");
});

Deno.test("E-179 E-180 E-181 E-182 E-184 E-185 E-186 events", () => {
  const plug = plugOn();
  const events = (work: () => void) =>
    plug.during(work).filter(({ command }) => command === "postEvent").map((
      s,
    ) => s.payload);
  assert.deepEqual(events(() => happens(plug, A, PRESS)), []);
  const lostAt = plug.at;
  assert.deepEqual(
    events(() => happens(plug, A, LOST, { modbusLost: lostAt })),
    [],
  );
  plug.advance(5_000);
  const said = plug.during(() => plug.command(A, "startEvents"));
  assert.deepEqual(said.map(({ payload }) => payload), [
    ACK,
    {
      ms: lostAt.wallMs.toString(16).toUpperCase().padStart(12, "0"),
      Code: 6240,
      Mode: "Appears",
      Type: "Warning",
    },
  ]);
  assert.deepEqual(events(() => plug.command(A, "startEvents")), [], "once");
  plug.ask(A, "stopEvents");
  assert.deepEqual(events(() => plug.command(A, "startEvents")), [], "once");
  const back = events(() =>
    happens(plug, A, { ...LOST, mode: "Disappears" }, { modbusLost: null })
  );
  assert.deepEqual(back.map((one) => one["Mode"]), ["Disappears"]);
  const hundred = events(() => {
    for (let n = 0; n < 100; n++) {
      happens(plug, A, { ...PRESS, code: 6208 + n % 16 });
    }
  });
  assert.deepEqual(
    hundred.map((one) => one["Code"]),
    Array.from({ length: 100 }, (_, n) => 6208 + n % 16),
  );
  assert.deepEqual(plug.ask(A, "stopEvents"), ACK);
  assert.deepEqual(plug.ask(A, "stopEvents"), ACK);
  assert.deepEqual(events(() => happens(plug, A, PRESS)), []);
  // Its Appears was never posted: neither is its end.
  happens(plug, A, LOST, { modbusLost: plug.at });
  happens(plug, A, { ...LOST, mode: "Disappears" }, { modbusLost: null });
  assert.deepEqual(events(() => plug.command(A, "startEvents")), []);
  silent(plug);
});

Deno.test("E-184 an Appears is not repeated while it lasts, nor its end told twice or alone", () => {
  const plug = plugOn();
  plug.ask(A, "startEvents");
  const modes = (work: () => void) =>
    named(plug.during(work), "postEvent").length;
  const end = { ...LOST, mode: "Disappears" } as const;
  assert.equal(modes(() => happens(plug, A, end)), 0);
  assert.equal(modes(() => happens(plug, A, LOST, { modbusLost: plug.at })), 1);
  assert.equal(modes(() => happens(plug, A, LOST)), 0);
  assert.equal(modes(() => happens(plug, A, end, { modbusLost: null })), 1);
  assert.equal(modes(() => happens(plug, A, end)), 0);
  silent(plug);
});
