/**
 * A wire between plug and broker that can be listened to and cut: the packets
 * both ways, taken apart as far as tests ask.
 *
 * @module
 */
import { connect, createServer, type Socket } from "node:net";
import { once } from "node:events";

/** One packet of MQTT 3.1.1 or 5. */
export interface Packet {
  readonly from: "plug" | "broker";
  readonly type: number;
  readonly flags: number;
  readonly body: Uint8Array;
  /** Of `performance.now()`. */
  readonly atMs: number;
}

/** A CONNECT packet of MQTT 3.1.1. */
export interface ConnectPacket {
  readonly level: number;
  readonly cleanSession: boolean;
  readonly keepAliveS: number;
  readonly clientId: string;
  readonly will: {
    readonly topic: string;
    readonly payload: string;
    readonly qos: number;
    readonly retain: boolean;
  } | null;
  readonly username: string | null;
}

export const CONNECT = 1;
export const PUBLISH = 3;
export const SUBSCRIBE = 8;
export const DISCONNECT = 14;

/** A topic that the plug has published on, or a filter it has subscribed to. */
export interface Spoken {
  readonly verb: "publish" | "subscribe";
  readonly topic: string;
}

/** A running wire. */
export interface Tap extends AsyncDisposable {
  readonly port: number;
  readonly packets: readonly Packet[];
  /** When the plug has ended a connection, of `performance.now()`. */
  readonly closes: readonly number[];
  /** CONNECT packets so far. */
  connects(): ConnectPacket[];
  /** Topic of each PUBLISH, and filters of each SUBSCRIBE, of the plug in order. */
  spoken(): {
    readonly verb: "publish" | "subscribe";
    readonly topic: string;
  }[];
  /** Ends all connections as a pulled cable does not: with a reset. */
  cut(): void;
  /** Nothing passes while true; connections are accepted and stay silent. */
  frozen: boolean;
  /** How long the broker takes to notice a new connection, ms. */
  slowMs: number;
}

const text = new TextDecoder();

/** Starts a wire to a broker on loopback. */
export async function tap(brokerPort: number): Promise<Tap> {
  const packets: Packet[] = [];
  const closes: number[] = [];
  const sockets = new Set<Socket>();
  const state = { frozen: false, slowMs: 0 };
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const server = createServer((plug) => {
    if (state.slowMs > 0) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        plug.resume();
      }, state.slowMs);
      timers.add(timer);
    }
    const broker = connect(brokerPort, "127.0.0.1");
    for (
      const [from, source, target] of [
        ["plug", plug, broker],
        ["broker", broker, plug],
      ] as const
    ) {
      sockets.add(source);
      let rest = new Uint8Array(0);
      source.on("data", (chunk: Uint8Array) => {
        if (state.frozen) return;
        rest = joined(rest, chunk);
        for (let cut = take(rest); cut !== null; cut = take(rest)) {
          packets.push({ from, ...cut.packet, atMs: performance.now() });
          rest = rest.subarray(cut.size);
        }
        target.write(chunk);
      });
      if (source === plug && state.slowMs > 0) plug.pause();
      source.on("error", () => {});
      source.on("close", () => {
        sockets.delete(source);
        if (source === plug) closes.push(performance.now());
        target.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new Error("no port");
  }
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: address.port,
    packets,
    closes,
    connects: () =>
      packets.filter(({ type }) => type === CONNECT).map(({ body }) =>
        connectPacket(body)
      ),
    spoken: () =>
      packets.filter(({ from }) => from === "plug").flatMap(
        (packet): Spoken[] => {
          const reader = new Reader(packet.body);
          if (packet.type === PUBLISH) {
            return [{ verb: "publish", topic: reader.string() }];
          }
          if (packet.type !== SUBSCRIBE) return [];
          reader.take(2);
          const filters: Spoken[] = [];
          while (reader.more()) {
            filters.push({ verb: "subscribe", topic: reader.string() });
            reader.take(1);
          }
          return filters;
        },
      ),
    cut,
    get frozen() {
      return state.frozen;
    },
    set frozen(value: boolean) {
      state.frozen = value;
    },
    get slowMs() {
      return state.slowMs;
    },
    set slowMs(value: number) {
      state.slowMs = value;
    },
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearTimeout(timer);
      const closed = once(server, "close");
      server.close();
      cut();
      await closed;
    },
  };
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

/** The first whole packet, if there is one. */
function take(bytes: Uint8Array) {
  let length = 0;
  for (let at = 1; at < 5; at++) {
    const digit = bytes[at];
    if (digit === undefined) return null;
    length += (digit & 0x7f) * 128 ** (at - 1);
    if (digit & 0x80) continue;
    const size = at + 1 + length;
    if (bytes.length < size) return null;
    const [head = 0] = bytes;
    const body = bytes.slice(at + 1, size);
    return { size, packet: { type: head >> 4, flags: head & 15, body } };
  }
  return null;
}

class Reader {
  #at = 0;
  constructor(readonly bytes: Uint8Array) {}
  more(): boolean {
    return this.#at < this.bytes.length;
  }
  take(count: number): Uint8Array {
    return this.bytes.subarray(this.#at, this.#at += count);
  }
  u8(): number {
    return this.take(1)[0] ?? 0;
  }
  u16(): number {
    return this.u8() * 256 + this.u8();
  }
  string(): string {
    return text.decode(this.take(this.u16()));
  }
}

function connectPacket(body: Uint8Array): ConnectPacket {
  const reader = new Reader(body);
  reader.string();
  const level = reader.u8();
  const flags = reader.u8();
  const keepAliveS = reader.u16();
  const clientId = reader.string();
  const will = flags & 4
    ? {
      topic: reader.string(),
      payload: reader.string(),
      qos: (flags >> 3) & 3,
      retain: (flags & 32) !== 0,
    }
    : null;
  return {
    level,
    cleanSession: (flags & 2) !== 0,
    keepAliveS,
    clientId,
    will,
    username: flags & 128 ? reader.string() : null,
  };
}
