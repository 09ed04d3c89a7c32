import assert from "node:assert/strict";
import { encodeCommand, readFile } from "../../lib/alp/alp.ts";
import { VirtualModem } from "../../lib/cli/sim/modem.ts";
import { encodeFrame } from "../../lib/frame/frame.ts";
import { type Heard, Modem, REOPEN_MS } from "../../lib/modem/modem.ts";
import { SerialError } from "../../lib/serial/serial.ts";
import { fakeClock, settleMicrotasks } from "../fakes/clock.ts";
import { memoryLog } from "../fakes/log.ts";
import { type FakePort, fakePort } from "../fakes/port.ts";

const push = Uint8Array.fromHex(
  "20330003000000" + "62d714320000394750004900a92001323636300039004c",
);

/** A driver on a line that the test owns. */
class Bench implements AsyncDisposable {
  readonly clock = fakeClock();
  readonly log = memoryLog();
  readonly heard: Heard[] = [];
  readonly virtual = new VirtualModem();
  readonly ports: FakePort[] = [];
  /** How the port opens next: null is well. */
  fault: SerialError | null = null;
  tries = 0;
  readonly modem: Modem;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor() {
    this.modem = new Modem({
      open: () => {
        this.tries++;
        if (this.fault !== null) return Promise.reject(this.fault);
        // What the modem answers comes back on the same line.
        const port = fakePort(undefined, (bytes) => {
          for (const frame of this.virtual.receive(bytes)) port.arrive(frame);
        });
        this.ports.push(port);
        return Promise.resolve(port);
      },
      config: { local_timeout_s: 10, remote_timeout_s: 30 },
      silenceMs: 1000,
      clock: this.clock,
      log: this.log,
      onHeard: (heard) => this.heard.push(...heard),
    });
    this.#running = this.modem.run(this.#stop.signal);
  }

  get port(): FakePort {
    const port = this.ports.at(-1);
    if (port === undefined) throw new Error("no port was opened");
    return port;
  }

  async arrive(...chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of chunks) this.port.arrive(chunk);
    await settleMicrotasks();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    assert.equal(this.clock.armed(), 0);
  }
}

/** A bench with a modem that has said who it is. */
async function ready(): Promise<Bench> {
  const bench = new Bench();
  await settleMicrotasks();
  assert.equal(bench.modem.state().phase, "ready");
  return bench;
}

Deno.test("Modem identifies itself over the port", async () => {
  await using bench = await ready();
  const { portUp, identity, detail } = bench.modem.state();
  assert.deepEqual([portUp, identity?.uid, detail], [
    true,
    "433731340037002B",
    "Modem identified",
  ]);
  assert.deepEqual(bench.log.records.map(({ message }) => message), [
    "Serial port open",
    "Modem identified",
  ]);
  assert.deepEqual(bench.log.records[1]?.fields, {
    uid: "433731340037002B",
    application: "gatewa",
    git: "a8fe586",
    d7ap: "1.1",
  });
});

Deno.test("Modem tries an absent port each second and tells each reason once", async () => {
  await using bench = new Bench();
  bench.fault = new SerialError(
    "Cannot open /dev/ttyX: no such port",
    "absent",
    { advice: "plug it in" },
  );
  await settleMicrotasks();
  bench.port.pull();
  await bench.clock.advance(5 * REOPEN_MS);
  assert.equal(bench.tries, 1 + 5);
  assert.equal(bench.log.about("not usable").length, 1);
  assert.deepEqual(bench.modem.state(), {
    portUp: false,
    portFault: {
      fault: "absent",
      finding: "Cannot open /dev/ttyX: no such port",
      holder: null,
    },
    phase: "closed",
    identity: null,
    detail: "Cannot open /dev/ttyX: no such port: plug it in",
  });
  bench.fault = new SerialError("Cannot open /dev/ttyX: held by cat", "busy");
  await bench.clock.advance(3 * REOPEN_MS);
  assert.equal(bench.log.about("not usable").length, 2);
  assert.equal(bench.modem.state().portFault?.fault, "busy");
  bench.fault = null;
  await bench.clock.advance(REOPEN_MS);
  assert.equal(bench.modem.state().phase, "ready");
  assert.equal(bench.modem.state().portFault, null);
  assert.equal(bench.tries, 1 + 5 + 3 + 1);
});

