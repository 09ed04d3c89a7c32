import assert from "node:assert/strict";
import { drainedInS } from "../../lib/inspect/facts.ts";
import { portClosed } from "../../lib/modem/state.ts";
import { lastsS } from "../../lib/inspect/lasts.ts";
import { readyOf, statusOf } from "../../lib/inspect/status.ts";
import type { OutboxFacts } from "../../lib/inspect/snapshot.ts";
import {
  ago,
  deviceFacts,
  portDown,
  serialFacts,
  sinkFacts,
  snapshot,
  waitingSink,
} from "../fakes/snapshot.ts";

const DAY_S = 86_400;

Deno.test("statusOf() tells a healthy agent", () => {
  assert.deepEqual(statusOf(snapshot()), {
    agent: {
      name: "hall-2",
      version: "0.0.0",
      started_at: ago(3600),
      uptime_s: 3600,
      pid: 12,
      data_dir: "/var/lib/dash7-edge",
      now: ago(0),
      clock_synchronised: true,
    },
    ready: true,
    problems: [],
    serial: {
      port: "/dev/ttyACM0",
      up: true,
      phase: "ready",
      detail: "Modem identified",
      modem: null,
      frames: {
        alp_data: 10,
        ping_request: 0,
        ping_response: 0,
        logging: 0,
        rebooted: 1,
        unknown: 0,
      },
      discarded_bytes: 3,
      bad_checksums: 2,
      lost_frames: 1,
      alp_errors: {},
      last_frame_at: ago(2),
    },
    readings: {
      by_file: { energy: 9, button: 1 },
      duplicates: 2,
      ignored: 1,
      problems: {},
      lost: 0,
      per_hour: 1800,
    },
    outbox: {
      bytes: 20_000_000,
      max_bytes: 256_000_000,
      disk_free_bytes: 5_000_000_000,
      min_free_bytes: 100_000_000,
      oldest_at: ago(20 * 3600),
      fill: 0,
      // Age comes first: 256 MB of 200 bytes at 1800 an hour would last 29.6 days.
      lasts_s: 2_560_000,
      trouble: null,
    },
    sinks: [{
      name: "cloud",
      type: "scorpio",
      up: true,
      detail: "Connected to mqtts://broker.example:8883",
      since: ago(3600),
      readings: 1000,
      delivered: 1000,
      pending: 0,
      rejected: 0,
      dropped: 0,
      dropped_by: {},
      oldest_pending_at: null,
      last_delivered_at: ago(5),
      rate_per_s: 0.5,
      drained_in_s: null,
    }],
    devices: {
      known: 1,
      ok: 1,
      silent: 0,
      offline: 0,
      unregistered: 0,
      unnamed: 0,
    },
  });
});

Deno.test("statusOf() counts devices by state, without those that are ignored", () => {
  const device = (digit: string) => digit.repeat(16);
  const { devices } = statusOf(snapshot({
    devices: [
      deviceFacts(),
      deviceFacts({ device: device("1"), lastHeardS: 1300, name: null }),
      deviceFacts({ device: device("2"), lastHeardS: 7200 }),
      deviceFacts({ device: device("3"), ignored: true, name: null }),
    ],
  }));
  assert.deepEqual(devices, {
    known: 3,
    ok: 1,
    silent: 1,
    offline: 1,
    unregistered: 0,
    unnamed: 1,
  });
});

Deno.test("readyOf() needs port, modem and store, and no sink", () => {
  const down = sinkFacts({ up: false, detail: "refused" });
  assert.deepEqual(readyOf(snapshot({ sinks: [down] })), {
    ready: true,
    port_open: true,
    modem_identified: true,
    store_writable: true,
    sinks: { cloud: { up: false, detail: "refused" } },
  });
  const noPort = readyOf(snapshot({ serial: portDown(portClosed) }));
  assert.deepEqual([noPort.ready, noPort.port_open, noPort.modem_identified], [
    false,
    false,
    false,
  ]);
  const identifying = readyOf(snapshot({
    serial: serialFacts({
      state: {
        portUp: true,
        portFault: null,
        phase: "identifying",
        identity: null,
        detail: "Waiting for the modem",
      },
    }),
  }));
  assert.deepEqual([identifying.ready, identifying.port_open], [false, true]);
  const { outbox } = snapshot();
  const full = readyOf(snapshot({ outbox: { ...outbox, trouble: "full" } }));
  assert.deepEqual([full.ready, full.store_writable], [false, false]);
});

/** 1 MB for readings of 100 bytes: room for 10 000. */
const outbox: OutboxFacts = {
  bytes: 500_000,
  maxBytes: 1_000_000,
  maxAgeMs: 30 * DAY_S * 1000,
  diskFreeBytes: 1e12,
  minFreeBytes: 1e8,
  oldestMs: null,
  fill: 0,
  bytesPerReading: 100,
  trouble: null,
  troubleSinceMs: 0,
};

const lasting: readonly (readonly [
  about: string,
  some: Partial<OutboxFacts>,
  oldestPendingS: number | null,
  perHour: number | null,
  seconds: number | null,
])[] = [
  ["nothing is known before the first minute", {}, null, null, null],
  ["size: 10 000 readings at 1000 an hour", {}, null, 1000, 36_000],
  ["size: half of it waits already", { fill: 0.5 }, 3600, 1000, 18_000],
  ["size: nothing is left", { fill: 1.1 }, 3600, 1000, 0],
  ["age: little comes", {}, null, 1, 30 * DAY_S],
  ["age: what waits has a head start", {}, 29 * DAY_S, 1, DAY_S],
  [
    "age alone while nothing comes",
    { bytesPerReading: null },
    0,
    0,
    30 * DAY_S,
  ],
  ["no reading seen yet", { bytesPerReading: null }, null, 1000, null],
  [
    "disk: 100 kB free above the least, and 500 kB of delivered readings",
    { diskFreeBytes: 100_100_000 },
    null,
    1000,
    21_600,
  ],
  [
    "disk: 100 kB free, and all of the 500 kB wait",
    { diskFreeBytes: 100_100_000, fill: 0.5 },
    60,
    1000,
    3600,
  ],
  ["disk: below the least", { diskFreeBytes: 0 }, null, 1000, 0],
  [
    "disk: the system does not say",
    { diskFreeBytes: null },
    null,
    1000,
    36_000,
  ],
];

for (const [about, some, oldestS, perHour, seconds] of lasting) {
  Deno.test(`lastsS() is ${seconds}: ${about}`, () => {
    const oldestMs = oldestS === null ? null : oldestS * 1000;
    assert.equal(lastsS({ ...outbox, ...some }, oldestMs, perHour), seconds);
  });
}

Deno.test("drainedInS() goes by what leaves beyond what comes", () => {
  const draining = { ratePerS: 6, arrivalPerS: 1 };
  assert.equal(drainedInS(waitingSink(100, 60, draining)), 20);
  assert.equal(drainedInS(waitingSink(0, 0, draining)), null);
  assert.equal(drainedInS(waitingSink(100, 60)), null);
  assert.equal(
    drainedInS(waitingSink(12, 3, { ratePerS: 1.2, arrivalPerS: 0.1 })),
    11,
  );
  // Six that left against five that came say nothing of the next minutes.
  const chance = { ratePerS: 0.6, arrivalPerS: 0.5 };
  assert.equal(drainedInS(waitingSink(12, 3, chance)), null);
});
