/**
 * Readings from the serial line to the broker, durable on their way: how late,
 * how many, and at what cost.
 *
 * @module
 */
import { type AgentProcess, DEVICES, Line } from "../system/harness.ts";
import { clock } from "../system/harness.ts";
import { came, devices, onBed } from "./bed.ts";
import { type Figure, megabytes, percentile, whole } from "./figure.ts";

const IDENTIFIED = "Modem identified";

/** Serial write → PUBLISH at the subscriber, one frame a second. */
export function latency(port: number, samples: number): Promise<Figure> {
  return onBed(port, async ({ line, receipts, start }) => {
    await start().logged(IDENTIFIED);
    // The first ones bring births and cold code with them.
    for (const device of DEVICES) line.push(device);
    await came(receipts, DEVICES.length, 10);
    const took: number[] = [];
    let writtenMs = 0;
    receipts.onReading = (_device, _number, atMs) =>
      took.push(atMs - writtenMs);
    for (let n = 0; n < samples; n++) {
      await clock.sleep(1000);
      const frame = line.frame(DEVICES[n % DEVICES.length] ?? "");
      writtenMs = performance.now();
      line.send(frame);
    }
    await came(receipts, DEVICES.length + samples, 10);
    const [p50, p99] = [percentile(took, 0.5), percentile(took, 0.99)];
    return {
      what: "serial write → PUBLISH received, durable, 1 frame/s",
      measured: `p50 ${p50.toFixed(1)} ms, p99 ${
        p99.toFixed(1)
      } ms (${took.length} of ${samples} came)`,
      goal: "≤ 4 / ≤ 12 ms",
      met: took.length === samples && p50 <= 4 && p99 <= 12,
    };
  });
}

/** As many readings as the line takes, end to end; with the memory it needs. */
export function sustained(
  port: number,
  count: number,
): Promise<readonly Figure[]> {
  return onBed(port, async ({ line, receipts, start }) => {
    const agent = start();
    await agent.logged(IDENTIFIED);
    const names = devices(20);
    using memory = watchMemory(agent);
    const cpuBefore = agent.cpuMs();
    const startMs = performance.now();
    for (let n = 0; n < count;) {
      const frames: Uint8Array[] = [];
      for (let k = 0; k < names.length && n < count; k++, n++) {
        frames.push(line.frame(names[k] ?? ""));
      }
      await line.flood(joined(frames));
    }
    const writtenMs = performance.now();
    const all = await came(receipts, count, 60);
    const seconds = (receipts.lastMs - startMs) / 1000;
    const cpuMs = agent.cpuMs() - cpuBefore;
    const rate = receipts.count / seconds;
    const { peak } = memory;
    return [{
      what: "sustained durable end to end, QoS 1",
      measured: `${whole(rate)} readings/s; of ${whole(count)}: lost ${
        count - receipts.count
      }, out of order ${receipts.misplaced}, copies ${receipts.copies}`,
      goal: "≥ 3 000/s, none lost, in order",
      met: all && receipts.misplaced === 0 && rate >= 3000,
    }, {
      what: "… of this: line taken at; agent's CPU",
      measured: `${whole(count * 1000 / (writtenMs - startMs))} frames/s; ${
        (cpuMs / seconds / 10).toFixed(0)
      } % of a core`,
      goal: "",
      met: null,
    }, {
      what: "resident memory under load (that of the figure above)",
      measured: `${megabytes(peak)} at most`,
      goal: "≤ 120 MB",
      met: peak <= 120e6,
    }];
  });
}

/** CPU at the full rate of the line, 100 frames a second. */
export function lineRate(
  port: number,
  seconds: number,
  bytesAtATime: 16 | 102,
): Promise<Figure> {
  return onBed(port, async ({ line, receipts, start }) => {
    const agent = start();
    await agent.logged(IDENTIFIED);
    // A second to settle: what start leaves behind is not part of this.
    await clock.sleep(1000);
    await paced(line, 100, bytesAtATime);
    using memory = watchMemory(agent);
    const cpuBefore = agent.cpuMs();
    const startMs = performance.now();
    const gaps = await paced(line, 100 * seconds, bytesAtATime);
    const tookS = (performance.now() - startMs) / 1000;
    const cpu = (agent.cpuMs() - cpuBefore) / tookS / 10;
    await came(receipts, line.sent.length, 10);
    const lost = line.sent.length - receipts.count;
    const how = bytesAtATime === 102
      ? "frames written whole"
      : `chunks of ${bytesAtATime} bytes, ${
        percentile(gaps, 0.5).toFixed(2)
      } ms apart`;
    return {
      what: `line rate, 100 frames/s for ${seconds} s, ${how}`,
      measured: `${cpu.toFixed(1)} % of a core, lost ${lost}, at most ${
        megabytes(memory.peak)
      } resident`,
      goal: "≤ 5 %",
      met: cpu <= 5 && lost === 0,
    };
  });
}

/** Time one byte takes at 115 200 baud, 8N1. */
const BYTE_MS = 10 / 115.2;

/**
 * Sends frames 10 ms apart, in chunks as a UART's FIFO gives them; tells the
 * times between chunks of a frame. Sleeps without timers, which are too coarse.
 */
async function paced(
  line: Line,
  frames: number,
  bytesAtATime: number,
): Promise<number[]> {
  const never = new Int32Array(new SharedArrayBuffer(4));
  const gaps: number[] = [];
  const startMs = performance.now();
  for (let n = 0; n < frames; n++) {
    const frame = line.frame(DEVICES[n % DEVICES.length] ?? "");
    let lastMs = NaN;
    for (let at = 0; at < frame.length; at += bytesAtATime) {
      const chunk = frame.subarray(at, at + bytesAtATime);
      // A chunk arrives when its last byte does.
      const dueMs = startMs + n * 10 +
        (bytesAtATime < frame.length ? (at + chunk.length) * BYTE_MS : 0);
      const waitMs = dueMs - performance.now();
      if (waitMs > 0) Atomics.wait(never, 0, 0, waitMs);
      const nowMs = performance.now();
      if (at > 0) gaps.push(nowMs - lastMs);
      lastMs = nowMs;
      line.send(chunk);
    }
    // A turn for the subscriber.
    await new Promise((resolve) => setTimeout(resolve));
  }
  return gaps;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(
    parts.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Looks at an agent's memory ten times a second. */
export function watchMemory(
  agent: AgentProcess,
): Disposable & { readonly peak: number } {
  let peak = agent.residentBytes();
  const timer = setInterval(() => {
    peak = Math.max(peak, agent.residentBytes());
  }, 100);
  return {
    get peak() {
      return peak;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
