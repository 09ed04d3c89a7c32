/**
 * What only the control socket has: how verbs of the command line steer the
 * running agent. A Unix socket that only its owner may open, spoken to in HTTP
 * with JSON; it serves all that TCP does as well.
 *
 * | request | answer |
 * | --- | --- |
 * | `DELETE /api/devices/UID` | forgets a device, until it is heard again |
 * | `POST /api/devices/UID/writes` | writes fields of its files; how each ended |
 * | `GET /api/queue/SINK?after=&limit=` | what waits for a sink, oldest first |
 * | `DELETE /api/queue/SINK` | drops what waits for a sink: `{"purged": N}` |
 * | `GET /api/queue/SINK/rejected?limit=` | what a sink refused, newest first |
 * | `POST /api/diag` | writes the flight recorder: `{"file": PATH}` |
 *
 * @module
 */
import * as z from "zod";
import type { WriteEnd } from "../downlink/downlink.ts";
import { type Ask, jsonReply, refusal, type Reply } from "./exchange.ts";
import { decoded, MAX_BODY_BYTES, tooLong } from "./guard.ts";
import { Params, quoted } from "./params.ts";
import { rows } from "./routes.ts";
import type { Steering } from "./view.ts";

/** Body of `POST /api/devices/UID/writes`; data as hex. */
const writesBody = z.strictObject({
  mode: z.enum(["contact", "direct"]),
  timeout_ms: z.number().min(100).max(600_000),
  writes: z.array(z.strictObject({
    file_id: z.union([z.literal(61), z.literal(62)]),
    offset: z.number().int().min(0).max(4),
    data: z.string().regex(/^([0-9A-Fa-f]{2}){1,5}$/),
  })).min(1).max(9),
});

/** What `POST /api/devices/UID/writes` asks. */
export type WritesBody = z.input<typeof writesBody>;

/** Rows of a queue that are given when no limit is asked for. */
const ROWS = 100;
const MAX_ROWS = 10_000;

/** What the control socket works with. */
export interface ControlHost {
  readonly steering: Steering;
  /** UID of a device by UID in any case or by its configured name; null when it is neither. */
  readonly deviceOf: (text: string) => string | null;
}

/** Answers a path that changes things, or looks into a queue; null when there is no such path. */
export function control(
  host: ControlHost,
  path: string,
  query: string,
  ask: Ask,
): Reply | Promise<Reply> | null {
  const steps = path.split("/").slice(1).map((step) => decoded(step) ?? "");
  const [api, area, name, what, ...more] = steps;
  if (api !== "api" || more.length > 0) return null;
  if (area === "diag" && name === undefined) {
    return by(ask, { POST: () => diag(host, query) });
  }
  if (name === undefined) return null;
  if (area === "devices" && what === undefined) {
    return by(ask, { DELETE: () => forget(host, name, query) });
  }
  if (area === "devices" && what === "writes") {
    return by(ask, { POST: () => write(host, name, query, ask) });
  }
  if (area === "queue" && what === undefined) {
    return by(ask, {
      GET: () => peek(host, name, query),
      DELETE: () => purge(host, name, query),
    });
  }
  if (area === "queue" && what === "rejected") {
    return by(ask, { GET: () => rejected(host, name, query) });
  }
  return null;
}

type Deed = () => Reply | Promise<Reply>;

function by(
  { method }: Ask,
  deeds: Readonly<Partial<Record<"GET" | "POST" | "DELETE", Deed>>>,
): Reply | Promise<Reply> {
  for (const [name, deed] of Object.entries(deeds)) {
    if (name === method || (name === "GET" && method === "HEAD")) return deed();
  }
  const allow = Object.keys(deeds).join(", ");
  return refusal(405, `${method} is not answered here: ${allow} only`, {
    allow,
  });
}

async function diag({ steering }: ControlHost, query: string): Promise<Reply> {
  new Params(query, []);
  return jsonReply({ file: await steering.diag() });
}

function forget(host: ControlHost, name: string, query: string): Reply {
  new Params(query, []);
  const device = host.deviceOf(name);
  if (device === null || !host.steering.forget(device)) return stranger(name);
  return jsonReply({ forgotten: device });
}

async function write(
  host: ControlHost,
  name: string,
  query: string,
  ask: Ask,
): Promise<Reply> {
  new Params(query, []);
  const device = host.deviceOf(name);
  if (device === null || !host.steering.knows(device)) return stranger(name);
  const text = await ask.body(MAX_BODY_BYTES);
  if (text === null) return refusal(413, tooLong("a longer body"));
  const body = writesBody.safeParse(parsed(text));
  if (!body.success) return refusal(400, z.prettifyError(body.error));
  const { mode, timeout_ms, writes } = body.data;
  const ends: WriteEnd[] = [];
  for (const { file_id, offset, data } of writes) {
    ends.push(
      await host.steering.write(
        device,
        { fileId: file_id, offset, data: Uint8Array.fromHex(data) },
        mode,
        timeout_ms,
      ),
    );
  }
  return jsonReply(ends);
}

function peek({ steering }: ControlHost, sink: string, query: string): Reply {
  const params = new Params(query, ["after", "limit"]);
  const found = steering.peek(
    sink,
    params.count("limit", 1, MAX_ROWS) ?? ROWS,
    params.count("after", 0, Number.MAX_SAFE_INTEGER) ?? 0,
  );
  return found === null ? noSink(sink) : rows(found);
}

function rejected(
  { steering }: ControlHost,
  sink: string,
  query: string,
): Reply {
  const params = new Params(query, ["limit"]);
  const found = steering.rejected(
    sink,
    params.count("limit", 1, MAX_ROWS) ?? ROWS,
  );
  return found === null ? noSink(sink) : rows(found);
}

function purge({ steering }: ControlHost, sink: string, query: string): Reply {
  new Params(query, []);
  const purged = steering.purge(sink);
  return purged === null ? noSink(sink) : jsonReply({ purged });
}

function stranger(device: string): Reply {
  return refusal(404, `device ${quoted(device)} is not known`);
}

function noSink(sink: string): Reply {
  return refusal(404, `there is no sink ${quoted(sink)}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
