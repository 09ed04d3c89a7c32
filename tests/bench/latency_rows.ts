/**
 * How late a reading is: from the write of its last byte at the serial line to
 * its PUBLISH at the subscriber, durable on its way.
 *
 * @module
 */
import { type AgentProcess, clock, DEVICES } from "../system/harness.ts";
import type { Line } from "../system/harness.ts";
import { type Bed, came, onBed } from "./bed.ts";
import { percentile } from "./percentile.ts";
import type { Row } from "./quantity.ts";

const IDENTIFIED = "Modem identified";
/** Time one byte takes at 115 200 baud, 8N1. */
export const BYTE_MS = 10 / 115.2;
/** What the FIFO of a UART gives at a time. */
export const FIFO_BYTES = 16;

/** Starts the agent and sends what brings births and cold code with it. */
export async function warm(
  { line, receipts, start }: Bed,
  names: readonly string[],
): Promise<AgentProcess> {
  const agent = start();
  await agent.logged(IDENTIFIED);
  for (let round = 0; round < 3; round++) {
    for (const device of names) line.push(device);
    await came(receipts, line.sent.length, 10);
  }
  return agent;
}

/** How a row of latencies writes its frames. */
type Pace =
  | { readonly everyMs: number; readonly bytewise: false }
  | { readonly everyMs: number; readonly bytewise: true };

/**
 * Serial write → PUBLISH at the subscriber. Written by timers, so that the
 * subscriber in this process can take what comes; the time of a reading runs
 * from the write of its last byte.
 */
function latencyRow(
  name: string,
  told: string,
  pace: Pace,
  samples: { readonly full: number; readonly quick: number },
  goals: { readonly p50?: number; readonly p99?: number } = {},
): Row {
  const what = `serial write → PUBLISH, durable, ${told}`;
  return {
    name,
    limitS: 120,
    needsBroker: true,
    quantities: [
      quantity(`${name}_p50`, `${what}, p50`, goals.p50),
      quantity(`${name}_p99`, `${what}, p99`, goals.p99),
      {
        key: `${name}_lost`,
        what: `… readings that did not come, ${told}`,
        unit: "",
        digits: 0,
        goal: 0,
      },
    ],
    measure: (port, { subject, quick }) =>
      onBed(port, async (bed) => {
        const { line, receipts } = bed;
        await warm(bed, DEVICES);
        const count = quick ? samples.quick : samples.full;
        const written = new Map<string, number>();
        const took: number[] = [];
        receipts.onReading = (device, number, atMs) =>
          took.push(atMs - (written.get(`${device} ${number}`) ?? NaN));
        // Let the warm-up's acknowledgements and commits end.
        await clock.sleep(500);
        // What the line had no room for never was on it.
        const whole = count - await write(line, count, pace, written);
        await came(receipts, line.sent.length - (count - whole), 10);
        return {
          [`${name}_p50`]: percentile(took, 0.5),
          [`${name}_p99`]: percentile(took, 0.99),
          [`${name}_lost`]: whole - took.length,
        };
      }, { program: subject }),
  };
}

function quantity(key: string, what: string, goal: number | undefined) {
  const base = { key, what, unit: "ms", digits: 1 };
  return goal === undefined ? base : { ...base, goal };
}

/**
 * Writes frames at their times, whole or as a UART's FIFO gives them.
 *
 * @returns how many lack a piece, since the pseudo terminal was full
 */
async function write(
  line: Line,
  count: number,
  { everyMs, bytewise }: Pace,
  written: Map<string, number>,
): Promise<number> {
  let refused = 0;
  const startMs = performance.now();
  for (let n = 0; n < count; n++) {
    const frame = line.frame(DEVICES[n % DEVICES.length] ?? "");
    const size = bytewise ? FIFO_BYTES : frame.length;
    let whole = true;
    for (let at = 0; at < frame.length; at += size) {
      const chunk = frame.subarray(at, at + size);
      // A chunk arrives when its last byte does.
      const dueMs = startMs + (n + (bytewise ? 0 : 1)) * everyMs +
        (bytewise ? (at + chunk.length) * BYTE_MS : 0);
      const waitMs = dueMs - performance.now();
      if (waitMs > 0) await clock.sleep(waitMs);
      const last = at + size >= frame.length;
      if (last) written.set(line.sent.at(-1) ?? "", performance.now());
      whole = line.send(chunk) && whole;
    }
    if (!whole) refused++;
  }
  return refused;
}

/** One frame a second, a hundred, and as fast as 115 200 baud carries them. */
export const latencyRows: readonly Row[] = [
  latencyRow(
    "latency_1",
    "1 frame/s",
    { everyMs: 1000, bytewise: false },
    { full: 25, quick: 8 },
    { p50: 4, p99: 12 },
  ),
  latencyRow(
    "latency_100",
    "100 frames/s",
    { everyMs: 10, bytewise: false },
    { full: 800, quick: 200 },
  ),
  latencyRow(
    "latency_line",
    "full line, 113 frames/s in pieces of 16 bytes",
    { everyMs: 102 * BYTE_MS, bytewise: true },
    { full: 900, quick: 200 },
  ),
];
