/**
 * The sockets: takes requests on TCP or on a Unix socket and hands them to a
 * function. Bounds what a client may cost: connections, time for a request,
 * size of its head, time without a word.
 *
 * `node:http` and not `Deno.serve`, which waits for ever for a request whose
 * head never ends and has no limit of connections (see DECISIONS.md).
 *
 * @module
 */
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { Socket } from "node:net";
import {
  type Ask,
  type Entrance,
  isFeed,
  type Outlet,
  type Reply,
} from "./exchange.ts";
import { SECURITY_HEADERS } from "./guard.ts";
import type { Log } from "../log.ts";

/** Where to listen. */
export type Place =
  | { readonly hostname: string; readonly port: number }
  | { readonly path: string };

/** What a server works with. */
export interface ServerHost {
  readonly entrance: Entrance;
  readonly answer: (ask: Ask) => Promise<Reply>;
  /** Runs a piece of work when it is its turn, so that other work of the agent has its own. */
  readonly turn: <T>(work: () => T | Promise<T>) => Promise<T>;
  /** Sparing: a client can cause any number of records. */
  readonly log: Log;
  readonly limits?: Partial<Limits>;
}

/** What a client may cost. */
export interface Limits {
  /** Above it, the connection that has waited longest without a request goes. */
  readonly connections: number;
  /** Requests without an answer on one connection; who sends more is cut off. */
  readonly pipelined: number;
  readonly headBytes: number;
  /** For the head of a request. */
  readonly headMs: number;
  /** For a whole request. */
  readonly requestMs: number;
  /** Between two requests. */
  readonly keepAliveMs: number;
  /** For a client that takes nothing of its answer; 0 is for ever. */
  readonly stalledMs: number;
}

const LIMITS: Limits = {
  connections: 256,
  pipelined: 32,
  headBytes: 8192,
  headMs: 5000,
  requestMs: 10_000,
  keepAliveMs: 15_000,
  stalledMs: 60_000,
};

/** An open server. */
export interface Served extends AsyncDisposable {
  /** As a browser takes it; the path of a Unix socket. */
  readonly url: string;
  /** Open connections. */
  connections(): number;
}

/** Opens a server. Rejects when the address cannot be had. */
export async function serve(
  host: ServerHost,
  place: Place,
): Promise<Served> {
  const limits = { ...LIMITS, ...host.limits };
  const server = createServer({
    maxHeaderSize: limits.headBytes,
    headersTimeout: limits.headMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: 1000,
    // The guard refuses those without, in the words and with the headers of every answer.
    requireHostHeader: false,
  });
  // A belt to the braces of `Waiting`.
  server.maxConnections = 2 * limits.connections;
  server.timeout = limits.stalledMs;
  // Who has said all it has to say (`nc -N`) still gets its answer.
  Object.assign(server, { httpAllowHalfOpen: true });
  const waiting = new Waiting(server, limits.connections);
  const take = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request;
    // Of a piece that holds hundreds, the rest comes here still.
    if (socket.destroyed) return;
    if (waiting.busy(socket) > limits.pipelined) {
      socket.destroy();
      return;
    }
    response.once("close", () => waiting.idle(socket));
    // Without these a client that breaks off would end the agent; what follows
    // from it is seen where the request is read and the answer written.
    request.on("error", () => {});
    response.on("error", () => {});
    void answer(host, request, response).catch((error: unknown) => {
      host.log.error("Request failed", {
        method: request.method,
        target: request.url,
        reason: error instanceof Error ? error.message : String(error),
      });
      response.destroy();
    });
  };
  server.on("request", take);
  // Nobody is told to go on with a body before it was looked at.
  server.on("checkContinue", take);
  // What else could be expected is nothing that is done here. [RFC 9110 §10.1.1]
  server.on("checkExpectation", (request, response) => {
    request.on("error", () => {});
    response.on("error", () => {});
    response.writeHead(417, {
      ...SECURITY_HEADERS,
      "content-length": "0",
      connection: "close",
    });
    response.end();
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    if (socket.writable && socket.bytesWritten === 0) {
      const status = error.code === "HPE_HEADER_OVERFLOW"
        ? "431 Request Header Fields Too Large"
        : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? "408 Request Timeout"
        : "400 Bad Request";
      const headers = Object.entries(SECURITY_HEADERS)
        .map(([name, value]) => `${name}: ${value}\r\n`).join("");
      socket.write(
        `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n${headers}\r\n`,
      );
    }
    socket.destroy();
  });
  await listen(server, place);
  server.on("error", (error: Error) => {
    host.log.error("Connection cannot be taken", { reason: error });
  });
  return {
    url: urlOf(server, place),
    connections: () => waiting.count,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) =>
        server.close(() => resolve())
      );
      waiting.closeAll();
      await closed;
    },
  };
}

