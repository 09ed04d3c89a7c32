import assert from "node:assert/strict";
import { Registry } from "../../lib/device/registry.ts";
import { encodeFile } from "../../lib/files/files.ts";
import { ROW_BYTES } from "../../lib/inspect/watch.ts";
import { energyBytes } from "../fakes/devices.ts";
import { energy, Plant, push } from "../fakes/plant.ts";

const FIRST = "326636300039004C";
const SECOND = "3266363000390051";
const NAMED = `[devices."${FIRST}"]
name = "Compressor 2"
[devices."${SECOND}"]
name = "Pump"
ignore = true`;

Deno.test("status() of a running agent tells port, modem, sink and what came", async () => {
  await using plant = await Plant.open(NAMED);
  await plant.clock.advance(6000);
  await plant.hear(energy(FIRST, 1n), energy(FIRST, 2n), energy(SECOND, 3n));
  const status = plant.agent.view.status();
  assert.deepEqual(status.problems, []);
  assert.equal(status.ready, true);
  assert.equal(status.serial.up, true);
  assert.equal(status.serial.modem?.uid.length, 16);
  assert.match(status.serial.modem?.firmware ?? "", /^\S.*, DASH7 \d+\.\d+$/);
  assert.equal(status.serial.last_frame_at, status.sinks[0]?.last_delivered_at);
  assert.equal(status.readings.by_file.energy, 3);
  assert.equal(status.readings.ignored, 1);
  const [sink] = status.sinks;
  assert.equal(sink?.up, true);
  assert.equal(sink?.delivered, 2);
  assert.equal(sink?.pending, 0);
  assert.ok((sink?.rate_per_s ?? 0) > 0);
  assert.ok(status.outbox.bytes > 0);
  assert.ok((status.outbox.disk_free_bytes ?? 0) > 0);
  assert.notEqual(status.outbox.oldest_at, null);
  assert.deepEqual(status.devices, {
    known: 1,
    ok: 1,
    silent: 0,
    offline: 0,
    unregistered: 0,
    unnamed: 0,
  });
});

Deno.test("status() knows after a minute how many readings come and how long an outage could last", async () => {
  await using plant = await Plant.open(NAMED);
  for (let minute = 0n; minute < 3n; minute++) {
    assert.equal(
      plant.agent.view.status().readings.per_hour === null,
      minute === 0n,
    );
    await plant.hear(energy(FIRST, minute));
    await plant.clock.advance(60_000);
  }
  const { readings, outbox } = plant.agent.view.status();
  assert.ok(Math.abs((readings.per_hour ?? 0) - 60) < 1, "60 an hour");
  // At one a minute the 30 days come first.
  assert.equal(outbox.lasts_s, 30 * 86_400);
});

Deno.test("status() says since when a sink is down, what waits and since when", async () => {
  await using plant = await Plant.open(NAMED);
  await plant.clock.advance(10_000);
  await plant.cut("one");
  const cutMs = plant.clock.nowMs();
  await plant.clock.advance(60_000);
  await plant.hear(energy(FIRST, 1n));
  const heardMs = plant.clock.nowMs();
  await plant.clock.advance(60_000);
  const { sinks: [sink], problems, ready } = plant.agent.view.status();
  assert.equal(sink?.up, false);
  assert.ok(Math.abs(Date.parse(sink?.since ?? "") - cutMs) <= 2000);
  assert.equal(sink?.pending, 1);
  const oldestMs = Date.parse(sink?.oldest_pending_at ?? "");
  assert.ok(Math.abs(oldestMs - heardMs) <= 100);
  assert.deepEqual(problems.map(({ code }) => code), ["sink_down"]);
  assert.equal(problems[0]?.values.pending, 1);
  assert.equal(ready, true, "readings wait for the sink");
  plant.down.clear();
  await plant.clock.advance(120_000);
  await plant.settle();
  const after = plant.agent.view.status();
  assert.deepEqual(after.problems, []);
  assert.equal(after.sinks[0]?.up, true);
  assert.equal(after.sinks[0]?.oldest_pending_at, null);
});

Deno.test("status() tells times by the clock that was set since", async () => {
  await using plant = await Plant.open(NAMED);
  plant.clock.synced = false;
  await plant.hear(energy(FIRST, 1n));
  await plant.clock.advance(10_000);
  assert.deepEqual(
    plant.agent.view.status().problems.map(({ code }) => code),
    ["clock_unsynchronised"],
  );
  plant.clock.setWall(Date.UTC(2031, 5, 1));
  plant.clock.synced = true;
  const { agent, serial, sinks } = plant.agent.view.status();
  for (
    const time of [agent.started_at, serial.last_frame_at, sinks[0]?.since]
  ) {
    assert.match(time ?? "", /^2031-05-31T23:59|^2031-06-01|^2031-05-31/);
  }
});

Deno.test("status() tells what the store cannot say as its trouble", async () => {
  await using plant = await Plant.open(NAMED);
  await plant.hear(energy(FIRST, 1n));
  const { bytes } = plant.agent.view.status().outbox;
  const { store } = plant.agent;
  store.close();
  const { outbox, problems, ready } = plant.agent.view.status();
  assert.equal(outbox.bytes, bytes, "the size known last");
  assert.notEqual(outbox.trouble, null);
  assert.equal(ready, false);
  assert.equal(problems[0]?.code, "outbox_unwritable");
  assert.match(
    await plant.agent.view.metrics(),
    /dash7_edge_outbox_writable 0/,
  );
});

