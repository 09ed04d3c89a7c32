import assert from "node:assert/strict";
import {
  buttonBytes,
  configBytes,
  DEVICE,
  energyBytes,
  memoryKeep,
  model,
} from "../fakes/devices.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

Deno.test("M-10 M-37 silent, offline and unregistered pass at their instants, and any frame ends them", async () => {
  const { clock, registry, changes, codes, hears } = model();
  const start = clock.nowMs();
  hears([[52, energyBytes()]]);
  await clock.advance(21 * MINUTE - 1);
  assert.deepEqual(codes(), []);
  await clock.advance(1);
  assert.deepEqual(codes(), ["6241"]);
  assert.equal(registry.get(DEVICE)?.silent?.wallMs, start + 21 * MINUTE);
  await clock.advance(39 * MINUTE);
  assert.deepEqual(codes(), ["6241", "6242"]);
  assert.equal(registry.get(DEVICE)?.offline?.wallMs, start + HOUR);
  // A frame that holds nothing we know is a sign of life, too.
  hears([]);
  assert.deepEqual(codes(), ["6241", "6242", "-6242", "-6241"]);
  changes.length = 0;
  await clock.advance(24 * HOUR);
  assert.deepEqual(codes(), ["6241", "6242"]);
  assert.deepEqual(changes.map(({ gone }) => gone), [false, false, true]);
  assert.equal(registry.get(DEVICE)?.unregistered, true);
  changes.length = 0;
  hears([[51, buttonBytes(0, true)]]);
  // No Disappears: its conditions ended with its registration. [mapping §4]
  assert.deepEqual(codes(), ["6208"]);
  assert.equal(registry.get(DEVICE)?.unregistered, false);
  assert.equal(registry.get(DEVICE)?.offline, null);
});

Deno.test("Supervision is derived from the interval, then the gateway's, then the device's own", async () => {
  const { clock, registry, codes, hears } = model();
  const limits = () => Object.values(registry.supervisionOf(DEVICE));
  hears([[62, configBytes(60)]]);
  assert.deepEqual(limits(), [180, 360, 86_400]);
  registry.setSupervision(null, {
    silentAfterS: 10,
    offlineAfterS: 20,
    unregisterAfterS: 0,
  });
  assert.deepEqual(limits(), [10, 20, 0]);
  await clock.advance(365 * 24 * HOUR);
  assert.deepEqual(codes(), ["6241", "6242"]);
  const own = { silentAfterS: 5, offlineAfterS: 6, unregisterAfterS: 7 };
  registry.setSupervision(DEVICE, own);
  assert.deepEqual(limits(), [5, 6, 7]);
  assert.equal(registry.get(DEVICE)?.unregistered, true);
  registry.setSupervision(DEVICE, null);
  registry.setSupervision(null, {
    silentAfterS: 0,
    offlineAfterS: 0,
    unregisterAfterS: 0,
  });
  assert.deepEqual(limits(), [180, 360, 86_400]);
});

Deno.test("Limits increase for every interval that a device may tell", () => {
  const { registry, hears } = model();
  for (
    const interval of [0, 1, 14, 15, 59, 60, 600, 14_400, 86_400, 2 ** 32 - 1]
  ) {
    hears([[62, configBytes(interval)]]);
    const { silentAfterS, offlineAfterS, unregisterAfterS } = registry
      .supervisionOf(DEVICE);
    assert.ok(silentAfterS < offlineAfterS, `${interval}`);
    assert.ok(offlineAfterS < unregisterAfterS, `${interval}`);
  }
});

Deno.test("M-11 a byte-identical EnergyFile within 120 s refreshes lastHeard and link only", async () => {
  const { clock, registry, changes, hears } = model();
  hears([[52, energyBytes()]]);
  await clock.advance(120_000);
  hears([[52, energyBytes()]], { linkBudgetDb: 99 });
  let state = registry.get(DEVICE);
  assert.equal(state?.measurementCounter, 1);
  assert.equal(state?.link?.linkBudgetDb, 99);
  assert.equal(state?.lastHeard.wallMs, clock.nowMs());
  assert.equal(state?.energy?.received.wallMs, clock.nowMs() - 120_000);
  assert.equal(changes.at(-1)?.measured, null);
  assert.equal(changes.at(-1)?.contact, true);
  await clock.advance(1);
  hears([[52, energyBytes()]]);
  state = registry.get(DEVICE);
  assert.equal(state?.measurementCounter, 2);
  assert.notEqual(changes.at(-1)?.measured, null);
});

