import assert from "node:assert/strict";
import { openSink, sinkConfig } from "../../../lib/sink/kinds.ts";
import { type Log, silentLog } from "../../../lib/log.ts";
import type { Sink } from "../../../lib/sink/sink.ts";
import { fakeClock, settleMicrotasks } from "../../fakes/clock.ts";
import { fakeConnect } from "../../fakes/connection.ts";
import { sinkHost } from "../../fakes/host.ts";
import { configReading, energyReading } from "../../fakes/readings.ts";

const never = () => new AbortController().signal;

const table = {
  type: "scorpio",
  broker: "mqtts://broker.example",
  project_id: "p",
  edge_node_id: "gw1",
};

async function start(more: Record<string, unknown> = {}) {
  const clock = fakeClock();
  const records: string[] = [];
  const log: Log = {
    ...silentLog,
    info: (text) => records.push(text),
    warn: (text) => records.push(text),
    error: (text) => records.push(text),
  };
  const { connect, opened } = fakeConnect();
  const sink: Sink = openSink(
    sinkConfig.parse({ ...table, ...more }),
    sinkHost({ clock, connect, log }),
  );
  await settleMicrotasks();
  return { clock, records, opened, sink };
}

const topics = (pending: readonly { message: { topic: string } }[]) =>
  pending.map(({ message }) => message.topic.replace(/^mqtts\/p\//, ""));

Deno.test("scorpio announces a device once in a run, before its first reading", async () => {
  const { sink, opened, clock } = await start();
  await using _ = sink;
  const [first] = opened;
  assert(first);
  const outcomes = sink.deliver([
    energyReading({ id: 1 }),
    energyReading({ id: 2 }),
    energyReading({ id: 3, device: "0B57000009151D00" }),
  ], never());
  assert.deepEqual(topics(first.pending), [
    "DBIRTH/gw1/326636300039004C",
    "DDATA/gw1/326636300039004C",
    "DDATA/gw1/326636300039004C",
    "DBIRTH/gw1/0B57000009151D00",
    "DDATA/gw1/0B57000009151D00",
  ]);
  assert.deepEqual(
    first.pending.map(({ message }) => [message.qos, message.retain]),
    [[1, true], [1, false], [1, false], [1, true], [1, false]],
  );
  for (const { ack } of first.pending.splice(0)) ack();
  assert.deepEqual(await Promise.all(outcomes), Array(3).fill("accepted"));

  first.drop();
  await settleMicrotasks();
  await clock.advance(1000);
  const [, second] = opened;
  assert(second);
  void sink.deliver([energyReading({ id: 4 })], never());
  assert.deepEqual(topics(second.pending), ["DDATA/gw1/326636300039004C"]);
});

Deno.test("scorpio repeats a birth whose acknowledgement is missing", async () => {
  const { sink, opened, clock } = await start();
  await using _ = sink;
  const outcomes = sink.deliver([energyReading()], never());
  // The reading itself is acknowledged; the birth is not.
  opened[0]?.pending[1]?.ack();
  await settleMicrotasks();
  opened[0]?.drop();
  assert.deepEqual(await Promise.all(outcomes), ["kept"]);
  await clock.advance(1000);
  void sink.deliver([energyReading()], never());
  assert.deepEqual(topics(opened[1]?.pending ?? []), [
    "DBIRTH/gw1/326636300039004C",
    "DDATA/gw1/326636300039004C",
  ]);
});

Deno.test("scorpio judges the broker's reason codes", async () => {
  const { sink, opened, records } = await start();
  await using _ = sink;
  const broker = opened[0];
  assert(broker);
  const outcome = async (birth: number | null, data: number) => {
    const [promise] = sink.deliver([energyReading()], never());
    const pending = broker.pending.splice(0);
    assert.equal(pending.length, birth === null ? 1 : 2);
    if (birth !== null) pending.shift()?.ack(birth, "because");
    pending.shift()?.ack(data, "because");
    return await promise;
  };
  assert.equal(await outcome(0x97, 0x00), "kept");
  assert.equal(await outcome(0x10, 0x00), "accepted");
  assert.equal(await outcome(null, 0x10), "accepted");
  for (const code of [0x90, 0x95, 0x99]) {
    assert.deepEqual(await outcome(null, code), {
      rejected: `because (code ${code})`,
    });
  }
  records.length = 0;
  for (const code of [0x87, 0x87, 0x80, 0x83, 0x97]) {
    assert.equal(await outcome(null, code), "kept");
    assert.deepEqual(sink.state(), {
      up: false,
      detail: `Broker refuses readings: because (code ${code})`,
    });
  }
  assert.equal(await outcome(null, 0), "accepted");
  assert.equal(sink.state().up, true);
  assert.deepEqual(records, [
    ...Array(4).fill("Broker refuses readings"),
    "Broker takes readings again",
  ]);
});

Deno.test("scorpio takes configuration readings without publishing", async () => {
  const { sink, opened } = await start();
  await using _ = sink;
  assert.deepEqual(
    await Promise.all(sink.deliver([configReading()], never())),
    ["accepted"],
  );
  assert.deepEqual(opened[0]?.pending, []);
});

Deno.test("scorpio logs in as configured, with its own name by default", async () => {
  const plain = await start();
  await using _plain = plain.sink;
  const { clientId, protocol, username, password, will } =
    plain.opened[0]?.options ?? {};
  assert.deepEqual(
    { clientId, protocol, username, password, will },
    {
      clientId: "dash7-edge-gw1",
      protocol: "5",
      username: undefined,
      password: undefined,
      will: undefined,
    },
  );
  assert.deepEqual(plain.records, ["Broker connected"]);
  const other = await start({
    client_id: "me",
    username: "u",
    password: "p",
    protocol: "3.1.1",
  });
  await using _other = other.sink;
  assert.equal(other.opened[0]?.options.clientId, "me");
  assert.equal(other.opened[0]?.options.password, "p");
});

Deno.test("scorpioConfig refuses what cannot be a topic or a label", () => {
  const problems = (more: Record<string, unknown>) =>
    sinkConfig.safeParse({ ...table, ...more }).error?.issues.map((
      { path },
    ) => path.join(".")) ?? [];
  assert.deepEqual(problems({}), []);
  for (const bad of ["", "a/b", "a+", "#", "a\nb"]) {
    assert.deepEqual(problems({ project_id: bad }), ["project_id"], bad);
    assert.deepEqual(problems({ edge_node_id: bad }), ["edge_node_id"], bad);
    assert.deepEqual(problems({ topic_root: bad }), ["topic_root"], bad);
  }
  assert.deepEqual(problems({ labels: { "Tension/Phase 1": "U1" } }), []);
  assert.deepEqual(problems({ labels: { "Tension": "U" } }), ["labels"]);
  assert.deepEqual(
    problems({ labels: { "Tension/Phase 1": "Tension/Phase 2" } }),
    ["labels"],
  );
  assert.deepEqual(problems({ type: "scorpo" }), ["type"]);
});
