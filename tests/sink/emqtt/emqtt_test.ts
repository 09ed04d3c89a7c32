import assert from "node:assert/strict";
import { type Log, silentLog } from "../../../lib/log.ts";
import type { OutMessage } from "../../../lib/mqtt/mqtt.ts";
import { clientIdOf, emqttConfig } from "../../../lib/sink/emqtt/config.ts";
import {
  answer,
  type HttpServer,
  serveHttp,
} from "../../../lib/sink/emqtt/http.ts";
import { openSink, probeSink, sinkConfig } from "../../../lib/sink/kinds.ts";
import type { Sink, SinkHost } from "../../../lib/sink/sink.ts";
import { embeddedBroker } from "../../../lib/cli/sim/broker.ts";
import { fakeClock, settleMicrotasks } from "../../fakes/clock.ts";
import { fakeConnect } from "../../fakes/connection.ts";
import { until } from "../../downlink/agent.ts";
import { DEVICE, heardEnergy } from "./world.ts";
import { realClock, sinkHost } from "../../fakes/host.ts";
import { energyReading } from "../../fakes/readings.ts";

const UID = "AABBCCDDEEFF";
const table = {
  type: "emqtt",
  registration: "onCloud",
  broker: "mqtt://broker.example",
  username: "plug",
  password: "secret-1",
  uid: UID.toLowerCase(),
  vendor_id: 200_999,
};
const site = { ...table, registration: "onSite", broker: undefined };

interface Started {
  readonly sink: Sink;
  readonly clock: ReturnType<typeof fakeClock>;
  readonly opened: ReturnType<typeof fakeConnect>["opened"];
  readonly records: string[];
  readonly dir: string;
}

