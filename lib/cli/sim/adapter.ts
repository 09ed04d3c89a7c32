/**
 * The SICON side of `demo`: starts every plug that registers, and on each of
 * its devices events and a report per measurement, so that something is seen.
 * It checks nothing.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import { type Connect, type InMessage, tlsConfig } from "../../mqtt/mqtt.ts";

/** What the adapter works with. */
export interface AdapterOptions {
  /** `mqtt://host:port`. */
  readonly broker: string;
  readonly connect: Connect;
  readonly clock: Clock;
}

/** Identity of a device: vendor, product, serial number. [mapping §6] */
const IDENTITY = [16, 18, 21];
/** What a report carries: energies, currents, voltages, validity, link, counter. [M-32] */
const REPORTED = [
  ...[79, 68, 69, 70, 78, 65, 66, 67, 71, 72, 73, 74, 75, 76, 77, 80, 83],
  ...[0, 0, 0],
];
/** The counter, so that gaps show. */
const WITH_EACH = [83, 0, 0, 0];

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Connects an adapter to a broker; disposing it ends the connection. */
export async function siconAdapter(
  { broker, connect, clock }: AdapterOptions,
): Promise<AsyncDisposable> {
  const stop = new AbortController();
  const connection = await connect({
    broker,
    clientId: "demo-adapter",
    protocol: "3.1.1",
    tls: tlsConfig.parse({}),
    keepAliveS: 30,
    signal: stop.signal,
  });
  const send = (to: string, command: string, payload: unknown = {}) =>
    connection.publish({
      topic: `eMQTT/${to}/adapter/${command}`,
      payload: encoder.encode(JSON.stringify(payload)),
      qos: 0,
      retain: false,
      // The connection has ended: so has the demo.
    }).catch(() => {});
  connection.onMessage = (message) => {
    for (const [to, command, payload] of reactions(message, clock.nowMs())) {
      void send(to, command, payload);
    }
  };
  await connection.subscribe(["eMQTT/adapter/#"], 0);
  return {
    async [Symbol.asyncDispose]() {
      await connection[Symbol.asyncDispose]();
      stop.abort();
    },
  };
}

type Reaction = readonly [to: string, command: string, payload?: unknown];

/** What an adapter that wants to see everything answers. [eMQTT 12] */
function reactions(
  { topic, payload }: InMessage,
  nowMs: number,
): readonly Reaction[] {
  const [, , from = "", command] = topic.split("/");
  const [plug = ""] = from.split("_");
  if (command === "regPlug") return [[plug, "startPlug"]];
  if (command !== "regDevice") return [];
  const { Prereg } = fieldsOf(payload);
  if (Prereg === true) return [[plug, "startDevices"]];
  const ms = nowMs.toString(16).toUpperCase().padStart(12, "0");
  return [
    [from, "getStatData", { Indices: IDENTITY }],
    [plug, "dateUpdate", { ms }],
    [from, "startEvents"],
    // The gateway itself measures nothing.
    ...from.endsWith("_main") ? [] : [
      [from, "setXConfig", {
        XIndices: WITH_EACH,
        AutomaticReadForEvents: true,
        AutomaticReadForReporting: true,
      }],
      [from, "startReporting", {
        Type: "Self-triggered",
        YIndices: REPORTED,
      }],
    ] satisfies Reaction[],
  ];
}

/** A payload's fields; none if it is no JSON object. */
function fieldsOf(payload: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const fields: unknown = JSON.parse(decoder.decode(payload));
    return typeof fields === "object" && fields !== null
      ? fields as Record<string, unknown>
      : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
