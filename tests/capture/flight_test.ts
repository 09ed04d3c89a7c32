/**
 * The flight recorder's memory: what it keeps, and how much room it takes.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Anomalies, LOOK_MS } from "../../lib/capture/anomaly.ts";
import type { CaptureRecord } from "../../lib/capture/capture.ts";
import { FLIGHT_LIMITS, FlightRecorder } from "../../lib/capture/flight.ts";
import { fakeClock } from "../fakes/clock.ts";

function kept(flight: FlightRecorder): CaptureRecord[] {
  return [...flight.flight("0.0.0", 115_200).records].map((record) =>
    record.kind === "rx" || record.kind === "tx"
      ? { ...record, bytes: record.bytes.slice() }
      : record
  );
}

function bytesOf(records: readonly CaptureRecord[]): number {
  return records.reduce(
    (sum, record) =>
      sum +
      (record.kind === "rx" || record.kind === "tx" ? record.bytes.length : 0),
    0,
  );
}

Deno.test("FlightRecorder gives back what it was told, in order, with its times", async () => {
  const clock = fakeClock();
  const flight = new FlightRecorder(clock);
  await clock.advance(5);
  flight.opened("/dev/tty");
  const chunk = Uint8Array.of(1, 2, 3);
  flight.wrote(chunk);
  chunk.fill(9);
  flight.read(chunk);
  await clock.advance(10);
  flight.log({
    level: "debug",
    message: "Hello",
    always: { part: "modem" },
    fields: { n: 1, bytes: Uint8Array.of(0xab), big: [1n], nothing: undefined },
  });
  flight.lost("gone");
  const { header } = flight.flight("1.2.3", 9600);
  assert.deepEqual(header, {
    startedMs: Date.UTC(2025, 0, 1) + 5,
    monoMs: 60_005,
    port: "/dev/tty",
    baud: 9600,
    bootId: "fake-boot",
    synced: true,
    version: "1.2.3",
  });
  assert.deepEqual(kept(flight), [
    { kind: "event", atMs: 0, event: "opened", port: "/dev/tty" },
    { kind: "tx", atMs: 0, bytes: Uint8Array.of(1, 2, 3) },
    { kind: "rx", atMs: 0, bytes: Uint8Array.of(9, 9, 9) },
    {
      kind: "log",
      atMs: 10,
      level: "debug",
      message: "Hello",
      fields: { part: "modem", n: 1, bytes: "ab", big: ["1"] },
    },
    { kind: "event", atMs: 10, event: "lost", reason: "gone" },
  ]);
});

Deno.test("FlightRecorder forgets what is older than its span", async () => {
  const clock = fakeClock();
  const flight = new FlightRecorder(clock);
  for (let minute = 0; minute < 30; minute++) {
    flight.read(new Uint8Array(8192).fill(minute));
    flight.log({
      level: "info",
      message: String(minute),
      always: {},
      fields: {},
    });
    await clock.advance(60_000);
  }
  const records = kept(flight);
  const minutes = records.flatMap((r) => r.kind === "log" ? [r.message] : []);
  assert.deepEqual(minutes[0], "20");
  assert.equal(minutes.at(-1), "29");
  assert.equal(bytesOf(records), 10 * 8192);
  assert.equal(
    flight.flight("", null).header.startedMs,
    Date.UTC(2025, 0, 1) + 20 * 60_000,
  );
});

Deno.test("FlightRecorder notes when the wall clock is set, and dates the rest by it", async () => {
  const clock = fakeClock();
  clock.synced = false;
  clock.setWall(1000);
  const flight = new FlightRecorder(clock);
  flight.read(Uint8Array.of(1));
  clock.setWall(Date.UTC(2026, 0, 1));
  clock.synced = true;
  flight.read(Uint8Array.of(2));
  assert.deepEqual(
    kept(flight).map((r) => r.kind === "event" ? r.event : r.kind),
    ["rx", "clock", "rx"],
  );
  assert.equal(flight.flight("", null).header.startedMs, 1000);
  await clock.advance(FLIGHT_LIMITS.spanMs + 1);
  flight.read(Uint8Array.of(3));
  assert.deepEqual(flight.flight("", null).header.synced, true);
});

Deno.test("FlightRecorder keeps what was before a flood, told with what it lacks", async () => {
  const clock = fakeClock();
  const flight = new FlightRecorder(clock);
  // Five minutes of traffic, then two of garbage at the full rate of the line.
  for (let second = 0; second < 300; second++) {
    flight.read(new Uint8Array(1000).fill(1));
    await clock.advance(1000);
  }
  for (let tick = 0; tick < 1200; tick++) {
    flight.read(new Uint8Array(1150).fill(2));
    await clock.advance(100);
  }
  const records = kept(flight);
  const of = (value: number) =>
    bytesOf(records.filter((r) => r.kind === "rx" && r.bytes[0] === value));
  assert.ok(of(1) > 200_000, `before the flood: ${of(1)} of 300000`);
  assert.ok(of(2) > 400_000, `of the flood: ${of(2)}`);
  const omitted = records.reduce(
    (sum, r) =>
      sum + (r.kind === "event" && r.event === "omitted" ? r.bytes : 0),
    0,
  );
  assert.equal(bytesOf(records) + omitted, 300_000 + 1200 * 1150);
  // The newest are complete.
  assert.ok(records.slice(-300).every(({ kind }) => kind === "rx"));
});

Deno.test("FlightRecorder stays within its room, whatever the chunks", async () => {
  const clock = fakeClock();
  for (const size of [1, 16, 500, 16_384]) {
    const flight = new FlightRecorder(clock);
    const chunk = new Uint8Array(size);
    for (let n = 0; n < 3_000_000 / Math.max(size, 50); n++) {
      flight.read(chunk);
      if (n % 500 === 0) await clock.advance(100);
    }
    const { recentBytes, olderBytes } = FLIGHT_LIMITS;
    const records = kept(flight);
    const chunks = records.filter(({ kind }) => kind === "rx").length;
    const room = bytesOf(records) + 24 * chunks;
    assert.ok(room < recentBytes + olderBytes + 40_000, `${size}: ${room}`);
  }
  const flight = new FlightRecorder(clock);
  for (let n = 0; n < 10_000; n++) {
    flight.log({
      level: "warn",
      message: `Record ${n}`,
      always: {},
      fields: { text: "x".repeat(n % 1000) },
    });
  }
  assert.ok(kept(flight).length < 600);
  assert.equal(kept(flight).at(-1)?.kind, "log");
});

Deno.test("FlightRecorder goes on while a flight is being read", () => {
  const flight = new FlightRecorder(fakeClock());
  flight.read(Uint8Array.of(1));
  const { records } = flight.flight("", null);
  flight.read(Uint8Array.of(2));
  flight.lost("later");
  assert.equal([...records].length, 1);
});

Deno.test("Anomalies.look() finds each kind of trouble when it begins", () => {
  const fine = {
    nowMs: 0,
    portUp: true,
    ready: true,
    linkUp: true,
    alpErrors: 0,
    badChecksums: 0,
    reboots: 1,
    storeTrouble: false,
  };
  const after = (change: Partial<typeof fine>, before = fine) => {
    const anomalies = new Anomalies();
    assert.deepEqual(anomalies.look(before), []);
    const facts = { ...before, nowMs: LOOK_MS, ...change };
    const found = anomalies.look(facts);
    assert.deepEqual(anomalies.look({ ...facts, nowMs: 2 * LOOK_MS }), []);
    return found;
  };
  assert.deepEqual(after({}), []);
  assert.deepEqual(after({ alpErrors: 1 }), ["alp_error"]);
  assert.deepEqual(after({ badChecksums: 9 }), []);
  assert.deepEqual(after({ badChecksums: 10 }), ["bad_checksums"]);
  assert.deepEqual(after({ portUp: false, linkUp: false }), ["port_lost"]);
  assert.deepEqual(after({ linkUp: false }), ["modem_lost"]);
  assert.deepEqual(after({ reboots: 2 }), ["modem_rebooted"]);
  assert.deepEqual(after({ reboots: 2 }, { ...fine, ready: false }), []);
  assert.deepEqual(after({ storeTrouble: true }), ["store"]);
  const anomalies = new Anomalies();
  anomalies.look(fine);
  assert.deepEqual(anomalies.look({ ...fine, nowMs: 20_000 }), ["stuck"]);
});

Deno.test("Anomalies.look() takes slow bad checksums for no burst", () => {
  const anomalies = new Anomalies();
  let found = 0;
  for (let n = 0; n < 100; n++) {
    found += anomalies.look({
      nowMs: n * LOOK_MS,
      portUp: true,
      ready: true,
      linkUp: true,
      alpErrors: 0,
      badChecksums: n,
      reboots: 0,
      storeTrouble: false,
    }).length;
  }
  assert.equal(found, 0);
});