async function withSink(
  more: Record<string, unknown>,
  body: (started: Started) => Promise<void>,
  some: Partial<SinkHost> = {},
): Promise<void> {
  const dir = await Deno.makeTempDir();
  const clock = fakeClock();
  const records: string[] = [];
  const note = (text: string, fields?: unknown) =>
    void records.push(`${text} ${JSON.stringify(fields ?? {})}`);
  const log: Log = { ...silentLog, info: note, warn: note, error: note };
  const { connect, opened } = fakeConnect();
  try {
    const host = sinkHost({
      clock,
      connect,
      log,
      dataDir: dir,
      name: "sicon",
      ...some,
    });
    const sink = openSink(sinkConfig.parse({ ...table, ...more }), host);
    await settleMicrotasks();
    try {
      await body({ sink, clock, opened, records, dir });
    } finally {
      await close(sink, clock, opened);
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Closes a sink whose broker takes everything. */
async function close(
  sink: Sink,
  clock: Started["clock"],
  opened: Started["opened"],
): Promise<void> {
  const closed = sink[Symbol.asyncDispose]();
  await settleMicrotasks();
  for (const connection of opened) answerAll(connection.pending);
  await clock.advance(2000);
  await closed;
}

/** Everything published so far, acknowledged. */
function answerAll(
  pending: { message: OutMessage; ack: () => void }[],
): OutMessage[] {
  return pending.splice(0).map(({ message, ack }) => {
    ack();
    return message;
  });
}

Deno.test("E-004 E-006 E-007 E-008 E-010 E-013 E-066 an onCloud plug logs in with 3.1.1, its name and its will", () =>
  withSink({}, ({ opened }) => {
    const [first] = opened;
    assert(first);
    const { signal: _, ...options } = first.options;
    assert.deepEqual(options, {
      broker: "mqtt://broker.example",
      clientId: `LiQuiBit-${UID}`,
      protocol: "3.1.1",
      username: "plug",
      password: "secret-1",
      tls: { ca_file: "", cert_file: "", key_file: "", verify: true },
      keepAliveS: 30,
      silenceLimitMs: 45_000,
      will: {
        topic: `eMQTT/adapter/${UID}/status`,
        payload: '{"Value":"Disconnected"}',
        qos: 0,
        retain: true,
      },
    });
    return Promise.resolve();
  }));

Deno.test("E-005 E-011 E-014 E-085 after a loss the plug logs in again and begins in Off; all at QoS 0, not retained", () =>
  withSink({}, async ({ opened, clock, sink }) => {
    const said = answerAll(opened[0]?.pending ?? []);
    assert.deepEqual(said.map(({ topic }) => topic.split("/").at(-1)), [
      "status",
      "regPlug",
    ]);
    assert(said.every(({ qos, retain }) => qos === 0 && !retain));
    opened[0]?.drop();
    await settleMicrotasks();
    assert.equal(sink.state().up, false);
    await clock.advance(60_000);
    assert.equal(opened.length, 2);
    assert.deepEqual(
      answerAll(opened[1]?.pending ?? []).slice(0, 2).map(({ payload }) =>
        payload
      )
        .at(0),
      '{"Value":"Off"}',
    );
    assert.equal(sink.state().up, true);
  }));

Deno.test("E-067 closing publishes Disconnected, retained, as the last message", async () => {
  let last: OutMessage | undefined;
  await withSink({}, async ({ sink, opened }) => {
    const pending = opened[0]?.pending ?? [];
    answerAll(pending);
    const closed = sink[Symbol.asyncDispose]();
    await settleMicrotasks();
    last = answerAll(pending).at(-1);
    await closed;
  });
  assert.deepEqual(last, {
    topic: `eMQTT/adapter/${UID}/status`,
    payload: '{"Value":"Disconnected"}',
    qos: 0,
    retain: true,
  });
});

Deno.test("E-004 the password is in no record and no state", () =>
  withSink({}, async ({ opened, clock, records, sink }) => {
    for (let turn = 0; turn < 5; turn++) {
      opened.at(-1)?.drop();
      await settleMicrotasks();
      await clock.advance(60_000);
    }
    assert(!JSON.stringify([records, sink.state()]).includes("secret-1"));
  }));

Deno.test("M-36 readings are accepted at once, whatever the broker does", () =>
  withSink({}, async ({ sink, opened }) => {
    opened[0]?.drop();
    const never = new AbortController();
    await sink.ready(never.signal);
    const [outcome] = sink.deliver([energyReading()], never.signal);
    assert.equal(await outcome, "accepted");
    never.abort();
    const [kept] = sink.deliver([energyReading()], never.signal);
    assert.equal(await kept, "kept");
  }));

Deno.test("M-05 a node's id is on disk before its regDevice leaves", () =>
  heardEnergy((devices, hear) =>
    withSink({}, async ({ opened, clock, dir }) => {
      const [connection] = opened;
      assert(connection);
      const send = (command: string) =>
        connection.onMessage?.({
          topic: `eMQTT/${UID}/adapter/${command}`,
          payload: new TextEncoder().encode("{}"),
          qos: 0,
          retain: false,
        });
      send("startPlug");
      send("startDevices");
      await clock.advance(10_000);
      answerAll(connection.pending);
      hear();
      await settleMicrotasks();
      const text = await Deno.readTextFile(`${dir}/emqtt-sicon.json`);
      assert(text.includes(`"${DEVICE}": "d4feggqvsg"`));
      const said = answerAll(connection.pending);
      assert(
        said.some(({ topic }) =>
          topic === `eMQTT/adapter/${UID}_d4feggqvsg/regDevice`
        ),
      );
    }, { devices })
  ));

Deno.test("E-002 the chosen UID is kept, an override is used and not kept", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const uids = [];
    for (const uid of ["", "001122334455", ""]) {
      const { connect, opened } = fakeConnect();
      const clock = fakeClock();
      const host = sinkHost({ clock, connect, dataDir: dir, name: "s" });
      const sink = openSink(sinkConfig.parse({ ...table, uid }), host);
      await settleMicrotasks();
      uids.push(opened[0]?.options.clientId.split("-")[1]);
      await close(sink, clock, opened);
    }
    assert.equal(uids[1], "001122334455");
    assert.equal(uids[0], uids[2]);
    assert.match(uids[0] ?? "", /^[0-9A-F]{12}$/);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("E-001 E-002 E-004 emqttConfig refuses what cannot be, and says which key", () => {
  const faults = (more: Record<string, unknown>) =>
    emqttConfig.safeParse({ ...table, ...more }).error?.issues
      .map(({ path }) => path.join(".")) ?? [];
  assert.deepEqual(faults({}), []);
  assert.deepEqual(faults({ registration: "onSite", broker: undefined }), []);
  assert.deepEqual(faults({ uid: "11AA23BC45D" }), ["uid"]);
  assert.deepEqual(faults({ uid: "11AA23BC45DG" }), ["uid"]);
  assert.deepEqual(faults({ broker: undefined }), ["broker"]);
  assert.deepEqual(faults({ registration: "onSite" }), ["broker"]);
  assert.deepEqual(faults({ username: "" }), ["username"]);
  assert.deepEqual(faults({ password: "" }), ["password"]);
  assert.deepEqual(faults({ keep_alive_s: 4 }), ["keep_alive_s"]);
  assert.deepEqual(faults({ keep_alive_s: 121 }), ["keep_alive_s"]);
  assert.deepEqual(faults({ vendor_id: undefined }), ["vendor_id"]);
  assert.deepEqual(faults({ http_listen: "x" }), ["http_listen"]);
  assert.deepEqual(faults({ client_id: "x" }), [""]);
  for (const id of ["main", "p1", "p12", "a-b", "", "01234567890"]) {
    assert.equal(faults({ aliases: { "0000000000000001": id } }).length, 1, id);
  }
  const two = { "0000000000000001": "a", "0000000000000002": "a" };
  assert.deepEqual(faults({ aliases: two }), ["aliases"]);
});

Deno.test("E-008 E-009 client ids have at most 23 printable characters", () => {
  assert.equal(
    clientIdOf("J. Schmalz GmbH", "00301133E40F"),
    "J. Schmalz-00301133E40F",
  );
  assert.equal(clientIdOf("GPS", "00301133E40F"), "GPS-00301133E40F");
  assert.equal(
    clientIdOf("Énergie+ SA", "00301133E40F"),
    "nergie+ SA-00301133E40F",
  );
});

function httpOptions(trigger: (body: string) => string | null) {
  return {
    hostname: "127.0.0.1",
    port: 0,
    clock: realClock(),
    log: silentLog,
    trigger,
    status: () => ({ state: "Off", blink: false }),
  };
}

/** Waits until a server listens. */
async function portOf(server: HttpServer): Promise<number> {
  await until("the port", () => server.port() !== null);
  return server.port() ?? 0;
}

/** Waits until something listens on a port. */
async function listening(port: number): Promise<void> {
  const clock = realClock();
  for (const endMs = clock.monoMs() + 10_000;;) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch (error) {
      if (clock.monoMs() > endMs) throw error;
    }
    await clock.sleep(2);
  }
}

Deno.test("E-058 E-059 E-060 E-061 E-064 set_broker_host and status over HTTP", async () => {
  const bodies: string[] = [];
  await using server = serveHttp(httpOptions((body) => {
    bodies.push(body);
    return body.includes("bad") ? "no" : null;
  }));
  const url = `http://127.0.0.1:${await portOf(server)}`;
  const post = async (body: string, headers: HeadersInit = {}) => {
    const response = await fetch(`${url}/set_broker_host`, {
      method: "POST",
      body,
      headers,
    });
    return [response.status, await response.json()];
  };
  const json = { "content-type": "application/json" };
  assert.deepEqual(await post('{"MQTT_HOST":"h"}', json), [200, {
    Status: "OK",
  }]);
  assert.deepEqual(await post('{"MQTT_HOST":"h"}'), [200, { Status: "OK" }]);
  assert.deepEqual(await post("bad"), [200, { Status: "FAIL", Message: "no" }]);
  const [status, refusal] = await post("x".repeat(5000));
  assert.equal(status, 413);
  assert.equal(refusal.Status, "FAIL");
  assert.equal(bodies.length, 3);
  for (
    const [method, path] of [["GET", "/set_broker_host"], ["POST", "/status"]]
  ) {
    const response = await fetch(`${url}${path}`, { method: method ?? "" });
    assert.equal(response.status, 405);
    await response.body?.cancel();
  }
  const status200 = await fetch(`${url}/status`);
  assert.deepEqual([status200.status, await status200.json()], [
    200,
    { state: "Off", blink: false },
  ]);
  const other = await fetch(`${url}/else`);
  assert.equal(other.status, 404);
  await other.body?.cancel();
});

Deno.test("a trigger whose body breaks off is refused, and not taken", async () => {
  const taken: string[] = [];
  const options = httpOptions((body) => (taken.push(body), null));
  const reply = await answer({
    entrance: "tcp",
    method: "POST",
    target: "/set_broker_host",
    headers: {},
    hosts: 1,
    wantsHost: true,
    body: () => Promise.reject(new Error("aborted")),
  }, options);
  assert.equal(reply.status, 400);
  assert.match(String(reply.body), /"Status":"FAIL".*aborted/);
  assert.deepEqual(taken, []);
});

Deno.test("a port in use is a state that heals", async () => {
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const clock = fakeClock();
  await using server = serveHttp({
    ...httpOptions(() => null),
    clock,
    port: taken.addr.port,
  });
  await until("the fault", () => server.fault() !== null);
  assert.match(server.fault() ?? "", /another program uses this port/);
  taken.close();
  await settleMicrotasks();
  await clock.advance(10_000);
  assert.equal(await portOf(server), taken.addr.port);
  assert.equal(server.fault(), null);
});

Deno.test("E-057 E-060 E-062 E-092 E-104 an onSite plug connects when it is told to, and says so", async () => {
  const broker = await embeddedBroker({});
  const dir = await Deno.makeTempDir();
  const port = freePort();
  try {
    const host = sinkHost({ dataDir: dir, name: "sicon" });
    await using sink = openSink(
      sinkConfig.parse({ ...site, http_listen: `127.0.0.1:${port}` }),
      host,
    );
    assert.match(sink.state().detail, /Waiting for SICON/);
    const url = `http://127.0.0.1:${port}`;
    await listening(port);
    const response = await fetch(`${url}/set_broker_host`, {
      method: "POST",
      body: JSON.stringify({ MQTT_HOST: `127.0.0.1:${broker.port}` }),
    });
    assert.deepEqual(await response.json(), { Status: "OK" });
    while (!sink.state().up) await new Promise((wake) => setImmediate(wake));
    const status = await (await fetch(`${url}/status`)).json();
    assert.deepEqual(
      [status.uid, status.state, status.blink, status.subinterfaces[0].id],
      [UID, "Off", false, "main"],
    );
  } finally {
    await broker.close();
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("probe logs in as onCloud, and opens the port onSite", async () => {
  const broker = await embeddedBroker({});
  const signal = new AbortController().signal;
  try {
    const url = `mqtt://127.0.0.1:${broker.port}`;
    assert.equal(
      await probeSink(
        sinkConfig.parse({ ...table, broker: url }),
        sinkHost(),
        signal,
      ),
      `logged in to ${url}`,
    );
    const onSite = { ...site, http_listen: `127.0.0.1:${freePort()}` };
    assert.match(
      await probeSink(sinkConfig.parse(onSite), sinkHost(), signal),
      /learnt over HTTP/,
    );
    const nowhere = { ...site, http_listen: "192.0.2.1:80" };
    await assert.rejects(
      probeSink(sinkConfig.parse(nowhere), sinkHost(), signal),
      /Cannot listen on 192.0.2.1:80/,
    );
  } finally {
    await broker.close();
  }
});

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
