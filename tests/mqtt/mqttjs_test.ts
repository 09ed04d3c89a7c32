import assert from "node:assert/strict";
import { MqttError, type OutMessage } from "../../lib/mqtt/mqtt.ts";
import { CONNECT_TIMEOUT_MS, mqttjs } from "../../lib/mqtt/mqttjs.ts";
import { SILENCE_LIMIT_MS } from "../../lib/mqtt/silence.ts";
import { fakeBroker } from "../fakes/broker.ts";
import { type FakeClock, fakeClock } from "../fakes/clock.ts";
import {
  CONNECT,
  DISCONNECT,
  PINGREQ,
  PUBLISH,
  rawBroker,
  readPublish,
  SUBSCRIBE,
} from "../fakes/raw_broker.ts";

const tls = { ca_file: "", cert_file: "", key_file: "", verify: true };

function options(broker: string, more: Record<string, unknown> = {}) {
  return {
    broker,
    clientId: "test",
    protocol: "3.1.1" as "3.1.1" | "5",
    tls,
    keepAliveS: 60,
    signal: new AbortController().signal,
    ...more,
  };
}

const message = (
  topic: string,
  more: Partial<OutMessage> = {},
): OutMessage => ({
  topic,
  payload: "{}",
  qos: 1,
  retain: false,
  ...more,
});

const OK5 = [0x20, 3, 0, 0, 0];

async function refusal(work: Promise<unknown>): Promise<MqttError> {
  try {
    await work;
  } catch (error) {
    assert(error instanceof MqttError, String(error));
    return error;
  }
  throw new Error("was not refused");
}

Deno.test("mqttjs() publishes, subscribes and closes without a leak", async () => {
  await using broker = await fakeBroker();
  await using connection = await mqttjs(fakeClock())(options(broker.url));
  const heard = Promise.withResolvers<string>();
  connection.onMessage = ({ topic, payload, qos, retain }) =>
    heard.resolve(
      `${topic} ${new TextDecoder().decode(payload)} ${qos} ${retain}`,
    );
  await connection.subscribe(["a/#"], 1);
  assert.equal(connection.receiveMaximum, 65_535);
  assert.equal(
    (await connection.publish(message("a/é", { payload: "é" }))).code,
    0,
  );
  await connection.publish(
    message("b", { qos: 0, payload: new Uint8Array([1, 2]) }),
  );
  assert.equal(await heard.promise, "a/é é 1 false");
  const [first, second] = await broker.received(2);
  assert.deepEqual(first?.payload, new TextEncoder().encode("é"));
  assert.deepEqual(second?.payload, new Uint8Array([1, 2]));
});

Deno.test("mqttjs() names the step that failed", async (t) => {
  const connect = mqttjs(fakeClock());
  await t.step("config", async () => {
    const error = await refusal(connect(options("http://h:1")));
    assert.equal(error.step, "config");
    assert.match(error.message, /expected mqtt:\/\/host\[:port\]/);
  });
  await t.step("files of tls", async () => {
    const error = await refusal(connect(options("mqtts://127.0.0.1:1", {
      tls: { ...tls, ca_file: "/nonexistent/ca.pem" },
    })));
    assert.equal(error.step, "config");
    assert.match(error.message, /Cannot use tls.ca_file \/nonexistent\/ca.pem/);
  });
  await t.step("dns", async () => {
    const error = await refusal(connect(options("mqtt://no.such.invalid")));
    assert.equal(error.step, "dns");
    assert.match(error.message, /Cannot find broker no\.such\.invalid:1883/);
  });
  await t.step("tcp", async () => {
    const closed = await fakeBroker();
    await closed.close();
    const error = await refusal(connect(options(closed.url)));
    assert.equal(error.step, "tcp");
    assert.match(error.message, /connection refused/);
  });
  await t.step("login", async () => {
    await using broker = await fakeBroker({
      mayLogIn: (name, password) => name === "u" && password === "p",
    });
    const error = await refusal(
      connect(options(broker.url, { username: "u", password: "wrong" })),
    );
    assert.equal(error.step, "login");
    assert.equal(
      error.message,
      `Cannot log in to broker 127.0.0.1:${broker.port}: bad username or password (code 4)`,
    );
    await using _ = await connect(
      options(broker.url, { username: "u", password: "p" }),
    );
  });
  await t.step("login that is hung up on", async () => {
    await using broker = await rawBroker((_packet, _write, socket) =>
      socket.destroy()
    );
    const error = await refusal(connect(options(broker.url)));
    assert.equal(error.step, "login");
    assert.match(error.message, /closed the connection|connection reset/);
  });
  await t.step("wrong protocol", async () => {
    await using broker = await rawBroker((_packet, write) =>
      write(0x20, 3, 0, 0x84, 0)
    );
    const error = await refusal(
      connect(options(broker.url, { protocol: "5" })),
    );
    assert.match(error.message, /code 132\), try another "protocol" than "5"/);
  });
});

