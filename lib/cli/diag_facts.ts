/**
 * What a diagnosis says of the machine. Each fact that cannot be had is told
 * as such; none stops the others.
 *
 * @module
 */
import { statfsSync } from "node:fs";
import project from "../../deno.json" with { type: "json" };
import { clockSynchronised } from "../serial/libc.ts";
import { currentBuild } from "./build.ts";

/** Versions of this program and of what it runs on. */
export function versions(): unknown {
  return {
    dash7_edge: project.version,
    build: currentBuild(),
    deno: Deno.version,
    program: Deno.execPath(),
  };
}

/** The machine; `dataDir` null when it is not known. */
export function platform(dataDir: string | null): unknown {
  return {
    build: Deno.build,
    host: fact(() => Deno.hostname()),
    kernel: fact(() => Deno.osRelease()),
    distribution: fact(() => Deno.readTextFileSync("/etc/os-release")),
    model: fact(() =>
      Deno.readTextFileSync("/proc/device-tree/model").replaceAll("\0", "")
    ),
    cpu_cores: fact(() => navigator.hardwareConcurrency),
    load_average: fact(() => Deno.loadavg()),
    memory_bytes: fact(() => Deno.systemMemoryInfo()),
    uptime_s: fact(() => Deno.osUptime()),
    boot_id: fact(() =>
      Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim()
    ),
    now: new Date().toISOString(),
    clock_synchronised: fact(() => clockSynchronised()),
    user: fact(() => ({ uid: Deno.uid(), gid: Deno.gid() })),
    data_dir: dataDir,
    disk: dataDir === null ? null : fact(() => {
      const { bavail, blocks, bsize } = statfsSync(dataDir);
      return { free_bytes: bavail * bsize, size_bytes: blocks * bsize };
    }),
  };
}

function fact(ask: () => unknown): unknown {
  try {
    return ask();
  } catch (error) {
    return { not_known: error instanceof Error ? error.message : error };
  }
}
