/**
 * A disk that is full, read-only, or refuses a write. The first two are a small
 * file system in memory, which needs root.
 *
 * @module
 */
import { statfsSync } from "node:fs";
import { clock, tempDir } from "../../system/harness.ts";
import { command } from "../../system/mosquitto.ts";
import { patiently } from "../patience.ts";
import type { Step } from "../schedule.ts";
import type { World } from "../world.ts";
import type { Ended } from "./fault.ts";

let mount: Promise<boolean> | null = null;

/** Whether this user may mount, found out by doing it where nobody else sees it; asked once. */
export function mayMount(): Promise<boolean> {
  return mount ??= (async () => {
    await using dir = await tempDir();
    const script =
      'mount -t tmpfs -o size=1m chaos "$1" && mount -o remount,ro "$1"';
    return await command("unshare", ["-m", "sh", "-c", script, "-", dir.path])
      .then(() => true, () => false);
  })();
}

/** A small file system, unmounted at the end. */
export async function smallDisk(path: string): Promise<AsyncDisposable> {
  await Deno.mkdir(path, { recursive: true });
  await command("mount", ["-t", "tmpfs", "-o", "size=24m", "chaos", path]);
  return {
    [Symbol.asyncDispose]: () => command("umount", ["-l", path]),
  };
}

/** Another program fills the disk while readings come in; later it makes room. */
export async function diskFull(world: World, { ms }: Step): Promise<Ended> {
  if (!(await mayMount())) return "not here";
  const ballast = `${world.dataDir}/ballast`;
  fill(world, ballast);
  await clock.sleep(ms);
  await Deno.remove(ballast);
  await world.recovered();
  return "struck";
}

function fill(world: World, path: string): void {
  using file = Deno.openSync(path, { write: true, create: true });
  const { bavail, bsize } = statfsSync(world.dataDir);
  const block = new Uint8Array(bsize);
  for (let n = 0; n < bavail; n++) {
    try {
      file.writeSync(block);
    } catch {
      // The agent has taken the last of it.
      return;
    }
  }
}

/** Read-only when the agent starts: it must say so, end, and start once the disk is well. */
export async function diskReadOnly(world: World): Promise<Ended> {
  if (!(await mayMount())) return "not here";
  await world.stop("SIGTERM");
  await command("mount", ["-o", "remount,ro", world.dataDir]);
  try {
    const agent = world.start();
    await agent.logged("Agent cannot start");
    if (!agent.log.includes("Agent cannot start")) {
      world.violations.push("a read-only disk was not told at start");
    }
    await world.gone();
  } finally {
    await command("mount", ["-o", "remount,rw", world.dataDir]);
  }
  await world.started();
  await world.recovered();
  return "struck";
}

/** One write after another is refused at a commit point, as full, read-only or broken. */
export async function diskRefusesWrite(
  world: World,
  { trap }: Step,
): Promise<Ended> {
  await world.stop("SIGTERM");
  const agent = await world.started({ trap });
  const struck = await patiently(
    () => "a refused write",
    () => /cannot be committed|cannot be written/.test(agent.log),
    { workS: 20 },
  ).then(() => true, () => false);
  await world.recovered();
  return struck ? "struck" : "not reached";
}
