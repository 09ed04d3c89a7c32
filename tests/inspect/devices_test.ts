import assert from "node:assert/strict";
import type { DeviceState } from "../../lib/device/device.ts";
import { deviceRow, deviceRows, stateOf } from "../../lib/inspect/devices.ts";
import type { DeviceFacts } from "../../lib/inspect/snapshot.ts";
import { DEVICE } from "../fakes/devices.ts";
import { energyReading } from "../fakes/readings.ts";
import { ago, deviceFacts, NOW_MS } from "../fakes/snapshot.ts";

function withState(
  some: Partial<DeviceState>,
  facts: Partial<DeviceFacts> = {},
): DeviceFacts {
  const base = deviceFacts(facts);
  return {
    ...base,
    state: base.state === null ? null : { ...base.state, ...some },
  };
}

const receipt = {
  wallMs: NOW_MS - 60_000,
  monoMs: 0,
  bootId: "fake-boot",
  synced: true,
};

Deno.test("deviceRow() tells all that is known", () => {
  const held = energyReading({ received: receipt });
  const facts = withState({
    energy: { ...held, valid: false },
    held,
    measurementCounter: 7,
    energyConfig: { interval: 300, enabled: true },
    buttonConfig: {
      transmitMask0: true,
      transmitMask1: false,
      buttonControlMenu: true,
      enabled: false,
    },
    modbusLost: receipt,
    tag: "Hall 2",
    lastWriteFailed: true,
  }, {
    learnedS: null,
    queued: [{
      device: DEVICE,
      fileId: 62,
      offset: 0,
      data: new Uint8Array([0x2c, 1, 0, 0]),
      tries: 1,
      queuedWallMs: NOW_MS - 5000,
    }],
  });
  const { last, ...row } = deviceRow(facts);
  assert.deepEqual(row, {
    device: DEVICE,
    name: "Compressor 2",
    state: "ok",
    ignored: false,
    first_heard_at: ago(86_400),
    last_heard_at: ago(60),
    last_heard_s: 60,
    cadence_s: 300,
    cadence_from: "configured",
    silent_after_s: 1260,
    offline_after_s: 3600,
    link_budget_db: 80,
    rx_level_dbm: -66,
    valid: false,
    meter_lost: true,
    measurements_total: 7,
    last_reading_at: ago(60),
    energy_config: { interval_s: 300, enabled: true },
    button_config: {
      releases: true,
      presses: false,
      menu: true,
      enabled: false,
    },
    tag: "Hall 2",
    last_write_failed: true,
    queued: [{
      file_id: 62,
      offset: 0,
      data: "2c010000",
      tries: 1,
      queued_at: ago(5),
    }],
  });
  assert.deepEqual(last[2], {
    name: "apparent_energy_3",
    quantity: "apparent_energy",
    unit: "VAh",
    value: "9223372036854775807",
  });
  assert.equal(last[6]?.value, 15320);
  JSON.stringify(last);
});

Deno.test("deviceRow() knows little of a device that is ignored", () => {
  const row = deviceRow(
    deviceFacts({ ignored: true, state: null, learnedS: null, link: null }),
  );
  assert.equal(row.state, "ok");
  assert.equal(row.ignored, true);
  assert.equal(row.cadence_s, null);
  assert.equal(row.cadence_from, null);
  assert.deepEqual(row.last, []);
});

const states: readonly (readonly [
  about: string,
  facts: DeviceFacts,
  state: string,
  silentAfterS: number,
])[] = [
  ["on time", deviceFacts({ lastHeardS: 700 }), "ok", 1260],
  ["two reports missed", deviceFacts({ lastHeardS: 1260 }), "silent", 1260],
  ["six reports missed", deviceFacts({ lastHeardS: 3600 }), "offline", 3600],
  [
    "a quick device by its own cadence, whatever the model still thinks",
    deviceFacts({ learnedS: 10, lastHeardS: 90 }),
    "silent",
    80,
  ],
  [
    "a slow device by its own cadence, though the model has given it up",
    withState({ silent: receipt, offline: receipt }, {
      learnedS: 7200,
      lastHeardS: 7300,
    }),
    "ok",
    14_460,
  ],
  [
    "limits that an operator has set",
    withState({ silent: receipt }, {
      learnedS: 7200,
      lastHeardS: 7300,
      limitsSet: true,
    }),
    "silent",
    1260,
  ],
  [
    "nothing learned: as the model says",
    withState({ offline: receipt, silent: receipt }, { learnedS: null }),
    "offline",
    1260,
  ],
  [
    "given up by the model",
    withState({ unregistered: true }),
    "unregistered",
    1260,
  ],
  [
    "silent only while the modem was away",
    deviceFacts({ lastHeardS: 9000, silentForS: 100 }),
    "ok",
    1260,
  ],
];

for (const [about, facts, state] of states) {
  Deno.test(`stateOf() is ${state}: ${about}`, () => {
    assert.equal(stateOf(facts), state);
  });
}

Deno.test("deviceRows() orders by name, numbers as numbers, then by UID", () => {
  const rows = deviceRows([
    deviceFacts({ device: "9999999999999999", name: null }),
    deviceFacts({ device: "4444444444444444", name: "Pump 10" }),
    deviceFacts({ device: "2222222222222222", name: null }),
    deviceFacts({ device: "3333333333333333", name: "Pump 2" }),
    deviceFacts({ device: "1111111111111111", name: "Pump 10" }),
  ]);
  assert.deepEqual(rows.map(({ device }) => device[0]), [
    "3",
    "1",
    "4",
    "2",
    "9",
  ]);
});
