/**
 * The agent as a process: codec, start, what it writes to its log.
 *
 * @module
 */
import { clock, DEVICES } from "../system/harness.ts";
import { came, deadPort, onBed } from "./bed.ts";
import type { Row } from "./quantity.ts";
import { ended } from "./subject.ts";

const IDENTIFIED = "Modem identified";

/** Bytes of the line to readings, in a process of its own. */
export const codec: Row = {
  name: "codec",
  limitS: 60,
  needsBroker: false,
  quantities: [{
    key: "codec",
    what: "codec, serial bytes → readings",
    unit: "frames/s",
    digits: 0,
    goal: 300_000,
    better: "more",
  }],
  measure: async (_port, { subject: { root, engineFlags }, quick }) => {
    const program = `${root}/tests/bench/codec_run.ts`;
    if (!await exists(program)) return {};
    const out = await ended(Deno.execPath(), [
      ...["run", "--allow-all", "--no-prompt", ...engineFlags],
      ...["--config", `${root}/deno.json`],
      ...[program, quick ? "1" : "3"],
    ]);
    return { codec: Number(out) };
  },
};

/** An earlier checkout may not have it yet. */
async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** From the spawn of the process to its first DDATA at the subscriber. */
export const startUp: Row = {
  name: "start",
  limitS: 60,
  needsBroker: true,
  quantities: [{
    key: "start",
    what: "spawn of the process → first DDATA, push waiting",
    unit: "ms",
    digits: 0,
    goal: 300,
  }],
  measure: (port, { subject }) =>
    onBed(port, async ({ line, receipts, start }) => {
      line.push(DEVICES[0] ?? "");
      const spawnedMs = performance.now();
      start();
      if (!await came(receipts, 1, 30)) throw new Error("No DDATA in 30 s");
      return { start: receipts.firstMs - spawnedMs };
    }, { program: subject }),
};

/** Log written while the line carries 1 MB of random bytes; needs no broker. */
export const garbage: Row = {
  name: "garbage",
  limitS: 120,
  needsBroker: false,
  quantities: [
    {
      key: "garbage_log",
      what: "log written for 1 MB of garbage on the line",
      unit: "kB",
      digits: 1,
      goal: 100,
    },
    {
      key: "garbage_lost",
      what: "… frames lost of the one behind it",
      unit: "",
      digits: 0,
      goal: 0,
    },
  ],
  measure: (_port, { subject }) =>
    onBed(deadPort(), async ({ line, start }) => {
      const agent = start();
      await agent.logged(IDENTIFIED);
      const before = agent.log.length;
      const bytes = noise(1_000_000);
      for (let at = 0; at < bytes.length; at += 1000) {
        await line.flood(bytes.subarray(at, at + 1000));
      }
      // Longer than the silence rule, after which a frame counts again.
      await clock.sleep(1000);
      line.push(DEVICES[0] ?? "");
      await clock.sleep(500);
      const logged = new TextEncoder().encode(agent.log.slice(before)).length;
      await agent.end("SIGTERM");
      const heard = agent.committed().includes(line.sent[0] ?? "");
      return { garbage_log: logged / 1000, garbage_lost: heard ? 0 : 1 };
    }, { watched: false, program: subject }),
};

/** Random bytes, the same each time [xorshift32]. */
function noise(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 0x2545f491;
  for (let at = 0; at < length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state >>> 8;
  }
  return bytes;
}
