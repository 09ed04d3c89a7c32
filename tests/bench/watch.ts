/**
 * A subscriber that costs next to nothing, so that on a small machine it is the
 * agent that is measured: MQTT 3.1.1 by hand, QoS 1, one PUBACK write for each
 * read.
 *
 * @module
 */

/** Told of each PUBLISH as it is read from the socket. */
export type OnPublish = (
  topic: string,
  payload: Uint8Array,
  atMs: number,
) => void;

const CONNECT_ACK = 2;
const PUBLISH = 3;
const SUBSCRIBE_ACK = 9;

/** A subscription at QoS 1 of everything a broker on 127.0.0.1 carries. */
export class Watch implements AsyncDisposable {
  readonly #connection: Deno.TcpConn;
  readonly #onPublish: OnPublish;
  readonly #done: Promise<void>;
  readonly #text = new TextDecoder();
  readonly #ready = Promise.withResolvers<void>();
  #pending = new Uint8Array(0);

  private constructor(connection: Deno.TcpConn, onPublish: OnPublish) {
    this.#connection = connection;
    this.#onPublish = onPublish;
    this.#done = this.#pump();
  }

  /** Resolves once the broker has taken the subscription. */
  static async open(port: number, onPublish: OnPublish): Promise<Watch> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    connection.setNoDelay(true);
    const watch = new Watch(connection, onPublish);
    const name = [...new TextEncoder().encode(`watch-${Deno.pid}`)];
    const connect = [
      ...[0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0],
      ...[0, name.length],
      ...name,
    ];
    await watch.#send([0x10, connect.length, ...connect]);
    await watch.#send([0x82, 6, 0, 1, 0, 1, "#".charCodeAt(0), 1]);
    await watch.#ready.promise;
    return watch;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.close();
    await this.#done;
  }

  async #send(bytes: readonly number[]): Promise<void> {
    const buffer = Uint8Array.from(bytes);
    for (let at = 0; at < buffer.length;) {
      at += await this.#connection.write(buffer.subarray(at));
    }
  }

  async #pump(): Promise<void> {
    const buffer = new Uint8Array(256 * 1024);
    try {
      for (;;) {
        const count = await this.#connection.read(buffer);
        if (count === null) return;
        const acks = this.#take(buffer.subarray(0, count), performance.now());
        if (acks.length > 0) await this.#send(acks);
      }
    } catch (error) {
      // Closing it ends the read under way with one of these.
      if (
        error instanceof Deno.errors.BadResource ||
        error instanceof Deno.errors.Interrupted
      ) return;
      this.#ready.reject(error);
    }
  }

  /** Takes all whole packets; gives the PUBACKs to send. */
  #take(chunk: Uint8Array, atMs: number): number[] {
    const bytes = new Uint8Array(this.#pending.length + chunk.length);
    bytes.set(this.#pending);
    bytes.set(chunk, this.#pending.length);
    const acks: number[] = [];
    let at = 0;
    for (;;) {
      const packet = packetAt(bytes, at);
      if (packet === null) break;
      const { type, body } = packet;
      if (type === CONNECT_ACK && body[1] !== 0) {
        this.#ready.reject(new Error(`Broker refuses: code ${body[1]}`));
      }
      if (type === SUBSCRIBE_ACK) this.#ready.resolve();
      if (type === PUBLISH) {
        const topicEnd = 2 + (((body[0] ?? 0) << 8) | (body[1] ?? 0));
        const acknowledged = packet.qos > 0;
        if (acknowledged) {
          acks.push(0x40, 2, body[topicEnd] ?? 0, body[topicEnd + 1] ?? 0);
        }
        this.#onPublish(
          this.#text.decode(body.subarray(2, topicEnd)),
          body.subarray(topicEnd + (acknowledged ? 2 : 0)),
          atMs,
        );
      }
      at = packet.end;
    }
    this.#pending = bytes.slice(at);
    return acks;
  }
}

interface Packet {
  readonly type: number;
  readonly qos: number;
  readonly body: Uint8Array;
  readonly end: number;
}

/** The packet that begins at `at`; null until it is whole. */
function packetAt(bytes: Uint8Array, at: number): Packet | null {
  let length = 0;
  let from = at + 1;
  for (let shift = 0;; shift += 7) {
    const byte = bytes[from++];
    if (byte === undefined) return null;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  const end = from + length;
  if (end > bytes.length) return null;
  const first = bytes[at] ?? 0;
  return {
    type: first >> 4,
    qos: (first >> 1) & 3,
    body: bytes.subarray(from, end),
    end,
  };
}
