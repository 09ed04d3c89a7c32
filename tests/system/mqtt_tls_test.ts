import assert from "node:assert/strict";
import type { MqttConnection } from "../../lib/mqtt/mqtt.ts";
import { MqttError } from "../../lib/mqtt/mqtt.ts";
import { mqttjs } from "../../lib/mqtt/mqttjs.ts";
import { runSink } from "../../lib/sink/runner.ts";
import { openSink, sinkConfig } from "../../lib/sink/kinds.ts";
import { silentLog } from "../../lib/log.ts";
import { realClock, sinkHost } from "../fakes/host.ts";
import { fakeLane } from "../fakes/lane.ts";
import { energyReading } from "../fakes/readings.ts";
import { certificates, mosquitto } from "./mosquitto.ts";

const noTls = { ca_file: "", cert_file: "", key_file: "", verify: true };

function connect(
  broker: string,
  more: {
    tls?: Partial<typeof noTls>;
    username?: string;
    password?: string;
    protocol?: "5" | "3.1.1";
    clientId?: string;
  } = {},
): Promise<MqttConnection> {
  return mqttjs(realClock())({
    broker,
    clientId: "test",
    protocol: "5",
    keepAliveS: 60,
    signal: new AbortController().signal,
    ...more,
    tls: { ...noTls, ...more.tls },
  });
}

async function refusal(work: Promise<MqttConnection>): Promise<MqttError> {
  try {
    await using _ = await work;
  } catch (error) {
    assert(error instanceof MqttError, String(error));
    return error;
  }
  throw new Error("was not refused");
}

const message = {
  topic: "t",
  payload: "{}",
  qos: 1,
  retain: false,
} as const;

Deno.test("mqttjs() secures the line as configured", async (t) => {
  await using made = await certificates();
  const ca_file = made.file("ca.crt");
  const server = {
    ca: ca_file,
    cert: made.file("server.crt"),
    key: made.file("server.key"),
  };
  await using broker = await mosquitto({
    listeners: [
      { certificates: server },
      { certificates: server, tlsVersion: "tlsv1.2" },
      { certificates: server, clientCertificate: true },
      {},
      {
        certificates: {
          ca: ca_file,
          cert: made.file("elsewhere.crt"),
          key: made.file("elsewhere.key"),
        },
      },
    ],
  });
  const [any, old, mutual, plain, elsewhere] = broker.ports;
  for (const protocol of ["5", "3.1.1"] as const) {
    for (const host of ["localhost", "127.0.0.1"]) {
      for (const port of [any, old]) {
        await t.step(
          `private authority, ${host}, ${
            port === old ? "TLS 1.2" : "TLS 1.3"
          }, MQTT ${protocol}`,
          async () => {
            await using connection = await connect(`mqtts://${host}:${port}`, {
              tls: { ca_file },
              protocol,
            });
            assert((await connection.publish(message)).code < 0x80);
          },
        );
      }
    }
  }
  const refused = async (
    url: string,
    tls: Partial<typeof noTls>,
    step: MqttError["step"],
    text: RegExp,
  ) => {
    const error = await refusal(connect(url, { tls }));
    assert.match(error.message, text);
    assert.equal(error.step, step);
  };
  await t.step("unknown authority", () =>
    refused(
      `mqtts://localhost:${any}`,
      {},
      "tls",
      /not signed by a trusted authority/,
    ));
  await t.step("wrong authority", () =>
    refused(
      `mqtts://localhost:${any}`,
      { ca_file: made.file("other.crt") },
      "tls",
      /not signed by a trusted authority/,
    ));
  await t.step("verification switched off", async () => {
    await using connection = await connect(`mqtts://localhost:${any}`, {
      tls: { verify: false },
    });
    await connection.publish(message);
  });
  for (const host of ["localhost", "127.0.0.1"]) {
    await t.step(`certificate of another name than ${host}`, () =>
      refused(
        `mqtts://${host}:${elsewhere}`,
        { ca_file },
        "tls",
        /does not match certificate's altnames/,
      ));
  }
  await t.step("client certificate", async () => {
    await using connection = await connect(`mqtts://localhost:${mutual}`, {
      tls: {
        ca_file,
        cert_file: made.file("client.crt"),
        key_file: made.file("client.key"),
      },
    });
    await connection.publish(message);
  });
  await t.step("missing client certificate", () =>
    refused(
      `mqtts://localhost:${mutual}`,
      { ca_file },
      "tls",
      /client certificate/,
    ));
  await t.step("key of another certificate", () =>
    refused(
      `mqtts://localhost:${mutual}`,
      {
        ca_file,
        cert_file: made.file("client.crt"),
        key_file: made.file("other.key"),
      },
      "config",
      /tls.key_file .*other.key: it does not belong to the certificate/,
    ));
  await t.step("key where a certificate is due", () =>
    refused(
      `mqtts://localhost:${any}`,
      { ca_file: made.file("other.key") },
      "config",
      /tls.ca_file .*other.key: it holds no PEM block of type CERTIFICATE/,
    ));
  await t.step("TLS to a port without", async () => {
    const error = await refusal(
      connect(`mqtts://localhost:${plain}`, { tls: { ca_file } }),
    );
    assert.equal(error.step, "tls", error.message);
  });
  await t.step("no TLS to a port with", async () => {
    const error = await refusal(connect(`mqtt://localhost:${any}`));
    assert.equal(error.step, "login", error.message);
  });
});