Deno.test("devices() learns the cadence of a device, and knows it after a restart", async () => {
  await using plant = await Plant.open(NAMED);
  for (let n = 0n; n < 6n; n++) {
    await plant.hear(energy(FIRST, n), energy(SECOND, n));
    // A repetition is no report.
    await plant.hear(energy(FIRST, n));
    await plant.clock.advance(30_000 - 40);
  }
  const [first, second] = plant.agent.view.devices();
  assert.equal(first?.device, FIRST);
  assert.equal(first?.cadence_s, 30);
  assert.equal(first?.cadence_from, "learned");
  assert.equal(first?.silent_after_s, 120);
  assert.equal(first?.state, "ok");
  assert.equal(first?.last.length, 13);
  assert.equal(second?.device, SECOND);
  assert.equal(second?.ignored, true);
  assert.equal(second?.cadence_s, null);

  await plant.stop();
  await plant.clock.advance(600_000);
  await plant.start();
  await plant.clock.advance(1000);
  const [restarted] = plant.agent.view.devices();
  assert.equal(restarted?.cadence_s, 30);
  assert.equal(restarted?.state, "ok", "a restart grants one cadence");
  await plant.clock.advance(60_000);
  assert.equal(plant.agent.view.devices()[0]?.state, "offline");
  await plant.hear(energy(FIRST, 99n));
  assert.equal(plant.agent.view.devices()[0]?.state, "ok");
  assert.equal(plant.agent.view.devices()[0]?.cadence_s, 30);
});

Deno.test("devices() takes the configured interval while nothing is learned", async () => {
  await using plant = await Plant.open(NAMED);
  const config = encodeFile(62, { interval: 300, enabled: true });
  await plant.hear(push(FIRST, 62, config), push(FIRST, 52, energyBytes()));
  const [device] = plant.agent.view.devices();
  assert.equal(device?.cadence_s, 300);
  assert.equal(device?.cadence_from, "configured");
  assert.equal(device?.silent_after_s, 660);
});

Deno.test("devices() calls no device silent while the modem is away", async () => {
  await using plant = await Plant.open(NAMED);
  for (let n = 0n; n < 5n; n++) {
    await plant.hear(energy(FIRST, n));
    await plant.clock.advance(10_000 - 20);
  }
  assert.equal(plant.agent.view.devices()[0]?.silent_after_s, 80);
  await plant.pull();
  await plant.clock.advance(600_000);
  assert.deepEqual(
    plant.agent.view.status().problems.map(({ code }) => code),
    ["port_down"],
  );
  await plant.plug();
  await plant.clock.advance(30_000);
  assert.equal(plant.agent.view.devices()[0]?.state, "ok");
  await plant.clock.advance(60_000);
  assert.equal(plant.agent.view.devices()[0]?.state, "silent");
});

Deno.test("status() forgets a device that was forgotten", async () => {
  await using plant = await Plant.open();
  await plant.hear(energy(FIRST, 1n));
  assert.equal(plant.agent.view.status().devices.unnamed, 1);
  const { devices } = plant.agent;
  assert.ok(devices instanceof Registry);
  devices.remove(FIRST);
  assert.equal(plant.agent.view.status().devices.known, 0);
});

Deno.test("ROW_BYTES is what a reading takes on disk besides its file", async () => {
  await using plant = await Plant.open(NAMED);
  const { store } = plant.agent;
  const grown = async (batches: number) => {
    const before = store.bytes();
    for (let batch = 0; batch < batches; batch++) {
      const pushes = Array.from(
        { length: 50 },
        (_, n) => energy(FIRST, BigInt(before + 50 * batch + n)),
      );
      await plant.hear(...pushes);
    }
    return store.bytes() - before;
  };
  // The first pages are tables.
  await grown(5);
  const each = await grown(40) / 2000;
  const file = store.recent({ limit: 1 })[0]?.data.length ?? 0;
  const expected = file + ROW_BYTES;
  assert.ok(
    Math.abs(each - expected) < 0.15 * each,
    `${each} bytes a reading, ${expected} expected`,
  );
});

Deno.test("devices() knows the cadence of a rare device among quick ones after a restart", async () => {
  await using plant = await Plant.open();
  for (let n = 0n; n < 5n; n++) {
    await plant.hear(energy(SECOND, n));
    for (let m = 0n; m < 60n; m++) {
      await plant.hear(energy(FIRST, 100n * n + m));
      await plant.clock.advance(10_000 - 20);
    }
  }
  await plant.stop();
  await plant.start();
  await plant.clock.advance(3000);
  const cadences = plant.agent.view.devices().map((
    { device, cadence_s },
  ) => [device, cadence_s]);
  assert.deepEqual(cadences, [[FIRST, 10], [SECOND, 600]]);
});

Deno.test("devices() forgets a cadence when the device is told another interval", async () => {
  await using plant = await Plant.open();
  const told = (interval: number) =>
    push(FIRST, 62, encodeFile(62, { interval, enabled: true }));
  await plant.hear(told(60));
  for (let n = 0n; n < 5n; n++) {
    await plant.hear(energy(FIRST, n));
    await plant.clock.advance(60_000 - 20);
  }
  assert.equal(plant.agent.view.devices()[0]?.cadence_s, 60);
  await plant.hear(told(3600));
  const [device] = plant.agent.view.devices();
  assert.equal(device?.cadence_s, 3600);
  assert.equal(device?.cadence_from, "configured");
  await plant.clock.advance(3_600_000);
  assert.equal(plant.agent.view.devices()[0]?.state, "ok");
  await plant.stop();
  await plant.start();
  await plant.clock.advance(1000);
  assert.equal(plant.agent.view.devices()[0]?.cadence_from, "configured");
});
