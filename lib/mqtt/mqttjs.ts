/**
 * Connections to brokers over MQTT.js: one client per connection, without its
 * reconnecting, queueing and replaying, which are the work of others here. The
 * only file that knows the library, and longer than others because of that.
 *
 * @module
 */
import {
  type IClientOptions,
  type IConnackPacket,
  MqttClient,
  type Packet,
  ReasonCodes,
  Store,
} from "mqtt";
import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { Clock } from "../clock.ts";
import {
  type Ack,
  type BrokerAddress,
  brokerAddress,
  type Connect,
  type ConnectOptions,
  type ConnectStep,
  type InMessage,
  MOST_ON_WIRE,
  type MqttConnection,
  MqttError,
  type OutMessage,
} from "./mqtt.ts";
import { describe, firstErrorOf, isTlsError, openSocket } from "./socket.ts";
import { MAX_PACKET_BYTES, PacketLimit } from "./packet_limit.ts";
import { watchSilence } from "./silence.ts";

/** How long a connection may take, from the name to the CONNACK, ms. */
export const CONNECT_TIMEOUT_MS = 20_000;
/** How long a broker may take to close after our DISCONNECT, ms. */
const CLOSE_TIMEOUT_MS = 800;
/** Publishes that may wait for their PUBACK where the broker names no limit [MQTT 5 §3.2.2.3.3]. */
const NO_RECEIVE_MAXIMUM = 65_535;
/** [MQTT 5 §2.4] */
const PACKET_TOO_LARGE = 0x95;

/** Opens connections with MQTT.js; `clock` times their patience. */
export function mqttjs(clock: Clock): Connect {
  return async (options) => {
    const address = brokerAddress(options.broker);
    const attempt = new AbortController();
    let step: ConnectStep = "config";
    const giveUp = (why: string) =>
      attempt.abort(
        new MqttError(`Cannot ${doing[step]} ${address.text}: ${why}`, step),
      );
    const disarm = clock.after(
      CONNECT_TIMEOUT_MS,
      () => giveUp(`no answer within ${CONNECT_TIMEOUT_MS / 1000} s`),
    );
    const abort = () => giveUp("given up on request");
    options.signal.addEventListener("abort", abort);
    if (options.signal.aborted) abort();
    try {
      const socket = await openSocket(address, {
        tls: options.tls,
        signal: attempt.signal,
        onStep: (next) => step = next,
      });
      step = "login";
      return await login(clock, address, socket, options, attempt.signal);
    } finally {
      disarm();
      options.signal.removeEventListener("abort", abort);
    }
  };
}

const doing: Readonly<Record<ConnectStep, string>> = {
  config: "use broker",
  dns: "find broker",
  tcp: "reach broker",
  tls: "secure the connection to broker",
  login: "log in to broker",
};

/** MQTT.js is given timers that never fire: its ping gives a slow broker too little time. */
const noTimer: NonNullable<IClientOptions["timerVariant"]> = {
  set: () => 0,
  clear: () => {},
};

function clientOptions(options: ConnectOptions): IClientOptions {
  return {
    clientId: options.clientId,
    protocolVersion: options.protocol === "5" ? 5 : 4,
    ...(options.username === undefined ? {} : { username: options.username }),
    ...(options.password === undefined ? {} : { password: options.password }),
    ...(options.will === undefined ? {} : {
      will: {
        topic: options.will.topic,
        payload: bufferOf(options.will.payload),
        qos: options.will.qos,
        retain: options.will.retain,
      },
    }),
    // A broker of MQTT 5 that keeps to the rules drops what is larger.
    ...(options.protocol === "5"
      ? { properties: { maximumPacketSize: MAX_PACKET_BYTES } }
      : {}),
    clean: true,
    keepalive: options.keepAliveS,
    timerVariant: noTimer,
    connectTimeout: 2 * CONNECT_TIMEOUT_MS,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    // The library would keep all 65 536 numbers of two bytes as buffers: 8 MB.
    writeCache: false,
    // Its own ones are gone once the connection ends; a PUBREL that was on its
    // way then would throw where nobody can catch it, and end the agent.
    incomingStore: new Store({ clean: false }),
    outgoingStore: new Store({ clean: false }),
    // Its debug texts hold payloads; ours are written where they matter.
    log: () => {},
  };
}