/** Listens; a Unix socket is its owner's alone from its first moment on. */
async function listen(server: Server, place: Place): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.once("listening", resolve);
  if ("path" in place) {
    const mask = Deno.umask(0o177);
    try {
      server.listen({ path: place.path });
    } finally {
      Deno.umask(mask);
    }
  } else server.listen({ host: place.hostname, port: place.port });
  await promise;
  server.off("error", reject);
}

function urlOf(server: Server, place: Place): string {
  const address = server.address();
  if ("path" in place || address === null || typeof address === "string") {
    return "path" in place ? place.path : "";
  }
  const name = address.family === "IPv6"
    ? `[${address.address}]`
    : address.address;
  return `http://${name}:${address.port}/`;
}

/** Connections, with those that ask nothing in the order they came to do so. */
class Waiting {
  /** Requests without an answer, by connection. */
  readonly #open = new Map<Socket, number>();
  readonly #idle = new Set<Socket>();

  constructor(server: Server, most: number) {
    server.on("connection", (socket: Socket) => {
      this.#open.set(socket, 0);
      this.#idle.add(socket);
      socket.once("close", () => this.#forget(socket));
      if (this.#open.size <= most) return;
      // Who only holds a connection must not keep out who asks; the newest has
      // had no time to ask yet.
      const [oldest = socket] = this.#idle;
      this.#forget(oldest);
      oldest.destroy();
    });
  }

  get count(): number {
    return this.#open.size;
  }

  /** One more request; says how many have no answer yet. */
  busy(socket: Socket): number {
    const open = (this.#open.get(socket) ?? 0) + 1;
    this.#open.set(socket, open);
    this.#idle.delete(socket);
    return open;
  }

  /** One request less. */
  idle(socket: Socket): void {
    const open = this.#open.get(socket);
    if (open === undefined) return;
    this.#open.set(socket, open - 1);
    if (open === 1) this.#idle.add(socket);
  }

  closeAll(): void {
    for (const socket of this.#open.keys()) socket.destroy();
  }

  #forget(socket: Socket): void {
    this.#open.delete(socket);
    this.#idle.delete(socket);
  }
}

async function answer(
  host: ServerHost,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const reply = await host.answer(askOf(host.entrance, request, response));
  if (response.destroyed) return;
  const { status, headers, body } = reply;
  const feed = isFeed(body);
  // What was not read of a body must not be taken for the next request, and who
  // does not keep to the rules begins anew.
  const over = !request.complete || status === 400 || status === 413;
  response.writeHead(status, {
    ...SECURITY_HEADERS,
    ...headers,
    ...(typeof body === "string"
      ? { "content-length": String(new TextEncoder().encode(body).length) }
      : {}),
    ...(over ? { connection: "close" } : {}),
  });
  if (request.method === "HEAD" || status === 304) {
    response.end();
  } else if (feed) {
    response.flushHeaders();
    // Who watches and closes its half does not watch any more.
    const { socket } = request;
    const leave = () => response.destroy();
    if (socket.readableEnded) leave();
    socket.once("end", leave);
    body.start(outletOf(response));
    return;
  } else if (typeof body === "string") {
    response.end(body);
  } else {
    const pieces = body[Symbol.iterator]();
    for (;;) {
      const piece = await host.turn(() => pieces.next());
      if (response.destroyed) return;
      if (piece.done) break;
      // A piece of work may bring nothing.
      if (piece.value === "") continue;
      if (!response.write(piece.value)) await room(response);
    }
    response.end();
  }
}

function askOf(
  entrance: Entrance,
  request: IncomingMessage,
  response: ServerResponse,
): Ask {
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    headers[name] = Array.isArray(value) ? value[0] : value;
  }
  let hosts = 0;
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    if (request.rawHeaders[i]?.toLowerCase() === "host") hosts++;
  }
  return {
    entrance,
    method: request.method ?? "",
    target: request.url ?? "",
    headers,
    hosts,
    wantsHost: request.httpVersion !== "1.0",
    async body(maxBytes) {
      if (headers["expect"] !== undefined) response.writeContinue();
      const chunks: Uint8Array[] = [];
      let length = 0;
      for await (const chunk of request) {
        length += chunk.length;
        if (length > maxBytes) return null;
        chunks.push(chunk);
      }
      const all = new Uint8Array(length);
      let at = 0;
      for (const chunk of chunks) {
        all.set(chunk, at);
        at += chunk.length;
      }
      return new TextDecoder().decode(all);
    },
  };
}

/** Resolves when the client has taken what was sent, or is gone. */
function room(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      response.off("drain", go);
      response.off("close", go);
      resolve();
    };
    response.on("drain", go);
    response.on("close", go);
    if (response.destroyed) go();
  });
}

function outletOf(response: ServerResponse): Outlet {
  return {
    write: (bytes) => response.write(bytes),
    onRoom: (call) => void response.on("drain", call),
    onGone: (call) => void response.once("close", call),
    // At once: who does not take what was sent would hold the end back.
    end: () => void response.destroy(),
  };
}