Deno.test("mqttjs() gives up on a broker that does not answer, and on request", async () => {
  await using broker = await rawBroker(() => {});
  const clock = fakeClock();
  const late = refusal(mqttjs(clock)(options(broker.url)));
  await broker.received(CONNECT, 1);
  await clock.advance(CONNECT_TIMEOUT_MS);
  assert.match((await late).message, /Cannot log in .* no answer within 20 s/);
  const abort = new AbortController();
  const given = refusal(
    mqttjs(clock)(options(broker.url, { signal: abort.signal })),
  );
  await broker.received(CONNECT, 2);
  abort.abort();
  assert.equal((await given).step, "login");
  assert.equal(clock.armed(), 0);
});

Deno.test("mqttjs() passes v5 reason codes of a PUBACK on as values", async () => {
  const codes = [0x00, 0x10, 0x80, 0x87, 0x90, 0x97];
  await using broker = await rawBroker((packet, write) => {
    if (packet.type === CONNECT) write(...OK5);
    if (packet.type === PUBLISH) {
      const { topic, id } = readPublish(packet);
      write(0x40, 4, ...id, codes[Number(topic)] ?? 0, 0);
    }
  });
  await using connection = await mqttjs(fakeClock())(
    options(broker.url, { protocol: "5" }),
  );
  const acks = await Promise.all(
    codes.map((_, index) => connection.publish(message(String(index)))),
  );
  assert.deepEqual(acks.map((ack) => ack.code), codes);
  assert.equal(acks[3]?.reason, "not authorized");
});

Deno.test("mqttjs() keeps to the broker's receive maximum, in order", async () => {
  const held: (readonly [number, number])[] = [];
  let answer: (...bytes: number[]) => void = () => {};
  await using broker = await rawBroker((packet, write) => {
    // Properties: receive maximum (0x21) 2.
    if (packet.type === CONNECT) write(0x20, 6, 0, 0, 3, 0x21, 0, 2);
    if (packet.type === PUBLISH) held.push(readPublish(packet).id);
    answer = write;
  });
  await using connection = await mqttjs(fakeClock())(
    options(broker.url, { protocol: "5" }),
  );
  assert.equal(connection.receiveMaximum, 2);
  const done = ["1", "2", "3", "4", "5"].map((topic) =>
    connection.publish(message(topic))
  );
  for (let seen = 2; seen <= 5; seen++) {
    await broker.received(PUBLISH, seen);
    // A third message beyond the limit would have come with the second.
    assert.equal(held.length, seen);
    const id = held[seen - 2];
    assert(id);
    answer(0x40, 2, ...id);
  }
  const last = held[4];
  assert(last);
  answer(0x40, 2, ...last);
  await Promise.all(done);
  const sent = await broker.received(PUBLISH, 5);
  assert.deepEqual(sent.map((packet) => readPublish(packet).topic), [
    "1",
    "2",
    "3",
    "4",
    "5",
  ]);
});

