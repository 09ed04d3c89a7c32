import assert from "node:assert/strict";
import { jsonlSink } from "../../lib/sink/jsonl/jsonl.ts";
import { openTarget } from "../../lib/sink/jsonl/target.ts";
import { openSink, sinkConfig } from "../../lib/sink/kinds.ts";
import { previewOf } from "../../lib/sink/emqtt/machine_preview.ts";
import { fakeClock, settleMicrotasks } from "../fakes/clock.ts";
import { fakeConnect } from "../fakes/connection.ts";
import { sinkHost } from "../fakes/host.ts";
import {
  buttonReading,
  configReading,
  energyReading,
} from "../fakes/readings.ts";
import { A, energy, NODE_A, Rig } from "./emqtt/harness.ts";

const never = () => new AbortController().signal;

Deno.test("preview() of scorpio is what it then publishes, with the DBIRTH before the first", async () => {
  const { connect, opened } = fakeConnect();
  await using sink = openSink(
    sinkConfig.parse({
      type: "scorpio",
      broker: "mqtts://broker.example",
      project_id: "p",
      edge_node_id: "gw1",
    }),
    sinkHost({ clock: fakeClock(), connect }),
  );
  await settleMicrotasks();
  const [connection] = opened;
  assert.ok(connection);
  for (const reading of [energyReading(), buttonReading(1, { id: 2 })]) {
    const { messages, note } = sink.preview(reading);
    const delivered = sink.deliver([reading], never());
    const published: typeof connection.pending = connection.pending.splice(0);
    const sent = published.map(({ message }): unknown => message);
    assert.deepEqual(messages, sent);
    assert.equal(note !== undefined, messages.length === 2);
    for (const { ack } of published) ack();
    assert.deepEqual(await Promise.all(delivered), ["accepted"]);
  }
  assert.deepEqual(sink.preview(configReading()), {
    messages: [],
    note: "This file is not for SCorp-io.",
  });
});

Deno.test("preview() of jsonl is the line that it then writes", async () => {
  const path = await Deno.makeTempFile();
  {
    await using sink = jsonlSink(
      openTarget(path),
      sinkHost({ deviceName: () => "Compressor 2" }),
    );
    const { messages: [message] } = sink.preview(energyReading());
    await Promise.all(sink.deliver([energyReading()], never()));
    assert.equal(message?.topic, path);
    assert.equal(message?.payload, await Deno.readTextFile(path));
  }
  await Deno.remove(path);
});

Deno.test("preview() of emqtt tells what SICON.OS has asked of the node, and gives cyclic data only while they carry the reading", () => {
  const rig = new Rig();
  const first = { ...energy(rig.receipt()), id: 1 };
  const preview = (reading: typeof first) =>
    previewOf(rig.state, rig.settings, rig.at, reading);
  assert.match(preview(first).note ?? "", /has no node for this device\.$/);
  rig.hear(A, NODE_A, first);
  rig.on();
  assert.match(preview(first).note ?? "", /asks nothing of node \S+ at the/);
  rig.send(`${A}/startCyclicData`, { SamplingRate: 2000 });
  rig.send(`${A}/startObservation`, { Indices: [65, 66], SamplingRate: 1000 });
  rig.take();
  const { messages, note } = preview(first);
  assert.match(note ?? "", /cyclic data every 2 s, indices 65 66 every 1 s/);
  assert.match(note ?? "", /The cyclic data carry this reading now\.$/);
  rig.advance(2000);
  const posted = rig.take().find(({ what }) => what.endsWith("postCyclicData"));
  const [message] = messages;
  assert.match(message?.topic ?? "", /^eMQTT\/adapter\/.*\/postCyclicData$/);
  const { PDIn, SamplingRate } = JSON.parse(message?.payload ?? "");
  assert.equal(SamplingRate, posted?.payload["SamplingRate"]);
  // The age is of another moment.
  const ageless = (hex: unknown) => String(hex).replace(/^(.{4}).{4}/, "$1");
  assert.equal(ageless(PDIn), ageless(posted?.payload["PDIn"]));
  rig.hear(A, NODE_A, energy(rig.receipt(), { active1: 9n }));
  const later = preview(first);
  assert.deepEqual(later.messages, []);
  assert.match(later.note ?? "", /A later reading has taken its place/);
});
