/**
 * What every fault is: something done to a world that has an agent running, and
 * leaves one that has come back.
 *
 * @module
 */
import type { Step } from "../schedule.ts";
import type { World } from "../world.ts";

/** How a fault ended: it struck, it was not reached in time, or this machine cannot do it. */
export type Ended = "struck" | "not reached" | "not here";

/** Does a fault to a world and waits until the agent has recovered. */
export type Fault = (world: World, step: Step) => Promise<Ended>;
