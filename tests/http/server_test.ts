import assert from "node:assert/strict";
import type { Ask, Outlet, Reply } from "../../lib/http/exchange.ts";
import {
  type Limits,
  type Place,
  serve,
  type ServerHost,
} from "../../lib/http/server.ts";
import { memoryLog } from "../fakes/log.ts";
import { until } from "../downlink/agent.ts";

const LOOPBACK: Place = { hostname: "127.0.0.1", port: 0 };

const text = (body: Reply["body"], status = 200): Reply => ({
  status,
  headers: { "content-type": "text/plain" },
  body,
});

/** A server with one answer for all. */
async function stage(
  answer: (ask: Ask) => Reply | Promise<Reply>,
  limits: Partial<Limits> = {},
  entrance: ServerHost["entrance"] = "tcp",
) {
  const log = memoryLog();
  const served = await serve({
    entrance,
    answer: async (ask) => await answer(ask),
    turn: async (work) => await work(),
    log,
    limits,
  }, LOOPBACK);
  const port = Number(new URL(served.url).port);
  return { served, port, log, url: served.url };
}

/** Sends bytes and reads until the end. */
async function raw(port: number, sent: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(sent));
  return await rest(connection);
}

async function rest(connection: Deno.Conn): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4096);
  let got = "";
  try {
    for (;;) {
      const n = await connection.read(buffer);
      if (n === null) return got;
      got += decoder.decode(buffer.subarray(0, n), { stream: true });
    }
  } catch {
    return got;
  }
}

Deno.test("serve() answers with the security headers on everything", async () => {
  const { served, url } = await stage(({ target }) =>
    text("hi", target === "/" ? 200 : 404)
  );
  await using _ = served;
  for (const path of ["", "nope"]) {
    const response = await fetch(url + path);
    assert.equal(await response.text(), "hi");
    const { headers } = response;
    assert.match(
      headers.get("content-security-policy") ?? "",
      /^default-src 'none'; script-src 'self';.*frame-ancestors 'none'$/,
    );
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("referrer-policy"), "no-referrer");
    assert.equal(headers.get("cross-origin-resource-policy"), "same-origin");
    assert.equal(headers.get("access-control-allow-origin"), null);
    assert.equal(headers.get("server"), null);
    assert.equal(headers.get("x-powered-by"), null);
  }
});

Deno.test("serve() writes a body in pieces, and none to HEAD", async () => {
  const { served, url } = await stage(() =>
    text(
      Array.from({ length: 100 }, (_, n) => `${n},`.repeat(1000))
        .flatMap((piece) => ["", piece, ""]),
    )
  );
  await using _ = served;
  const whole = await (await fetch(url)).text();
  assert.equal(whole.split(",").length, 100_001);
  const head = await fetch(url, { method: "HEAD" });
  assert.equal(await head.text(), "");
  assert.equal(head.headers.get("content-type"), "text/plain");
});

Deno.test("serve() feeds until one side ends it", async () => {
  const outlets: Outlet[] = [];
  let gone = 0;
  const { served, url } = await stage(() =>
    text({
      start(outlet) {
        outlets.push(outlet);
        outlet.onGone(() => gone++);
        outlet.write(new TextEncoder().encode("one"));
      },
    })
  );
  await using _ = served;
  const stop = new AbortController();
  const response = await fetch(url, { signal: stop.signal });
  const reader = response.body?.getReader();
  const { value } = await reader?.read() ?? {};
  assert.equal(new TextDecoder().decode(value), "one");
  stop.abort();
  await reader?.read().catch(() => {});
  await until("the client to be gone", () => gone === 1);
  const other = await fetch(url);
  outlets[1]?.end();
  await assert.rejects(other.text());
  await until("the second to be gone", () => gone === 2);
});

Deno.test("serve() tells a feed when its client takes no more, and when again", async () => {
  let full = false;
  let room = false;
  const piece = new Uint8Array(1 << 20);
  const { served, port } = await stage(() =>
    text({
      start(outlet) {
        outlet.onRoom(() => room = true);
        for (let n = 0; n < 64 && !full; n++) full = !outlet.write(piece);
      },
    })
  );
  await using _ = served;
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  await connection.write(new TextEncoder().encode(request));
  await until("the feed to be full", () => full);
  const buffer = new Uint8Array(1 << 20);
  while (!room) await connection.read(buffer);
  connection.close();
});

