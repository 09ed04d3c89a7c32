/**
 * A log of readings that wait for one sink, as 200 devices leave it in 30 days;
 * filled once by the store itself and copied for every run.
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
import { devices } from "./bed.ts";

/** Devices of the log. */
export const LOG_DEVICES: readonly string[] = devices(200);
/** The longest backlog of the figures. */
export const MILLION = 1_000_000;

const ROWS_A_COMMIT = 1000;
const SPAN_MS = 29.9 * 86_400_000;
const filled = new Map<number, string>();

/** Puts a log of `count` waiting readings of the sink `cloud` into a directory that is not there yet. */
export function copyLog(dir: string, count: number): void {
  const from = filled.get(count) ?? fill(count);
  filled.set(count, from);
  Deno.mkdirSync(dir);
  Deno.copyFileSync(`${from}/outbox.db`, `${dir}/outbox.db`);
}

/** Removes what was filled. */
export function removeLogs(): void {
  for (const dir of filled.values()) Deno.removeSync(dir, { recursive: true });
  filled.clear();
}

function fill(count: number): string {
  const dir = Deno.makeTempDirSync({ prefix: "dash7-edge-bench-" });
  using store = openStore({
    dir,
    config: outboxConfig.parse({
      max_mb: 10_000,
      min_free_mb: 0,
      max_age_days: 3650,
    }),
    clock,
    log: silentLog,
    restore,
  });
  // Readings are kept for the sinks that are known when they come.
  store.lane("cloud");
  const endMs = clock.nowMs();
  for (let at = 0; at < count;) {
    const entries: Entry[] = [];
    for (; entries.length < ROWS_A_COMMIT && at < count; at++) {
      const wallMs = Math.round(endMs - SPAN_MS * (count - at) / count);
      const received = { wallMs, monoMs: wallMs, bootId: "b", synced: true };
      const number = BigInt(1 + Math.floor(at / LOG_DEVICES.length));
      const device = LOG_DEVICES[at % LOG_DEVICES.length] ?? "";
      const command = energyCommand(device, number);
      const { readings } = interpret(decodeCommand(command), received);
      for (const [part, reading] of readings.entries()) {
        entries.push({ reading, command, part });
      }
    }
    store.append(entries);
  }
  return dir;
}
