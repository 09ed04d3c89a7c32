/**
 * Flight captures on disk: how many, how often, and not at any price.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DumpError, FlightDumps } from "../../lib/capture/dumps.ts";
import { FlightRecorder } from "../../lib/capture/flight.ts";
import { openCapture } from "../../lib/capture/read.ts";
import { redactor } from "../../lib/config/redactor.ts";
import { type FakeClock, fakeClock } from "../fakes/clock.ts";
import { memoryLog } from "../fakes/log.ts";
import { tempDir } from "../cli/command_line.ts";

function bed(dir: string, clock: FakeClock, freeBytes = 1e12) {
  const flight = new FlightRecorder(clock);
  const log = memoryLog();
  const dumps = new FlightDumps({
    dir: `${dir}/flight`,
    flight,
    // Sleeping is for others' turns only.
    clock: { ...clock, sleep: () => Promise.resolve() },
    log,
    version: "0.0.0",
    baud: 115_200,
    minFreeBytes: 100_000_000,
    redact: redactor({ password: "hunter22", http: { token: "t0ken" } }).line,
    freeBytes: () => freeBytes,
  });
  return { flight, log, dumps };
}

function names(dir: string): string[] {
  return [...Deno.readDirSync(`${dir}/flight`)].map(({ name }) => name).sort();
}

Deno.test("FlightDumps.write() writes what replay reads, without secrets", async () => {
  await using dir = await tempDir();
  const { flight, dumps } = bed(dir.path, fakeClock());
  flight.opened("/dev/tty");
  flight.read(Uint8Array.of(1, 2, 3));
  flight.log({
    level: "info",
    message: "Login with hunter22",
    always: {},
    fields: { password: "other", url: "mqtt://u:p@h", why: "t0ken refused" },
  });
  const path = await dumps.write("diag");
  assert.equal(path, `${dir.path}/flight/2025-01-01T00-00-00Z-diag.capture`);
  assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
  assert.deepEqual(names(dir.path), ["2025-01-01T00-00-00Z-diag.capture"]);
  const text = Deno.readTextFileSync(path);
  assert.doesNotMatch(text, /hunter22|other|u:p|t0ken/);
  await using capture = await openCapture(
    ReadableStream.from([new TextEncoder().encode(text)]),
  );
  const kinds = [];
  for await (const { kind } of capture.records) kinds.push(kind);
  assert.deepEqual(kinds, ["event", "rx", "log"]);
});

Deno.test("FlightDumps.anomaly() writes each kind once an hour, over restarts too", async () => {
  await using dir = await tempDir();
  // Files have the times of the machine.
  const clock = fakeClock(Date.now());
  for (const expected of [["port_lost", "store"], ["port_lost", "store"]]) {
    const { dumps, flight } = bed(dir.path, clock);
    flight.read(Uint8Array.of(1));
    for (let n = 0; n < 3; n++) {
      dumps.anomaly("port_lost");
      dumps.anomaly("store");
    }
    await dumps[Symbol.asyncDispose]();
    assert.deepEqual(
      names(dir.path).map((name) => /Z-(\w+)\./.exec(name)?.[1]),
      expected,
    );
  }
  const { dumps } = bed(dir.path, clock);
  await clock.advance(3_700_000);
  dumps.anomaly("store");
  await dumps[Symbol.asyncDispose]();
  assert.equal(names(dir.path).length, 3);
});

Deno.test("FlightDumps keeps five files and five megabytes, the newest", async () => {
  await using dir = await tempDir();
  const clock = fakeClock();
  const { dumps, flight } = bed(dir.path, clock);
  Deno.mkdirSync(`${dir.path}/flight`);
  Deno.writeTextFileSync(`${dir.path}/flight/mine.txt`, "stays");
  for (let n = 0; n < 8; n++) {
    await dumps.write("diag");
    await clock.advance(1000);
  }
  assert.deepEqual(names(dir.path), [
    ...[3, 4, 5, 6, 7].map((s) => `2025-01-01T00-00-0${s}Z-diag.capture`),
    "mine.txt",
  ]);
  for (let n = 0; n < 100; n++) {
    flight.read(new Uint8Array(8192));
    await clock.advance(1000);
  }
  for (let n = 0; n < 5; n++) {
    await dumps.write("diag");
    await clock.advance(1000);
  }
  const sizes = names(dir.path).map((name) =>
    Deno.statSync(`${dir.path}/flight/${name}`).size
  );
  const sum = sizes.reduce((a, b) => a + b, 0);
  assert.ok(sum <= 5_000_000 && sizes.length >= 3, String(sizes));
});

Deno.test("FlightDumps leaves the outbox its room", async () => {
  await using dir = await tempDir();
  const { dumps, log } = bed(dir.path, fakeClock(), 5_000_000);
  await assert.rejects(
    dumps.write("diag"),
    (error) =>
      error instanceof DumpError &&
      /5 MB are free, \[outbox\] min_free_mb leaves 100 MB alone/.test(
        error.message,
      ),
  );
  dumps.anomaly("stuck");
  await dumps[Symbol.asyncDispose]();
  assert.equal(log.about("Flight recorder not written").length, 1);
  assert.deepEqual(names(dir.path), []);
});

Deno.test("FlightDumps says where it cannot write", async () => {
  await using dir = await tempDir();
  Deno.writeTextFileSync(`${dir.path}/flight`, "");
  const { dumps } = bed(dir.path, fakeClock());
  await assert.rejects(dumps.write("diag"), /Cannot write the flight recorder/);
});
