import assert from "node:assert/strict";
import fc from "fast-check";
import type { DeviceEvent } from "../../../lib/device/device.ts";
import { commands } from "../../fakes/sicon_schema.ts";
import { MachinePlug } from "../../fakes/sicon_plug.ts";
import {
  ids,
  type Node,
  nodes,
  settingsOf,
  TRIGGER,
  uid,
} from "../../fakes/sicon_settings.ts";

/** What may happen to a plug. */
type Happening =
  | {
    readonly is: "command";
    readonly sub: string | null;
    readonly name: string;
    readonly payload: unknown;
    readonly text?: string;
  }
  | { readonly is: "up" }
  | { readonly is: "time"; readonly ms: number }
  | { readonly is: "measured"; readonly node: Node; readonly valid: boolean }
  | { readonly is: "button"; readonly node: Node; readonly n: number }
  | { readonly is: "gone"; readonly node: Node }
  | { readonly is: "lost" }
  | { readonly is: "trigger" };

const index = fc.constantFrom(
  0,
  2,
  16,
  24,
  36,
  64,
  68,
  80,
  83,
  97,
  105,
  9999,
  -1,
  1.5,
  70000,
);
const list = (max: number) =>
  fc.oneof(
    fc.array(index, { maxLength: max }),
    fc.uniqueArray(fc.constantFrom(16, 36, 80, 83, 84, 105, 9999), {
      minLength: 1,
      maxLength: 4,
    }),
    fc.uniqueArray(fc.constantFrom(16, 36, 80, 83, 84), {
      minLength: 1,
      maxLength: 3,
    })
      .map((some) => [...some, 0, 0]),
  );
const rate = fc.constantFrom<unknown>(
  0,
  10,
  1000,
  2500,
  "1500",
  null,
  -5,
  "x",
  undefined,
);
const mode = fc.constantFrom<unknown>(
  "Appears",
  "Disappears",
  "Singleshot",
  undefined,
  "x",
);
const code = fc.constantFrom<unknown>(
  6208,
  6240,
  "6240",
  36002,
  1,
  undefined,
  "x",
);
const flag = fc.constantFrom<unknown>(true, false, "true", undefined);

/** Payloads that a command may come with, sane or nearly so. */
const payloads: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  blink: fc.record({
    Value: fc.constantFrom<unknown>("On", "Off", "Maybe", 1),
  }),
  dateUpdate: fc.record({
    ms: fc.constantFrom<unknown>(
      "0171DE2AD379",
      "123456789AB",
      "XYZ",
      5,
      "015fe62c8c00",
    ),
  }),
  regDevice: fc.record({
    Action: fc.constantFrom<unknown>("Abort", "Foo"),
    Cause: fc.constantFrom<unknown>("Licence", 7),
  }),
  setXConfig: fc.record({
    XIndices: list(5),
    AutomaticReadForEvents: flag,
    AutomaticReadForReporting: flag,
  }),
  getStatData: fc.record({ Indices: list(8) }),
  putStatData: fc.dictionary(
    fc.constantFrom("2", "16", "24", "36", "97", "105", "9999"),
    fc.constantFrom<unknown>(
      "2A2A2A",
      "2a",
      "05",
      "ZZ",
      "0",
      "000000010000000200000003",
      7,
    ),
    { maxKeys: 2 },
  ),
  putCyclicData: fc.record({ Value: fc.constantFrom<unknown>("0100", 7, "") }),
  startCyclicData: fc.record({ SamplingRate: rate }),
  startObservation: fc.record({ SamplingRate: rate, Indices: list(20) }),
  startReporting: fc.record({
    Type: fc.constantFrom<unknown>(
      "Time",
      "Event",
      "Self-triggered",
      "selftriggered",
      "Foo",
    ),
    SamplingRate: rate,
    Code: code,
    Mode: mode,
    YIndices: list(21),
  }),
  startReplay: fc.record({
    Triggers: fc.array(fc.record({ Code: code, Mode: mode }), { maxLength: 3 }),
    YIndices: list(31),
  }),
  triggerReplay: fc.record({
    Label: fc.constantFrom<unknown>("one", "two", 3),
  }),
  updateFirmware: fc.record({
    URLFirmwareLocation: fc.constantFrom<unknown>("http://127.0.0.1/x", 7),
  }),
};

const fromAdapter = [...commands.values()].filter((one) =>
  one.fromAdapter.length > 0
);
const sub = fc.constantFrom<string | null>("main", ...ids, ...ids, "nobody");

const command: fc.Arbitrary<Happening> = fc.constantFrom(...fromAdapter).chain((
  one,
) =>
  fc.record({
    is: fc.constant("command" as const),
    sub: one.scope === "plug" ? fc.constant(null) : sub,
    name: fc.constant(one.name),
    payload: fc.oneof(
      { weight: 9, arbitrary: payloads[one.name] ?? fc.constant({}) },
      { weight: 1, arbitrary: fc.jsonValue() },
    ),
  })
);

