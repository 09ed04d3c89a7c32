/**
 * The SCorp-io sink: a DBIRTH for each device, a DDATA for each reading, both
 * acknowledged by the broker. As with the gateway it replaces, there is no will.
 *
 * @module
 */
import * as z from "zod";
import {
  type Ack,
  brokerConfig,
  checkBroker,
  type ConnectOptions,
  MOST_ON_WIRE,
  type MqttConnection,
  MqttError,
} from "../../mqtt/mqtt.ts";
import { supervise } from "../../mqtt/supervisor.ts";
import type { Reading } from "../../reading/reading.ts";
import type { Outcome, Sink, SinkHost, SinkKind } from "../sink.ts";
import { metricNames, payloadWriter } from "./payload.ts";

const segment = z.string().min(1, "a part of the topic must not be empty")
  .regex(
    // deno-lint-ignore no-control-regex
    /^[^+#/\u0000-\u001f\u007f]*$/,
    "a part of the topic must not contain + # / or control characters",
  );

const labels = z.strictObject(
  Object.fromEntries(
    metricNames.map((name) => [name, z.string().min(1).optional()]),
  ),
).superRefine((given, context) => {
  const names = metricNames.map((name) => given[name] ?? name);
  names.forEach((name, index) => {
    if (names.indexOf(name) !== index) {
      context.addIssue({
        code: "custom",
        message: `two metrics would be called ${JSON.stringify(name)}`,
      });
    }
  });
});

/** Table of a sink with `type = "scorpio"`. */
export const scorpioConfig = z.strictObject({
  type: z.literal("scorpio").describe("SCorp-io: JSON over MQTT"),
  ...brokerConfig,
  client_id: brokerConfig.client_id
    .describe("MQTT client identifier; empty: dash7-edge-<edge_node_id>"),
  project_id: segment.describe("project at SCorp-io, part of every topic"),
  edge_node_id: segment.describe("this gateway at SCorp-io, part of topics"),
  topic_root: segment.default("mqtts").describe("first part of every topic"),
  device_id: z.enum(["full", "trimmed"]).default("full")
    .describe(
      "full: all 16 hex digits; trimmed drops leading zeros, as the old gateway did",
    ),
  invalid_readings: z.enum(["omit", "send"]).default("omit")
    .describe(
      "meter not readable: omit publishes link state and signal only, send also the stale values",
    ),
  signal: z.enum(["link_budget", "rx_level"]).default("link_budget")
    .describe(
      'value of "Force du signal radio DASH7": link budget in dB, or received level in dBm',
    ),
  labels: labels.default({}).describe(
    "other names for metrics: standard name = name to send",
  ),
}).superRefine(checkBroker);

/** Checked table of a SCorp-io sink. */
export type ScorpioConfig = z.infer<typeof scorpioConfig>;

/** Row of the table of kinds. */
export const scorpio: SinkKind<typeof scorpioConfig> = {
  config: scorpioConfig,
  open: openScorpio,
  async probe(config, host, signal) {
    // A name of its own: the running agent's would end the agent's connection.
    const { clientId, ...rest } = login(config, signal);
    await using _connection = await host.connect({
      ...rest,
      clientId: `${clientId}-check`,
    });
    return `logged in to ${config.broker}`;
  },
  endpoints(config) {
    const { signal: _, clientId, ...rest } = login(
      config,
      new AbortController().signal,
    );
    const { topic_root, project_id, edge_node_id } = config;
    return [{
      kind: "broker",
      login: { ...rest, clientId: `${clientId}-doctor` },
      trial: {
        // A DDATA of a device that cannot be: ids of devices are hex digits.
        // Without a DBIRTH the platform knows no such device, an empty payload
        // is no JSON, and nothing is retained: there is nothing to take in.
        // The right to DBIRTH is not tried, since that might make a device.
        message: {
          topic: `${topic_root}/${project_id}/DDATA/${edge_node_id}/doctor`,
          payload: "",
          qos: 1,
          retain: false,
        },
        pattern: `${topic_root}/${project_id}/+/${edge_node_id}/#`,
      },
    }];
  },
};

const KEEP_ALIVE_S = 60;
/**
 * Most unsettled readings: twice what may be on the wire, so that each PUBACK
 * finds the next one waiting. More would only queue up where no live reading
 * can pass it.
 */
function windowOf(connection: MqttConnection | null): number {
  const onWire = connection?.receiveMaximum ?? MOST_ON_WIRE;
  return 2 * Math.min(onWire, MOST_ON_WIRE);
}

/** Reason codes that no later try can change [MQTT 5 §3.4.2.1]: topic invalid, too large, payload invalid. */
const hopeless: ReadonlySet<number> = new Set([0x90, 0x95, 0x99]);
/** Success, and success without any subscriber. */
const taken: ReadonlySet<number> = new Set([0x00, 0x10]);

/** How this sink logs in to its broker. */
function login(config: ScorpioConfig, signal: AbortSignal): ConnectOptions {
  return {
    broker: config.broker,
    clientId: config.client_id || `dash7-edge-${config.edge_node_id}`,
    protocol: config.protocol,
    ...(config.username === "" ? {} : { username: config.username }),
    ...(config.password === "" ? {} : { password: config.password }),
    tls: config.tls,
    keepAliveS: KEEP_ALIVE_S,
    signal,
  };
}

function openScorpio(config: ScorpioConfig, host: SinkHost): Sink {
  const { log } = host;
  const writer = payloadWriter({
    topicRoot: config.topic_root,
    projectId: config.project_id,
    edgeNodeId: config.edge_node_id,
    deviceId: config.device_id,
    invalidReadings: config.invalid_readings,
    signal: config.signal,
    labels: config.labels,
  });
  const link = supervise({
    open: (signal) => host.connect(login(config, signal)),
    clock: host.clock,
    random: host.random,
    log,
  });

  /** What a device's announcement and its data are. */
  const birthOf = (device: string) => ({
    topic: writer.topic("DBIRTH", device),
    payload: writer.birth(),
    qos: 1 as const,
    retain: true,
  });
  const dataOf = (device: string, payload: string) => ({
    topic: writer.topic("DDATA", device),
    payload,
    qos: 1 as const,
    retain: false,
  });

  /** Device → the announcement that the broker has acknowledged in this run. */
  const announced = new Map<string, string>();
  /** Announcements on their way, and on which connection. */
  const underWay = new Map<
    string,
    { readonly connection: MqttConnection; readonly ack: Promise<Ack> }
  >();
  let refusal: string | null = null;

  /** Announces a device if the broker does not know it as it is now. */
  const announce = (
    connection: MqttConnection,
    device: string,
  ): Promise<Ack> | null => {
    const payload = writer.birth();
    if (announced.get(device) === payload) return null;
    const before = underWay.get(device);
    if (before?.connection === connection) return before.ack;
    const ack = connection.publish(birthOf(device));
    const mine = { connection, ack };
    underWay.set(device, mine);
    const done = () => {
      if (underWay.get(device) === mine) underWay.delete(device);
    };
    // A failure is seen by the reading that asked for the birth.
    ack.then((answer) => {
      if (taken.has(answer.code)) announced.set(device, payload);
      done();
    }, done);
    return ack;
  };

  const judge = ({ code, reason }: Ack): Outcome => {
    if (taken.has(code)) {
      if (refusal !== null) log.info("Broker takes readings again");
      refusal = null;
      return "accepted";
    }
    const why = `${reason} (code ${code})`;
    if (hopeless.has(code)) return { rejected: why };
    if (refusal !== why) log.warn("Broker refuses readings", { reason: why });
    refusal = why;
    return "kept";
  };

  const send = async (
    connection: MqttConnection,
    reading: Reading,
  ): Promise<Outcome> => {
    const payload = writer.data(reading);
    if (payload === null) return "accepted";
    try {
      // Both leave now, in this order: MQTT keeps it.
      const birth = announce(connection, reading.device);
      const data = connection.publish(dataOf(reading.device, payload));
      const [birthAck, dataAck] = await Promise.all([birth, data]);
      if (birthAck !== null) {
        const outcome = judge(birthAck);
        if (outcome !== "accepted") return outcome;
      }
      return judge(dataAck);
    } catch (error) {
      if (!(error instanceof MqttError)) {
        log.error("Unexpected failure of a publish", { error });
      }
      return "kept";
    }
  };

  return {
    window: () => windowOf(link.connection()),
    preview(reading) {
      const { device } = reading;
      const payload = writer.data(reading);
      if (payload === null) {
        return { messages: [], note: "This file is not for SCorp-io." };
      }
      const data = dataOf(device, payload);
      return announced.has(device) ? { messages: [data] } : {
        messages: [birthOf(device), data],
        note:
          "The DBIRTH goes before the device's first DDATA in a run of the agent.",
      };
    },
    ready: (signal) => link.ready(signal),
    deliver(readings, signal) {
      const connection = link.connection();
      if (connection === null || signal.aborted) {
        return readings.map(() => Promise.resolve("kept"));
      }
      const { promise: cut, resolve } = Promise.withResolvers<Outcome>();
      const abort = () => resolve("kept");
      signal.addEventListener("abort", abort);
      const outcomes = readings.map((reading) =>
        Promise.race([send(connection, reading), cut])
      );
      void Promise.all(outcomes).then(() =>
        signal.removeEventListener("abort", abort)
      );
      return outcomes;
    },
    state() {
      const state = link.state();
      return state.up && refusal !== null
        ? { up: false, detail: `Broker refuses readings: ${refusal}` }
        : state;
    },
    [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
  };
}
