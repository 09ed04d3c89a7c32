/**
 * Readings from the serial line to the broker, durable on their way: how many,
 * and at what cost.
 *
 * @module
 */
import { type AgentProcess, clock, DEVICES } from "../system/harness.ts";
import type { Line } from "../system/harness.ts";
import { came, devices, joined, onBed } from "./bed.ts";
import { BYTE_MS, FIFO_BYTES, warm } from "./latency_rows.ts";
import type { Row } from "./quantity.ts";

/** As many readings as the line takes, end to end; with the memory it needs. */
export const sustained: Row = {
  name: "sustained",
  limitS: 180,
  needsBroker: true,
  quantities: [
    {
      key: "sustained_rate",
      what: "sustained durable end to end, QoS 1",
      unit: "readings/s",
      digits: 0,
      goal: 3000,
      better: "more",
    },
    {
      key: "sustained_lost",
      what: "… of these lost",
      unit: "",
      digits: 0,
      goal: 0,
    },
    {
      key: "sustained_misplaced",
      what: "… out of the order of their device",
      unit: "",
      digits: 0,
      goal: 0,
    },
    {
      key: "sustained_cpu",
      what: "… the agent's CPU for one reading",
      unit: "µs",
      digits: 0,
    },
    {
      key: "memory_load",
      what: "resident memory under that load, at most",
      unit: "MB",
      digits: 0,
      goal: 120,
    },
  ],
  measure: (port, { subject, quick }) =>
    onBed(port, async (bed) => {
      const { line, receipts } = bed;
      const count = quick ? 10_000 : 30_000;
      const agent = await warm(bed, devices(20));
      using memory = watchMemory(agent);
      const before = receipts.count;
      const cpuMs = agent.cpuMs();
      const startMs = performance.now();
      await flood(line, devices(20), count);
      await came(receipts, before + count, 60);
      const got = receipts.count - before;
      return {
        sustained_rate: got / (receipts.lastMs - startMs) * 1000,
        sustained_lost: count - got,
        sustained_misplaced: receipts.misplaced,
        sustained_cpu: (agent.cpuMs() - cpuMs) / count * 1000,
        memory_load: memory.peak / 1e6,
      };
    }, { program: subject }),
};

/** Writes one reading of each device in turn as fast as the line takes them. */
export async function flood(
  line: Line,
  names: readonly string[],
  count: number,
): Promise<void> {
  for (let n = 0; n < count;) {
    const frames: Uint8Array[] = [];
    for (let k = 0; k < 20 && n < count; k++, n++) {
      frames.push(line.frame(names[n % names.length] ?? ""));
    }
    await line.flood(joined(frames));
  }
}

/** CPU while the line is full and while it is silent. */
export const cpu: Row = {
  name: "cpu",
  limitS: 120,
  needsBroker: true,
  quantities: [
    {
      key: "cpu_line",
      what: "CPU at 100 frames/s in pieces of 16 bytes",
      unit: "% of a core",
      digits: 1,
      goal: 5,
    },
    {
      key: "cpu_line_lost",
      what: "… readings that did not come",
      unit: "",
      digits: 0,
      goal: 0,
    },
    {
      key: "cpu_line_refused",
      what: "… frames for which the pseudo terminal had no room",
      unit: "",
      digits: 0,
    },
    { key: "cpu_idle", what: "CPU, idle", unit: "% of a core", digits: 2 },
  ],
  measure: (port, { subject, quick }) =>
    onBed(port, async (bed) => {
      const { line, receipts } = bed;
      const agent = await warm(bed, DEVICES);
      let refused = await paced(line, 100);
      const busy = await cpuOf(agent, async () => {
        refused += await paced(line, quick ? 300 : 1000);
      });
      // What the line had no room for never was on it.
      const whole = line.sent.length - refused;
      await came(receipts, whole, 10);
      const lost = whole - receipts.count;
      await clock.sleep(2000);
      const idle = await cpuOf(agent, () => clock.sleep(quick ? 5000 : 8000));
      return {
        cpu_line: busy,
        cpu_line_lost: lost,
        cpu_line_refused: refused,
        cpu_idle: idle,
      };
    }, { program: subject }),
};

/** Share of a core that an agent uses meanwhile, per cent. */
async function cpuOf(
  agent: AgentProcess,
  work: () => Promise<void>,
): Promise<number> {
  const before = agent.cpuMs();
  const startMs = performance.now();
  await work();
  return (agent.cpuMs() - before) / (performance.now() - startMs) * 100;
}

/**
 * Sends frames 10 ms apart, in pieces as a UART's FIFO gives them. Sleeps
 * without timers, which are too coarse to wake the agent as often as a port does.
 *
 * @returns how many frames lack a piece: on a busy machine an agent may not
 * read for so long that the pseudo terminal is full
 */
async function paced(line: Line, frames: number): Promise<number> {
  let refused = 0;
  const never = new Int32Array(new SharedArrayBuffer(4));
  const startMs = performance.now();
  for (let n = 0; n < frames; n++) {
    const frame = line.frame(DEVICES[n % DEVICES.length] ?? "");
    let whole = true;
    for (let at = 0; at < frame.length; at += FIFO_BYTES) {
      const chunk = frame.subarray(at, at + FIFO_BYTES);
      const dueMs = startMs + n * 10 + (at + chunk.length) * BYTE_MS;
      const waitMs = dueMs - performance.now();
      if (waitMs > 0) Atomics.wait(never, 0, 0, waitMs);
      whole = line.send(chunk) && whole;
    }
    if (!whole) refused++;
    // A turn for the subscriber.
    await new Promise((resolve) => setTimeout(resolve));
  }
  return refused;
}

/** Looks at an agent's memory ten times a second. */
export function watchMemory(
  agent: AgentProcess,
): Disposable & { readonly peak: number } {
  let peak = agent.residentBytes();
  const timer = setInterval(() => {
    try {
      peak = Math.max(peak, agent.residentBytes());
    } catch (error) {
      // The agent has ended; who waits for its readings will say so.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      clearInterval(timer);
    }
  }, 100);
  return {
    get peak() {
      return peak;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
