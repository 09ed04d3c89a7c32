/**
 * A backlog on disk, as an outage leaves it, drained by a real agent.
 *
 * @module
 */
import { restore } from "../../lib/agent.ts";
import { decodeCommand } from "../../lib/alp/alp.ts";
import { interpret } from "../../lib/files/files.ts";
import { silentLog } from "../../lib/log.ts";
import type { Entry } from "../../lib/store/outbox.ts";
import { openStore, outboxConfig } from "../../lib/store/store.ts";
import { clock, energyCommand } from "../system/harness.ts";
import { devices, onBed } from "./bed.ts";
import { type Figure, megabytes, whole } from "./figure.ts";

const ROWS_A_COMMIT = 500;
/** Nothing for so long means that nothing more will come. */
const SILENCE_MS = 10_000;

/** Readings a second from the start of the drain, and what memory does meanwhile. */
export function backlog(
  port: number,
  count: number,
): Promise<readonly Figure[]> {
  return onBed(port, async ({ dir, receipts, start }) => {
    fill(`${dir}/data`, count);
    const agent = start({
      more: "[outbox]\nmax_mb = 10000\nmin_free_mb = 0\n",
    });
    const memory: number[] = [];
    let startMs = NaN;
    receipts.onReading = (_device, _number, atMs) => {
      if (Number.isNaN(startMs)) startMs = atMs;
    };
    const beganMs = performance.now();
    for (
      let quietSince = beganMs;
      receipts.count < count && performance.now() - quietSince < SILENCE_MS;
    ) {
      await clock.sleep(100);
      quietSince = Math.max(beganMs, receipts.lastMs || 0);
      // The first tenth warms up: code is compiled, buffers find their size.
      if (receipts.count > count / 10) memory.push(agent.residentBytes());
    }
    const seconds = (receipts.lastMs - receipts.firstMs) / 1000;
    const rate = receipts.count / seconds;
    const [first = NaN] = memory;
    const last = memory.at(-1) ?? NaN;
    const most = Math.max(...memory);
    const least = Math.min(...memory);
    return [{
      what: `backlog of ${whole(count)} drained`,
      measured: `${whole(rate)}/s; lost ${
        count - receipts.count
      }, out of order ${receipts.misplaced}, copies ${receipts.copies}`,
      goal: "≥ 5 000/s",
      met: receipts.count === count && receipts.misplaced === 0 && rate >= 5000,
    }, {
      what: "… resident memory after the first tenth",
      measured: `${megabytes(first)}, then ${megabytes(least)} to ${
        megabytes(most)
      }, ${megabytes(last)} at the end`,
      goal: "± 20 MB",
      met: most - first <= 20e6 && first - least <= 20e6,
    }];
  });
}

/** Writes readings into the log of an agent that is not running. */
function fill(dir: string, count: number): void {
  using store = openStore({
    dir,
    config: outboxConfig.parse({ max_mb: 10_000, min_free_mb: 0 }),
    clock,
    log: silentLog,
    restore,
  });
  // Readings are kept for the sinks that are known when they come.
  store.lane("cloud");
  const names = devices(20);
  for (let at = 0; at < count;) {
    const entries: Entry[] = [];
    for (; entries.length < ROWS_A_COMMIT && at < count; at++) {
      const number = BigInt(1 + Math.floor(at / names.length));
      const command = energyCommand(names[at % names.length] ?? "", number);
      const { readings } = interpret(decodeCommand(command), clock.instant());
      for (const [part, reading] of readings.entries()) {
        entries.push({ reading, command, part });
      }
    }
    store.append(entries);
  }
}