Deno.test("mqttjs() tells wrong passwords and topics that are not allowed", async () => {
  await using broker = await mosquitto({
    users: { gw: "secret" },
    acl: ["user gw", "topic write mqtts/#"],
  });
  const url = `mqtt://127.0.0.1:${broker.ports[0]}`;
  const error = await refusal(
    connect(url, { username: "gw", password: "wrong" }),
  );
  assert.equal(error.step, "login");
  assert.match(error.message, /not authorized \(code 135\)/);
  const old = await refusal(
    connect(url, { username: "gw", password: "wrong", protocol: "3.1.1" }),
  );
  assert.match(old.message, /not authorized \(code 5\)/);
  await using connection = await connect(url, {
    username: "gw",
    password: "secret",
  });
  assert.equal(connection.receiveMaximum, 20);
  assert.deepEqual(await connection.publish(message), {
    code: 135,
    reason: "not authorized",
  });
  const allowed = await connection.publish({ ...message, topic: "mqtts/x" });
  assert.equal(allowed.code, 0x10);
});

Deno.test("scorpio delivers everything in order through a broker that freezes, dies and comes back", async () => {
  const first = await mosquitto();
  const { ports } = first;
  const lane = fakeLane();
  const stop = new AbortController();
  const clock = realClock();
  const sink = openSink(
    sinkConfig.parse({
      type: "scorpio",
      broker: `mqtt://127.0.0.1:${ports[0]}`,
      project_id: "p",
      edge_node_id: "gw1",
    }),
    sinkHost({ clock }),
  );
  const total = 3000;
  const third = total / 3;
  const progress = new Map<number, () => void>();
  const reached = (count: number) =>
    new Promise<void>((resolve) => progress.set(count, resolve));
  const steps = [reached(third), reached(2 * third), reached(total)];
  const running = runSink({
    lane,
    sink,
    clock,
    random: () => 0,
    log: silentLog,
    signal: stop.signal,
    onDelivered: () => progress.get(lane.accepted.length)?.(),
  });
  const add = (from: number) =>
    lane.add(
      ...Array.from(
        { length: third },
        (_, index) => energyReading({ id: from + index }),
      ),
    );
  add(1);
  await steps[0];
  first.signal("SIGSTOP");
  add(third + 1);
  first.signal("SIGCONT");
  await steps[1];
  await first.kill();
  add(2 * third + 1);
  await using _second = await mosquitto({ ports });
  await steps[2];
  assert.deepEqual(
    lane.accepted,
    Array.from({ length: total }, (_, index) => index + 1),
  );
  stop.abort();
  await running;
  await sink[Symbol.asyncDispose]();
});
