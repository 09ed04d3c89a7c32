import assert from "node:assert/strict";
import { encodeCommand } from "../lib/alp/alp.ts";
import { StoreError } from "../lib/store/store.ts";
import { button, energy, fileData, Plant, push } from "./fakes/plant.ts";

const A = "326636300039004C";
const B = "00000000003A004F";

Deno.test("startAgent() brings a push to the broker, after its birth", async () => {
  await using plant = await Plant.open();
  await plant.hear(energy(A, 9007199254740993n));
  await plant.hear(energy(A, 2n), energy(B, 1n));
  const { births, data } = plant.received();
  assert.deepEqual(births, [A, B]);
  assert.deepEqual(data.length, 3);
  assert.deepEqual(data.slice(1), [`${A} 2`, `${B} 1`]);
  assert.deepEqual(plant.account(), {
    readings: 3,
    delivered: 3,
    pending: 0,
    rejected: 0,
    dropped: 0,
  });
});

Deno.test("startAgent() counts repetitions and does not deliver them", async () => {
  await using plant = await Plant.open();
  await plant.hear(energy(A, 1n), energy(A, 1n), energy(B, 1n));
  await plant.clock.advance(30_000);
  await plant.hear(energy(A, 1n));
  assert.deepEqual(plant.received().data, [`${A} 1`, `${B} 1`]);
  assert.equal(plant.agent.counters.duplicates, 2);
  assert.equal(plant.agent.counters.readings.energy, 4);
  // It was heard all the same.
  assert.ok(
    (plant.agent.store.devices.get(A)?.lastSeenMs ?? 0) >=
      plant.clock.nowMs() - 100,
  );
  // Beyond the window the same values are news; two presses always are.
  await plant.clock.advance(60_001);
  await plant.hear(energy(A, 1n), button(A), button(A));
  assert.equal(plant.received().data.length, 2 + 3);
  assert.equal(plant.agent.counters.duplicates, 2);
});

Deno.test("startAgent() writes soon what the log of readings cannot tell again", async () => {
  await using plant = await Plant.open();
  const text = () => new Map(plant.agent.store.kept("device").entries()).get(A);
  await plant.hear(energy(A, 1n));
  await plant.clock.advance(10_000);
  const first = text();
  assert.ok(first);
  await plant.hear(energy(A, 2n));
  await plant.clock.advance(10_000);
  assert.equal(text(), first);
  // The log does not take a repetition.
  await plant.hear(energy(A, 2n));
  await plant.clock.advance(1000);
  assert.notEqual(text(), first);
});

Deno.test("startAgent() after a kill knows its devices as they were", async () => {
  await using plant = await Plant.open();
  for (let n = 0; n < 20; n++) {
    await plant.hear(energy(A, BigInt(n)), button(B), energy(B, BigInt(n)));
    await plant.clock.advance(20_000);
  }
  const known = () =>
    plant.agent.devices.list().toSorted((a, b) => a.device < b.device ? -1 : 1);
  const was = known();
  assert.deepEqual(was.map(({ measurementCounter: n }) => n), [20, 20]);
  // What is committed is what a kill leaves.
  const left = await Deno.makeTempFile();
  await Deno.remove(left);
  let file = "";
  {
    using db = plant.database();
    db.prepare("VACUUM INTO ?").run(left);
    file = String(db.prepare("PRAGMA database_list").get()?.file);
  }
  await plant.stop();
  await Deno.rename(left, file);
  await plant.start();
  assert.deepEqual(known(), was);
  assert.equal(plant.account().readings, 60);
});

Deno.test("startAgent() does not take a repetition for news after a restart", async () => {
  await using plant = await Plant.open();
  await plant.hear(energy(A, 1n));
  await plant.stop();
  await plant.start();
  await plant.hear(energy(A, 1n), energy(A, 2n));
  assert.equal(plant.agent.counters.duplicates, 1);
  assert.deepEqual(plant.received().data, [`${A} 1`, `${A} 2`]);
});

Deno.test("startAgent() delivers nothing of an ignored device", async () => {
  await using plant = await Plant.open(
    `[devices."${A.toLowerCase()}"]\nignore = true\n`,
  );
  await plant.hear(energy(A, 1n), energy(B, 1n));
  assert.deepEqual(plant.received(), {
    ...plant.received(),
    births: [B],
    data: [`${B} 1`],
  });
  assert.equal(plant.agent.counters.ignored, 1);
  assert.equal(plant.account().readings, 1);
  assert.ok(plant.agent.store.devices.get(A));
});

Deno.test("startAgent() counts and shows files that give no reading, beside those that do", async () => {
  await using plant = await Plant.open();
  const both = new Uint8Array([
    ...encodeCommand([fileData(99, Uint8Array.of(1, 2))]),
    ...energy(A, 5n),
  ]);
  await plant.hear(both, push(A, 52, Uint8Array.of(1)));
  assert.deepEqual(plant.received().data, [`${A} 5`]);
  assert.deepEqual(plant.agent.counters.problems, {
    unknown_file: 1,
    unexpected_length: 1,
  });
  const told = plant.log.about("no reading");
  assert.deepEqual(told.map(({ fields }) => fields["file"]), [99, 52]);
  assert.deepEqual(told[0]?.fields["data"], Uint8Array.of(1, 2));
});

