import assert from "node:assert/strict";
import { answer } from "../../lib/http/answer.ts";
import { type Ask, isFeed, type Reply } from "../../lib/http/exchange.ts";
import { MAX_STREAMS, Streams } from "../../lib/http/stream.ts";
import { fakeClock } from "../fakes/clock.ts";
import { memoryLog } from "../fakes/log.ts";
import { answerHost } from "./answer_host.ts";
import { DEVICE, fakeSteering, FakeView, reading } from "./view.ts";

/** What answers are made from, without a socket. */
function stage(token?: string) {
  const view = new FakeView();
  const clock = fakeClock();
  const log = memoryLog();
  const done: unknown[] = [];
  const host = answerHost({
    view,
    steering: fakeSteering(done),
    streams: new Streams({ view, clock, log }),
    token: token ?? null,
    log,
  });
  const ask = (
    target: string,
    more: Partial<Ask> & { readonly text?: string } = {},
  ) =>
    answer(host, {
      entrance: "tcp",
      method: "GET",
      target,
      hosts: 1,
      wantsHost: true,
      body: (max) =>
        Promise.resolve(
          (more.text ?? "").length > max ? null : more.text ?? "",
        ),
      ...more,
      headers: { host: "localhost", ...more.headers },
    });
  return { view, log, done, ask };
}

/** A body that is text, or pieces of it. */
function textOf({ body }: Reply): string {
  if (isFeed(body)) return assert.fail("a feed");
  return typeof body === "string" ? body : [...body].join("");
}

/** `error` of a refusal. */
function errorOf(reply: Reply): string {
  return JSON.parse(textOf(reply)).error;
}