Deno.test("serve() closes who sends no request in time", async () => {
  const { served, port } = await stage(() => text("hi"), {
    headMs: 300,
    requestMs: 300,
    keepAliveMs: 300,
  });
  await using _ = served;
  const idle = Deno.connect({ hostname: "127.0.0.1", port });
  const half = raw(port, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
  const kept = raw(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  using connection = await idle;
  assert.match(await rest(connection), /^$|^HTTP\/1\.1 408 /);
  assert.match(await half, /^HTTP\/1\.1 408 Request Timeout/);
  assert.match(await kept, /^HTTP\/1\.1 200 OK[^]*hi$/);
  await until("all to be gone", () => served.connections() === 0);
});

Deno.test("serve() lets who asks push out who only holds a connection", async () => {
  const { served, port, url } = await stage(() => text("hi"), {
    connections: 8,
  });
  await using _ = served;
  const held = [];
  for (let n = 0; n < 30; n++) {
    held.push(await Deno.connect({ hostname: "127.0.0.1", port }));
  }
  assert.equal(await (await fetch(url)).text(), "hi");
  assert.ok(served.connections() <= 9);
  for (const connection of held) connection.close();
});

Deno.test("serve() refuses what is no good HTTP, and heads that are too long", async () => {
  const { served, port } = await stage(() => text("hi"));
  await using _ = served;
  const get = "GET / HTTP/1.1\r\nHost: a\r\n";
  const rows: readonly [string, RegExp][] = [
    ["garbage\r\n\r\n", /^HTTP\/1\.1 400 /],
    [`${get}X: ${"y".repeat(20_000)}\r\n\r\n`, /^HTTP\/1\.1 431 /],
    [
      `${get}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
      /^HTTP\/1\.1 400 /,
    ],
    [
      `${get}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`,
      /^HTTP\/1\.1 400 /,
    ],
    ["GET / HTTP/1.0\r\n\r\n", /^HTTP\/1\.1 200 /],
    [
      `${get}Expect: tea\r\n\r\n`,
      /^HTTP\/1\.1 417 (?=[^]*content-security-policy: default-src 'none')/,
    ],
  ];
  for (const [sent, answer] of rows) {
    assert.match(await raw(port, sent), answer, sent.slice(0, 60));
  }
});

Deno.test("serve() answers some requests sent at once, and cuts off who sends many", async () => {
  const { served, port } = await stage(() => text("hi"));
  await using _ = served;
  const one = "GET / HTTP/1.1\r\nHost: a\r\n";
  const last = `${one}Connection: close\r\n\r\n`;
  const some = await raw(port, `${one}\r\n`.repeat(20) + last);
  assert.equal(some.split("HTTP/1.1 200").length - 1, 21);
  const many = await raw(port, `${one}\r\n`.repeat(1000) + last);
  assert.ok(many.split("HTTP/1.1 200").length - 1 < 33);
});

Deno.test("serve() reads no more of a body than it may, and does not ask for one it refuses", async () => {
  const { served, port } = await stage(
    async (ask) => {
      if (ask.target === "/refused") return text("no", 413);
      const body = await ask.body(10);
      return body === null ? text("too long", 413) : text(body);
    },
    {},
    "control",
  );
  await using _ = served;
  const post = (path: string, more: string) =>
    raw(port, `POST ${path} HTTP/1.1\r\nHost: a\r\n${more}`);
  const good = "Connection: close\r\nContent-Length: 5\r\n\r\nhello";
  assert.match(await post("/", good), /^HTTP\/1\.1 200[^]*hello$/);
  const chunked = "Transfer-Encoding: chunked\r\n\r\n";
  assert.match(
    await post("/", `${chunked}14\r\n${"a".repeat(20)}\r\n`),
    /^HTTP\/1\.1 413[^]*Connection: close[^]*too long$/i,
  );
  const expecting = "Expect: 100-continue\r\nContent-Length: 5\r\n";
  assert.match(
    await post("/", `Connection: close\r\n${expecting}\r\nhello`),
    /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200[^]*hello$/,
  );
  assert.match(
    await post("/refused", `${expecting}\r\n`),
    /^HTTP\/1\.1 413[^]*no$/,
  );
});

Deno.test("serve() logs a fault of the answer and lets go of its client", async () => {
  const { served, port, log } = await stage(() => {
    throw new Error("a fault");
  });
  await using _ = served;
  assert.equal(await raw(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "");
  assert.equal(log.about("Request failed").length, 1);
});

Deno.test("serve() counts Host fields", async () => {
  const seen: number[] = [];
  const { served, port } = await stage((ask) => {
    seen.push(ask.hosts + Number(ask.wantsHost) / 2);
    return text("hi");
  });
  await using _ = served;
  await raw(port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  await raw(
    port,
    "GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\nConnection: close\r\n\r\n",
  );
  await raw(port, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  await raw(port, "GET / HTTP/1.0\r\n\r\n");
  assert.deepEqual(seen, [1.5, 2.5, 0.5, 0]);
});

Deno.test("serve() answers who has closed its own half of the connection", async () => {
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  const { served, port } = await stage(async () => {
    ask();
    await closed;
    return text("late");
  });
  await using _served = served;
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(
    new TextEncoder().encode(
      "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    ),
  );
  await asked;
  await connection.closeWrite();
  // A request of another connection comes after the end of this one.
  await raw(port, "GET\r\n\r\n");
  close();
  assert.match(await rest(connection), /^HTTP\/1\.1 200 [^]*late$/);
});
