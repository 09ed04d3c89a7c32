/**
 * The broker's name cannot be looked up. The agent runs in a mount namespace of
 * its own with files in the place of `/etc/hosts` and `/etc/resolv.conf`; those
 * of the machine are not touched.
 *
 * @module
 */
import { clock } from "../../system/harness.ts";
import type { Step } from "../schedule.ts";
import type { World } from "../world.ts";
import type { Ended } from "./fault.ts";

/** Name of the broker in such a round; `.test` is nobody's [RFC 6761 §6.2]. */
export const NAME = "broker.test";
/** The files, in the world's directory. */
export const HOSTS = "hosts";
/** A name server that nobody is. */
export const RESOLVER = "resolv.conf";

/** What the files hold while all is well. */
export async function writeNames(dir: string): Promise<void> {
  await Deno.writeTextFile(`${dir}/${HOSTS}`, `127.0.0.1 ${NAME}\n`);
  await Deno.writeTextFile(
    `${dir}/${RESOLVER}`,
    "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n",
  );
}

/** The name is gone while the connection ends, and comes back later. */
export async function nameGone(world: World, { ms }: Step): Promise<Ended> {
  await Deno.writeTextFile(`${world.dir}/${HOSTS}`, "\n");
  world.proxy.cut();
  await clock.sleep(1500 + ms);
  await writeNames(world.dir);
  await world.recovered();
  return "struck";
}
