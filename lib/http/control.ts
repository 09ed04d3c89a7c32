/**
 * The control socket: how verbs of the command line ask the running agent. A
 * Unix socket that only its owner may open, spoken to in HTTP with JSON.
 *
 * | request | answer |
 * | --- | --- |
 * | `GET /devices` | every device with its state and what waits for it |
 * | `DELETE /devices/UID` | forgets a device, until it is heard again |
 * | `POST /devices/UID/writes` | writes fields of its files; how each ended |
 *
 * @module
 */
import { z } from "zod";
import type { Devices, DeviceState } from "../device/device.ts";
import type { Downlinks, WriteEnd } from "../downlink/downlink.ts";
import type { Log } from "../log.ts";

/** What the socket serves from. */
export interface ControlHost {
  /** Where the socket is made. */
  readonly path: string;
  readonly log: Log;
  readonly devices: Devices;
  readonly downlinks: Downlinks;
  readonly deviceName: (device: string) => string | undefined;
  /** Takes a device off, with what waits for it. */
  readonly forget: (device: string) => void;
}

/** Largest body of a request, bytes. */
const MAX_BODY_BYTES = 4096;

/** Body of `POST /devices/UID/writes`; data as hex. */
const writesBody = z.strictObject({
  mode: z.enum(["contact", "direct"]),
  timeoutMs: z.number().min(100).max(600_000),
  writes: z.array(z.strictObject({
    fileId: z.union([z.literal(61), z.literal(62)]),
    offset: z.number().int().min(0).max(4),
    data: z.string().regex(/^([0-9A-Fa-f]{2}){1,5}$/),
  })).min(1).max(9),
});

/** What `POST /devices/UID/writes` asks. */
export type WritesBody = z.input<typeof writesBody>;

/** One device as `GET /devices` tells it. */
export interface DeviceJson {
  readonly device: string;
  readonly name: string | null;
  readonly state: "ok" | "silent" | "offline" | "unregistered";
  readonly lastHeardMs: number;
  readonly linkBudgetDb: number | null;
  readonly rxLevelDbm: number | null;
  /** The meter cannot be read. */
  readonly meterLost: boolean;
  readonly measurements: number;
  readonly energyConfig: DeviceState["energyConfig"];
  readonly buttonConfig: DeviceState["buttonConfig"];
  readonly tag: string;
  readonly lastWriteFailed: boolean;
  readonly queued: readonly {
    readonly fileId: number;
    readonly offset: number;
    readonly data: string;
    readonly tries: number;
    readonly queuedMs: number;
  }[];
}

/** Opens the socket; a failure is told and leaves the agent without one. */
export async function serveControl(
  host: ControlHost,
): Promise<AsyncDisposable> {
  const { path, log } = host;
  try {
    await makeRoom(path);
    // Whoever opens it may change devices: nobody else, from its first moment on.
    const mask = Deno.umask(0o177);
    const stop = new AbortController();
    let server: Deno.HttpServer;
    try {
      server = Deno.serve(
        { path, transport: "unix", signal: stop.signal, onListen: () => {} },
        (request) => answer(host, request),
      );
    } finally {
      Deno.umask(mask);
    }
    await Deno.chmod(path, 0o600);
    return {
      async [Symbol.asyncDispose]() {
        // At once: a direct write may take as long as its caller allows.
        stop.abort();
        await server.finished;
        await Deno.remove(path).catch(() => {});
      },
    };
  } catch (error) {
    log.warn("Control socket not open; verbs cannot ask this agent", {
      socket: path,
      reason: error instanceof Error ? error.message : String(error),
    });
    return { [Symbol.asyncDispose]: () => Promise.resolve() };
  }
}

/** Removes a socket that an agent left behind when it was killed. */
async function makeRoom(path: string): Promise<void> {
  const there = await Deno.lstat(path).catch(() => null);
  if (there === null) {
    await Deno.mkdir(path.replace(/[^/]*$/, ""), { recursive: true });
    return;
  }
  if (!there.isSocket) throw new Error(`${path} is taken by something else`);
  const alive = await Deno.connect({ path, transport: "unix" })
    .then((connection) => (connection.close(), true), () => false);
  if (alive) throw new Error("another agent has it");
  await Deno.remove(path);
}

function json(value: unknown, status = 200): Response {
  return Response.json(value, { status });
}

function unknown(device: string): Response {
  return json({ error: `device ${device} is not known` }, 404);
}

async function answer(host: ControlHost, request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const [, root, device, what] = pathname.split("/");
  if (root === "devices" && device === undefined) {
    if (request.method !== "GET") return json({ error: "GET only" }, 405);
    return json(host.devices.list().map((state) => deviceJson(host, state)));
  }
  if (root === "devices" && device !== undefined && what === undefined) {
    if (request.method !== "DELETE") return json({ error: "DELETE only" }, 405);
    if (host.devices.get(device) === undefined) return unknown(device);
    host.forget(device);
    return json({ forgotten: device });
  }
  if (root === "devices" && device !== undefined && what === "writes") {
    if (request.method !== "POST") return json({ error: "POST only" }, 405);
    return await configure(host, device, request);
  }
  return json({ error: `there is no ${pathname}` }, 404);
}

async function configure(
  host: ControlHost,
  device: string,
  request: Request,
): Promise<Response> {
  if (host.devices.get(device) === undefined) return unknown(device);
  const text = await bodyOf(request);
  if (text === null) return json({ error: "the body is too long" }, 413);
  const body = writesBody.safeParse(parsed(text));
  if (!body.success) {
    return json({ error: z.prettifyError(body.error) }, 400);
  }
  const { mode, timeoutMs, writes } = body.data;
  const ends: WriteEnd[] = [];
  for (const { fileId, offset, data } of writes) {
    const write = { fileId, offset, data: Uint8Array.fromHex(data) };
    ends.push(await host.downlinks.write(device, write, mode, timeoutMs));
  }
  return json(ends);
}

/** The text of a body; null if it is longer than it may be. */
async function bodyOf(request: Request): Promise<string | null> {
  const length = Number(request.headers.get("content-length") ?? Infinity);
  if (!(length <= MAX_BODY_BYTES)) {
    await request.body?.cancel();
    return null;
  }
  return await request.text();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function deviceJson(host: ControlHost, state: DeviceState): DeviceJson {
  const { device, link } = state;
  return {
    device,
    name: host.deviceName(device) ?? null,
    state: state.unregistered
      ? "unregistered"
      : state.offline !== null
      ? "offline"
      : state.silent !== null
      ? "silent"
      : "ok",
    lastHeardMs: state.lastHeard.wallMs,
    linkBudgetDb: link?.linkBudgetDb ?? null,
    rxLevelDbm: link?.rxLevelDbm ?? null,
    meterLost: state.modbusLost !== null,
    measurements: state.measurementCounter,
    energyConfig: state.energyConfig,
    buttonConfig: state.buttonConfig,
    tag: state.tag,
    lastWriteFailed: state.lastWriteFailed,
    queued: host.downlinks.queued(device).map((
      { fileId, offset, data, tries, queuedWallMs },
    ) => ({
      fileId,
      offset,
      data: data.toHex(),
      tries,
      queuedMs: queuedWallMs,
    })),
  };
}
