/**
 * What befalls the serial line and the modem at its end.
 *
 * @module
 */
import { clock, DEVICES, Line } from "../../system/harness.ts";
import { randomOf } from "../random.ts";
import type { Step } from "../schedule.ts";
import type { World } from "../world.ts";
import type { Ended } from "./fault.ts";

/** Bytes of garbage a second. */
const FLOOD_BYTES_S = 1_000_000;

/** The line is taken away from the meters while a fault uses it. */
async function alone(
  world: World,
  work: (line: Line) => Promise<void>,
): Promise<void> {
  const { line } = world;
  if (line === null) throw new Error("There is no line");
  world.line = null;
  await work(line);
  world.line ??= line;
}

/** Half a frame comes, the plug is pulled, and put in again. */
export async function lineUnpluggedMidFrame(
  world: World,
  { ms, draw }: Step,
): Promise<Ended> {
  await alone(world, async (line) => {
    const frame = line.frame(DEVICES[0] ?? "");
    world.sent.add(line.sent.at(-1) ?? "");
    line.send(frame.subarray(0, 1 + Math.floor(draw * (frame.length - 1))));
    await line[Symbol.asyncDispose]();
    await clock.sleep(ms);
    world.line = await Line.open(`${world.dir}/modem`, line);
  });
  await world.recovered();
  return "struck";
}

/** The modem says nothing at all, not even to a ping. */
export async function lineSilent(world: World, { ms }: Step): Promise<Ended> {
  await alone(world, async (line) => {
    line.modem.misbehaviour.silent = true;
    await clock.sleep(2 * ms);
    line.modem.misbehaviour.silent = false;
  });
  await world.recovered();
  return "struck";
}

/** Garbage as fast as a terminal takes it, with bytes in it that look like frames. */
export async function lineGarbage(
  world: World,
  { ms, draw }: Step,
): Promise<Ended> {
  await flood(world, ms, draw);
  await world.recovered();
  return "struck";
}

/** Sends garbage for so long, milliseconds. */
export async function flood(
  world: World,
  ms: number,
  draw: number,
): Promise<void> {
  const random = randomOf(Math.floor(draw * 2 ** 32));
  const block = Uint8Array.from(
    { length: 4096 },
    () => random.next() < 0.05 ? 0xc0 : random.whole(0, 255),
  );
  await alone(world, async (line) => {
    const endMs = clock.monoMs() + ms;
    while (clock.monoMs() < endMs) {
      await line.flood(block);
      await clock.sleep(1000 * block.length / FLOOD_BYTES_S);
    }
    // What looks like the head of a frame is given up after silence.
    await clock.sleep(500);
  });
}

/** The modem starts again: its counter begins anew. */
export async function modemRebooted(world: World): Promise<Ended> {
  await alone(world, (line) => {
    for (const frame of line.modem.start()) line.send(frame);
    return Promise.resolve();
  });
  await world.recovered();
  return "struck";
}

/** The agent asks who the modem is, and it starts again instead of answering. */
export async function modemRebootedMidRequest(
  world: World,
  { ms }: Step,
): Promise<Ended> {
  await world.stop("SIGTERM");
  await alone(world, async (line) => {
    line.modem.misbehaviour.ignoresRequests = true;
    world.start();
    // Nothing is logged while the agent asks: it needs a moment to get there.
    await clock.sleep(1000 + ms / 3);
    for (const frame of line.modem.start()) line.send(frame);
    await clock.sleep(200);
    line.modem.misbehaviour.ignoresRequests = false;
  });
  await world.recovered();
  return "struck";
}

/** Frames are lost on the cable: their counters are missing. */
export async function counterGap(world: World, { draw }: Step): Promise<Ended> {
  await alone(world, (line) => {
    for (let n = 0; n <= draw * 20; n++) line.frame(DEVICES[n % 3] ?? "");
    return Promise.resolve();
  });
  await world.recovered();
  return "struck";
}
