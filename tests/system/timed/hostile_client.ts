/**
 * A client of an agent's HTTP side that means no good, on raw sockets and in a
 * thread of its own, so that what it does to the agent is not mistaken for what
 * it does to the test.
 *
 * @module
 */

/** What a client can be told to do. */
export interface Order {
  readonly deed: keyof typeof DEEDS;
  readonly port: number;
  readonly token: string;
  readonly count: number;
}

/** What became of it, in numbers. */
export type Outcome = Readonly<Record<string, number>>;

const encoder = new TextEncoder();

async function open(port: number): Promise<Deno.TcpConn> {
  return await Deno.connect({ hostname: "127.0.0.1", port });
}

/** Sends all; what the other side does not take is left. */
async function send(to: Deno.TcpConn, text: string): Promise<boolean> {
  let bytes = encoder.encode(text);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(await to.write(bytes));
    return true;
  } catch {
    return false;
  }
}

/** Reads until the end, a text, or a time has passed. */
async function read(
  from: Deno.TcpConn,
  until = "\0",
  limitMs = 10_000,
): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(16_384);
  let text = "";
  const timer = setTimeout(() => close(from), limitMs);
  try {
    while (!text.includes(until)) {
      const n = await from.read(buffer);
      if (n === null) break;
      text += decoder.decode(buffer.subarray(0, n), { stream: true });
    }
  } catch {
    // Reset, or given up.
  }
  clearTimeout(timer);
  return text;
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // The other side was faster.
  }
}

/** Status of the first answer in a text, 0 when there is none. */
function status(text: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
}

/** Counts outcomes by name. */
class Tally {
  readonly counts: Record<string, number> = {};

  add(name: string | number, n = 1): void {
    this.counts[name] = (this.counts[name] ?? 0) + n;
  }
}

/** Runs `count` times, `width` at a time. */
async function many(
  count: number,
  width: number,
  one: (n: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await one(next++);
  };
  await Promise.all(Array.from({ length: width }, lane));
}

/** One request on a connection of its own; status by tally. */
async function once(
  { port }: Order,
  tally: Tally,
  text: string,
  { halfClose = false, limitMs = 10_000 } = {},
): Promise<string> {
  const connection = await open(port);
  await send(connection, text);
  if (halfClose) await connection.closeWrite().catch(() => {});
  const answer = await read(connection, "\0", limitMs);
  close(connection);
  tally.add(status(answer));
  return answer;
}

/** How long {@link DEEDS.watch} goes on. */
const WATCH_MS = 5000;

const HEAD = "Host: localhost\r\n";
const BYE = "Connection: close\r\n\r\n";

