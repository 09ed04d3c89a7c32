/**
 * Little memory: the runtime's heap is limited, and a backlog and a flood come
 * together.
 *
 * @module
 */
import { clock } from "../../system/harness.ts";
import { flood } from "./line.ts";
import type { Step } from "../schedule.ts";
import type { World } from "../world.ts";
import type { Ended } from "./fault.ts";

/** The heap that the agent of such a round may have. */
export const HEAP_FLAG = "--v8-flags=--max-old-space-size=40";

/** A backlog grows, garbage comes, then all of it has to leave at once. */
export async function memoryLimit(
  world: World,
  { ms, draw }: Step,
): Promise<Ended> {
  world.proxy.spoil.refuse = true;
  world.proxy.cut();
  world.rate = 300;
  await clock.sleep(8000);
  world.rate = 60;
  await flood(world, ms, draw);
  world.proxy.spoil.refuse = false;
  await world.recovered();
  return "struck";
}
