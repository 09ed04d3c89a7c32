import assert from "node:assert/strict";
import fc from "fast-check";
import type { Ask } from "../../lib/http/exchange.ts";
import {
  guard,
  isOwnName,
  type Policy,
  targetOf,
} from "../../lib/http/guard.ts";

const OPEN = new Set(["/page/main.js"]);
const free: Policy = { isToken: null, open: OPEN };
const locked: Policy = { isToken: (text) => text === "right", open: OPEN };

type Head = Omit<Ask, "body">;

function ask(target: string, more: Partial<Head> = {}): Head {
  return {
    entrance: "tcp",
    method: "GET",
    target,
    headers: { host: "localhost:8080" },
    hosts: 1,
    wantsHost: true,
    ...more,
  };
}

/** The status of a refusal, or the path that was let in. */
function verdict(head: Head, policy: Policy): number | string {
  const found = guard(head, policy);
  return found.pass ? found.path : found.reply.status;
}

const bearer = (token: string) => ({
  headers: { host: "gateway", authorization: `Bearer ${token}` },
});
const from = (host: string) => ({ headers: { host } });
const announcing = (length: string) => ({
  headers: { host: "localhost", "content-length": length },
});

const rows: readonly [string, Head, number | string, number | string][] = [
  // what is asked, without a token configured, with one configured
  ["a plain path", ask("/status"), "/status", 401],
  ["a query", ask("/api/readings?limit=5"), "/api/readings", 401],
  ["a slash at the end", ask("/status/"), "/status", 401],
  ["the page", ask("/"), "/", 401],
  [
    "a file of the page",
    ask("/page/main.js"),
    "/page/main.js",
    "/page/main.js",
  ],
  ["whether it is alive", ask("/healthz"), "/healthz", "/healthz"],
  ["whether it is ready", ask("/readyz"), "/readyz", 401],
  ["an unknown path", ask("/nope"), "/nope", 401],
  ["the right token", ask("/status", bearer("right")), 421, "/status"],
  ["a wrong token", ask("/status", bearer("wrong")), 421, 401],
  ["an empty token", ask("/status", bearer("")), 421, 401],
  [
    "a token in another scheme",
    ask("/status", {
      headers: { host: "localhost", authorization: "Basic right" },
    }),
    "/status",
    401,
  ],
  ["an address", ask("/status", from("127.0.0.1:8080")), "/status", 401],
  ["an IPv6 address", ask("/status", from("[::1]:8080")), "/status", 401],
  [
    "a name of this machine",
    ask("/status", from("a.localhost")),
    "/status",
    401,
  ],
  ["a name of somebody", ask("/status", from("evil.example")), 421, 401],
  [
    "a name like an address",
    ask("/status", from("127.0.0.1.evil.example")),
    421,
    401,
  ],
  [
    "alive by a name of somebody",
    ask("/healthz", from("evil.example")),
    421,
    "/healthz",
  ],
  [
    "no host, as in HTTP/1.0",
    ask("/status", { headers: {}, hosts: 0, wantsHost: false }),
    "/status",
    401,
  ],
  ["no host", ask("/status", { headers: {}, hosts: 0 }), 400, 400],
  ["two hosts", ask("/status", { hosts: 2 }), 400, 400],
  ["HEAD", ask("/status", { method: "HEAD" }), "/status", 401],
  ["POST", ask("/api/diag", { method: "POST" }), 405, 405],
  ["DELETE", ask("/api/queue/cloud", { method: "DELETE" }), 405, 405],
  ["OPTIONS", ask("/status", { method: "OPTIONS" }), 405, 405],
  ["a body", ask("/status", announcing("5")), 413, 413],
  ["an empty body", ask("/status", announcing("0")), "/status", 401],
  [
    "a body of unknown length",
    ask("/status", {
      headers: { host: "localhost", "transfer-encoding": "chunked" },
    }),
    413,
    413,
  ],
  ["up", ask("/../etc/passwd"), 400, 400],
  ["up, encoded", ask("/%2e%2E/etc/passwd"), 400, 400],
  ["up, half encoded", ask("/page/.%2e/x"), 400, 400],
  ["here", ask("/./status"), 400, 400],
  ["an encoded slash", ask("/page%2fmain.js"), 400, 400],
  ["a backslash", ask("/page\\main.js"), 400, 400],
  ["an encoded backslash", ask("/page/%5c"), 400, 400],
  ["a zero byte", ask("/page/%00"), 400, 400],
  ["an empty step", ask("/page//main.js"), 400, 400],
  ["two slashes", ask("//status"), 400, 400],
  ["broken encoding", ask("/%zz"), 400, 400],
  ["overlong encoding", ask("/%c0%ae"), 400, 400],
  ["a whole address", ask("http://localhost/status"), "/status", 401],
  ["a whole address of somebody", ask("http://evil.example/status"), 421, 401],
  ["a whole address, up", ask("http://localhost/../status"), 400, 400],
  ["a whole address with a user", ask("http://u@localhost/status"), 400, 400],
  ["another scheme", ask("ftp://localhost/status"), 400, 400],
  ["an asterisk", ask("*"), 400, 400],
  ["nothing", ask(""), 400, 400],
  ["a fragment", ask("/status#x"), 400, 400],
];