const DEEDS = {
  /** Asks with tokens that are none. */
  async badTokens(order: Order) {
    const tally = new Tally();
    await many(order.count, 8, async (n) => {
      const token = order.token.slice(0, n % order.token.length) + "x";
      await once(
        order,
        tally,
        `GET /status HTTP/1.1\r\n${HEAD}Authorization: Bearer ${token}\r\n${BYE}`,
      );
    });
    return tally.counts;
  },

  /** Asks for files of the machine. */
  async traversal(order: Order) {
    const tally = new Tally();
    const targets = [
      "/../../etc/passwd",
      "/page/../../etc/passwd",
      "/%2e%2e/%2e%2e/etc/passwd",
      "/..%2f..%2fetc/passwd",
      "/page/..\\..\\etc\\passwd",
      "/page//etc/passwd",
      "/page/%00",
      "/page/%c0%ae%c0%ae/etc/passwd",
      "http://localhost/../etc/passwd",
      "//etc/passwd",
      "/etc/passwd",
      "*",
    ];
    await many(order.count, 4, async (n) => {
      const target = targets[n % targets.length];
      const answer = await once(
        order,
        tally,
        `GET ${target} HTTP/1.1\r\n${HEAD}Authorization: Bearer ${order.token}\r\n${BYE}`,
      );
      if (answer.includes("root:")) tally.add("leaked");
    });
    return tally.counts;
  },

  /** Connects and never says a word; lets go after `count` connections. */
  async idle(order: Order) {
    const held: Deno.TcpConn[] = [];
    const tally = new Tally();
    await many(order.count, 16, async () => {
      try {
        held.push(await open(order.port));
        tally.add("opened");
      } catch {
        tally.add("refused");
      }
    });
    // While they are all there, somebody asks.
    const answer = await once(
      order,
      tally,
      `GET /healthz HTTP/1.1\r\n${HEAD}${BYE}`,
    );
    tally.add("answered", status(answer) === 200 ? 1 : 0);
    for (const connection of held) close(connection);
    return tally.counts;
  },

  /** Sends the head of a request byte by byte and never ends it. */
  async slowHeads(order: Order) {
    const tally = new Tally();
    await many(order.count, order.count, async () => {
      const connection = await open(order.port);
      let sent = await send(connection, `GET /status HTTP/1.1\r\n${HEAD}X: `);
      const endMs = performance.now() + 12_000;
      while (sent && performance.now() < endMs) {
        await new Promise((resolve) => setTimeout(resolve, 200));
        sent = await send(connection, "a");
      }
      tally.add(sent ? "held" : "closed");
      close(connection);
    });
    return tally.counts;
  },

  /** Announces a body and sends it byte by byte. */
  async slowBodies(order: Order) {
    const tally = new Tally();
    await many(order.count, order.count, async () => {
      await once(
        order,
        tally,
        `POST /status HTTP/1.1\r\n${HEAD}Content-Length: 1000\r\n\r\na`,
        { limitMs: 12_000 },
      );
    });
    return tally.counts;
  },

  /** Sends a gigabyte. */
  async bigBody(order: Order) {
    const tally = new Tally();
    const lengths = [
      "Content-Length: 1073741824\r\n",
      "Transfer-Encoding: chunked\r\n",
    ];
    for (let n = 0; n < order.count; n++) {
      const announced = lengths[n % lengths.length];
      const connection = await open(order.port);
      await send(
        connection,
        `POST /api/diag HTTP/1.1\r\n${HEAD}${announced}\r\n`,
      );
      const piece = "40000\r\n" + "a".repeat(0x40000) + "\r\n";
      let sent = 0;
      while (sent < 2 ** 30 && await send(connection, piece)) {
        sent += piece.length;
      }
      tally.counts.taken = Math.max(tally.counts.taken ?? 0, sent);
      close(connection);
    }
    return tally.counts;
  },

  /** Opens the live view, reads its first bytes and goes. */
  async streams(order: Order) {
    const tally = new Tally();
    const ask =
      `GET /api/stream HTTP/1.1\r\n${HEAD}Authorization: Bearer ${order.token}\r\n\r\n`;
    await many(order.count, 4, async () => {
      const connection = await open(order.port);
      await send(connection, ask);
      tally.add(status(await read(connection, "\r\n\r\n")));
      close(connection);
    });
    return tally.counts;
  },

  /** `count` browsers with the page open: the live view, and the status now and then. */
  async watch(order: Order) {
    const tally = new Tally();
    const endMs = performance.now() + WATCH_MS;
    const asked = `${HEAD}Authorization: Bearer ${order.token}\r\n`;
    const browser = async () => {
      const live = await open(order.port);
      setTimeout(() => close(live), WATCH_MS);
      await send(live, `GET /api/stream HTTP/1.1\r\n${asked}\r\n`);
      const events = read(live, "\0", 2 * WATCH_MS);
      while (performance.now() < endMs) {
        const status = `GET /status HTTP/1.1\r\n${asked}${BYE}`;
        await once(order, tally, status);
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
      tally.add("events", (await events).split("\nevent:").length - 1);
    };
    await Promise.all(Array.from({ length: order.count }, browser));
    return tally.counts;
  },

  /** Heads that are too long in one way or another. */
  async headBombs(order: Order) {
    const tally = new Tally();
    const bombs = [
      `GET /${"a".repeat(1_000_000)} HTTP/1.1\r\n${HEAD}\r\n`,
      `GET / HTTP/1.1\r\n${HEAD}X: ${"a".repeat(1_000_000)}\r\n${BYE}`,
      `GET / HTTP/1.1\r\n${HEAD}${"X: a\r\n".repeat(100_000)}${BYE}`,
      `GET / HTTP/1.1\r\n${HEAD}${
        Array.from({ length: 1000 }, (_, n) => `X${n}: a\r\n`).join("")
      }${BYE}`,
      "a".repeat(1_000_000),
    ];
    await many(order.count, 4, async (n) => {
      await once(order, tally, bombs[n % bombs.length] ?? "");
    });
    return tally.counts;
  },

  /** A good request, a byte at a time. */
  async perByte(order: Order) {
    const tally = new Tally();
    await many(order.count, order.count, async () => {
      const connection = await open(order.port);
      connection.setNoDelay(true);
      for (const byte of `GET /healthz HTTP/1.1\r\n${HEAD}${BYE}`) {
        await send(connection, byte);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      tally.add(status(await read(connection)));
      close(connection);
    });
    return tally.counts;
  },

  /** Many requests at once on one connection. */
  async pipelined(order: Order) {
    const tally = new Tally();
    const connection = await open(order.port);
    const one = `GET /healthz HTTP/1.1\r\n${HEAD}\r\n`;
    void send(
      connection,
      one.repeat(order.count - 1) +
        `GET /healthz HTTP/1.1\r\n${HEAD}${BYE}`,
    );
    const answers = await read(connection);
    tally.add("answers", answers.split("HTTP/1.1 200").length - 1);
    close(connection);
    return tally.counts;
  },

  /** Requests whose end is a matter of opinion; a second answer would be to a smuggled one. */
  async smuggling(order: Order) {
    const tally = new Tally();
    const inner = `GET /status HTTP/1.1\r\n${HEAD}${BYE}`;
    const shapes = [
      `POST / HTTP/1.1\r\n${HEAD}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
      `POST / HTTP/1.1\r\n${HEAD}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd${inner}`,
      `POST / HTTP/1.1\r\n${HEAD}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${inner}`,
      `POST / HTTP/1.1\r\n${HEAD}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${inner}`,
      `POST / HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${inner}`,
      `POST / HTTP/1.1\r\n${HEAD}Content-Length: +4\r\n\r\nabcd${inner}`,
      `POST / HTTP/1.1\r\n${HEAD}Content-Length: 0x4\r\n\r\nabcd${inner}`,
      `GET / HTTP/1.1\r\n${HEAD}Content-Length: 4\r\n\r\nabcd${inner}`,
      `GET / HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
      `POST / HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\na\r\n0\r\n\r\n${inner}`,
      `GET / HTTP/1.1\r\n${HEAD}X: a\r\n Y: b\r\n\r\n${inner}`,
      `GET / HTTP/1.1\r\n${HEAD}X\0Y: b\r\n\r\n${inner}`,
      `GET / HTTP/1.1\r\n${HEAD}Host: evil.example\r\n${BYE}`,
    ];
    for (const shape of shapes) {
      const answer = await once(order, tally, shape, { limitMs: 3000 });
      const answers = answer.split("HTTP/1.1 ").length - 1;
      if (answers > 1) tally.add("smuggled");
    }
    return tally.counts;
  },

  /** Requests from who will say no more; each has its answer. */
  async halfClosed(order: Order) {
    const tally = new Tally();
    await many(order.count, 8, async (n) => {
      await once(
        order,
        tally,
        n % 2 === 0 ? `GET /healthz HTTP/1.1\r\n${HEAD}${BYE}` : "GET /hea",
        { halfClose: true },
      );
    });
    return tally.counts;
  },
};

/** Runs as a worker: an order in, an outcome out. */
if (typeof WorkerGlobalScope !== "undefined") {
  self.addEventListener("message", async (event) => {
    const order = (event as MessageEvent<Order>).data;
    const outcome: Outcome = await DEEDS[order.deed](order);
    (self as unknown as Worker).postMessage(outcome);
  });
}

declare const WorkerGlobalScope: unknown;
