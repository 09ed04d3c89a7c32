import assert from "node:assert/strict";
import type { Settings } from "../../../lib/sink/emqtt/machine_state.ts";
import {
  type IndexRow,
  type Profile,
  tableOf,
} from "../../../lib/sink/emqtt/payload_index.ts";
import {
  exampleLog,
  type LogLine,
  plugTopic,
} from "../../fakes/sicon_schema.ts";
import { MachinePlug } from "../../fakes/sicon_plug.ts";

const uid = "00301133E40F";
/** In the order of the log; their parents come before them. */
const devices = ["im1", "im1p3", "ej1"];

/** One of the plug's lines, taken apart. */
interface Line {
  readonly sub: string | null;
  readonly command: string;
  readonly payload: LogLine["payload"];
}

const plugLines: readonly Line[] = exampleLog.filter(({ from }) =>
  from === "plug"
).map(({ topic, payload }) => {
  const to = plugTopic(topic);
  assert.ok(to !== null, topic);
  return { sub: to.sub, command: to.command, payload };
});

const isStream = ({ command }: { command: string }) =>
  command.startsWith("post");

/** A device as the log shows it: what it registers with, what its indices hold. */
function profileOf(sub: string): Profile {
  const own = plugLines.filter((line) => line.sub === sub);
  const registered = own.findLast(({ command }) => command === "regDevice")
    ?.payload ?? {};
  const values = new Map<number, string>(
    [16100, 140, 143, 148, 149, 156]
      .concat([160, 161, 162, 163, 164]).map((index) => [index, "0000"]),
  );
  for (const { command, payload } of own) {
    if (command !== "getStatData" && command !== "postObservation") continue;
    for (const [key, value] of Object.entries(payload)) {
      if (key !== "ms" && typeof value === "string") values.set(+key, value);
    }
  }
  // The log ends before the last of the 17 were observed.
  for (const index of [142, 40, 41, 67]) values.set(index, "00");
  const lengths = registered["CyclicDataBitLength"] as Record<string, number>;
  const zeros = (bits = 0) => "00".repeat(Math.ceil(bits / 8));
  const parent = registered["ParentSubinterface"];
  return {
    // Left out where it is the default.
    parent: typeof parent === "string" ? parent : null,
    identity: {
      vendorId: Number(registered["VendorID"]),
      deviceId: Number(registered["DeviceID"]),
      vendorName: String(registered["VendorName"]),
      productName: String(registered["ProductName"]),
      productText: "",
    },
    serialNumber: () => String(registered["SerialNumber"]),
    uid: () => String(registered["UID"]),
    articleNumber: String(registered["ArticleNumber"]),
    pdInBits: lengths["PDIn"] ?? 0,
    pdOutBits: lengths["PDOut"] ?? 0,
    pdIn: () => zeros(lengths["PDIn"]),
    pdOut: () => zeros(lengths["PDOut"]),
    rows: tableOf(
      [...values].map(([index, value]): IndexRow => ({
        index,
        name: "",
        access: "R",
        type: "",
        length: null,
        about: "",
        read: () => value,
      })),
    ),
  };
}

const profiles = new Map(["main", ...devices].map((s) => [s, profileOf(s)]));

const settings: Settings = {
  uid,
  registration: "onSite",
  broker: null,
  cyclicDefaultMs: 2000,
  cyclicMinMs: 1000,
  observationMinMs: 1000,
  reportMinMs: 1000,
  reportDefaultMs: 60_000,
  replay: { rateMs: 60_000, pre: 60, post: 30 },
  max: { observation: 5, report: 16, replay: 5 },
  nakLiteral: "Nak",
  clearRetainedWill: false,
  autoConnect: false,
  noRtc: false,
  observationTimestamp: "measured",
  profile: (device) => {
    const found = profiles.get(device ?? "main");
    assert.ok(found !== undefined);
    return found;
  },
};

