/**
 * A broker of bytes: frames what comes, answers what the test says. For the
 * parts of MQTT 5 that the embedded broker does not speak.
 *
 * @module
 */
import { createServer, type Socket } from "node:net";
import { once } from "node:events";

/** One control packet as it came. */
export interface RawPacket {
  /** Packet type, 1–14 [MQTT 5 §2.1.2]. */
  readonly type: number;
  readonly flags: number;
  readonly body: Uint8Array;
}

export const CONNECT = 1;
export const PUBLISH = 3;
export const SUBSCRIBE = 8;
export const PINGREQ = 12;
export const DISCONNECT = 14;

/** Called for each packet; `write` answers with bytes. */
export type Answer = (
  packet: RawPacket,
  write: (...bytes: number[]) => void,
  socket: Socket,
) => void;

/** A running broker of bytes. */
export interface RawBroker extends AsyncDisposable {
  readonly url: string;
  readonly packets: readonly RawPacket[];
  /** Resolves once `count` packets of a type have come. */
  received(type: number, count: number): Promise<readonly RawPacket[]>;
  /** Connections that are open. */
  sockets(): number;
}

/** Starts it on a free loopback port. */
export async function rawBroker(answer: Answer): Promise<RawBroker> {
  const packets: RawPacket[] = [];
  const sockets = new Set<Socket>();
  const waiters = new Set<() => void>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    let rest = new Uint8Array(0);
    socket.on("data", (chunk: Uint8Array) => {
      const all = new Uint8Array(rest.length + chunk.length);
      all.set(rest);
      all.set(chunk, rest.length);
      rest = all;
      for (let cut = take(rest); cut !== null; cut = take(rest)) {
        rest = rest.subarray(cut.size);
        packets.push(cut.packet);
        answer(
          cut.packet,
          (...bytes) => socket.write(new Uint8Array(bytes)),
          socket,
        );
      }
      for (const wake of [...waiters]) wake();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new Error("no port");
  }
  const ofType = (type: number) =>
    packets.filter((packet) => packet.type === type);
  return {
    url: `mqtt://127.0.0.1:${address.port}`,
    packets,
    sockets: () => sockets.size,
    received: (type, count) =>
      new Promise((resolve) => {
        const wake = () => {
          if (ofType(type).length < count) return;
          waiters.delete(wake);
          resolve(ofType(type));
        };
        waiters.add(wake);
        wake();
      }),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function take(
  bytes: Uint8Array,
): { readonly packet: RawPacket; readonly size: number } | null {
  let length = 0;
  for (let index = 1; index <= 4; index++) {
    const byte = bytes[index];
    if (byte === undefined) return null;
    length += (byte & 0x7f) << (7 * (index - 1));
    if ((byte & 0x80) !== 0) continue;
    const size = 1 + index + length;
    if (bytes.length < size) return null;
    const head = bytes[0] ?? 0;
    return {
      size,
      packet: {
        type: head >> 4,
        flags: head & 0x0f,
        body: bytes.slice(1 + index, size),
      },
    };
  }
  throw new Error("remaining length is longer than 4 bytes");
}

/** Topic and packet identifier of a QoS 1 PUBLISH. */
export function readPublish(
  { body }: RawPacket,
): { readonly topic: string; readonly id: readonly [number, number] } {
  const length = ((body[0] ?? 0) << 8) | (body[1] ?? 0);
  return {
    topic: new TextDecoder().decode(body.subarray(2, 2 + length)),
    id: [body[2 + length] ?? 0, body[3 + length] ?? 0],
  };
}