function login(
  clock: Clock,
  address: BrokerAddress,
  socket: Socket,
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<MqttConnection> {
  const refuse = (
    why: string,
    step: ConnectStep = "login",
    cause?: unknown,
  ) =>
    new MqttError(`Cannot ${doing[step]} ${address.text}: ${why}`, step, {
      cause,
    });
  return new Promise((resolve, reject) => {
    const client = new MqttClient(() => socket, clientOptions(options));
    const limit = new PacketLimit();
    socket.on("data", (bytes: Uint8Array) => {
      const length = limit.feed(bytes);
      if (length === null) return;
      socket.destroy(
        new Error(
          `it sent a packet of ${length} bytes or more, ${MAX_PACKET_BYTES} are taken`,
        ),
      );
    });
    let over = false;
    const fail = (error: unknown) => {
      if (over) return;
      over = true;
      signal.removeEventListener("abort", abort);
      client.end(true);
      socket.destroy();
      reject(error);
    };
    const abort = () => fail(signal.reason);
    signal.addEventListener("abort", abort);
    const onError = (error: Error) => {
      const code = codeOf(error);
      if (code !== null) {
        const hint = code === 1 || code === 132
          ? `, try another "protocol" than "${options.protocol}"`
          : "";
        fail(refuse(`${reasonOf(code)} (code ${code})${hint}`));
      } else {
        fail(
          refuse(describe(error), isTlsError(error) ? "tls" : "login", error),
        );
      }
    };
    client.on("error", onError);
    client.on("packetreceive", (packet) => {
      const { messageId } = packet;
      if (messageId === undefined || messageId > 0) return;
      // A packet that ends before its identifier: the library would answer with
      // that of none, and throw where nobody can catch it.
      packet.messageId = 0;
      client.emit("error", new Error("it sent a packet that is cut short"));
    });
    const onClose = () => {
      const error = firstErrorOf(socket);
      if (error !== undefined) onError(error);
      else fail(refuse("the broker closed the connection"));
    };
    client.on("close", onClose);
    client.once("connect", (connack) => {
      if (over) return;
      if (connack.properties?.maximumQoS === 0) {
        fail(refuse("it takes QoS 0 only, nothing would be acknowledged"));
        return;
      }
      over = true;
      signal.removeEventListener("abort", abort);
      resolve(
        connection(clock, address, client, socket, connack, options),
      );
    });
    if (signal.aborted) abort();
    else if (socket.destroyed || firstErrorOf(socket)) onClose();
  });
}

interface Job {
  readonly message: OutMessage;
  readonly resolve: (ack: Ack) => void;
  readonly reject: (error: MqttError) => void;
}

function connection(
  clock: Clock,
  address: BrokerAddress,
  client: MqttClient,
  socket: Socket,
  connack: IConnackPacket,
  { keepAliveS, silenceLimitMs }: ConnectOptions,
): MqttConnection {
  const properties = connack.properties ?? {};
  const receiveMaximum = properties.receiveMaximum ?? NO_RECEIVE_MAXIMUM;
  const mostInFlight = Math.min(receiveMaximum, MOST_ON_WIRE);
  const waiting: Job[] = [];
  const rejects = new Set<(error: MqttError) => void>();
  const { promise: ended, resolve: tellEnd } = Promise.withResolvers<
    MqttError
  >();
  let endedBy: MqttError | null = null;
  let inFlight = 0;
  let why = "the broker closed the connection";
  let puback: Packet | null = null;

  const end = (reason: string) => {
    if (endedBy !== null) return;
    const error = new MqttError(
      `Connection to broker ${address.text} ended: ${reason}`,
      "session",
    );
    endedBy = error;
    watch.stop();
    for (const reject of rejects) reject(error);
    for (const job of waiting.splice(0)) job.reject(error);
    rejects.clear();
    tellEnd(error);
  };
  const watch = watchSilence({
    clock,
    keepAliveS: properties.serverKeepAlive ?? keepAliveS,
    ...(silenceLimitMs === undefined ? {} : { limitMs: silenceLimitMs }),
    ping: () => client.sendPing(),
    onDead: (silentS) => {
      end(`nothing heard from it for ${silentS} s`);
      socket.destroy();
    },
  });

  const send = (job: Job) => {
    const { message, resolve, reject } = job;
    const most = properties.maximumPacketSize;
    const size = most === undefined ? 0 : sizeOf(message);
    if (most !== undefined && size > most) {
      // [MQTT-3.2.2-15] Sending it would end the connection, again at every try.
      resolve({
        code: PACKET_TOO_LARGE,
        reason: `${
          reasonOf(PACKET_TOO_LARGE)
        }: ${size} bytes, the broker takes ${most}`,
      });
      return;
    }
    if (message.qos === 1) inFlight++;
    rejects.add(reject);
    client.publish(message.topic, bufferOf(message.payload), {
      qos: message.qos,
      // [MQTT-3.2.2-14] A broker without retained messages ends the connection at the first.
      retain: message.retain && properties.retainAvailable !== false,
    }, (error) => {
      if (!rejects.delete(reject)) return;
      if (message.qos === 1) inFlight--;
      const code = error ? codeOf(error) : ackCode(puback);
      if (code === null) {
        reject(failed(`Cannot publish to broker ${address.text}`, error));
      } else {
        resolve({ code, reason: wordsOf(puback) ?? reasonOf(code) });
      }
      pump();
    });
  };
  const pump = () => {
    for (
      let job = waiting[0];
      job !== undefined && (job.message.qos === 0 || inFlight < mostInFlight);
      job = waiting[0]
    ) {
      waiting.shift();
      send(job);
    }
  };

  const self: MqttConnection = {
    receiveMaximum,
    ...(socket.localAddress === undefined ? {} : {
      localAddress: socket.localAddress.replace(/^::ffff:(?=\d+\.)/i, ""),
    }),
    onMessage: null as ((message: InMessage) => void) | null,
    ended,
    publish(message) {
      return new Promise((resolve, reject) => {
        if (endedBy !== null) return reject(endedBy);
        waiting.push({ message, resolve, reject });
        pump();
      });
    },
    subscribe(filters, qos) {
      return new Promise((resolve, reject) => {
        if (endedBy !== null) return reject(endedBy);
        rejects.add(reject);
        client.subscribe([...filters], { qos }, (error) => {
          if (!rejects.delete(reject)) return;
          if (error) {
            reject(failed(`Cannot subscribe at broker ${address.text}`, error));
          } else resolve();
        });
      });
    },
    async [Symbol.asyncDispose]() {
      if (endedBy !== null || socket.destroyed) {
        end(why);
        socket.destroy();
        return;
      }
      end("closed by this agent");
      // Otherwise the library waits for acknowledgements before its DISCONNECT.
      for (const id of Object.keys(client.outgoing)) {
        client.removeOutgoingMessage(Number(id));
      }
      await new Promise<void>((resolve) => {
        const disarm = clock.after(CLOSE_TIMEOUT_MS, () => socket.destroy());
        socket.once("close", () => {
          disarm();
          resolve();
        });
        client.end(false);
      });
    },
  };

  client.on("packetsend", () => watch.sent());
  client.on("packetreceive", (packet) => {
    watch.heard();
    puback = packet.cmd === "puback" ? packet : null;
  });
  client.on("message", (topic, payload, packet) => {
    self.onMessage?.({
      topic,
      payload,
      qos: packet.qos,
      retain: packet.retain,
    });
  });
  client.on("disconnect", (packet) => {
    const code = packet.reasonCode ?? 0;
    const words = packet.properties?.reasonString ?? reasonOf(code);
    why = `the broker said: ${words} (code ${code})`;
    socket.destroy();
  });
  client.on("error", (error) => {
    why = describe(error);
    end(why);
    socket.destroy();
  });
  socket.on("error", (error) => why = describe(error));
  client.on("close", () => end(why));
  // It may have failed with the login's answer, before anybody here listened.
  if (socket.destroyed) end(socket.errored ? describe(socket.errored) : why);
  return self;
}

function failed(what: string, error: unknown): MqttError {
  const why = error instanceof Error ? error.message : String(error);
  return new MqttError(`${what}: ${why}`, "session", { cause: error });
}

function bufferOf(payload: string | Uint8Array): string | Buffer {
  return typeof payload === "string"
    ? payload
    : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
}

const utf8 = new TextEncoder();

/** Upper bound of a PUBLISH's size: header 5, topic length 2, packet id 2, properties 1. */
function sizeOf({ topic, payload }: OutMessage): number {
  const bytes = (text: string | Uint8Array) =>
    typeof text === "string" ? utf8.encode(text).length : text.length;
  return 10 + bytes(topic) + bytes(payload);
}

/** A v5 reason code or v3.1.1 return code; stream errors carry texts instead. */
function codeOf(error: Error): number | null {
  return "code" in error && typeof error.code === "number" ? error.code : null;
}

function ackCode(packet: Packet | null): number {
  return packet?.cmd === "puback" ? packet.reasonCode ?? 0 : 0;
}

function wordsOf(packet: Packet | null): string | undefined {
  return packet?.cmd === "puback" ? packet.properties?.reasonString : undefined;
}

function reasonOf(code: number): string {
  if (code === 0) return "success";
  const name = (ReasonCodes as Readonly<Record<number, string>>)[code];
  return name?.toLowerCase() ?? "unknown reason";
}