Deno.test("answer() has every path of the contract", async () => {
  const { ask, view } = stage();
  const rows: readonly [string, number, RegExp, RegExp][] = [
    ["/", 200, /^text\/html/, /page/],
    ["/page/main.js", 200, /javascript/, /1/],
    ["/healthz", 200, /^text\/plain/, /^ok\n$/],
    ["/readyz", 200, /json/, /"ready":true/],
    ["/status", 200, /json/, /"name":"hall"/],
    ["/status/", 200, /json/, /"name":"hall"/],
    ["/metrics", 200, /^text\/plain; version=0\.0\.4/, /^up 1\n$/],
    ["/api/devices", 200, /json/, /^\[\]\n$/],
    ["/api/readings", 200, /json/, /^\[\]\n$/],
    [`/api/history?device=${DEVICE}`, 200, /json/, /"columns"/],
    ["/api/explain?id=1", 404, /json/, /"there is no reading 1, or it is gone/],
    ["/nope", 404, /json/, /there is no/],
    ["/__proto__", 404, /json/, /there is no/],
    ["/constructor", 404, /json/, /there is no/],
    ["/api/queue/cloud", 404, /json/, /there is no/],
    ["/api/diag", 404, /json/, /there is no/],
  ];
  for (const [target, status, type, body] of rows) {
    const reply = await ask(target);
    assert.equal(reply.status, status, target);
    assert.match(reply.headers["content-type"] ?? "", type, target);
    assert.match(textOf(reply), body, target);
    const kept = reply.headers["cache-control"];
    assert.equal(kept, "etag" in reply.headers ? "no-cache" : "no-store");
  }
  view.isReady = false;
  const unready = await ask("/readyz");
  assert.equal(unready.status, 503);
  assert.match(textOf(unready), /"store_writable":false/);
});

Deno.test("answer() passes parameters on as the view takes them", async () => {
  const { ask, view } = stage();
  await ask("/api/readings");
  await ask(
    `/api/readings?device=${DEVICE.toLowerCase()}&since=2025-01-01&until=1735700000000&limit=10000`,
  );
  await ask("/api/readings?device=Boiler&limit=1");
  await ask("/api/history?device=Boiler");
  await ask("/api/history?device=Boiler&since=0&until=5&points=2");
  await ask("/api/explain?id=12");
  assert.deepEqual(view.asked, [
    { limit: 100 },
    {
      device: DEVICE,
      sinceMs: Date.UTC(2025, 0, 1),
      untilMs: 1_735_700_000_000,
      limit: 10_000,
    },
    { device: DEVICE, limit: 1 },
    [DEVICE, Date.UTC(2025, 0, 1), Date.UTC(2025, 0, 2), 600],
    [DEVICE, 0, 5, 2],
    12,
  ]);
});

Deno.test("answer() refuses wrong parameters with what would do", async () => {
  const { ask } = stage();
  const rows: readonly [string, RegExp][] = [
    ["/status?x=1", /"x" is no parameter here, there are none/],
    ["/api/readings?limit=0", /limit is "0", wanted a whole number from 1 to/],
    ["/api/readings?limit=10001", /from 1 to 10000/],
    ["/api/readings?limit=-1", /limit/],
    ["/api/readings?since=x", /since is "x", wanted a time such as/],
    ["/api/readings?device=nobody", /device is "nobody", wanted a UID/],
    ["/api/readings?divice=1", /known: device, since, until, limit/],
    ["/api/history", /device is missing/],
    ["/api/history?device=Boiler&since=5&until=4", /since is later than until/],
    ["/api/history?device=Boiler&points=1", /points is "1", wanted/],
    ["/api/explain", /id is missing/],
    ["/api/explain?id=0", /id is "0", wanted/],
    [
      "/api/stream?events=frame,lines",
      /"lines", wanted some of: frame, reading, status/,
    ],
    ["/api/stream?device=x", /device is "x"/],
  ];
  for (const [target, message] of rows) {
    const reply = await ask(target);
    assert.equal(reply.status, 400, target);
    assert.match(errorOf(reply), message, target);
  }
});

Deno.test("answer() gives a fault inside as 500, logs it and tells nothing of it", async () => {
  const { ask, log } = stage();
  const reply = await ask("/api/explain?id=500");
  assert.equal(reply.status, 500);
  assert.doesNotMatch(textOf(reply), /inside/);
  assert.equal(log.about("Request cannot be answered").length, 1);
});

Deno.test("answer() gives many rows in pieces that make one array", async () => {
  const { ask, view } = stage();
  view.rows = Array.from({ length: 5000 }, (_, id) => reading(id));
  const reply = await ask("/api/readings?limit=5000");
  assert.ok(typeof reply.body === "object" && !isFeed(reply.body));
  const pieces = [...reply.body];
  assert.ok(pieces.every((piece) => piece.length < 100_000));
  assert.ok(pieces.length > 25);
  assert.deepEqual(JSON.parse(pieces.join("")), view.rows);
});

Deno.test("answer() sends a file of the page again only when it is another one", async () => {
  const { ask } = stage();
  const first = await ask("/page/main.js");
  const etag = first.headers["etag"] ?? "";
  assert.match(etag, /^"[\w-]{22}"$/);
  for (const known of [etag, `"x", ${etag}`, "*"]) {
    const again = await ask("/page/main.js", {
      headers: { "if-none-match": known },
    });
    assert.equal(again.status, 304);
    assert.equal(again.body, "");
    assert.equal(again.headers["etag"], etag);
  }
  const other = await ask("/", { headers: { "if-none-match": etag } });
  assert.equal(other.status, 200);
});

Deno.test("answer() sends who has no token the page, and no data", async () => {
  const { ask } = stage("secret");
  const page = await ask("/");
  assert.equal(page.status, 401);
  assert.equal(page.headers["content-type"], "text/html");
  assert.match(textOf(page), /page/);
  assert.equal(page.headers["cache-control"], "no-store");
  const data = await ask("/status");
  assert.equal(data.status, 401);
  assert.match(errorOf(data), /no token: send the token/);
  assert.equal((await ask("/page/main.js")).status, 200);
  assert.equal((await ask("/healthz")).status, 200);
  const authorization = "bearer secret";
  const known = await ask("/", { headers: { authorization } });
  assert.equal(known.status, 200);
});

Deno.test("answer() opens as many live views as it may", async () => {
  const { ask } = stage();
  const outlet = {
    write: () => true,
    onRoom: () => {},
    onGone: () => {},
    end: () => {},
  };
  for (let n = 0; n < MAX_STREAMS; n++) {
    const reply = await ask("/api/stream?events=status");
    assert.equal(reply.headers["content-type"], "text/event-stream");
    assert.ok(isFeed(reply.body));
    reply.body.start(outlet);
  }
  const more = await ask("/api/stream");
  assert.equal(more.status, 503);
  assert.equal(more.headers["retry-after"], "10");
});

const control = (method = "GET", text?: string) =>
  ({
    entrance: "control",
    method,
    ...(text === undefined ? {} : { text }),
  }) as const;

Deno.test("answer() steers over the control socket", async () => {
  const { ask, done } = stage("secret");
  const rows: readonly [string, string, number, unknown][] = [
    ["GET", "/healthz", 200, null],
    ["DELETE", `/api/devices/${DEVICE.toLowerCase()}`, 200, {
      forgotten: DEVICE,
    }],
    ["DELETE", "/api/devices/0000000000000000", 404, null],
    ["DELETE", "/api/devices/nobody", 404, null],
    ["GET", `/api/devices/${DEVICE}`, 405, null],
    ["GET", "/api/queue/cloud", 200, [reading(1)]],
    ["GET", "/api/queue/cloud?after=7&limit=3", 200, [reading(1)]],
    ["GET", "/api/queue/nowhere", 404, null],
    ["GET", "/api/queue/cloud?limit=x", 400, null],
    ["GET", "/api/queue/cloud/rejected?limit=9", 200, []],
    ["GET", "/api/queue/nowhere/rejected", 404, null],
    ["DELETE", "/api/queue/cloud/rejected", 405, null],
    ["DELETE", "/api/queue/nowhere", 404, null],
    ["POST", "/api/queue/cloud", 405, null],
    ["POST", "/api/diag", 200, { file: "/data/diag.tar" }],
    ["GET", "/api/diag", 405, null],
    ["POST", "/status", 405, null],
    ["POST", "/api/nothing", 404, null],
  ];
  for (const [method, target, status, body] of rows) {
    const reply = await ask(target, control(method));
    assert.equal(reply.status, status, `${method} ${target}`);
    if (body !== null) assert.deepEqual(JSON.parse(textOf(reply)), body);
  }
  assert.deepEqual(done, [
    ["forget", DEVICE],
    ["peek", "cloud", 100, 0],
    ["peek", "cloud", 3, 7],
    ["peek", "nowhere", 100, 0],
    ["rejected", "cloud", 9],
    ["rejected", "nowhere", 100],
  ]);
  const purged = await ask("/api/queue/cloud", control("DELETE"));
  assert.deepEqual(JSON.parse(textOf(purged)), { purged: 7 });
});

Deno.test("answer() takes writes of fields, and no other body", async () => {
  const { ask, done } = stage();
  const good = { file_id: 62, offset: 0, data: "2c010000" };
  const body = (...writes: unknown[]) =>
    JSON.stringify({ mode: "contact", timeout_ms: 1000, writes });
  const post = (text: string, device = "Boiler") =>
    ask(`/api/devices/${device}/writes`, control("POST", text));
  const reply = await post(body(good, { ...good, file_id: 61 }));
  assert.deepEqual(JSON.parse(textOf(reply)), [
    { end: "queued" },
    { end: "queued" },
  ]);
  assert.deepEqual(done[0], [
    "write",
    DEVICE,
    { fileId: 62, offset: 0, data: Uint8Array.fromHex("2c010000") },
    "contact",
    1000,
  ]);
  assert.equal((await post(body(good), "0000000000000000")).status, 404);
  const bad = [
    "",
    "{",
    "[]",
    body(),
    body({ ...good, file_id: 14 }),
    body({ ...good, offset: 5 }),
    body({ ...good, offset: 0.5 }),
    body({ ...good, data: "2c0" }),
    body({ ...good, data: "zz" }),
    body({ ...good, more: 1 }),
  ];
  for (const text of bad) assert.equal((await post(text)).status, 400, text);
  assert.equal((await post(" ".repeat(70_000))).status, 413);
});
