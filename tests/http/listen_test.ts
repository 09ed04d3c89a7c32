import assert from "node:assert/strict";
import type { Reply } from "../../lib/http/exchange.ts";
import { Door, type DoorHost } from "../../lib/http/listen.ts";
import type { Place } from "../../lib/http/server.ts";
import { contradictions } from "../../lib/config/rules.ts";
import { until } from "../downlink/agent.ts";
import { fakeClock } from "../fakes/clock.ts";
import { memoryLog } from "../fakes/log.ts";

const reply: Reply = { status: 200, headers: {}, body: "hi" };

function stage() {
  const clock = fakeClock();
  const log = memoryLog();
  const host: DoorHost = {
    clock,
    log,
    random: () => 0,
    answer: () => Promise.resolve(reply),
    turn: async (work) => await work(),
  };
  return { clock, log, host };
}

async function tempDir(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempDir();
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

Deno.test("Door.open() says which address it has when the port is left to chance", async () => {
  const { host, log } = stage();
  for (const hostname of ["127.0.0.1", "::1"]) {
    await using door = await Door.open(host, "tcp", { hostname, port: 0 });
    const url = door.url() ?? "";
    assert.match(url, /^http:\/\/(127\.0\.0\.1|\[::1\]):[1-9]\d*\/$/);
    assert.equal(door.trouble(), null);
    assert.equal(log.about("Dashboard open").at(-1)?.fields["url"], url);
    assert.equal(await (await fetch(url)).text(), "hi");
  }
});

Deno.test("Door.open() tells of a taken port once, tries again and says when it is open", async () => {
  const { host, log, clock } = stage();
  const other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = other.addr;
  const place: Place = { hostname: "127.0.0.1", port };
  await using door = await Door.open(host, "tcp", place);
  assert.equal(door.url(), null);
  assert.deepEqual(door.trouble(), {
    where: `127.0.0.1:${port}`,
    reason: "another program has this address",
    fix:
      "end the other program, or set [http] listen to an address and port of this machine that are free",
    sinceMs: Date.UTC(2025, 0, 1),
  });
  const waits = () => until("the next try", () => clock.armed() === 1);
  for (let n = 0; n < 5; n++) {
    await waits();
    await clock.advance(1000);
  }
  await waits();
  assert.equal(log.about("Dashboard not open").length, 1);
  assert.equal(door.trouble()?.sinceMs, Date.UTC(2025, 0, 1));
  other.close();
  await clock.advance(1000);
  await until("the door to be open", () => door.url() !== null);
  assert.equal(door.trouble(), null);
  assert.equal(log.about("Dashboard open").length, 1);
});

Deno.test("Door.open() tells of an address that is not there", async () => {
  const { host } = stage();
  const place = { hostname: "192.0.2.1", port: 8080 };
  await using door = await Door.open(host, "tcp", place);
  assert.equal(door.trouble()?.reason, "this machine has no such address");
});

Deno.test("Door.open() makes a socket for its owner only, in place of one left behind, and removes it", async () => {
  const { host, log } = stage();
  await using dir = await tempDir();
  const path = `${dir.path}/deep/control.sock`;
  await Deno.mkdir(`${dir.path}/deep`);
  // What a killed agent leaves behind.
  Deno.listen({ path, transport: "unix" }).close();
  {
    await using door = await Door.open(host, "control", { path });
    assert.equal(door.url(), path);
    assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
    // A second agent does without, and takes nothing away.
    {
      await using second = await Door.open(host, "control", { path });
      assert.equal(second.trouble()?.reason, "another agent has it");
    }
    assert.equal(log.about("Control socket not open").length, 1);
    using client = Deno.createHttpClient({
      proxy: { transport: "unix", path },
    });
    const response = await fetch("http://agent/", { client });
    assert.equal(await response.text(), "hi");
  }
  assert.throws(() => Deno.statSync(path), Deno.errors.NotFound);
});

Deno.test("Door.open() leaves alone what is no socket", async () => {
  const { host } = stage();
  await using dir = await tempDir();
  const path = `${dir.path}/control.sock`;
  await Deno.writeTextFile(path, "mine");
  {
    await using door = await Door.open(host, "control", { path });
    assert.match(door.trouble()?.reason ?? "", /is taken by something else$/);
  }
  assert.equal(await Deno.readTextFile(path), "mine");
});

Deno.test("Door closes with connections and feeds open", async () => {
  const { host } = stage();
  const feeding: DoorHost = {
    ...host,
    answer: () =>
      Promise.resolve({
        status: 200,
        headers: {},
        body: { start: (outlet) => void outlet.write(new Uint8Array(3)) },
      }),
  };
  const place = { hostname: "127.0.0.1", port: 0 };
  const door = await Door.open(feeding, "tcp", place);
  const url = door.url() ?? "";
  const feed = await fetch(url);
  using idle = await Deno.connect({
    hostname: "127.0.0.1",
    port: Number(new URL(url).port),
  });
  await door[Symbol.asyncDispose]();
  await assert.rejects(feed.text());
  // Reset or ended, but not left open.
  await idle.read(new Uint8Array(1)).catch(() => {});
});

Deno.test("contradictions() refuses addresses that others can reach without a token", () => {
  const refused = (listen: string, token?: string) =>
    contradictions({
      http: { listen, ...(token === undefined ? {} : { token }) },
    }).length > 0;
  const own = "127.0.0.1:8080 127.8.9.10:1 localhost:80 [::1]:8080 [::1]:0";
  for (const listen of own.split(" ")) assert.ok(!refused(listen), listen);
  const open =
    "0.0.0.0:8080 [::]:8080 192.168.1.5:80 [fe80::1]:80 [::ffff:0.0.0.0]:80 [0:0:0:0:0:0:0:0]:80 gateway:80 gateway.local:80 localhost.example:80 127.0.0.1.example:80 10.0.0.1:80";
  for (const listen of open.split(" ")) {
    assert.ok(refused(listen), listen);
    assert.ok(!refused(listen, "a token"), listen);
  }
  for (const listen of [":8080", "*:8080", "8080", "127.0.0.1", "::1:80"]) {
    assert.ok(refused(listen, "a token"), listen);
  }
});