/** Plays the adapter's lines; what the log's devices did by themselves, they do again. */
function played(): MachinePlug {
  const plug = new MachinePlug(settings);
  plug.feed({ type: "start", lock: null });
  plug.feed({
    type: "trigger",
    request: 1,
    body: '{"MQTT_HOST":"192.168.3.110"}',
  });
  for (const device of devices) plug.device(device, device);
  for (const { from, topic, payload } of exampleLog) {
    if (from === "adapter") {
      const sub = /_(\w+)\/adapter/.exec(topic)?.[1];
      // The adapter answers an announcement.
      for (let waited = 0; sub !== undefined && waited < 150; waited++) {
        if (plug.of(sub, "regDevice").length > 0) break;
        plug.advance(100);
      }
      plug.send(topic, JSON.stringify(payload));
      continue;
    }
    const { sub = null, command = "" } = plugTopic(topic) ?? {};
    if (sub === null || !command.startsWith("post")) continue;
    plug.advance(400);
    if (command === "postEvent") {
      plug.device(sub, sub, {
        events: [{
          device: sub,
          code: Number(payload["Code"]),
          mode: payload["Mode"] as "Appears",
          type: payload["Type"] as "Warning",
          at: plug.at,
        }],
      });
    }
    if (command === "postReport" && sub === "ej1") {
      plug.device(sub, sub, { measured: plug.measurement(sub) });
    }
  }
  plug.advance(5_000);
  return plug;
}

/** Keys and types of a payload; lengths of arrays count. */
function shape(payload: LogLine["payload"]): string {
  const type = (value: unknown): string =>
    Array.isArray(value) ? `[${value.map(type).join()}]` : typeof value;
  return Object.entries(payload).map(([key, value]) => `${key}:${type(value)}`)
    .sort().join(" ");
}

Deno.test("E-051 E-077 E-087 E-088 E-098 E-131 E-135 E-189 E-200 E-231 the adapter's side of the log of chapter 12 gets the plug's side", async (t) => {
  const plug = played();
  assert.equal(exampleLog.length, 148);
  assert.equal(plugLines.length, 117);
  assert.equal(plugLines.filter((line) => !isStream(line)).length, 70);
  for (const sub of [null, "main", ...devices]) {
    await t.step(
      `${sub ?? "plug"}: registration, answers and acknowledges, byte for byte`,
      () => {
        const ours = plug.of(sub).filter((line) => !isStream(line));
        const theirs = plugLines.filter((line) =>
          line.sub === sub && !isStream(line)
        );
        assert.deepEqual(
          ours.map(({ command, payload }) => ({ command, payload })),
          theirs.map(({ command, payload }) => ({ command, payload })),
        );
        assert.deepEqual(
          ours.filter(({ command }) => command !== "regDevice").map((s) =>
            s.text
          ),
          theirs.filter(({ command }) => command !== "regDevice").map((line) =>
            JSON.stringify(line.payload)
          ),
        );
      },
    );
  }
  await t.step("posts have the log's keys and types", () => {
    const kinds = new Set(
      plugLines.filter(isStream).map(({ sub, command }) => `${sub} ${command}`),
    );
    for (const kind of kinds) {
      const [sub = "", command = ""] = kind.split(" ");
      const theirs = plugLines.filter((line) =>
        line.sub === sub && line.command === command
      ).map(({ payload }) => payload);
      const ours = plug.of(sub, command).map(({ payload }) => payload);
      if (command === "postObservation") {
        // The log sends one index after the other, we all at once. [C-63]
        const types = new Map(
          ours.flatMap((payload) => Object.entries(payload)).map(([k, v]) => [
            k,
            typeof v,
          ]),
        );
        for (const payload of theirs) {
          for (const [key, value] of Object.entries(payload)) {
            assert.equal(types.get(key), typeof value, `${kind} ${key}`);
          }
        }
        assert.equal(types.size, 1 + 17);
        continue;
      }
      assert.deepEqual(
        [...new Set(ours.map(shape))].sort(),
        [...new Set(theirs.map(shape))].sort(),
        kind,
      );
    }
    for (const sub of devices) {
      for (const command of ["postEvent", "postReport"]) {
        assert.equal(
          plug.of(sub, command).length,
          plugLines.filter((line) =>
            line.sub === sub && line.command === command
          ).length,
          `${sub} ${command}`,
        );
      }
    }
  });
  await t.step("the checker has nothing to say", () => {
    assert.deepEqual(plug.check.violations, []);
    assert.deepEqual(plug.check.unanswered(), []);
  });
});
