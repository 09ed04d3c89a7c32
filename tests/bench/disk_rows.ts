/**
 * What the agent takes of a disk: its size, and what it writes for a reading.
 *
 * @module
 */
import { clock, DEVICES } from "../system/harness.ts";
import { came, onBed } from "./bed.ts";
import { LogWatch, writtenBytes } from "./proc.ts";
import type { Row } from "./quantity.ts";
import { ended } from "./subject.ts";

const IDENTIFIED = "Modem identified";

/** What reaches the disk, which wears SD cards: field load, and thirty times as much. */
export const wear: Row = {
  name: "wear",
  limitS: 180,
  needsBroker: true,
  quantities: [
    ...[["field", "0.33 readings/s"], ["ten", "10 readings/s"]].flatMap((
      [key, load],
    ) => [
      {
        key: `wear_${key}_disk`,
        what: `bytes written to disk per reading, ${load}`,
        unit: "bytes",
        digits: 0,
      },
      {
        key: `wear_${key}_log`,
        what: "… of this the write-ahead log",
        unit: "bytes",
        digits: 0,
      },
      {
        key: `wear_${key}_commits`,
        what: `commits per minute, ${load}`,
        unit: "/min",
        digits: 1,
      },
    ]),
  ],
  measure: (port, { subject, quick }) =>
    onBed(port, async ({ dir, line, receipts, start }) => {
      const agent = start();
      await agent.logged(IDENTIFIED);
      for (const device of DEVICES) line.push(device);
      await came(receipts, DEVICES.length, 10);
      await clock.sleep(3000);
      const load = async (everyMs: number, count: number) => {
        using log = new LogWatch(`${dir}/data/outbox.db`);
        const before = writtenBytes(agent.pid);
        const startMs = performance.now();
        for (let n = 0; n < count; n++) {
          line.push(DEVICES[n % DEVICES.length] ?? "");
          const dueMs = startMs + (n + 1) * everyMs;
          await clock.sleep(Math.max(0, dueMs - performance.now()));
        }
        const minutes = (performance.now() - startMs) / 60_000;
        log.look();
        return {
          disk: (writtenBytes(agent.pid) - before) / count,
          log: log.bytes / count,
          commits: log.commits / minutes,
        };
      };
      const field = await load(3000, quick ? 4 : 7);
      const ten = await load(100, quick ? 50 : 120);
      return {
        wear_field_disk: field.disk,
        wear_field_log: field.log,
        wear_field_commits: field.commits,
        wear_ten_disk: ten.disk,
        wear_ten_log: ten.log,
        wear_ten_commits: ten.commits,
      };
    }, { program: subject }),
};

/** Size of what is copied to a gateway and of what it unpacks; its first start. */
export const size: Row = {
  name: "size",
  limitS: 120,
  needsBroker: false,
  fits: ({ file }) => file !== null,
  quantities: [
    {
      key: "size_packed",
      what: "portable file, compressed",
      unit: "MB",
      digits: 1,
    },
    { key: "size_unpacked", what: "… unpacked", unit: "MB", digits: 1 },
    {
      key: "size_program",
      what: "… of this the program",
      unit: "MB",
      digits: 2,
    },
    {
      key: "start_first",
      what: "first start, which unpacks, to the answer of --version",
      unit: "s",
      digits: 1,
    },
    {
      key: "start_version",
      what: "later starts, to the same",
      unit: "ms",
      digits: 0,
    },
  ],
  measure: async (_port, { subject: { file } }) => {
    if (file === null) return {};
    const { size: packed } = await Deno.stat(file);
    const header = new Uint8Array(4096);
    {
      using open = await Deno.open(file);
      await open.read(header);
    }
    const text = new TextDecoder().decode(header);
    const part = (name: string) =>
      Number(new RegExp(`^${name}_bytes=(\\d+)`, "m").exec(text)?.[1]) / 1e6;
    const cache = await Deno.makeTempDir({ prefix: "dash7-edge-bench-" });
    try {
      const version = async () => {
        const startMs = performance.now();
        await ended(file, ["--version"], { DASH7_EDGE_CACHE: cache });
        return performance.now() - startMs;
      };
      const firstMs = await version();
      return {
        size_packed: packed / 1e6,
        size_unpacked: part("runtime") + part("program"),
        size_program: part("program"),
        start_first: firstMs / 1000,
        start_version: await version(),
      };
    } finally {
      await Deno.remove(cache, { recursive: true });
    }
  },
};
