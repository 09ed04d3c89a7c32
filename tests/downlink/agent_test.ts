import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { Site, until } from "./agent.ts";

const INTERVAL_300 = [0x2c, 1, 0, 0];

Deno.test("M-23 M-24 M-26 a contact write goes out after the next uplink and is confirmed by its file", async () => {
  await using site = await Site.open();
  const { downlinks, devices } = await site.start();
  await site.uplink();
  assert.deepEqual(await site.write(0, ...INTERVAL_300), { end: "queued" });
  assert.equal(devices.get(site.device)?.writeQueued, true);
  assert.equal(site.modem.nodes?.writes.length, 0);
  // Another device's uplink is no contact of this one.
  await site.uplink(1);
  await site.uplink();
  await until("write", () => downlinks.queued().length === 0);
  assert.deepEqual(site.modem.nodes?.writes, [{
    device: site.device,
    fileId: 62,
    offset: 0,
    data: Uint8Array.from(INTERVAL_300),
  }]);
  await site.returned();
  await until(
    "configuration",
    () => devices.get(site.device)?.energyConfig !== null,
  );
  assert.deepEqual(devices.get(site.device)?.energyConfig, {
    interval: 300,
    enabled: true,
  });
  assert.equal(devices.get(site.device)?.writeQueued, false);
  assert.equal(devices.gateway().downlinksDone, 1);
  assert.deepEqual(site.codes(), []);
});

Deno.test("M-27 a write to a known file raises 6246 once, though its file comes back", async () => {
  await using site = await Site.open();
  const { downlinks } = await site.start();
  await site.uplink();
  for (const interval of [60, 90]) {
    await site.write(0, interval, 0, 0, 0);
    await site.uplink();
    await until("write", () => downlinks.queued().length === 0);
    await site.returned();
  }
  assert.deepEqual(site.codes(), [6246]);
});

Deno.test("M-25 the newest value wins, and a stop in between keeps the queue", async () => {
  await using site = await Site.open();
  await site.start();
  await site.uplink();
  await site.write(0, 100, 0, 0, 0);
  await site.write(4, 1);
  await site.write(0, ...INTERVAL_300);
  await site.stop();
  site.changes.length = 0;
  const { downlinks, devices } = await site.start();
  assert.equal(devices.get(site.device)?.writeQueued, true);
  assert.deepEqual(
    downlinks.queued(site.device).map(({ offset, data }) => [
      offset,
      data.toHex(),
    ]),
    [[4, "01"], [0, "2c010000"]],
  );
  await site.uplink();
  await until("both writes", () => downlinks.queued().length === 0);
  assert.deepEqual(
    site.modem.nodes?.writes.map(({ data }) => data.toHex()),
    ["01", "2c010000"],
  );
});

Deno.test("E-149 what was answered queued survives a kill at that very moment", async () => {
  await using site = await Site.open();
  await site.start();
  await site.uplink();
  assert.deepEqual(await site.write(0, ...INTERVAL_300), { end: "queued" });
  // What a kill would leave on the disk.
  const left = `${site.dir}/killed`;
  await Deno.mkdir(left);
  for (const name of ["outbox.db", "outbox.db-wal"]) {
    await Deno.copyFile(`${site.dir}/data/${name}`, `${left}/${name}`);
  }
  const db = new DatabaseSync(`${left}/outbox.db`);
  try {
    const rows = db.prepare("SELECT text FROM kept WHERE area = 'downlink'")
      .all();
    assert.equal(rows.length, 1);
    assert.match(String(rows[0]?.text), /2c010000/);
  } finally {
    db.close();
  }
});

Deno.test("M-25 M-26 a refused write is given up at once: 6245, and the device's value stays", async () => {
  await using site = await Site.open({ manner: { refuse: 0xfc } });
  const { downlinks, devices } = await site.start();
  await site.uplink();
  await site.write(0, ...INTERVAL_300);
  await site.uplink();
  await until("refusal", () => downlinks.queued().length === 0);
  assert.deepEqual(site.codes(), [6245]);
  const state = devices.get(site.device);
  assert.equal(state?.lastWriteFailed, true);
  assert.equal(state?.writeQueued, false);
  assert.equal(state?.failedDownlinks, 1);
  assert.equal(state?.energyConfig, null);
});

Deno.test("M-25 a write that is not acknowledged is tried at three contacts", async () => {
  await using site = await Site.open({ manner: "fail" });
  const { downlinks, modem } = await site.start();
  await site.uplink();
  await site.write(0, ...INTERVAL_300);
  for (let tries = 1; tries < 3; tries++) {
    const before = modem.counters.frames.alp_data;
    await site.uplink();
    // The push, and the answer to the try.
    const answered = () => modem.counters.frames.alp_data === before + 2;
    await until("answer of the modem", answered);
    assert.equal(site.modem.nodes?.writes.length, tries);
    assert.equal(downlinks.queued()[0]?.tries, tries);
    assert.deepEqual(site.codes(), []);
  }
  await site.uplink();
  await until("failure", () => downlinks.queued().length === 0);
  assert.deepEqual(site.codes(), [6245]);
});

