import assert from "node:assert/strict";
import { decodeCommand, encodeCommand } from "../../../lib/alp/alp.ts";
import { readFile, requestTag } from "../../../lib/alp/alp.ts";
import { meters } from "../../../lib/cli/sim/meters.ts";
import { openPty } from "../../../lib/cli/sim/pty.ts";
import { runModem } from "../../../lib/cli/sim/run.ts";
import { sleepOn } from "../../../lib/clock.ts";
import type { Clock } from "../../../lib/clock.ts";
import { Deframer } from "../../../lib/frame/deframer.ts";
import { encodeFrame } from "../../../lib/frame/frame.ts";
import type { Frame } from "../../../lib/frame/frame.ts";
import type { BytePort } from "../../../lib/serial/serial.ts";
import { openTty } from "../../../lib/serial/tty.ts";

/** A clock that moves when told to. */
function handClock(): Clock & { advance(ms: number): void } {
  let nowMs = 0;
  const timers = new Set<{ atMs: number; fire: () => void }>();
  const after = (delayMs: number, fire: () => void) => {
    const timer = { atMs: nowMs + delayMs, fire };
    timers.add(timer);
    return () => void timers.delete(timer);
  };
  return {
    nowMs: () => nowMs,
    monoMs: () => nowMs,
    instant: () => ({ wallMs: nowMs, monoMs: nowMs, bootId: "", synced: true }),
    after,
    sleep: (delayMs, options) => sleepOn(after, delayMs, options?.signal),
    advance(ms) {
      const endMs = nowMs + ms;
      for (;;) {
        const next = [...timers].sort((a, b) => a.atMs - b.atMs)[0];
        if (next === undefined || next.atMs > endMs) break;
        timers.delete(next);
        nowMs = next.atMs;
        next.fire();
      }
      nowMs = endMs;
    },
  };
}

/** Reads frames until there are `count`. */
async function framesFrom(
  port: BytePort,
  count: number,
): Promise<readonly Frame[]> {
  const deframer = new Deframer();
  const frames: Frame[] = [];
  while (frames.length < count) {
    const chunk = await port.read();
    assert.ok(chunk !== null);
    for (const item of deframer.push(chunk)) {
      assert.equal(item.kind, "frame");
      if (item.kind === "frame") frames.push(item.frame);
    }
  }
  return frames;
}

Deno.test("runModem() says rebooted and answers over a real line", async () => {
  const line = await openPty();
  await using _running = runModem(line, { clock: handClock() });
  await using port = await openTty(line.path, { baud: 115_200 });
  const [rebooted] = await framesFrom(port, 1);
  assert.equal(rebooted?.type, "rebooted");
  const request = encodeCommand([requestTag(7), readFile(0, 8)]);
  await port.write(encodeFrame(1, "alp_data", request));
  const [answer] = await framesFrom(port, 1);
  assert.equal(answer?.payload.toHex(), "20000008433731340037002ba307");
});

Deno.test("runModem() lets every device push once an interval", async () => {
  const line = await openPty();
  const clock = handClock();
  const pushed: number[] = [];
  await using _running = runModem(line, {
    clock,
    devices: { meters: meters({ count: 3, seed: 1 }), intervalMs: 6000 },
    onPush: (index, heard) => pushed.push(heard ? index : -1),
  });
  await using port = await openTty(line.path, { baud: 115_200 });
  clock.advance(12_000);
  assert.deepEqual(pushed, [0, 1, 2, 0, 1, 2]);
  const frames = await framesFrom(port, 7);
  assert.deepEqual(frames.map(({ counter }) => counter), [1, 2, 3, 4, 5, 6, 7]);
});

Deno.test("runModem() lets the device that is asked answer over the air", async () => {
  const line = await openPty();
  const devices = meters({ count: 4, seed: 1 });
  await using _running = runModem(line, {
    clock: handClock(),
    devices: { meters: devices, intervalMs: 60_000 },
  });
  await using port = await openTty(line.path, { baud: 115_200 });
  const ask = (id: string) =>
    encodeFrame(
      1,
      "alp_data",
      encodeCommand([requestTag(5), {
        op: "forward",
        resp: false,
        interfaceId: 0xd7,
        config: {
          qos: {
            stopOnErr: false,
            record: false,
            retryMode: "no",
            respMode: "any",
          },
          dormantTo: { exp: 0, mant: 0, value: 0 },
          addressee: { idType: "uid", nlsMethod: "none", accessClass: 1, id },
        },
      }, readFile(62, 5)]),
    );
  await port.write(ask(devices.uids[2] ?? ""));
  const [, data, end] = await framesFrom(port, 3);
  const { actions } = decodeCommand(data?.payload ?? new Uint8Array());
  assert.deepEqual(actions.map(({ op }) => op), [
    "response_tag",
    "return_file_data",
    "interface_status",
  ]);
  assert.equal(end?.payload.toHex(), "a30562d700");
  await port.write(ask("FFFFFFFFFFFFFFFF"));
  const [failed] = await framesFrom(port, 1);
  assert.equal(failed?.payload.toHex(), "e30562d700");
});
