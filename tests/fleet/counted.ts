/**
 * A way to the broker that counts the bytes that pass: what a gateway's
 * provider would charge for, headers of TCP and IP aside.
 *
 * @module
 */

/** Bytes and pieces that went each way. */
export interface Traffic {
  readonly upBytes: number;
  readonly downBytes: number;
  /** Reads from the gateway, each of at least one TCP segment. */
  readonly upPieces: number;
  readonly downPieces: number;
}

/** A port that leads to the broker's. */
export class CountedWay implements AsyncDisposable {
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.TcpConn>();
  readonly #running: Promise<void>;
  readonly #pipes: Promise<void>[] = [];
  #up = { bytes: 0, pieces: 0 };
  #down = { bytes: 0, pieces: 0 };

  constructor(brokerPort: number) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#running = this.#accept(brokerPort);
  }

  /** What has passed until now. */
  traffic(): Traffic {
    return {
      upBytes: this.#up.bytes,
      downBytes: this.#down.bytes,
      upPieces: this.#up.pieces,
      downPieces: this.#down.pieces,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) close(connection);
    await this.#running;
    await Promise.all(this.#pipes);
  }

  async #accept(brokerPort: number): Promise<void> {
    for await (const near of this.#listener) {
      const far = await Deno.connect({
        hostname: "127.0.0.1",
        port: brokerPort,
      });
      near.setNoDelay(true);
      far.setNoDelay(true);
      this.#open.add(near).add(far);
      this.#pipes.push(
        pipe(near, far, this.#up),
        pipe(far, near, this.#down),
      );
    }
  }
}

async function pipe(
  from: Deno.TcpConn,
  to: Deno.TcpConn,
  passed: { bytes: number; pieces: number },
): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  try {
    for (;;) {
      const count = await from.read(buffer);
      if (count === null) break;
      passed.bytes += count;
      passed.pieces++;
      for (let at = 0; at < count;) {
        at += await to.write(buffer.subarray(at, count));
      }
    }
  } catch {
    // One of both ends has gone; the other is told so below.
  }
  close(from);
  close(to);
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
