/**
 * The flight recorder of a whole agent: what it writes replays to what was heard.
 *
 * @module
 */
import assert from "node:assert/strict";
import { startAgent } from "../lib/agent.ts";
import { FlightDumps } from "../lib/capture/dumps.ts";
import { openCapture } from "../lib/capture/read.ts";
import { FlightRecorder } from "../lib/capture/flight.ts";
import { systemClock } from "../lib/clock.ts";
import { type Config, loadConfig } from "../lib/config/config.ts";
import { encodeFrame } from "../lib/frame/frame.ts";
import { silentLog } from "../lib/log.ts";
import { MqttError } from "../lib/mqtt/mqtt.ts";
import { Replay } from "../lib/serial/replay.ts";
import { SerialError } from "../lib/serial/serial.ts";
import type { Reading } from "../lib/reading/reading.ts";
import { tempDir } from "./cli/command_line.ts";
import { fakeClock } from "./fakes/clock.ts";
import { button, energy } from "./fakes/plant.ts";
import { type FakePort, fakePort } from "./fakes/port.ts";
import { VirtualModem } from "../lib/cli/sim/modem.ts";

const ONE = "326636300039004C";
const TWO = "00000000003A004F";

async function configIn(dir: string, sinks = ""): Promise<Config> {
  const text = `[agent]\ndata_dir = "${dir}"\n[http]\nlisten = ""\n` +
    `[outbox]\nmin_free_mb = 0\nmax_age_days = 3650\n${sinks}`;
  const { config } = await loadConfig("t.toml", {
    env: () => undefined,
    readFile: () => Promise.resolve(text),
    mode: () => Promise.resolve(null),
  });
  return config;
}

const around = {
  log: silentLog,
  random: () => 0,
  version: "0.0.0",
  connect: () => Promise.reject(new MqttError("no broker", "tcp")),
};

/** What matters of readings, oldest first. */
function plain(readings: readonly Reading[]) {
  return readings.toReversed().map((
    { device, file, data, received, link },
  ) => ({
    device,
    file,
    data: data.toHex(),
    received,
    link,
  }));
}

async function capturesIn(dir: string): Promise<string[]> {
  const names = [];
  try {
    for await (const { name } of Deno.readDir(`${dir}/flight`)) {
      names.push(name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.map((name) => /Z-(\w+)\.capture$/.exec(name)?.[1] ?? name)
    .sort();
}

Deno.test("a flight capture replays to the same readings, counters and times", async () => {
  await using first = await tempDir();
  await using second = await tempDir();
  const clock = fakeClock();
  const virtual = new VirtualModem();
  let port: FakePort | undefined;
  const flight = new FlightRecorder(clock);
  const config = await configIn(first.path);
  let live: ReturnType<typeof plain>;
  let file: string;
  let counters: unknown;
  {
    await using agent = await startAgent({
      ...around,
      config,
      clock,
      flight,
      open: () => {
        port = fakePort("/dev/modem", (bytes) => {
          for (const frame of virtual.receive(bytes)) port?.arrive(frame);
        });
        return Promise.resolve(port);
      },
    });
    await clock.advance(10);
    const arrive = async (bytes: Uint8Array, ms: number) => {
      port?.arrive(bytes);
      await clock.advance(ms);
    };
    for (const frame of virtual.start()) await arrive(frame, 3);
    for (const command of [energy(ONE, 1n), energy(TWO, 1n), button(ONE)]) {
      for (const frame of virtual.push(command)) await arrive(frame, 7);
    }
    // Repeated within the window, and a second time outside of it.
    for (const frame of virtual.push(energy(ONE, 1n))) {
      await arrive(frame, 70_000);
    }
    for (const frame of virtual.push(energy(ONE, 1n))) await arrive(frame, 9);
    // A damaged header holds a frame back until the line is silent.
    await arrive(Uint8Array.of(0xc0, 0, 1, 1, 0xff, 0, 0), 2);
    for (const frame of virtual.push(energy(TWO, 2n))) {
      await arrive(frame, 5000);
    }
    await arrive(crooked(), 12);
    live = plain(agent.store.recent({ limit: 100 }));
    counters = countersOf(agent);
    // Written with time standing still.
    file = await diagOf(flight, first.path, clock);
  }
  assert.equal(live.length, 5);

  await using capture = await openCapture(
    ReadableStream.from([await Deno.readFile(file)]),
  );
  const real = systemClock({
    bootId: "another",
    monoMs: () => performance.now(),
    synced: () => true,
  });
  const replay = new Replay({
    header: capture.header,
    records: capture.records,
    speed: Infinity,
    clock: real,
  });
  await using agent = await startAgent({
    ...around,
    config: await configIn(second.path),
    clock: real,
    open: replay.open,
    lineClock: replay.clock,
  });
  await replay.run(new AbortController().signal);
  assert.deepEqual(plain(agent.store.recent({ limit: 100 })), live);
  assert.deepEqual(countersOf(agent), counters);
  assert.deepEqual(await capturesIn(second.path), []);
});

function crooked(): Uint8Array {
  const bytes = encodeFrame(9, "alp_data", energy(ONE, 3n));
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  return bytes;
}

function countersOf(
  { modem, counters }: Awaited<ReturnType<typeof startAgent>>,
) {
  const { frames, badChecksums, discardedBytes } = modem.counters;
  const { readings, duplicates } = counters;
  return { frames, badChecksums, discardedBytes, readings, duplicates };
}

async function diagOf(
  flight: FlightRecorder,
  dir: string,
  clock: ReturnType<typeof fakeClock>,
): Promise<string> {
  return await new FlightDumps({
    dir: `${dir}/flight`,
    flight,
    clock: { ...clock, sleep: () => Promise.resolve() },
    log: silentLog,
    version: "0.0.0",
    baud: 115_200,
    minFreeBytes: 0,
    redact: (line) => line,
  }).write("diag");
}

Deno.test("an agent writes a flight capture when its port is lost, its modem reboots or bytes make no sense", async () => {
  await using dir = await tempDir();
  const clock = fakeClock();
  const virtual = new VirtualModem();
  let port: FakePort | undefined;
  let absent = false;
  {
    await using _agent = await startAgent({
      ...around,
      config: await configIn(dir.path),
      clock,
      open: () => {
        if (absent) return Promise.reject(new SerialError("absent", "absent"));
        port = fakePort("/dev/modem", (bytes) => {
          for (const frame of virtual.receive(bytes)) port?.arrive(frame);
        });
        return Promise.resolve(port);
      },
    });
    await clock.advance(5000);
    for (const frame of virtual.start(1)) port?.arrive(frame);
    for (const frame of virtual.push(Uint8Array.of(0x1f))) port?.arrive(frame);
    for (let n = 0; n < 12; n++) port?.arrive(crooked());
    await clock.advance(2000);
    absent = true;
    port?.pull();
    await clock.advance(2000);
  }
  assert.deepEqual(await capturesIn(dir.path), [
    "alp_error",
    "bad_checksums",
    "modem_rebooted",
    "port_lost",
  ]);
});