Deno.test("Modem writes little about a port that comes and goes all day", async () => {
  await using bench = await ready();
  for (let i = 0; i < 3600; i++) {
    bench.port.pull();
    await bench.clock.advance(REOPEN_MS);
  }
  assert.equal(bench.ports.length, 3601);
  assert.ok(bench.ports.slice(0, -1).every(({ disposed }) => disposed));
  const perHour = bench.log.records.length;
  assert.ok(perHour < 4 * (20 + 720), `${perHour} records`);
});

Deno.test("Modem gives what it heard with the moment its last byte came", async () => {
  await using bench = await ready();
  const [frame = new Uint8Array()] = bench.virtual.push(push);
  await bench.arrive(frame.subarray(0, 9));
  await bench.clock.advance(250);
  await bench.arrive(frame.subarray(9));
  assert.equal(bench.heard.length, 1);
  assert.deepEqual(bench.heard[0]?.payload, push);
  assert.deepEqual(bench.heard[0]?.received, bench.clock.instant());
  assert.equal(bench.modem.counters.frames.alp_data, 2);
});

Deno.test("Modem gives a half frame up after silence and finds the whole one in it", async () => {
  await using bench = await ready();
  const [whole = new Uint8Array()] = bench.virtual.push(push);
  // A header that promises 255 bytes swallows the frame behind it.
  await bench.arrive(Uint8Array.fromHex("c0000901ff0000"), whole);
  assert.equal(bench.heard.length, 0);
  await bench.clock.advance(999);
  assert.equal(bench.heard.length, 0);
  await bench.clock.advance(1);
  assert.equal(bench.heard.length, 1);
  assert.ok(bench.modem.counters.discardedBytes > 0);
  const [record] = bench.log.about("no frame");
  assert.equal(record?.level, "warn");
  assert.ok(record?.fields["bytes"] instanceof Uint8Array);
});

Deno.test("Modem gives what silence set free with the moment its last byte came", async () => {
  await using bench = await ready();
  const [whole = new Uint8Array()] = bench.virtual.push(push);
  await bench.arrive(Uint8Array.fromHex("c0000901ff0000"), whole);
  const received = bench.clock.instant();
  await bench.clock.advance(1000);
  assert.deepEqual(bench.heard[0]?.received, received);
});

Deno.test("Modem starts the silence anew with each byte", async () => {
  await using bench = await ready();
  const [whole = new Uint8Array()] = bench.virtual.push(push);
  for (const byte of whole) {
    await bench.clock.advance(900);
    await bench.arrive(Uint8Array.of(byte));
  }
  assert.equal(bench.heard.length, 1);
  assert.equal(bench.modem.counters.discardedBytes, 0);
});

Deno.test("Modem does not take its own standstill for silence: bytes that wait are read first", async () => {
  await using bench = await ready();
  const [whole = new Uint8Array()] = bench.virtual.push(push);
  let waiting = whole.length - 16;
  Object.assign(bench.port, { unread: () => waiting });
  await bench.arrive(whole.subarray(0, 16));
  await bench.clock.advance(1000);
  waiting = 0;
  await bench.arrive(whole.subarray(16));
  assert.equal(bench.heard.length, 1);
  assert.equal(bench.modem.counters.discardedBytes, 0);
  // Silence of the line still counts.
  await bench.arrive(whole.subarray(0, 16));
  await bench.clock.advance(1000);
  assert.equal(bench.modem.counters.discardedBytes, 16);
});

Deno.test("Modem drops a frame cut off by the plug and hears the next session whole", async () => {
  await using bench = await ready();
  const [whole = new Uint8Array()] = bench.virtual.push(push);
  await bench.arrive(whole.subarray(0, 20));
  bench.port.pull();
  await settleMicrotasks();
  assert.equal(bench.modem.counters.discardedBytes, 20);
  assert.equal(bench.modem.state().portUp, false);
  assert.match(bench.modem.state().detail, /is gone/);
  await bench.clock.advance(REOPEN_MS);
  // The rest of the old frame is no part of a new one.
  await bench.arrive(whole.subarray(20));
  await bench.clock.advance(1000);
  await bench.arrive(...bench.virtual.start(), ...bench.virtual.push(push));
  assert.equal(bench.heard.length, 1);
  assert.equal(bench.log.about("port lost").length, 1);
});

