/**
 * Who has a device open: the owner of its lock, which everyone may see, else a
 * process with a descriptor of it, as far as this user may look.
 *
 * @module
 */
import { basename } from "node:path";
import { namesIn, systemRoots, textOf } from "./system.ts";
import type { SystemRoots } from "./system.ts";

/** A process that has a device open. */
export interface Holder {
  readonly pid: number;
  /** Name of its command, e.g. `minicom`. */
  readonly command: string;
}

/** Who holds each of these devices, by path; devices held by no one we can see are left out. */
export async function findHolders(
  paths: readonly string[],
  roots: SystemRoots = systemRoots,
): Promise<ReadonlyMap<string, Holder>> {
  const found = new Map<string, Holder>();
  const devices = await Promise.all(paths.map(describe));
  const locks = await lockOwners(roots);
  for (const device of devices) {
    const pid = locks.get(device.lockKey)?.at(-1);
    if (pid !== undefined) {
      found.set(device.path, { pid, command: await commandOf(pid, roots) });
    }
  }
  const missing = devices.filter(({ path }) => !found.has(path));
  if (missing.length > 0) await searchDescriptors(missing, roots, found);
  return found;
}

/**
 * Processes that have the lock of a device. Mostly one: another may still have
 * that of a terminal that is gone and whose name and inode are used again.
 */
export async function lockOwnersOf(
  path: string,
  roots: SystemRoots = systemRoots,
): Promise<readonly number[]> {
  const { lockKey } = await describe(path);
  return (await lockOwners(roots)).get(lockKey) ?? [];
}

/** A holder in words, for an error. */
export function holderText(holder: Holder | null): string {
  if (holder === null) {
    return "by a process that this user may not see";
  }
  return holder.pid === Deno.pid
    ? `by this process itself (${holder.command}, pid ${holder.pid})`
    : `by ${holder.command} (pid ${holder.pid})`;
}

interface Device {
  readonly path: string;
  readonly realPath: string;
  /** Number of the device, null for what is none. */
  readonly rdev: number | null;
  /** How `/proc/locks` names its file; empty when unknown. */
  readonly lockKey: string;
}

async function describe(path: string): Promise<Device> {
  try {
    const [realPath, info] = await Promise.all([
      Deno.realPath(path),
      Deno.stat(path),
    ]);
    return {
      path,
      realPath,
      rdev: info.isCharDevice ? info.rdev : null,
      lockKey: info.ino === null ? "" : lockKey(info.dev, info.ino),
    };
  } catch {
    return { path, realPath: path, rdev: null, lockKey: "" };
  }
}

/** `major:minor:inode` as the kernel writes it, numbers in the user's packing of `dev_t`. */
function lockKey(dev: number, inode: number): string {
  const bits = BigInt(dev);
  const major = ((bits >> 8n) & 0xfffn) | ((bits >> 32n) & ~0xfffn);
  const minor = (bits & 0xffn) | ((bits >> 12n) & 0xffffff00n);
  const hex = (value: bigint) => value.toString(16).padStart(2, "0");
  return `${hex(major)}:${hex(minor)}:${inode}`;
}

/** Processes that own the flock of each file [proc_locks(5)]. */
async function lockOwners(
  roots: SystemRoots,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const owners = new Map<string, number[]>();
  const text = await textOf(`${roots.proc}/locks`);
  for (const line of (text ?? "").split("\n")) {
    // 1: FLOCK  ADVISORY  WRITE 3447 00:05:1234 0 EOF; "->" marks one that waits.
    const [, kind, , , pid, file] = line.split(/\s+/);
    if (kind === "FLOCK" && file !== undefined && Number(pid) > 0) {
      owners.set(file, [...owners.get(file) ?? [], Number(pid)]);
    }
  }
  return owners;
}

async function searchDescriptors(
  devices: readonly Device[],
  roots: SystemRoots,
  found: Map<string, Holder>,
): Promise<void> {
  for (const process of await namesIn(roots.proc)) {
    if (!/^\d+$/.test(process)) continue;
    const folder = `${roots.proc}/${process}/fd`;
    for (const descriptor of await namesIn(folder)) {
      const link = `${folder}/${descriptor}`;
      const target = await Deno.readLink(link).catch(() => "");
      // Only devices are looked at closer: other files may sit on a network.
      if (!target.startsWith(`${roots.dev}/`)) continue;
      const rdev = await Deno.stat(link)
        .then((info) => info.isCharDevice ? info.rdev : null, () => null);
      for (const device of devices) {
        const same = target === device.realPath ||
          (rdev !== null && rdev === device.rdev);
        if (!same || found.has(device.path)) continue;
        const pid = Number(process);
        found.set(device.path, { pid, command: await commandOf(pid, roots) });
      }
    }
  }
}

async function commandOf(pid: number, roots: SystemRoots): Promise<string> {
  const comm = (await textOf(`${roots.proc}/${pid}/comm`))?.trim();
  if (comm) return comm;
  const exe = await Deno.readLink(`${roots.proc}/${pid}/exe`).catch(() => "");
  return basename(exe) || "unknown command";
}
