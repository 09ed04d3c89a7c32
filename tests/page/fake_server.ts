/**
 * A server that gives the page made-up answers: for looking at the page and
 * for the fast tests of what the page does by itself. Run it to look:
 * `deno run --allow-all tests/page/fake_server.ts`.
 *
 * @module
 */
import { SECURITY_HEADERS } from "../../lib/http/guard.ts";
import type { DeviceJson, StatusJson } from "../../lib/http/json.ts";
import { pageAssets } from "../../lib/http/page/page.ts";
import {
  device,
  explained,
  history,
  line,
  reading,
  status,
  troubledStatus,
} from "./made_up.ts";

/** What a fake agent may be like. */
export interface FakeOptions {
  readonly devices?: number;
  /** Wanted as `Authorization: Bearer`. */
  readonly token?: string;
  /** A port to come back to. */
  readonly port?: number;
}

/** An agent that is made up; what it answers can be changed while it runs. */
export class FakeAgent implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #token: string | undefined;
  /** Streams with what they were asked for. */
  readonly #streams = new Map<
    ReadableStreamDefaultController<Uint8Array>,
    string
  >();
  /** Paths that were asked for, with their query. */
  readonly asked: string[] = [];
  status: StatusJson;
  devices: DeviceJson[];

  constructor({ devices = 200, token, port = 0 }: FakeOptions = {}) {
    const nowMs = Date.now();
    this.status = status(nowMs);
    this.devices = Array.from({ length: devices }, (_, n) => device(n, nowMs));
    this.#token = token;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port, onListen: () => {} },
      (request) => this.#answer(request),
    );
  }

  get port(): number {
    return this.#server.addr.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/`;
  }

  /** Streams that are open. */
  get watching(): number {
    return this.#streams.size;
  }

  /** Streams that are open and want frames. */
  get live(): number {
    return [...this.#streams.values()].filter((wanted) =>
      wanted.includes("frame")
    ).length;
  }

  /** Sends an event to all who want it. */
  send(event: string, data: unknown): void {
    const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const [stream, wanted] of this.#streams) {
      if (event !== "dropped" && !wanted.includes(event)) continue;
      stream.enqueue(new TextEncoder().encode(text));
    }
  }

  #answer(request: Request): Response {
    const url = new URL(request.url);
    this.asked.push(url.pathname + url.search);
    const headers = new Headers(SECURITY_HEADERS);
    const asset = pageAssets.get(url.pathname);
    if (asset !== undefined) {
      headers.set("content-type", asset.type);
      return new Response(asset.body, { headers });
    }
    const given = request.headers.get("authorization");
    if (this.#token !== undefined && given !== `Bearer ${this.#token}`) {
      return Response.json({ error: "no token" }, { status: 401, headers });
    }
    if (url.pathname === "/api/stream") {
      return this.#stream(headers, url.search);
    }
    const found = this.#json(url);
    return found === null
      ? Response.json({ error: "not there" }, { status: 404, headers })
      : Response.json(found, { headers });
  }

  #json(url: URL): unknown {
    const nowMs = Date.now();
    const at = (name: string) => Date.parse(url.searchParams.get(name) ?? "");
    switch (url.pathname) {
      case "/status":
        return this.#statusNow();
      case "/api/devices":
        return this.devices;
      case "/api/history":
        return history(
          url.searchParams.get("device") ?? "",
          at("since"),
          at("until"),
        );
      case "/api/readings": {
        const n = this.devices.findIndex(({ device }) =>
          device === url.searchParams.get("device")
        );
        const limit = Number(url.searchParams.get("limit"));
        const older = url.searchParams.has("until") ? 1000 : 2000;
        const topMs = url.searchParams.has("until") ? at("until") : nowMs;
        return Array.from(
          { length: limit },
          (_, back) => reading(older - back, n, topMs - back * 60_000),
        );
      }
      case "/api/explain": {
        const id = Number(url.searchParams.get("id"));
        return id < 1_000_000 ? explained(id, nowMs) : null;
      }
      default:
        return null;
    }
  }

  #statusNow(): StatusJson {
    const now = new Date().toISOString();
    return { ...this.status, agent: { ...this.status.agent, now } };
  }

  #stream(headers: Headers, wanted: string): Response {
    let mine: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        mine = controller;
        this.#streams.set(controller, wanted);
        const status = JSON.stringify(this.#statusNow());
        const first = `: here\n\nevent: status\ndata: ${status}\n\n`;
        controller.enqueue(new TextEncoder().encode(first));
      },
      cancel: () => void this.#streams.delete(mine),
    });
    headers.set("content-type", "text/event-stream");
    return new Response(body, { headers });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stream of this.#streams.keys()) stream.close();
    this.#streams.clear();
    await this.#server.shutdown();
  }
}

if (import.meta.main) {
  const fake = new FakeAgent({ port: 8088 });
  if (Deno.args.includes("--trouble")) fake.status = troubledStatus(Date.now());
  Deno.stdout.writeSync(new TextEncoder().encode(`${fake.url}\n`));
  let n = 0;
  setInterval(() => {
    n++;
    fake.send("frame", line(n, Date.now()));
    fake.send("reading", reading(3000 + n, n % 3, Date.now()));
  }, 1000);
}