Deno.test("startAgent() keeps order and account through outage and restart", async () => {
  await using plant = await Plant.open();
  await plant.hear(energy(A, 1n));
  await plant.cut("one");
  await plant.hear(energy(A, 2n), energy(B, 1n), energy(A, 3n));
  assert.deepEqual(
    [plant.account().delivered, plant.account().pending],
    [1, 3],
  );
  await plant.stop();
  await plant.start();
  assert.equal(plant.account().pending, 3);
  await plant.hear(energy(A, 4n));
  plant.down.clear();
  for (let s = 0; s < 70; s++) await plant.settle(1000);
  const { data } = plant.received();
  const of = (device: string) => data.filter((row) => row.startsWith(device));
  assert.deepEqual(of(A), [1, 2, 3, 4].map((n) => `${A} ${n}`));
  assert.deepEqual(of(B), [`${B} 1`]);
  assert.deepEqual(plant.account(), {
    readings: 5,
    delivered: 5,
    pending: 0,
    rejected: 0,
    dropped: 0,
  });
});

Deno.test("startAgent() delivers to one sink while the other is down", async () => {
  await using plant = await Plant.open(`[sinks.two]
type = "scorpio"
broker = "mqtt://two"
project_id = "p"
edge_node_id = "g"
`);
  await plant.cut("two");
  await plant.hear(energy(A, 1n), energy(A, 2n));
  assert.deepEqual(plant.received("one").data, [`${A} 1`, `${A} 2`]);
  assert.deepEqual(plant.received("two").data, []);
  assert.equal(plant.account("one").delivered, 2);
  assert.equal(plant.account("two").pending, 2);
  assert.deepEqual(
    plant.agent.sinks.map(({ name, sink }) => [name, sink.state().up]),
    [["two", false], ["one", true]],
  );
  plant.down.clear();
  for (let s = 0; s < 70; s++) await plant.settle(1000);
  assert.deepEqual(plant.received("two").data, [`${A} 1`, `${A} 2`]);
});

Deno.test("startAgent() stamps waiting readings anew once the clock is set", async () => {
  await using plant = await Plant.open();
  plant.clock.synced = false;
  await plant.stop();
  await plant.start();
  await plant.cut("one");
  await plant.hear(energy(A, 1n));
  await plant.clock.advance(2000);
  await plant.hear(energy(A, 2n));
  const heardMonoMs = plant.clock.monoMs() - 20;
  const trueMs = Date.UTC(2026, 5, 1);
  plant.clock.setWall(trueMs);
  plant.clock.synced = true;
  const offsetMs = trueMs - plant.clock.monoMs();
  await plant.clock.advance(6000);
  assert.deepEqual(
    plant.log.about("re-stamped").map(({ fields }) => fields["count"]),
    [2],
  );
  plant.down.clear();
  for (let s = 0; s < 70; s++) await plant.settle(1000);
  const { data, stamps } = plant.received();
  assert.deepEqual(data, [`${A} 1`, `${A} 2`]);
  assert.equal(stamps[1], heardMonoMs + offsetMs);
  assert.equal(stamps[0], heardMonoMs + offsetMs - 2020);
});

Deno.test("startAgent() holds what the store refuses and commits it later, in order", async () => {
  await using plant = await Plant.open();
  using database = plant.database();
  database.exec(
    "CREATE TRIGGER refuse BEFORE INSERT ON reading BEGIN SELECT RAISE(ABORT, 'refused'); END",
  );
  await plant.hear(energy(A, 1n));
  await plant.hear(energy(A, 2n), energy(B, 1n));
  await plant.clock.advance(5000);
  assert.deepEqual(plant.received().data, []);
  assert.equal(plant.log.about("cannot be committed").length, 1);
  assert.match(plant.agent.store.trouble() ?? "", /refused/);
  database.exec("DROP TRIGGER refuse");
  await plant.clock.advance(1000);
  await plant.settle();
  assert.deepEqual(plant.received().data, [`${A} 1`, `${A} 2`, `${B} 1`]);
  assert.deepEqual(
    plant.log.about("writable again").map(({ fields }) => fields["count"]),
    [3],
  );
  assert.equal(plant.agent.counters.lost, 0);
  await plant.hear(energy(A, 3n));
  assert.equal(plant.account().delivered, 4);
});

Deno.test("startAgent() says what it could not commit at its end, and leaves nothing running", async () => {
  await using plant = await Plant.open();
  using database = plant.database();
  database.exec(
    "CREATE TRIGGER refuse BEFORE INSERT ON reading BEGIN SELECT RAISE(ABORT, 'refused'); END",
  );
  await plant.hear(energy(A, 1n), energy(A, 2n));
  const { counters } = plant.agent;
  await plant.stop();
  assert.equal(counters.lost, 2);
  assert.deepEqual(
    plant.log.about("lost").map((
      { level, fields },
    ) => [level, fields["count"]]),
    [["error", 2]],
  );
});

Deno.test("startAgent() ends within 10 s however many brokers are frozen", async () => {
  const others = ["two", "three", "four"];
  await using plant = await Plant.open(
    others.map((name) =>
      `[sinks.${name}]
type = "scorpio"
broker = "mqtt://${name}"
project_id = "p"
edge_node_id = "g"
`
    ).join(""),
  );
  for (const name of ["one", ...others]) plant.frozen.add(name);
  await plant.hear(energy(A, 1n));
  let ended = false;
  const done = plant.agent[Symbol.asyncDispose]().then(() => ended = true);
  // The control socket closes first, in its own time, which no clock of ours
  // moves: nothing is armed before.
  for (let ms = 0; ms < 9000 && !ended; ms += 100) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    await plant.clock.advance(100);
  }
  assert.ok(ended);
  await done;
});

Deno.test("startAgent() is refused a data_dir that another agent uses", async () => {
  await using plant = await Plant.open();
  const { agent } = plant;
  await assert.rejects(
    plant.start(),
    (error) => error instanceof StoreError && error.fault === "locked",
  );
  assert.equal(plant.agent, agent);
});
