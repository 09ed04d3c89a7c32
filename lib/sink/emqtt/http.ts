/**
 * The HTTP side of an onSite registration: `POST /set_broker_host` and
 * `GET /status`. A port that cannot be opened is a state that heals.
 * [eMQTT 3.1]
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import type { Ask, Headers, Reply } from "../../http/exchange.ts";
import { type Limits, serve, type Served } from "../../http/server.ts";
import { type Log, sparing } from "../../log.ts";

/** Largest body, bytes. */
const MAX_BODY = 4096;
/** Pause before the port is tried again, ms. */
const RETRY_MS = 10_000;
/** Few ask here, and everybody on the network can: less than the page allows. */
const LIMITS: Partial<Limits> = {
  connections: 32,
  pipelined: 4,
  headMs: 5000,
  requestMs: 5000,
  stalledMs: 15_000,
};

/** What {@link serveHttp} serves. */
export interface HttpOptions {
  readonly hostname: string;
  readonly port: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Takes the body of a trigger; gives the reason of a refusal, or null. */
  readonly trigger: (body: string) => string | null;
  readonly status: () => Readonly<Record<string, unknown>>;
  readonly limits?: Partial<Limits>;
}

/** A server that stays up by itself. */
export interface HttpServer extends AsyncDisposable {
  /** Why it does not listen; null while it does, and until the first try has ended. */
  fault(): string | null;
  /** The port it listens on; null while it does not. */
  port(): number | null;
}

/** Answers one request. */
export async function answer(
  ask: Ask,
  { trigger, status }: Pick<HttpOptions, "trigger" | "status">,
): Promise<Reply> {
  // A target may be a whole address, as a proxy is asked. [RFC 9112 §3.2.2]
  switch (URL.parse(ask.target, "http://plug")?.pathname) {
    case "/set_broker_host": {
      if (ask.method !== "POST") return notAllowed("POST");
      let body: string | null;
      try {
        body = await ask.body(MAX_BODY);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return refused(400, `The body could not be read: ${reason}`);
      }
      if (body === null) {
        return refused(413, `The body is longer than ${MAX_BODY} bytes`);
      }
      const refusal = trigger(body);
      return refusal === null
        ? json(200, { Status: "OK" })
        : refused(200, refusal);
    }
    case "/status":
      return ask.method === "GET" || ask.method === "HEAD"
        ? json(200, status())
        : notAllowed("GET");
    default:
      return text(404, "Not found\n");
  }
}

function refused(status: number, reason: string): Reply {
  return json(status, { Status: "FAIL", Message: reason });
}

function notAllowed(allow: string): Reply {
  return text(405, "Method not allowed\n", { allow });
}

function json(status: number, value: unknown): Reply {
  const headers = { "content-type": "application/json" };
  return { status, headers, body: JSON.stringify(value) };
}

function text(status: number, body: string, more: Headers = {}): Reply {
  const headers = { "content-type": "text/plain;charset=UTF-8", ...more };
  return { status, headers, body };
}

/** Starts serving; tries again for as long as the port cannot be opened. */
export function serveHttp(options: HttpOptions): HttpServer {
  const { hostname, port, clock } = options;
  const log = sparing(options.log, () => clock.monoMs());
  const place = `${hostname}:${port}`;
  const stop = new AbortController();
  let fault: string | null = null;
  let served: Served | null = null;
  const open = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      try {
        served = await serve({
          entrance: "tcp",
          answer: (ask) => answer(ask, options),
          turn: async (work) => await work(),
          log,
          limits: { ...LIMITS, ...options.limits },
        }, { hostname, port });
        if (fault !== null) log.info("HTTP port opened", { listen: place });
        fault = null;
        return;
      } catch (error) {
        const why = listenFault(error, place);
        if (fault !== why) log.error(why);
        fault = why;
      }
      await clock.sleep(RETRY_MS, { signal: stop.signal });
    }
  };
  const opened = open();
  return {
    fault: () => fault,
    port: () => served === null ? null : Number(new URL(served.url).port || 80),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await opened;
      await served?.[Symbol.asyncDispose]();
    },
  };
}

/** Why a port cannot be opened, in a technician's words. */
export function listenFault(error: unknown, place: string): string {
  const what = `Cannot listen on ${place}`;
  switch (error instanceof Error && "code" in error ? error.code : null) {
    case "EACCES":
    case "EPERM":
      return `${what}: not permitted, ports below 1024 need CAP_NET_BIND_SERVICE, or set http_listen to a higher port`;
    case "EADDRINUSE":
      return `${what}: another program uses this port`;
    default:
      return `${what}: ${
        error instanceof Error ? error.message : String(error)
      }`;
  }
}
