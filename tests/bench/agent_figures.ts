/**
 * The agent as a process: how soon it works, what it weighs, what it writes
 * when the line carries nonsense.
 *
 * @module
 */
import { clock, DEVICES } from "../system/harness.ts";
import { came, deadPort, onBed } from "./bed.ts";
import { type Figure, megabytes, percentile, whole } from "./figure.ts";

const IDENTIFIED = "Modem identified";
const START = "spawn of the process → first DDATA received, push waiting";

/** From the spawn of the process to its first DDATA at the subscriber. */
export async function startUp(port: number, runs: number): Promise<Figure> {
  const took: number[] = [];
  for (let run = 0; run < runs; run++) {
    took.push(
      await onBed(port, async ({ line, receipts, start }) => {
        line.push(DEVICES[0] ?? "");
        const spawnedMs = performance.now();
        start();
        await came(receipts, 1, 30);
        return receipts.firstMs - spawnedMs;
      }),
    );
  }
  const missing = took.filter(Number.isNaN).length;
  if (missing > 0) {
    return {
      what: START,
      measured: `no DDATA within 30 s in ${missing} of ${runs} starts`,
      goal: "≤ 300 ms",
      met: false,
    };
  }
  const p50 = percentile(took, 0.5);
  return {
    what: START,
    measured: `${whole(p50)} ms, median of ${runs} (${
      whole(Math.min(...took))
    } to ${whole(Math.max(...took))})`,
    goal: "≤ 300 ms",
    met: p50 <= 300,
  };
}

/** Resident memory while nothing happens, connected to its broker. */
export function idleMemory(port: number): Promise<Figure> {
  return onBed(port, async ({ line, receipts, start }) => {
    const agent = start();
    await agent.logged(IDENTIFIED);
    line.push(DEVICES[0] ?? "");
    await came(receipts, 1, 10);
    await clock.sleep(10_000);
    const bytes = agent.residentBytes();
    return {
      what: "resident memory, idle (10 s after its first reading)",
      measured: megabytes(bytes),
      goal: "≤ 75 MB",
      met: bytes <= 75e6,
    };
  });
}

/** Log written while the line carries 1 MB of random bytes; needs no broker. */
export function garbage(): Promise<Figure> {
  return onBed(deadPort(), async ({ line, start }) => {
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
    return {
      what: "log written for 1 MB of garbage on the line",
      measured: `${(logged / 1000).toFixed(1)} kB; the frame after it was ${
        heard ? "read" : "LOST"
      }`,
      goal: "≤ 100 kB",
      met: logged <= 100_000 && heard,
    };
  }, { watched: false });
}

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