Deno.test("M-11 the window is half the interval if that is shorter", async () => {
  const { clock, registry, hears } = model();
  hears([[62, configBytes(60)]]);
  hears([[52, energyBytes()]]);
  await clock.advance(30_000);
  hears([[52, energyBytes()]]);
  assert.equal(registry.get(DEVICE)?.measurementCounter, 1);
  await clock.advance(1);
  hears([[52, energyBytes()]]);
  assert.equal(registry.get(DEVICE)?.measurementCounter, 2);
});

Deno.test("M-11 button frames are never deduplicated: each is an event, presses are counted", () => {
  const { registry, codes, hears } = model();
  hears([[51, buttonBytes(2, true)]]);
  hears([[51, buttonBytes(2, true)]]);
  hears([[51, buttonBytes(15, false)]]);
  // There are codes for 16 buttons only.
  hears([[51, buttonBytes(16, true)]]);
  assert.deepEqual(codes(), ["6210", "6210", "6239"]);
  assert.equal(registry.get(DEVICE)?.buttonCounter, 3);
});

Deno.test("M-12 known at start-up is not heard: one interval passes before any alarm", async () => {
  const keep = memoryKeep();
  const before = model({ keep });
  before.hears([[62, configBytes(300)]]);
  before.registry[Symbol.dispose]();
  // Two hours later, after a reboot.
  before.clock.setWall(before.clock.nowMs() + 2 * HOUR);
  before.clock.bootId = "next boot";
  const { clock, codes, hears } = model({ keep, clock: before.clock });
  await clock.advance(5 * MINUTE - 1);
  assert.deepEqual(codes(), []);
  await clock.advance(1);
  assert.deepEqual(codes(), ["6241", "6242"]);
  hears([]);
  assert.deepEqual(codes(), ["6241", "6242", "-6242", "-6241"]);
});

Deno.test("M-19 held values come from the last valid EnergyFile; 6240 follows the flag", async () => {
  const { clock, registry, codes, hears } = model();
  hears([[52, energyBytes({ wh: 7n })]]);
  await clock.advance(1000);
  hears([[52, energyBytes({ wh: 9n, valid: false })]]);
  hears([[52, energyBytes({ wh: 10n, valid: false })]]);
  const state = registry.get(DEVICE);
  assert.equal(state?.held?.measurements[3]?.value, 7n);
  assert.equal(state?.energy?.measurements[3]?.value, 10n);
  assert.equal(state?.invalidCount, 2);
  assert.equal(state?.measurementCounter, 3);
  hears([[52, energyBytes({ wh: 11n })]]);
  assert.deepEqual(codes(), ["6240", "-6240"]);
});

Deno.test("6244 is raised when a counter of a valid file decreased, not of an invalid one", () => {
  const { codes, hears } = model();
  hears([[52, energyBytes({ wh: 100n })]]);
  hears([[52, energyBytes({ wh: 5n, valid: false })]]);
  hears([[52, energyBytes({ wh: 100n })]]);
  assert.deepEqual(codes(), ["6240", "-6240"]);
  hears([[52, energyBytes({ wh: 99n })]]);
  assert.deepEqual(codes(), ["6240", "-6240", "6244"]);
});

Deno.test("6243 needs three frames in a row above 130 dB, and three at 125 dB or below to end", () => {
  const { codes, hears } = model();
  const frames = (...budgets: number[]) => {
    for (const linkBudgetDb of budgets) {
      hears([[62, configBytes(600)]], { linkBudgetDb });
    }
  };
  frames(131, 131, 130, 131, 131);
  assert.deepEqual(codes(), []);
  frames(140);
  assert.deepEqual(codes(), ["6243"]);
  frames(125, 125, 126, 125, 125);
  assert.deepEqual(codes(), ["6243"]);
  frames(90);
  assert.deepEqual(codes(), ["6243", "-6243"]);
});