Deno.test("guard() lets in and refuses, row by row", () => {
  for (const [what, head, open, closed] of rows) {
    assert.equal(verdict(head, free), open, `${what}, no token`);
    assert.equal(verdict(head, locked), closed, `${what}, token`);
  }
});

Deno.test("guard() asks for no token on the control socket, and bounds bodies there", () => {
  const control = (more: Partial<Head> = {}) =>
    ask("/api/queue/cloud", {
      entrance: "control",
      headers: { host: "agent" },
      ...more,
    });
  assert.equal(verdict(control(), locked), "/api/queue/cloud");
  assert.equal(
    verdict(control({ method: "DELETE" }), locked),
    "/api/queue/cloud",
  );
  const body = (length: string) =>
    control({ method: "POST", ...announcing(length) });
  assert.equal(verdict(body("65536"), locked), "/api/queue/cloud");
  assert.equal(verdict(body("65537"), locked), 413);
  assert.equal(verdict(control({ target: "/../x" }), locked), 400);
});

Deno.test("guard() says how to log in, and what is allowed", () => {
  const login = guard(ask("/status"), locked);
  assert.ok(!login.pass);
  assert.equal(
    login.reply.headers["www-authenticate"],
    'Bearer realm="dash7-edge"',
  );
  const method = guard(ask("/status", { method: "PUT" }), free);
  assert.ok(!method.pass);
  assert.equal(method.reply.headers["allow"], "GET, HEAD");
});

Deno.test("isOwnName() knows names that nobody can point here", () => {
  const own =
    "localhost LOCALHOST localhost. a.b.localhost 127.0.0.1 10.0.0.7 192.168.1.1:80 localhost:8080 [::1] [::1]:8080 [fe80::1]:1";
  for (const host of own.split(" ")) assert.ok(isOwnName(host), host);
  const others =
    "localhost.evil.example evillocalhost 1.2.3 1.2.3.4.5 256.1.1.1 0x7f.1 2130706433 127.0.0.1. ::1 [evil] gateway localhost:port localhost:8080:1 @localhost";
  for (const host of [...others.split(" "), "", " "]) {
    assert.ok(!isOwnName(host), host);
  }
});

Deno.test("targetOf() keeps an encoded name as it is", () => {
  assert.deepEqual(targetOf("/api/queue/a%20b?limit=1&after=2"), {
    path: "/api/queue/a%20b",
    query: "limit=1&after=2",
    host: undefined,
  });
});

Deno.test("targetOf() refuses what a path holds only encoded", () => {
  for (const char of '"<>^`{}') {
    assert.equal(targetOf(`/a${char}b`), null, char);
    assert.notEqual(targetOf(`/a${encodeURIComponent(char)}b`), null, char);
    assert.notEqual(targetOf(`/status?a=${char}`), null, char);
  }
});

Deno.test("guard() lets no target in that could mean another place", () => {
  const piece = fc.oneof(
    fc.constantFrom(
      "/",
      ".",
      "..",
      "%2e",
      "%2f",
      "%5c",
      "\\",
      "%00",
      "?",
      "#",
      "http://",
      "a",
    ),
    fc.string({ maxLength: 4 }),
  );
  const target = fc.array(piece, { maxLength: 12 }).map((all) => all.join(""));
  fc.assert(fc.property(target, (text) => {
    const found = guard(ask(text), free);
    if (!found.pass) return found.reply.status >= 400;
    // As a path it stays what it is, however often it is read.
    const url = new URL(found.path, "http://localhost");
    return url.pathname === found.path &&
      !decodeURIComponent(found.path).split("/").includes("..");
  }));
});

Deno.test("guard() says a foreign host shortly", () => {
  const verdict = guard(ask("/status", from("1.".repeat(3000))), {
    isToken: null,
    open: new Set(),
  });
  assert.ok(!verdict.pass);
  assert.equal(verdict.reply.status, 421);
  assert.ok(String(verdict.reply.body).length < 300);
});
