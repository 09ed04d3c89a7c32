/**
 * A broker that means no good: the input is what it sends, at once after the
 * first packet of the client. Whatever it is, the connection comes about or is
 * refused with its step, ends when the broker hangs up, and nothing is thrown
 * past it.
 *
 * The first byte says the version of MQTT, and whether a good CONNACK goes ahead.
 *
 * @module
 */
import { createServer, type Server, type Socket } from "node:net";
import { once } from "node:events";
import { MqttError } from "../../../lib/mqtt/mqtt.ts";
import { mqttjs } from "../../../lib/mqtt/mqttjs.ts";
import { fakeClock } from "../../fakes/clock.ts";
import type { Random } from "../random.ts";
import { bytesOf, joined, must, type Target } from "../target.ts";

/** The end must have come by then. */
const PATIENCE_MS = 3000;

class Broker {
  readonly #server: Server;
  #input: Uint8Array = new Uint8Array();

  private constructor() {
    this.#server = createServer((socket: Socket) => {
      socket.on("error", () => {});
      socket.once("data", () => {
        socket.end(this.#input);
        socket.resume();
      });
    });
  }

  static async open(): Promise<Broker> {
    const broker = new Broker();
    broker.#server.listen(0, "127.0.0.1");
    await once(broker.#server, "listening");
    return broker;
  }

  /** Its address; the next client is sent `input`. */
  says(input: Uint8Array): string {
    this.#input = input;
    const address = this.#server.address();
    const port = typeof address === "object" ? address?.port : 0;
    return `mqtt://127.0.0.1:${port}`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

let opening: Promise<Broker> | null = null;

/** Rejects when `work` takes too long. */
async function within<T>(work: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no end of ${what}`)),
      PATIENCE_MS,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function run(input: Uint8Array): Promise<void> {
  await meet(input);
  // What still comes of it is not the fault of the next input.
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

async function meet(input: Uint8Array): Promise<void> {
  const broker = await (opening ??= Broker.open());
  const flags = input[0] ?? 0;
  const five = (flags & 1) === 1;
  const good = five ? [0x20, 3, 0, 0, 0] : [0x20, 2, 0, 0];
  const sent = joined([
    new Uint8Array((flags & 2) === 0 ? good : []),
    input.subarray(1),
  ]);
  const heard: number[] = [];
  const connecting = mqttjs(fakeClock())({
    broker: broker.says(sent),
    clientId: "fuzz",
    protocol: five ? "5" : "3.1.1",
    tls: { ca_file: "", cert_file: "", key_file: "", verify: true },
    keepAliveS: 60,
    signal: new AbortController().signal,
  });
  let connection: Awaited<typeof connecting>;
  try {
    connection = await within(connecting, "connecting");
  } catch (error) {
    if (!(error instanceof MqttError)) throw error;
    return;
  }
  connection.onMessage = ({ payload }) => void heard.push(payload.length);
  const asked = [
    connection.publish({ topic: "a", payload: "x", qos: 1, retain: false }),
    connection.subscribe(["b/#"], 1),
  ].map((work) => work.then(() => null, (error: unknown) => error));
  const ended = await within(connection.ended, "the connection");
  must(ended instanceof MqttError, () => `ended by ${ended}`);
  for (const error of await within(Promise.all(asked), "what was asked")) {
    must(error === null || error instanceof MqttError, () => `${error}`);
  }
  await within(
    Promise.resolve(connection[Symbol.asyncDispose]()),
    "closing",
  );
  const bytes = heard.reduce((sum, length) => sum + length, 0);
  must(bytes <= sent.length, () => `${bytes} bytes heard of ${sent.length}`);
}

const packets: readonly Uint8Array[] = [
  [0x20, 2, 0, 0],
  [0x20, 2, 1, 0],
  [0x20, 2, 0, 5],
  [0x20, 3, 0, 0, 0],
  [0x20, 3, 0, 0x87, 0],
  [0x20, 6, 0, 0, 3, 0x21, 0, 0],
  [0x20, 8, 0, 0, 5, 0x27, 0, 0, 0, 0],
  [0x20, 5, 0, 0, 2, 0x24, 0],
  [0x40, 2, 0, 1],
  [0x40, 3, 0, 1, 0x80],
  [0x40, 4, 0, 1, 0x97, 0],
  [0x90, 3, 0, 2, 1],
  [0x90, 3, 0, 2, 0x80],
  [0x90, 4, 0, 2, 0, 0x87],
  [0xd0, 0],
  [0xe0, 0],
  [0xe0, 2, 0x8e, 0],
  [0xf0, 0],
  [0xf0, 2, 0x18, 0],
  [0x50, 2, 0, 1],
  [0x62, 2, 0, 1],
  [0x70, 2, 0, 1],
  [0xb0, 2, 0, 1],
  [0x30, 4, 0, 1, 0x61, 0x78],
  [0x32, 6, 0, 1, 0x61, 0, 1, 0x78],
  [0x34, 6, 0, 1, 0x61, 0, 7, 0x78],
  [0x36, 0],
  [0x30, 0xff, 0xff, 0xff, 0x7f],
  [0x30, 5, 0, 1, 0x61, 0, 0x78],
  [0x10, 0],
  [0x82, 0],
  [0xc0, 0],
  [0x00, 0],
].map((bytes) => new Uint8Array(bytes));

function grammar(random: Random): Uint8Array {
  const parts = [new Uint8Array([random.below(4)])];
  for (let n = 1 + random.below(4); n > 0; n--) {
    const packet = random.pick(packets).slice();
    if (random.oneIn(3)) {
      packet[random.below(packet.length)] = random.below(256);
    }
    parts.push(packet);
  }
  return joined(parts);
}

/** Bytes of a hostile broker. */
export const mqtt: Target = {
  name: "mqtt",
  inputs: 800,
  maxBytes: 400,
  boundMs: 2000,
  sources: /\/lib\/mqtt\//,
  seeds: packets.map((packet) => joined([new Uint8Array([1]), packet])),
  words: [...packets, bytesOf("\uffff")],
  grammar,
  text: false,
  run,
  async close() {
    const broker = await opening;
    opening = null;
    await broker?.close();
  },
};