Deno.test("M-27 a changed configuration file raises 6246, a first or equal one does not", () => {
  const { registry, codes, hears } = model();
  hears([[62, configBytes(600)]]);
  hears([[62, configBytes(600)]]);
  hears([[61, Uint8Array.of(1, 1, 1, 1)]]);
  assert.deepEqual(codes(), []);
  hears([[62, configBytes(300)]]);
  hears([[61, Uint8Array.of(1, 0, 1, 7)]]);
  assert.deepEqual(codes(), ["6246", "6246"]);
  assert.deepEqual(registry.get(DEVICE)?.energyConfig, {
    interval: 300,
    enabled: true,
  });
  assert.deepEqual(registry.get(DEVICE)?.buttonConfig, {
    transmitMask0: true,
    transmitMask1: false,
    buttonControlMenu: true,
    enabled: true,
  });
});

Deno.test("M-38 while the modem's link is lost the silence timers stand still", async () => {
  const { clock, registry, codes, hears } = model();
  hears([[52, energyBytes()]]);
  await clock.advance(20 * MINUTE);
  registry.modem(false, null);
  assert.deepEqual(codes(), ["6256"]);
  await clock.advance(10 * 24 * HOUR);
  registry.modem(true, "433731340037002B");
  assert.deepEqual(codes(), ["6256", "-6256"]);
  assert.equal(registry.gateway().modemUid, "433731340037002B");
  await clock.advance(MINUTE - 1);
  assert.deepEqual(codes(), ["6256", "-6256"]);
  await clock.advance(1);
  assert.deepEqual(codes(), ["6256", "-6256", "6241"]);
});

Deno.test("M-25 M-26 a write that arrived changes the known file, one given up raises 6245", () => {
  const { registry, codes, hears } = model();
  hears([[62, configBytes(600)]]);
  registry.downlinkQueued(DEVICE, true);
  assert.equal(registry.get(DEVICE)?.writeQueued, true);
  registry.downlinkQueued(DEVICE, false);
  registry.downlinkEnded(DEVICE, { type: "downlink_failed", event: true });
  let state = registry.get(DEVICE);
  assert.deepEqual(codes(), ["6245"]);
  assert.equal(state?.lastWriteFailed, true);
  assert.equal(state?.failedDownlinks, 1);
  assert.equal(state?.energyConfig?.interval, 600);
  registry.downlinkEnded(DEVICE, {
    type: "downlink_done",
    write: { fileId: 62, offset: 0, data: Uint8Array.of(0x2c, 1, 0, 0) },
  });
  state = registry.get(DEVICE);
  assert.deepEqual(codes(), ["6245", "6246"]);
  assert.equal(state?.lastWriteFailed, false);
  assert.deepEqual(state?.energyConfig, { interval: 300, enabled: true });
  // The file itself, coming back, is no second change.
  hears([[62, configBytes(300)]]);
  assert.deepEqual(codes(), ["6245", "6246"]);
  const { downlinksDone, downlinksFailed } = registry.gateway();
  assert.deepEqual([downlinksDone, downlinksFailed], [1, 1]);
});

Deno.test("6257 tells of a device that is not admitted once an hour, every frame counts", async () => {
  const { clock, registry, codes, hears } = model({
    admitted: (device) => device === DEVICE,
  });
  const other = { device: "0000000000000001" };
  hears([[52, energyBytes()]], other);
  hears([[52, energyBytes()]], other);
  assert.deepEqual(codes(), ["6257"]);
  hears([[52, energyBytes()]], { device: "0000000000000002" });
  await clock.advance(HOUR);
  hears([[52, energyBytes()]], other);
  assert.deepEqual(codes(), ["6257", "6257", "6257"]);
  assert.equal(registry.gateway().framesForeign, 4);
  assert.deepEqual(registry.list(), []);
});

Deno.test("6258 appears and disappears with the outbox", () => {
  const { registry, codes } = model();
  for (const high of [false, true, true, false, false]) registry.buffer(high);
  assert.deepEqual(codes(), ["6258", "-6258"]);
});

Deno.test("A device becomes known by a file of ours only", () => {
  const { registry, hears } = model();
  hears([]);
  assert.deepEqual(registry.list(), []);
  hears([[61, Uint8Array.of(1, 1, 1, 1)]]);
  assert.equal(registry.list().length, 1);
});