Deno.test("Modem writes little about a megabyte of garbage, and counts all of it", async () => {
  await using bench = await ready();
  const chunk = new Uint8Array(1000);
  for (let i = 0; i < 1000; i++) {
    // Garbage with sync bytes in it.
    chunk.forEach((_, at) => chunk[at] = (at * 7 + i * 13) & 0xff);
    await bench.arrive(chunk);
    await bench.clock.advance(87);
  }
  await bench.clock.advance(1000);
  assert.equal(bench.modem.counters.discardedBytes, 1_000_000);
  const noise = bench.log.about("no frame");
  assert.ok(noise.length <= 20 + 89 / 5, `${noise.length} records`);
  // It still hears.
  await bench.arrive(...bench.virtual.push(push));
  assert.equal(bench.heard.length, 1);
});

Deno.test("Modem answers requests from the local modem and times the air out", async () => {
  await using bench = await ready();
  const answer = await bench.modem.request([readFile(2, 17)]);
  assert.equal(answer.ok, true);
  assert.ok(answer.actions.some(({ op }) => op === "return_file_data"));
  const refused = await bench.modem.request([readFile(99, 1)]);
  assert.deepEqual([refused.ok, !refused.ok && refused.reason], [
    false,
    "refused",
  ]);

  bench.virtual.misbehaviour.ignoresRequests = true;
  const late = Promise.all([
    bench.modem.request([readFile(2, 17)]),
    bench.modem.request([readFile(2, 17)], { remote: true }),
  ]);
  await bench.clock.advance(9_999);
  let done = false;
  void late.then(() => done = true);
  await settleMicrotasks();
  assert.equal(done, false);
  await bench.clock.advance(31_000);
  assert.deepEqual(
    (await late).map((answer) => !answer.ok && answer.reason),
    ["timeout", "timeout"],
  );
});

Deno.test("Modem ends requests when the port is lost, and refuses them without one", async () => {
  await using bench = await ready();
  bench.virtual.misbehaviour.ignoresRequests = true;
  const pending = bench.modem.request([readFile(2, 17)]);
  bench.port.pull();
  const answer = await pending;
  assert.equal(!answer.ok && answer.reason, "closed");
  const refused = await bench.modem.request([readFile(2, 17)]);
  assert.equal(!refused.ok && refused.reason, "closed");
});

Deno.test("Modem takes power as its usual start, and any later reboot as a warning", async () => {
  await using bench = new Bench();
  bench.virtual.misbehaviour.silent = true;
  await settleMicrotasks();
  bench.virtual.misbehaviour.silent = false;
  await bench.arrive(...bench.virtual.start());
  assert.deepEqual(
    bench.log.about("rebooted").map(({ level }) => level),
    ["info"],
  );
  await bench.arrive(...bench.virtual.start());
  await bench.arrive(...bench.virtual.start(1));
  assert.deepEqual(
    bench.log.about("rebooted").map(({ level }) => level),
    ["info", "warn", "warn"],
  );
});

Deno.test("Modem says once that the modem is mute, and that it answers again", async () => {
  await using bench = new Bench();
  bench.virtual.misbehaviour.silent = true;
  await settleMicrotasks();
  await bench.clock.advance(600_000);
  assert.equal(bench.log.about("does not say who it is").length, 1);
  assert.match(bench.modem.state().detail, /does not identify|silent/);
  bench.virtual.misbehaviour.silent = false;
  await bench.clock.advance(600_000);
  assert.equal(bench.modem.state().detail, "Modem identified");
});

Deno.test("Modem counts gaps, unknown frames and commands it does not understand", async () => {
  await using bench = await ready();
  const { counters } = bench.modem;
  await bench.arrive(
    encodeFrame(100, "alp_data", push),
    encodeFrame(104, "alp_data", Uint8Array.fromHex("0a")),
    encodeFrame(105, "logging", new TextEncoder().encode("\x1b[31mhi")),
    encodeFrame(106, "alp_data", encodeCommand([readFile(1, 1)])),
  );
  assert.ok(counters.lostFrames >= 3);
  assert.deepEqual(counters.alpErrors, { truncated: 1 });
  assert.equal(counters.frames.logging, 1);
  assert.equal(bench.log.about("Modem says").length, 1);
  // A command with a fault is passed on with what was understood.
  assert.equal(bench.heard.length, 3);
});