Deno.test("M-25 a swallowed write ends by the modem's time-out, not by itself", async () => {
  await using site = await Site.open({ manner: "swallow" });
  const { downlinks } = await site.start();
  await site.uplink();
  await site.write(0, ...INTERVAL_300);
  for (let tries = 1; tries <= 3; tries++) {
    await site.uplink();
    await until("try", () => site.modem.nodes?.writes.length === tries);
    await site.clock.advance(30_000);
  }
  assert.equal(downlinks.queued().length, 0);
  assert.deepEqual(site.codes(), [6245]);
});

Deno.test("M-24 a device that does not listen any more costs a contact, not the write", async () => {
  await using site = await Site.open();
  const { downlinks } = await site.start();
  await site.uplink();
  await site.write(0, ...INTERVAL_300);
  site.modem.modem.misbehaviour.ignoresRequests = true;
  await site.uplink();
  await site.clock.advance(30_000);
  assert.equal(downlinks.queued()[0]?.tries, 1);
  site.modem.modem.misbehaviour.ignoresRequests = false;
  await site.uplink();
  await until("write", () => downlinks.queued().length === 0);
});

Deno.test("E-149 M-24 direct: confirmed by the answer, refused with its status, timed out after its time", async () => {
  await using site = await Site.open({ listen: "direct" });
  const { downlinks, devices } = await site.start();
  await site.uplink();
  const write = { fileId: 62, offset: 0, data: Uint8Array.from(INTERVAL_300) };
  const send = () => downlinks.write(site.device, write, "direct", 10_000);
  assert.deepEqual(await send(), { end: "confirmed" });
  site.modem.nodes?.behave(site.device, { refuse: 0xff });
  assert.deepEqual(await send(), { end: "refused", status: 0xff });
  site.modem.nodes?.behave(site.device, "fail");
  assert.deepEqual(await send(), { end: "timeout" });
  site.modem.nodes?.behave(site.device, "swallow");
  const sent = send();
  await until("write", () => site.modem.nodes?.writes.length === 4);
  await site.clock.advance(10_000);
  assert.deepEqual(await sent, { end: "timeout" });
  // Whoever waits for the answer is told by it, not by an event.
  assert.deepEqual(site.codes(), []);
  assert.equal(devices.get(site.device)?.failedDownlinks, 3);
});

Deno.test("E-150 M-26 a device that is offline or unknown: offline, nothing is queued", async () => {
  await using site = await Site.open();
  const { downlinks, devices } = await site.start();
  assert.deepEqual(await site.write(0, 60, 0, 0, 0), { end: "offline" });
  await site.uplink();
  const limits = { silentAfterS: 1, offlineAfterS: 2, unregisterAfterS: 0 };
  devices.setSupervision(site.device, limits);
  await site.clock.advance(2000);
  assert.notEqual(devices.get(site.device)?.offline, null);
  assert.deepEqual(await site.write(0, 60, 0, 0, 0), { end: "offline" });
  assert.deepEqual(downlinks.queued(), []);
});

Deno.test("A read over the air comes back as readings of every sink and updates the device", async () => {
  await using site = await Site.open();
  const { downlinks, devices, store } = await site.start();
  await site.uplink();
  const read = await downlinks.read(
    site.device,
    [52, 61, 62],
    "contact",
    10_000,
  );
  assert.deepEqual(read, { end: "queued" });
  await site.uplink();
  await until("files", () =>
    devices.get(site.device)?.buttonConfig !== null &&
    devices.gateway().downlinksDone === 1);
  assert.equal(devices.get(site.device)?.energyConfig?.interval, 600);
  const files = store.recent({ device: site.device, limit: 10 })
    .map(({ file }) => file);
  assert.deepEqual(files.slice(0, 3).sort(), [
    "button_config",
    "energy",
    "energy_config",
  ]);
  assert.deepEqual(
    await downlinks.read(site.device, [200], "contact", 10_000),
    { end: "refused", status: null },
  );
});

Deno.test("6256 the modem's link is lost when its port goes, and is there again when it answers", async () => {
  await using site = await Site.open();
  const { devices } = await site.start();
  assert.equal(devices.gateway().modemLost, null);
  site.modem.modem.misbehaviour.silent = true;
  // Two pings without an answer.
  await site.clock.advance(240_000);
  await until("silence", () => devices.gateway().modemLost !== null);
  assert.deepEqual(site.codes(), [6256]);
  site.modem.modem.misbehaviour.silent = false;
  await site.uplink();
  await until("life", () => devices.gateway().modemLost === null);
  assert.deepEqual(site.codes(), [6256, 6256]);
});

Deno.test("A modem that is absent from the start is lost after a while", async () => {
  await using site = await Site.open();
  site.modem.modem.misbehaviour.ignoresRequests = true;
  const starting = site.start();
  await until("agent", () => site.started());
  await site.clock.advance(5000);
  assert.deepEqual(site.codes(), [6256]);
  site.modem.modem.misbehaviour.ignoresRequests = false;
  await site.clock.advance(30_000);
  await starting;
  assert.deepEqual(site.codes(), [6256, 6256]);
});