const garbage: fc.Arbitrary<Happening> = fc.record({
  is: fc.constant("command" as const),
  sub,
  name: fc.constantFrom(
    ...fromAdapter.map(({ name }) => name),
    "fooBar",
    "StartPlug",
  ),
  payload: fc.constant(null),
  text: fc.oneof(
    fc.string(),
    fc.constantFrom("", "{", "[]", "7", '{"Indices":[16', "{}"),
  ),
});

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 12, arbitrary: command },
  { weight: 1, arbitrary: garbage },
  { weight: 2, arbitrary: fc.constant({ is: "up" as const }) },
  {
    weight: 6,
    arbitrary: fc.record({
      is: fc.constant("time" as const),
      ms: fc.integer({ min: 1, max: 12_000 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      is: fc.constant("measured" as const),
      node: fc.constantFrom(...ids),
      valid: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      is: fc.constant("button" as const),
      node: fc.constantFrom(...ids),
      n: fc.integer({ min: 0, max: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      is: fc.constant("gone" as const),
      node: fc.constantFrom(...ids),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ is: "lost" as const }) },
  { weight: 1, arbitrary: fc.constant({ is: "trigger" as const }) },
);

/** Lets it happen; Modbus conditions are kept as the supervision does. */
class World {
  readonly plug: MachinePlug;
  readonly #lost = new Set<Node>();

  constructor(registration: "onSite" | "onCloud") {
    this.plug = new MachinePlug(settingsOf({
      registration,
      replay: { rateMs: 500, pre: 4, post: 2 },
      max: { observation: 2, report: 2, replay: 1 },
    }));
    this.plug.feed({ type: "start", lock: null });
    this.plug.feed(TRIGGER);
  }

  happen(one: Happening): void {
    const { plug } = this;
    switch (one.is) {
      case "command":
        plug.send(
          `eMQTT/${uid}${
            one.sub === null ? "" : `_${one.sub}`
          }/adapter/${one.name}`,
          one.text ?? JSON.stringify(one.payload),
        );
        return;
      case "up":
        plug.command(null, "startPlug");
        plug.command(null, "startDevices");
        for (const id of ["main", ...ids]) {
          plug.advance(1_000);
          plug.command(id, "startEvents");
        }
        return;
      case "time":
        return plug.advance(one.ms);
      case "measured": {
        const { node: id, valid } = one;
        const changed = valid === this.#lost.has(id);
        if (valid) this.#lost.delete(id);
        else this.#lost.add(id);
        const event: DeviceEvent = {
          device: nodes[id],
          code: 6240,
          mode: valid ? "Disappears" : "Appears",
          type: "Warning",
          at: plug.at,
        };
        const measured = plug.measurement(nodes[id], valid);
        return plug.device(id, nodes[id], {
          state: {
            energy: measured,
            modbusLost: valid ? null : plug.at,
            ...(valid ? { held: measured } : {}),
          },
          events: changed ? [event] : [],
          measured,
        });
      }
      case "button":
        return plug.device(one.node, nodes[one.node], {
          events: [{
            device: nodes[one.node],
            code: 6208 + one.n,
            mode: "Singleshot",
            type: "Notification",
            at: plug.at,
          }],
        });
      case "gone":
        // Nothing is said of a device that goes after its registration was aborted.
        if (plug.state.subs.get(one.node)?.phase === "aborted") return;
        return plug.device(one.node, nodes[one.node], {
          gone: true,
          contact: false,
          state: { unregistered: true },
        });
      case "lost":
        plug.feed({ type: "disconnected" });
        plug.feed({ type: "connected", localAddress: "192.168.3.2" });
        return;
      case "trigger":
        return plug.feed(TRIGGER);
    }
  }
}

for (const registration of ["onSite", "onCloud"] as const) {
  Deno.test(`E-022 E-030 E-031 E-032 E-033 E-036 E-038 E-040 E-048 E-053 E-055 E-085 E-107 E-181 E-183 E-184 E-220 E-232 ${registration}: whatever happens, the checker finds no fault`, () => {
    fc.assert(
      fc.property(
        fc.array(happening, { maxLength: 60, size: "max" }),
        (list) => {
          const world = new World(registration);
          for (const one of list) world.happen(one);
          assert.deepEqual(world.plug.check.violations, []);
        },
      ),
      { numRuns: 300 },
    );
  });
}

Deno.test("E-085 after a lost connection nothing is posted, whatever ran before", () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 40, size: "max" }), (list) => {
      const world = new World("onCloud");
      const { plug } = world;
      world.happen({ is: "up" });
      for (const one of list) world.happen(one);
      plug.feed({ type: "disconnected" });
      const before = plug.said.length;
      plug.advance(120_000);
      assert.equal(plug.said.length, before);
      plug.feed({ type: "connected", localAddress: "192.168.3.2" });
      plug.advance(60_000);
      world.happen({ is: "measured", node: "duxzb53xcz", valid: true });
      assert.deepEqual(
        [...new Set(plug.said.slice(before).map(({ command: c }) => c))],
        ["status", "regPlug"],
      );
    }),
    { numRuns: 100 },
  );
});