Deno.test("mqttjs() answers a message beyond the broker's packet size without sending it", async () => {
  await using broker = await rawBroker((packet, write) => {
    // Properties: maximum packet size (0x27) 100.
    if (packet.type === CONNECT) write(0x20, 8, 0, 0, 5, 0x27, 0, 0, 0, 100);
  });
  await using connection = await mqttjs(fakeClock())(
    options(broker.url, { protocol: "5" }),
  );
  const ack = await connection.publish(
    message("t", { payload: "x".repeat(200) }),
  );
  assert.equal(ack.code, 0x95);
  assert.match(ack.reason, /packet too large: 211 bytes, the broker takes 100/);
});

Deno.test("mqttjs() rejects what is in flight when the connection ends", async () => {
  await using broker = await rawBroker((packet, write, socket) => {
    if (packet.type === CONNECT) write(...OK5);
    if (packet.type === PUBLISH) {
      // DISCONNECT, session taken over.
      write(0xe0, 2, 0x8e, 0);
      socket.end();
    }
  });
  await using connection = await mqttjs(fakeClock())(
    options(broker.url, { protocol: "5" }),
  );
  const error = await refusal(connection.publish(message("t")));
  assert.equal(error.step, "session");
  assert.match(
    error.message,
    /ended: the broker said: session taken over \(code 142\)/,
  );
  assert.equal(await connection.ended, error);
  assert.equal(await refusal(connection.publish(message("t"))), error);
});

Deno.test("mqttjs() refuses a subscription as the broker does", async () => {
  await using broker = await rawBroker((packet, write) => {
    if (packet.type === CONNECT) write(...OK5);
    if (packet.type === SUBSCRIBE) {
      write(0x90, 4, packet.body[0] ?? 0, packet.body[1] ?? 0, 0, 0x87);
    }
  });
  await using connection = await mqttjs(fakeClock())(
    options(broker.url, { protocol: "5" }),
  );
  const error = await refusal(connection.subscribe(["x"], 1));
  assert.match(
    error.message,
    /Cannot subscribe at broker .*: .*Not authorized/,
  );
});

Deno.test("mqttjs() bears a broker that stands still for 30 s and notices a dead one", async () => {
  let alive = true;
  await using broker = await rawBroker((packet, write) => {
    if (packet.type === CONNECT) write(...OK5);
    if (packet.type === PINGREQ && alive) write(0xd0, 0);
  });
  const clock = fakeClock();
  await using connection = await mqttjs(clock)(
    options(broker.url, { protocol: "5", keepAliveS: 30 }),
  );
  await clock.advance(10_000);
  await broker.received(PINGREQ, 1);
  let ended = false;
  connection.ended.then(() => ended = true);
  alive = false;
  await passing(clock, 60_000, () => ended);
  assert.equal(ended, false);
  await clock.advance(SILENCE_LIMIT_MS - 60_000 + 5000);
  assert.match(
    (await connection.ended).message,
    /nothing heard from it for \d+ s/,
  );
});

async function passing(clock: FakeClock, ms: number, until: () => boolean) {
  for (let gone = 0; gone < ms && !until(); gone += 1000) {
    await clock.advance(1000);
  }
}

Deno.test("mqttjs() says goodbye when disposed, with publishes in flight", async () => {
  await using broker = await rawBroker((packet, write) => {
    if (packet.type === CONNECT) write(...OK5);
  });
  const clock = fakeClock();
  const connection = await mqttjs(clock)(
    options(broker.url, { protocol: "5" }),
  );
  const unanswered = refusal(connection.publish(message("t")));
  await broker.received(PUBLISH, 1);
  await connection[Symbol.asyncDispose]();
  assert.match((await unanswered).message, /closed by this agent/);
  await broker.received(DISCONNECT, 1);
  assert.equal(clock.armed(), 0);
});
