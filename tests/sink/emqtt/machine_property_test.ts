import assert from "node:assert/strict";
import fc from "fast-check";
import {
  A,
  B,
  button,
  energy,
  NODE_A,
  NODE_B,
  Rig,
  type Said,
} from "./harness.ts";

const nodes = [[A, NODE_A], [B, NODE_B]] as const;
const places = ["main", A, B] as const;

const index = fc.oneof(
  fc.constantFrom(0, 2, 16, 24, 36, 64, 74, 81, 83, 97, 104, 9999),
  fc.integer({ min: -1, max: 70_000 }),
);
const list = fc.array(index, { maxLength: 6 });
const rate = fc.constantFrom(0, 10, 1500, "2000", null, -1, 3e9);
const payloads: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  startPlug: fc.constant({}),
  stopPlug: fc.constant({}),
  startDevices: fc.constant({}),
  blink: fc.constantFrom({ Value: "On" }, { Value: "Off" }, {}),
  dateUpdate: fc.constantFrom({ ms: "0171DE2AD379" }, { ms: "x" }),
  setXConfig: fc.record({
    XIndices: list,
    AutomaticReadForEvents: fc.boolean(),
    AutomaticReadForReporting: fc.boolean(),
  }),
  getStatData: fc.record({ Indices: list }),
  putStatData: fc.dictionary(
    fc.constantFrom("2", "24", "97", "98", "105", "64"),
    fc.constantFrom("81", "80", "05", "2A", "0000012C", "ZZ", ""),
  ),
  startCyclicData: fc.record({ SamplingRate: rate }),
  stopCyclicData: fc.constant({}),
  putCyclicData: fc.constant({ Value: "00" }),
  startObservation: fc.record({ SamplingRate: rate, Indices: list }),
  stopObservation: fc.constant({}),
  startEvents: fc.constant({}),
  stopEvents: fc.constant({}),
  startReporting: fc.record({
    Type: fc.constantFrom("Time", "Event", "Self-triggered", "x"),
    SamplingRate: rate,
    Code: fc.constantFrom(6208, "6240", 36_002, null),
    Mode: fc.constantFrom("Appears", "Singleshot", null),
    YIndices: list,
  }),
  stopReporting: fc.constant({}),
  startReplay: fc.record({
    Triggers: fc.constant([{ Code: 6208 }]),
    YIndices: fc.array(fc.constantFrom(64, 74, 83, 0), { maxLength: 4 }),
  }),
  stopReplay: fc.constant({}),
  triggerReplay: fc.record({ Label: fc.string() }),
  regDevice: fc.constantFrom({ Action: "Abort" }, {}),
  updateFirmware: fc.constant({}),
};

const message = fc.constantFrom(...Object.keys(payloads)).chain((command) =>
  fc.tuple(
    fc.constant(command),
    fc.constantFrom(...places),
    payloads[command] ?? fc.constant({}),
  )
);

type Happening = (rig: Rig) => void;

const plugCommands = new Set([
  "startPlug",
  "stopPlug",
  "startDevices",
  "blink",
  "dateUpdate",
  "updateFirmware",
]);

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 12,
    arbitrary: message.map(([command, place, payload]): Happening => (rig) =>
      rig.send(
        plugCommands.has(command) ? command : `${place}/${command}`,
        payload,
      )
    ),
  },
  {
    weight: 4,
    arbitrary: fc.integer({ min: 1, max: 20_000 }).map(
      (ms): Happening => (rig) => rig.advance(ms),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constantFrom(...nodes), fc.boolean()).map((
      [[id, uid], valid],
    ): Happening =>
    (rig) => {
      const mode = valid ? "Disappears" : "Appears";
      const event = rig.event(uid, 6240, mode, "Warning");
      rig.hear(id, uid, energy(rig.receipt(), { valid }), {
        modbusLost: valid ? null : event.at,
        unregistered: false,
      }, [event]);
    }),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(...nodes).map(([id, uid]): Happening => (rig) =>
      rig.hear(id, uid, button(rig.receipt()), { unregistered: false }, [
        rig.event(uid, 6208),
      ])
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Happening>(
      (rig) => rig.device(A, NODE_A, { unregistered: true }, { gone: true }),
      (rig) => rig.suspend(30_000),
      (rig) => rig.feed({ type: "disconnected" }),
      (rig) => rig.connect(),
    ),
  },
);

/** Post → the command that allows it. */
const allowedBy: Readonly<Record<string, string>> = {
  postCyclicData: "CyclicData",
  postObservation: "Observation",
  postReport: "Reporting",
  postReplay: "Replay",
};

const max: Readonly<Record<string, number>> = {
  Observation: 2,
  Reporting: 2,
  Replay: 1,
};

/** What has been started on each subinterface, as its acknowledges tell. */
class Started {
  readonly #started = new Set<string>();

  check({ what, payload }: Said): void {
    const [sub = "", command] = what.split("/");
    if (what === "status") return this.#started.clear();
    if (command === undefined) return;
    if (command === "disDevice") {
      for (const one of [...this.#started]) {
        if (one.startsWith(`${sub}/`)) this.#started.delete(one);
      }
    }
    const active = payload["Active"];
    const kind = /^(?:start|stop)(\w+)$/.exec(command)?.[1] ?? "";
    if (active !== undefined) {
      assert.equal(payload["Max"], max[kind]);
      assert(Number(active) <= Number(payload["Max"]), what);
    }
    if (payload["Value"] === "Ack") {
      if (command.startsWith("start")) this.#started.add(`${sub}/${kind}`);
      if (command.startsWith("stop")) this.#started.delete(`${sub}/${kind}`);
    }
    if (active !== undefined) {
      const holding = [...this.#started].filter((one) =>
        one.endsWith(`/${kind}`)
      );
      assert.equal(active, holding.length, what);
    }
    const needs = allowedBy[command];
    if (needs !== undefined) assert(this.#started.has(`${sub}/${needs}`), what);
    if (command === "postEvent" && payload["Code"] !== 36_002) {
      assert(this.#started.has(`${sub}/Events`), what);
    }
  }
}

Deno.test("E-038 E-040 E-051 E-052 E-055 E-085 E-124 E-232 whatever happens: valid messages, no post before its start, Active as counted, nothing left after a loss", () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
      const rig = new Rig({
        max_observations: 2,
        max_reports: 2,
        max_replays: 1,
        replay: { rate_ms: 1000, pre: 5, post: 3 },
      });
      rig.perform = ({ step }) => step.do === "writeFile" ? 998 : null;
      rig.hear(A, NODE_A);
      rig.on();
      const started = new Started();
      for (const happen of happenings) {
        const up = rig.state.phase === "connected";
        happen(rig);
        for (const said of rig.take()) {
          started.check(said);
          for (const ms of ["ms", "TriggerTimestamp"]) {
            if (ms in said.payload && said.what !== "dateUpdate") {
              assert.match(String(said.payload[ms]), /^[0-9A-F]{12}$/);
            }
          }
        }
        if (up && rig.state.phase !== "connected") {
          assert.deepEqual(rig.armed(), []);
        }
      }
      rig.feed({ type: "disconnected" });
      assert.deepEqual(rig.armed(), []);
      rig.take();
      rig.advance(100_000);
      rig.hear(B, NODE_B);
      assert.deepEqual(rig.topics(), []);
    }),
    { numRuns: 300 },
  );
});
