/**
 * What the machine says of this process. What cannot be asked is null.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";

/** Numbers of the process. */
export interface ProcessFacts {
  readonly cpuUserS: number;
  readonly cpuSystemS: number;
  readonly residentBytes: number;
  readonly openFds: number | null;
  readonly maxFds: number | null;
  /** Seconds since 1970. */
  readonly startS: number;
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  readonly externalBytes: number;
}

/** Asks for all of it; takes well under a millisecond. */
export function processFacts(nowMs: number): ProcessFacts {
  const cpu = process.cpuUsage();
  const memory = process.memoryUsage();
  return {
    cpuUserS: cpu.user / 1e6,
    cpuSystemS: cpu.system / 1e6,
    residentBytes: memory.rss,
    openFds: openFds(),
    maxFds: maxFds(),
    startS: Math.round(nowMs / 1000 - process.uptime()),
    heapUsedBytes: memory.heapUsed,
    heapTotalBytes: memory.heapTotal,
    externalBytes: memory.external,
  };
}

function openFds(): number | null {
  // The one that lists them is not counted.
  return fromProc(() => readdirSync("/proc/self/fd").length - 1);
}

function maxFds(): number | null {
  const line = fromProc(() => readFileSync("/proc/self/limits", "utf8"))
    ?.split("\n").find((line) => line.startsWith("Max open files"));
  const soft = Number(line?.split(/\s{2,}/)[1]);
  return Number.isFinite(soft) ? soft : null;
}

/** Null where there is no such place: another system, or a closed cell. */
function fromProc<T>(look: () => T): T | null {
  try {
    return look();
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    return null;
  }
}
