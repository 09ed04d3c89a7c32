/**
 * Path by path: what is answered from the {@link View}. The same on TCP and on
 * the control socket; what only the latter has is in `control.ts`.
 *
 * @module
 */
import { type Ask, jsonReply, refusal, type Reply } from "./exchange.ts";
import type { Asset } from "./assets.ts";
import { Params } from "./params.ts";
import type { Streams } from "./stream.ts";
import { STREAM_EVENTS } from "./parcels.ts";
import type { View } from "./view.ts";

/** What is answered from. */
export interface RouteHost {
  readonly view: View;
  readonly streams: Streams;
  readonly assets: ReadonlyMap<string, Asset>;
  /** UID of a device by UID in any case or by its configured name; null when it is neither. */
  readonly deviceOf: (text: string) => string | null;
  /** Wall clock, milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Runs a piece of work when it is its turn. */
  readonly turn: <T>(work: () => T) => Promise<T>;
}

/** Readings that are given when no limit is asked for. */
const READINGS = 100;
const MAX_READINGS = 10_000;
/** Rows of JSON that are written at a time, a few milliseconds of work. */
const SLICE = 200;
/** Points of a history when it is not said how many. */
const POINTS = 600;
const MAX_POINTS = 5000;
const DAY_MS = 86_400_000;

type Route = (
  host: RouteHost,
  query: string,
  ask: Ask,
) => Reply | Promise<Reply>;

const ROUTES: Readonly<Record<string, Route>> = {
  "/healthz": (_host, query) => {
    new Params(query, []);
    return text("ok\n");
  },
  "/readyz": ({ view }, query) => {
    new Params(query, []);
    const ready = view.ready();
    return jsonReply(ready, ready.ready ? 200 : 503);
  },
  "/status": ({ view }, query) => {
    new Params(query, []);
    return jsonReply(view.status());
  },
  "/metrics": async ({ view }, query) => {
    new Params(query, []);
    return text(
      await view.metrics(),
      "text/plain; version=0.0.4; charset=utf-8",
    );
  },
  "/api/devices": ({ view }, query) => {
    new Params(query, []);
    return rows(view.devices());
  },
  "/api/readings": ({ view, deviceOf, turn }, query) => {
    const params = new Params(query, ["device", "since", "until", "limit"]);
    const device = params.device("device", deviceOf);
    const sinceMs = params.moment("since");
    const untilMs = params.moment("until");
    const slices = view.readings({
      ...(device === undefined ? {} : { device }),
      ...(sinceMs === undefined ? {} : { sinceMs }),
      ...(untilMs === undefined ? {} : { untilMs }),
      limit: params.count("limit", 1, MAX_READINGS) ?? READINGS,
    });
    return sliced(slices, turn);
  },
  "/api/history": async ({ view, deviceOf, nowMs, turn }, query) => {
    const params = new Params(query, ["device", "since", "until", "points"]);
    const device = params.needed("device", params.device("device", deviceOf));
    const untilMs = params.moment("until") ?? nowMs();
    const sinceMs = params.moment("since") ?? untilMs - DAY_MS;
    if (sinceMs > untilMs) {
      return refusal(400, "since is later than until, wanted the other order");
    }
    const points = params.count("points", 2, MAX_POINTS) ?? POINTS;
    const steps = view.history(device, sinceMs, untilMs, points);
    let step = await turn(() => steps.next());
    while (!step.done) step = await turn(() => steps.next());
    return jsonReply(step.value);
  },
  "/api/explain": ({ view }, query) => {
    const params = new Params(query, ["id"]);
    const id = params.needed(
      "id",
      params.count("id", 1, Number.MAX_SAFE_INTEGER),
    );
    const found = view.explain(id);
    return found === null
      ? refusal(404, `there is no reading ${id}, or it is gone from the log`)
      : jsonReply(found);
  },
  "/api/stream": ({ streams, deviceOf }, query, ask) => {
    const params = new Params(query, ["events", "device"]);
    const device = params.device("device", deviceOf) ?? null;
    const events = params.words("events", STREAM_EVENTS) ?? STREAM_EVENTS;
    const feed = streams.feed({
      device,
      events: new Set(events),
      lastId: ask.headers["last-event-id"],
    });
    if (feed === null) {
      return refusal(
        503,
        "as many live views are open as this agent serves, close one",
        { "retry-after": "10" },
      );
    }
    return {
      status: 200,
      headers: {
        "content-type": "text/event-stream",
        "cache-control": "no-store",
      },
      body: feed,
    };
  },
};

/** Answers a path that was let in; null when there is no such path. */
export function route(
  host: RouteHost,
  path: string,
  query: string,
  ask: Ask,
): Reply | Promise<Reply> | null {
  const asset = host.assets.get(path);
  if (asset !== undefined) return assetReply(asset, ask);
  const own = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined;
  if (own === undefined) return null;
  if (ask.method !== "GET" && ask.method !== "HEAD") {
    return refusal(405, `${ask.method} is not answered here: GET only`, {
      allow: "GET, HEAD",
    });
  }
  return own(host, query, ask);
}

/** A file of the page; asked for again, it is sent only when it is another one. */
export function assetReply(asset: Asset, ask: Pick<Ask, "headers">): Reply {
  const headers = {
    "content-type": asset.type,
    "cache-control": "no-cache",
    etag: asset.etag,
  };
  const known = ask.headers["if-none-match"]?.split(/\s*,\s*/) ?? [];
  return known.includes(asset.etag) || known.includes("*")
    ? { status: 304, headers, body: "" }
    : { status: 200, headers, body: asset.body };
}

function text(body: string, type = "text/plain; charset=utf-8"): Reply {
  return {
    status: 200,
    headers: { "content-type": type, "cache-control": "no-store" },
    body,
  };
}

/** Rows as a JSON array, written piece by piece when they are many. */
export function rows(all: readonly unknown[]): Reply {
  if (all.length <= SLICE) return jsonReply(all);
  return { ...jsonReply([]), body: array(slicesOf(all)) };
}

/** Rows that come slice by slice as a JSON array; the first ones are waited for, so that a fault can be told. */
async function sliced(
  slices: Generator<readonly unknown[], void>,
  turn: RouteHost["turn"],
): Promise<Reply> {
  const first: unknown[] = [];
  for (;;) {
    const slice = await turn(() => slices.next());
    if (slice.done) return jsonReply(first);
    first.push(...slice.value);
    if (first.length > SLICE) break;
  }
  return { ...jsonReply([]), body: array([first], slices) };
}

function* array(
  ...parts: readonly Iterable<readonly unknown[]>[]
): Iterable<string> {
  let before = "[";
  for (const part of parts) {
    for (const slice of part) {
      yield slice.length === 0
        ? ""
        : before + JSON.stringify(slice).slice(1, -1);
      if (slice.length > 0) before = ",";
    }
  }
  yield before === "[" ? "[]\n" : "]\n";
}

function* slicesOf(all: readonly unknown[]): Iterable<readonly unknown[]> {
  for (let at = 0; at < all.length; at += SLICE) {
    yield all.slice(at, at + SLICE);
  }
}
