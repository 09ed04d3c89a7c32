/**
 * How cost grows: with devices, with readings that wait, with sinks. What is
 * asserted stands beside what is measured.
 *
 * @module
 */
import { clock } from "../system/harness.ts";
import { KEEP_ALL } from "./backlog_rows.ts";
import { type Bed, came, deadPort, devices, onBed } from "./bed.ts";
import { flat, linear, memoryLinear, type Points } from "./growth_checks.ts";
import { copyLog, MILLION } from "./filled_log.ts";
import { flood, watchMemory } from "./flow_rows.ts";
import { LogWatch } from "./proc.ts";
import type { Growth } from "./quantity.ts";
import type { Subject } from "./subject.ts";

/** What one size costs: readings' time and CPU in µs, memory in MB. */
type Cost = readonly number[];

/** A size that grows, and what is measured of each. */
export interface Scale {
  readonly name: string;
  readonly what: string;
  readonly columns: readonly string[];
  readonly sizes: readonly number[];
  readonly quickSizes: readonly number[];
  /** A size that takes longer is given up and told as failed. */
  readonly limitS: number;
  measure(
    size: number,
    port: number,
    subject: Subject,
    quick: boolean,
  ): Promise<Cost>;
  check(points: Points): Growth["checks"];
}

const TIME = "time per reading, µs";
const CPU = "CPU per reading, µs";
const MEMORY = "resident memory, MB";

/** Time, CPU and memory of what a bed's agent does with `count` readings of a flood. */
async function flooded(
  { line, receipts, start }: Bed,
  names: readonly string[],
  { count, sinks, more }: {
    readonly count: number;
    readonly sinks: number;
    readonly more: string;
  },
): Promise<Cost> {
  const agent = start({ more });
  await agent.logged("Modem identified");
  // Births are not what is measured here.
  await flood(line, names, names.length);
  await came(receipts, names.length * sinks, 60);
  await flood(line, names, 2000);
  const before = (names.length + 2000) * sinks;
  if (!await came(receipts, before, 60)) {
    throw new Error(`Only ${receipts.count} of ${before} readings came`);
  }
  using memory = watchMemory(agent);
  const cpuMs = agent.cpuMs();
  const startMs = performance.now();
  await flood(line, names, count);
  if (!await came(receipts, before + count * sinks, 120)) {
    throw new Error(`Only ${receipts.count - before} readings came`);
  }
  return [
    (receipts.lastMs - startMs) / count * 1000,
    (agent.cpuMs() - cpuMs) / count * 1000,
    memory.peak / 1e6,
  ];
}

const byDevices: Scale = {
  name: "devices",
  what: "devices",
  columns: [TIME, CPU, MEMORY],
  sizes: [1, 10, 100, 1000, 5000],
  quickSizes: [1, 100, 1000],
  limitS: 120,
  measure: (size, port, subject, quick) =>
    onBed(port, (bed) =>
      flooded(bed, devices(size), {
        // Two of each device at least.
        count: quick ? 5000 : 10_000,
        sinks: 1,
        more: "",
      }), { program: subject }),
  check: (points) => [
    linear("CPU for a reading of every device grows linearly", points, 1),
    memoryLinear(points),
  ],
};

const bySinks: Scale = {
  name: "sinks",
  what: "sinks",
  columns: [TIME, CPU, MEMORY],
  sizes: [1, 2, 4, 8],
  quickSizes: [1, 4],
  limitS: 120,
  measure: (size, port, subject, quick) =>
    onBed(port, (bed) =>
      flooded(bed, devices(20), {
        count: quick ? 3000 : 6000,
        sinks: size,
        more: Array.from({ length: size - 1 }, (_, n) =>
          `[sinks.more${n}]
type = "scorpio"
broker = "mqtt://127.0.0.1:${port}"
project_id = "p"
edge_node_id = "more${n}"
`).join(""),
      }), { program: subject }),
  check: (points) => [
    flat(
      "CPU per reading and sink does not rise with the number of sinks",
      points.map(({ size, values }) => ({
        size,
        values: values.map((value) => value / size),
      })),
      1,
    ),
  ],
};

const byWaiting: Scale = {
  name: "waiting",
  what: "readings waiting",
  columns: [
    "time per reading heard, µs",
    "CPU per reading heard, µs",
    "time per reading delivered, µs",
    "CPU per reading delivered, µs",
    MEMORY,
  ],
  sizes: [0, 1000, 100_000, MILLION],
  quickSizes: [0, 1000, 100_000],
  limitS: 180,
  measure: async (size, port, subject, quick) => {
    const heard = quick ? 5000 : 15_000;
    return await onBed(port, async ({ dir, line, receipts, start }) => {
      if (size > 0) copyLog(`${dir}/data`, size);
      const deaf = start({ config: config(dir, line.path, deadPort()) });
      await deaf.logged("Modem identified");
      const names = devices(20).map((device) => device.replace(/^3/, "4"));
      await flood(line, names, 2000);
      await committed(dir);
      const cpuBefore = deaf.cpuMs();
      const startMs = performance.now();
      await flood(line, names, heard);
      const endMs = await committed(dir);
      const heardCost = [
        (endMs - startMs) / heard * 1000,
        (deaf.cpuMs() - cpuBefore) / heard * 1000,
      ];
      await deaf.end("SIGTERM");
      // The same log, and now a broker that takes what waits.
      const agent = start({ config: config(dir, line.path, port) });
      using memory = watchMemory(agent);
      const all = size + 2000 + heard;
      const from = Math.min(all / 4, 10_000);
      const to = Math.min(all, from + (quick ? 4000 : 12_000));
      await came(receipts, from, 60);
      const first = receipts.count;
      const firstMs = performance.now();
      const cpuMs = agent.cpuMs();
      await came(receipts, to, 60);
      const delivered = receipts.count - first;
      return [
        ...heardCost,
        (performance.now() - firstMs) / delivered * 1000,
        (agent.cpuMs() - cpuMs) / delivered * 1000,
        memory.peak / 1e6,
      ];
    }, { program: subject });
  },
  check: (points) => [
    flat("CPU per reading heard does not depend on the backlog", points, 1),
    flat("CPU per reading delivered does not depend on the backlog", points, 3),
  ],
};

function config(dir: string, port: string, broker: number): string {
  return `[agent]\ndata_dir = "${dir}/data"
[serial]\nport = "${port}"
[http]\nlisten = ""
[sinks.cloud]\ntype = "scorpio"\nbroker = "mqtt://127.0.0.1:${broker}"
project_id = "p"\nedge_node_id = "gw1"
${KEEP_ALL}`;
}

/** Waits until a database has not been written to for a second; tells when it last was. */
async function committed(dir: string): Promise<number> {
  using log = new LogWatch(`${dir}/data/outbox.db`);
  let lastMs = performance.now();
  for (let seen = -1; performance.now() - lastMs < 1000;) {
    await clock.sleep(20);
    log.look();
    if (log.commits === seen) continue;
    seen = log.commits;
    lastMs = performance.now();
  }
  return lastMs;
}

/** Every scale, by name. */
export const scales: readonly Scale[] = [byDevices, byWaiting, bySinks];
