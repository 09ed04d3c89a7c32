/**
 * A capture as a port: what a reader sees must not depend on the speed.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type {
  CaptureHeader,
  CaptureRecord,
} from "../../lib/capture/capture.ts";
import { systemClock } from "../../lib/clock.ts";
import { silentLog } from "../../lib/log.ts";
import { Modem } from "../../lib/modem/modem.ts";
import { encodeFrame } from "../../lib/frame/frame.ts";
import { Replay } from "../../lib/serial/replay.ts";

const header: CaptureHeader = {
  startedMs: Date.UTC(2020, 0, 1),
  monoMs: 1000,
  port: "/dev/was",
  baud: 115_200,
  bootId: "then",
  synced: false,
  version: "0.0.0",
};

const real = systemClock({
  bootId: "now",
  monoMs: () => performance.now(),
  synced: () => true,
});

function rx(atMs: number, hex: string): CaptureRecord {
  return { kind: "rx", atMs, bytes: Uint8Array.fromHex(hex) };
}

/** What a modem makes of a capture, each item with its time. */
async function heard(
  records: readonly CaptureRecord[],
  speed: number,
): Promise<string[]> {
  const items: string[] = [];
  const replay = new Replay({
    header,
    records: ReadableStream.from(records),
    speed,
    clock: real,
  });
  const modem = new Modem({
    open: replay.open,
    config: { local_timeout_s: 10, remote_timeout_s: 30 },
    silenceMs: 1000,
    clock: replay.clock,
    log: silentLog,
    listenOnly: true,
    onHeard(all) {
      for (const { payload, received } of all) {
        items.push(`${received.wallMs - header.startedMs} ${payload.toHex()}`);
        assert.equal(received.bootId, "then");
        assert.equal(
          received.monoMs - header.monoMs,
          received.wallMs - header.startedMs,
        );
      }
    },
    onItem(item, received) {
      const what = item.kind === "discarded" ? item.bytes.toHex() : "";
      items.push(
        `${received.wallMs - header.startedMs} ${item.kind} ${what}`,
      );
    },
  });
  const stop = new AbortController();
  const running = modem.run(stop.signal);
  await replay.run(stop.signal);
  stop.abort();
  await running;
  return items;
}

const command = Uint8Array.fromHex("0100");
const frame = encodeFrame(1, "alp_data", command).toHex();

Deno.test("Replay gives chunks at their recorded times, and lets silence be heard between them", async () => {
  const items = await heard([
    rx(5, frame),
    // A damaged header claims 255 bytes and holds back a frame.
    rx(10, `c0000101ff0000${frame}`),
    // A second of silence gives them up; exactly a second does not.
    rx(2010, "c000"),
    rx(3010, frame.slice(4)),
    // A year later.
    rx(31_536_000_000, frame),
  ], Infinity);
  assert.deepEqual(items, [
    "5 frame ",
    "5 0100",
    "10 discarded c0000101ff0000",
    "10 frame ",
    "10 0100",
    "3010 frame ",
    "3010 0100",
    "31536000000 frame ",
    "31536000000 0100",
  ]);
});

Deno.test("Replay ends and opens the port where the recorded one was lost", async () => {
  const half = frame.length / 2 & ~1;
  const items = await heard([
    { kind: "event", atMs: 0, event: "opened", port: "p" },
    rx(5, frame.slice(0, half)),
    { kind: "event", atMs: 20, event: "lost", reason: "unplugged" },
    { kind: "event", atMs: 30, event: "refused", reason: "absent" },
    // Earlier than a reader opens again: it gets the time it takes.
    { kind: "event", atMs: 500, event: "opened", port: "p" },
    rx(600, frame.slice(half)),
    rx(700, frame),
    { kind: "event", atMs: 900, event: "closed" },
    { kind: "event", atMs: 2500, event: "opened", port: "p" },
    rx(2600, frame),
    { kind: "unknown", atMs: 2600, keys: ["photo"] },
    { kind: "log", atMs: 2600, level: "warn", message: "", fields: {} },
    { kind: "event", atMs: 2700, event: "closed" },
  ], Infinity);
  assert.deepEqual(items, [
    `5 discarded ${frame.slice(0, half)}`,
    `600 discarded ${frame.slice(half)}`,
    "700 frame ",
    "700 0100",
    "2600 frame ",
    "2600 0100",
  ]);
});

Deno.test("Replay follows the recorded wall clock when it was set", async () => {
  const items = await heard([
    rx(5, frame),
  ], Infinity);
  assert.deepEqual(items, ["5 frame ", "5 0100"]);
  const replay = new Replay({
    header,
    records: ReadableStream.from<CaptureRecord>([
      {
        kind: "event",
        atMs: 50,
        event: "clock",
        wallMs: Date.UTC(2026, 0, 1),
        synced: true,
      },
      { kind: "event", atMs: 60, event: "closed" },
    ]),
    speed: Infinity,
    clock: real,
  });
  assert.deepEqual(replay.clock.instant(), {
    wallMs: header.startedMs,
    monoMs: 1000,
    bootId: "then",
    synced: false,
  });
  await replay.run(new AbortController().signal);
  assert.deepEqual(replay.clock.instant(), {
    wallMs: Date.UTC(2026, 0, 1) + 10,
    monoMs: 1060,
    bootId: "then",
    synced: true,
  });
});

Deno.test("Replay gives the same at any speed", async () => {
  const piece = fc.record({
    gapMs: fc.oneof(fc.nat(50), fc.integer({ min: 900, max: 1500 })),
    hex: fc.oneof(
      fc.constant(frame),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => bytes.toHex()),
      fc.constant(`c0000101ff0000${frame}`),
      fc.nat(frame.length / 2).map((n) => frame.slice(0, 2 * n)),
    ),
  });
  const property = fc.asyncProperty(
    fc.array(piece, { minLength: 1, maxLength: 12 }),
    async (pieces) => {
      let atMs = 0;
      const records = pieces.map(({ gapMs, hex }) => rx(atMs += gapMs, hex));
      const quick = await heard(records, Infinity);
      assert.deepEqual(await heard(records, 2000), quick);
    },
  );
  await fc.assert(property, { numRuns: 40 });
});

Deno.test("Replay stops when it is told to, and says when nobody reads", async () => {
  const stop = new AbortController();
  const idle = new Replay({
    header,
    records: ReadableStream.from([rx(1, frame)]),
    speed: Infinity,
    clock: real,
  });
  await assert.rejects(idle.run(stop.signal), /nobody reads the port/);
  const slow = new Replay({
    header,
    records: ReadableStream.from([rx(3_600_000, frame)]),
    speed: 1,
    clock: real,
  });
  const port = await slow.open();
  const read = port.read();
  const run = slow.run(stop.signal);
  stop.abort();
  await run;
  assert.equal(await read, null);
  await port.write(Uint8Array.of(1));
});
