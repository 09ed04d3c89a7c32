/**
 * A plug in memory with two nodes of this product, and nodes that measure.
 *
 * @module
 */
import type { DeviceEvent, DeviceState } from "../../lib/device/device.ts";
import type { NewReading } from "../../lib/reading/reading.ts";
import { type Settings } from "../../lib/sink/emqtt/machine_state.ts";
import { mainProfile } from "../../lib/sink/emqtt/payload_main.ts";
import { nodeProfile } from "../../lib/sink/emqtt/payload_node.ts";
import { MachinePlug } from "./sicon_plug.ts";

/** The plug. */
export const uid = "00301133E40F";

/** Id → UID of the nodes. [mapping §2] */
export const nodes = {
  duxzb53xcz: "C84C49532000000F",
  dnbbezr3uq: "0000000000000001",
} as const;

/** A node's SubinterfaceID. */
export type Node = keyof typeof nodes;

/** The nodes' ids. */
export const ids = Object.keys(nodes) as Node[];

const identity = {
  vendorId: 200999,
  deviceId: 2,
  vendorName: "LiQuiBit",
  productName: "MODBUS-to-DASH7",
  productText: "",
};
const main = mainProfile(uid, { ...identity, deviceId: 1 }, "1.0.0");
const node = nodeProfile(identity);

/** Settings with the defaults of the product; override what the test is about. */
export function settingsOf(some: Partial<Settings> = {}): Settings {
  const registration = some.registration ?? "onSite";
  return {
    uid,
    registration,
    broker: registration === "onCloud" ? "mqtt://192.168.3.110:1883" : null,
    cyclicDefaultMs: 10_000,
    cyclicMinMs: 1000,
    observationMinMs: 1000,
    reportMinMs: 1000,
    reportDefaultMs: 60_000,
    replay: { rateMs: 60_000, pre: 60, post: 30 },
    max: { observation: 32, report: 256, replay: 32 },
    nakLiteral: "Nak",
    clearRetainedWill: false,
    autoConnect: false,
    noRtc: false,
    observationTimestamp: "measured",
    profile: (device) => device === null ? main : node,
    ...some,
  };
}

/** SICON.OS tells the plug its broker. */
export const TRIGGER = {
  type: "trigger",
  request: 1,
  body: '{"MQTT_HOST":"192.168.3.110"}',
} as const;

/** A plug that is connected and Off; no node has been heard. */
export function plugOff(some: Partial<Settings> = {}): MachinePlug {
  const plug = new MachinePlug(settingsOf(some));
  plug.feed({ type: "start", lock: null });
  plug.feed(TRIGGER);
  return plug;
}

/** A plug that is On with main and both nodes registered, events on and nothing else. */
export function plugOn(some: Partial<Settings> = {}): MachinePlug {
  const plug = plugOff(some);
  for (const id of ids) plug.device(id, nodes[id]);
  plug.command(null, "startPlug");
  plug.command(null, "startDevices");
  for (const id of ["main", ...ids]) {
    plug.command(id, "startEvents");
    plug.advance(600);
    plug.command(id, "stopEvents");
  }
  return plug;
}

/** An energy file of a node, its values counting from `n`. */
export function energy(
  plug: MachinePlug,
  id: Node,
  n: number,
  valid = true,
): NewReading {
  const of = (
    quantity: "apparent_energy" | "active_energy" | "current" | "voltage",
    unit: "VAh" | "Wh" | "mA" | "V",
    values: readonly (bigint | number)[],
  ) =>
    values.map((value, at) => ({
      name: `${quantity}_${at + 1}`,
      quantity,
      unit,
      value,
    }));
  return {
    ...plug.measurement(nodes[id], valid),
    measurements: [
      ...of("apparent_energy", "VAh", [1, 2, 3].map((p) => BigInt(n + p))),
      ...of("active_energy", "Wh", [4, 5, 6].map((p) => BigInt(n + p))),
      ...of("current", "mA", [1234, -1, 0]),
      ...of("voltage", "V", [230, 231, 229]),
      {
        name: "measurement_valid",
        quantity: "validity",
        unit: null,
        value: valid,
      },
    ],
  };
}

/** A node measures: state, counter and report follow, as the supervision does it. */
export function measures(
  plug: MachinePlug,
  id: Node,
  n: number,
  valid = true,
  some: Partial<DeviceState> = {},
): void {
  const measured = energy(plug, id, n, valid);
  const counter = plug.state.subs.get(id)?.state?.measurementCounter ?? 0;
  plug.device(id, nodes[id], {
    measured,
    state: {
      energy: measured,
      measurementCounter: counter + 1,
      ...(valid ? { held: measured } : {}),
      ...some,
    },
  });
}

/** An event of a node, with the state that goes with it. */
export function happens(
  plug: MachinePlug,
  id: Node,
  event: Omit<DeviceEvent, "device" | "at">,
  state: Partial<DeviceState> = {},
): void {
  const full = { ...event, device: nodes[id], at: plug.at };
  plug.device(id, nodes[id], { events: [full], state });
}

/** A button press. */
export const PRESS = {
  code: 6208,
  mode: "Singleshot",
  type: "Notification",
} as const;

/** The Modbus link's loss and return. */
export const LOST = { code: 6240, mode: "Appears", type: "Warning" } as const;
/** See {@link LOST}. */
export const FOUND = {
  code: 6240,
  mode: "Disappears",
  type: "Warning",
} as const;
