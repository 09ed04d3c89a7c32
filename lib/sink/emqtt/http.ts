/**
 * The HTTP side of an onSite registration: `POST /set_broker_host` and
 * `GET /status`. A port that cannot be opened is a state that heals.
 * [eMQTT 3.1]
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import type { Log } from "../../log.ts";

/** Largest body, bytes. */
const MAX_BODY = 4096;
/** How long a body may take to come, ms. */
const BODY_MS = 5000;
/** Pause before the port is tried again, ms. */
const RETRY_MS = 10_000;

/** What {@link serveHttp} serves. */
export interface HttpOptions {
  readonly hostname: string;
  readonly port: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Takes the body of a trigger; gives the reason of a refusal, or null. */
  readonly trigger: (body: string) => string | null;
  readonly status: () => Readonly<Record<string, unknown>>;
}

/** A server that stays up by itself. */
export interface HttpServer extends AsyncDisposable {
  /** Why it does not listen; null while it does. */
  fault(): string | null;
  /** The port it listens on; null while it does not. */
  port(): number | null;
}

/** Answers one request. */
export async function answer(
  request: Request,
  options: HttpOptions,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  switch (pathname) {
    case "/set_broker_host": {
      if (request.method !== "POST") return notAllowed("POST");
      const body = await readBody(request, options.clock);
      if (typeof body !== "string") {
        return Response.json(
          { Status: "FAIL", Message: body.reason },
          { status: body.status },
        );
      }
      const refusal = options.trigger(body);
      return Response.json(
        refusal === null
          ? { Status: "OK" }
          : { Status: "FAIL", Message: refusal },
      );
    }
    case "/status":
      return request.method === "GET" || request.method === "HEAD"
        ? Response.json(options.status())
        : notAllowed("GET");
    default:
      return new Response("Not found\n", { status: 404 });
  }
}

function notAllowed(allow: string): Response {
  return new Response("Method not allowed\n", {
    status: 405,
    headers: { allow },
  });
}

/** A body, or why there is none. */
async function readBody(
  request: Request,
  clock: Clock,
): Promise<string | { readonly status: number; readonly reason: string }> {
  const reader = request.body?.getReader();
  if (reader === undefined) return "";
  const bytes = new Uint8Array(MAX_BODY);
  let length = 0;
  let late = false;
  const disarm = clock.after(BODY_MS, () => {
    late = true;
    void reader.cancel().catch(() => {});
  });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (late) return { status: 408, reason: "The body did not come" };
      if (done) return new TextDecoder().decode(bytes.subarray(0, length));
      if (length + value.length > MAX_BODY) {
        await reader.cancel();
        return {
          status: 413,
          reason: `The body is longer than ${MAX_BODY} bytes`,
        };
      }
      bytes.set(value, length);
      length += value.length;
    }
  } catch (error) {
    return {
      status: 400,
      reason: `The body could not be read: ${
        error instanceof Error ? error.message : String(error)
      }`,
    };
  } finally {
    disarm();
  }
}

/** Starts serving; tries again for as long as the port cannot be opened. */
export function serveHttp(options: HttpOptions): HttpServer {
  const { hostname, port, clock, log } = options;
  const place = `${hostname}:${port}`;
  const stop = new AbortController();
  let fault: string | null = null;
  let server: Deno.HttpServer<Deno.NetAddr> | null = null;
  let disarm = () => {};
  const listen = () => {
    try {
      server = Deno.serve({
        hostname,
        port,
        signal: stop.signal,
        onListen: () => {},
        onError(error) {
          log.error("Request failed", { error });
          return new Response("Internal error\n", { status: 500 });
        },
      }, (request) => answer(request, options));
      if (fault !== null) log.info("HTTP port opened", { listen: place });
      fault = null;
    } catch (error) {
      const why = listenFault(error, place);
      if (fault !== why) log.error(why);
      fault = why;
      disarm = clock.after(RETRY_MS, listen);
    }
  };
  listen();
  return {
    fault: () => fault,
    port: () => server?.addr.port ?? null,
    async [Symbol.asyncDispose]() {
      disarm();
      stop.abort();
      await server?.finished;
    },
  };
}

/** Why a port cannot be opened, in a technician's words. */
export function listenFault(error: unknown, place: string): string {
  const what = `Cannot listen on ${place}`;
  if (error instanceof Deno.errors.PermissionDenied) {
    return `${what}: not permitted, ports below 1024 need CAP_NET_BIND_SERVICE, or set http_listen to a higher port`;
  }
  if (error instanceof Deno.errors.AddrInUse) {
    return `${what}: another program uses this port`;
  }
  return `${what}: ${error instanceof Error ? error.message : String(error)}`;
}
