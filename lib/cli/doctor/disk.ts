/**
 * Looks at the disk below `data_dir` for `doctor`.
 *
 * @module
 */
import { statfsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type SystemRoots, textOf } from "../../serial/system.ts";
import type { OutboxConfig } from "../../store/store.ts";
import { type Names, userName } from "./account.ts";
import {
  type DirFacts,
  lifeTenthsIn,
  type Mount,
  mountOf,
  type SpaceFacts,
  type WearFacts,
} from "./disk_rules.ts";
import type { AgentFacts } from "./host.ts";
import { serviceDirectories, type ServiceFacts } from "./host_rules.ts";

/** An agent that runs for less has written what a start needs, not what a day brings, s. */
const SHORT_RUN_S = 600;
/**
 * Written to the disk for one reading: its commit, its settling, its share of
 * the checkpoints. Measured with one sink and two readings a second, as the
 * kernel counts it: 32 kB; many readings a second share commits.
 */
const BYTES_PER_READING = 32_000;

/** The data directory, or what would hold it. */
export async function lookAtDir(
  dataDir: string,
  names: Names,
  service: ServiceFacts | null,
  roots: SystemRoots,
): Promise<DirFacts> {
  const dir = resolve(dataDir);
  const self = await Deno.stat(dir).catch(() => null);
  let path = dirname(dir);
  let above = await Deno.stat(path).catch(() => null);
  while (above === null && path !== "/") {
    path = dirname(path);
    above = await Deno.stat(path).catch(() => null);
  }
  const real = await Deno.realPath(self === null ? path : dir)
    .catch(() => dir);
  return {
    dir,
    self: self === null
      ? null
      : { ...permissionsOf(self), isDirectory: self.isDirectory },
    above: { path, ...permissionsOf(above) },
    owner: `owner ${userName(names, self?.uid ?? 0)}`,
    mount: mountOf(await textOf(`${roots.proc}/self/mountinfo`) ?? "", real),
    writable: serviceDirectories(service),
  };
}

function permissionsOf(
  info: Deno.FileInfo | null,
): { mode: number; uid: number; gid: number } {
  return {
    mode: info?.mode ?? 0,
    uid: info?.uid ?? 0,
    gid: info?.gid ?? 0,
  };
}

/** Room on the disk. */
export async function lookAtSpace(
  { dir, self, above }: DirFacts,
  config: OutboxConfig,
): Promise<SpaceFacts> {
  const { bavail, bsize, ffree, files } = statfsSync(
    self === null ? above.path : dir,
  );
  let outboxBytes = 0;
  for (const name of ["outbox.db", "outbox.db-wal"]) {
    outboxBytes += await Deno.stat(`${dir}/${name}`)
      .then(({ size }) => size, () => 0);
  }
  return {
    freeBytes: bavail * bsize,
    // Some file systems make inodes as they go and tell of none.
    filesFree: files === 0 ? null : ffree,
    outboxBytes,
    maxMb: config.max_mb,
    minFreeMb: config.min_free_mb,
  };
}

/** The disk behind a mount, and how much is written to it. */
export async function lookAtWear(
  mount: Mount | null,
  agent: AgentFacts | null,
  roots: SystemRoots,
): Promise<WearFacts> {
  const name = mount === null ? null : await diskOf(mount, roots);
  const block = `${roots.sys}/block/${name}`;
  const sectors = Number(await textOf(`${block}/size`) ?? NaN);
  const type = (await textOf(`${block}/device/type`))?.trim();
  return {
    kind: type === "SD" ? "SD card" : type === "MMC" ? "eMMC" : "disk",
    // The kernel counts in sectors of 512 bytes, whatever the disk has.
    bytes: Number.isFinite(sectors) && sectors > 0 ? sectors * 512 : null,
    lifeTenths: lifeTenthsIn(await textOf(`${block}/device/life_time`) ?? ""),
    writing: await writingOf(agent, roots),
  };
}

/** Name of the whole disk that a mounted partition is on, e.g. `mmcblk0`. */
async function diskOf(
  { device }: Mount,
  { sys }: SystemRoots,
): Promise<string | null> {
  const path = await Deno.realPath(`${sys}/dev/block/${device}`)
    .catch(() => null);
  // …/block/mmcblk0/mmcblk0p2, or …/block/vda for a disk without partitions.
  return path === null ? null : /\/block\/([^/]+)/.exec(path)?.[1] ?? null;
}

/** What the running agent writes a day: counted by the kernel where we may look, else from its readings. */
async function writingOf(
  agent: AgentFacts | null,
  roots: SystemRoots,
): Promise<WearFacts["writing"]> {
  if (agent === null || "mute" in agent.status) return null;
  const { agent: { uptime_s }, readings } = agent.status;
  const io = await textOf(`${roots.proc}/${agent.pid}/io`);
  const written = /^write_bytes: (\d+)$/m.exec(io ?? "")?.[1];
  if (written !== undefined && uptime_s >= SHORT_RUN_S) {
    const bytesPerDay = Number(written) / uptime_s * 86_400;
    return { bytesPerDay, source: "measured" };
  }
  return readings.per_hour === null ? null : {
    bytesPerDay: readings.per_hour * 24 * BYTES_PER_READING,
    source: "estimated",
  };
}
