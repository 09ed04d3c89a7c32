/** What clients of the onSite port may cost: connections, time for a head, time for a body. */
import assert from "node:assert/strict";
import { type HttpServer, serveHttp } from "../../lib/sink/emqtt/http.ts";
import type { Limits } from "../../lib/http/server.ts";
import { realClock } from "../fakes/host.ts";
import { memoryLog } from "../fakes/log.ts";
import { until } from "../downlink/agent.ts";

/** A server with a list of the triggers that it took. */
async function stage(limits: Partial<Limits> = {}) {
  const taken: string[] = [];
  const server: HttpServer = serveHttp({
    hostname: "127.0.0.1",
    port: 0,
    clock: realClock(),
    log: memoryLog(),
    trigger: (body) => (taken.push(body), null),
    status: () => ({ state: "Off" }),
    limits,
  });
  await until("the port", () => server.port() !== null);
  return { server, taken, port: server.port() ?? 0 };
}

const connect = (port: number) => Deno.connect({ hostname: "127.0.0.1", port });

/** All that comes until the other side ends the connection. */
async function rest(connection: Deno.Conn): Promise<string> {
  let got = "";
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4096);
  try {
    for (;;) {
      const count = await connection.read(buffer);
      if (count === null) return got;
      got += decoder.decode(buffer.subarray(0, count), { stream: true });
    }
  } catch {
    // A connection that is cut is an end as well.
    return got;
  }
}

const send = (connection: Deno.Conn, text: string) =>
  connection.write(new TextEncoder().encode(text)).catch(() => 0);

async function triggered(port: number): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}/set_broker_host`, {
    method: "POST",
    body: '{"MQTT_HOST":"h"}',
  });
  return await response.json();
}

Deno.test("onSite: who only holds connections goes, and SICON.OS still gets in", async () => {
  const { server, port, taken } = await stage();
  await using _ = server;
  const held: Deno.Conn[] = [];
  try {
    for (let n = 0; n < 100; n++) held.push(await connect(port));
    assert.deepEqual(await triggered(port), { Status: "OK" });
    assert.equal(taken.length, 1);
    // 32 are kept, the oldest have been ended.
    const ended = held.slice(0, 60).map(rest);
    assert.deepEqual(await Promise.all(ended), ended.map(() => ""));
  } finally {
    for (const connection of held) connection.close();
  }
});

Deno.test("onSite: a head that does not end is not waited for", async () => {
  const { server, port, taken } = await stage({ headMs: 200, requestMs: 200 });
  await using _ = server;
  const heads = [
    "",
    "POST /set_bro",
    "POST /set_broker_host HTTP/1.1\r\nA: b\r\n",
  ];
  const slow = await Promise.all(heads.map(() => connect(port)));
  try {
    await Promise.all(slow.map((one, n) => send(one, heads[n] ?? "")));
    for (const got of await Promise.all(slow.slice(1).map(rest))) {
      assert.match(got, /^(HTTP\/1\.1 408 [^]*)?$/);
    }
    assert.deepEqual(await triggered(port), { Status: "OK" });
    assert.equal(taken.length, 1);
  } finally {
    for (const connection of slow) connection.close();
  }
});

Deno.test("onSite: a body that does not come is not waited for, and triggers nothing", async () => {
  const { server, port, taken } = await stage({ headMs: 200, requestMs: 200 });
  await using _ = server;
  using connection = await connect(port);
  await send(
    connection,
    'POST /set_broker_host HTTP/1.1\r\nHost: p\r\nContent-Length: 17\r\n\r\n{"MQTT_',
  );
  assert.doesNotMatch(await rest(connection), /"OK"/);
  assert.deepEqual(taken, []);
});

Deno.test("onSite: a head above 8 kB and requests in a row beyond measure end the connection", async () => {
  const { server, port } = await stage();
  await using _ = server;
  {
    using connection = await connect(port);
    await send(
      connection,
      `GET /status HTTP/1.1\r\nA: ${"x".repeat(9000)}\r\n`,
    );
    assert.match(await rest(connection), /^(HTTP\/1\.1 431 [^]*)?$/);
  }
  using connection = await connect(port);
  await send(
    connection,
    "POST /set_broker_host HTTP/1.1\r\nHost: p\r\nContent-Length: 9\r\n\r\n" +
      "GET /status HTTP/1.1\r\nHost: p\r\n\r\n".repeat(1000),
  );
  const answers = (await rest(connection)).match(/HTTP\/1\.1 200/g) ?? [];
  assert.ok(answers.length < 1000, `${answers.length} answers`);
});

Deno.test("onSite: the answer is as short as it was for a client without manners", async () => {
  const { server, port } = await stage();
  await using _ = server;
  using connection = await connect(port);
  await send(connection, "GET /status HTTP/1.0\r\n\r\n");
  assert.match(
    await rest(connection),
    /^HTTP\/1\.1 200 [^]*\{"state":"Off"\}$/,
  );
});
