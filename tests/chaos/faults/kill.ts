/**
 * SIGKILL: at random instants, and at every numbered commit point.
 *
 * @module
 */
import { clock } from "../../system/harness.ts";
import type { Child } from "../child.ts";
import { patiently } from "../patience.ts";
import { POINTS, type Scene, type Trap } from "../points.ts";
import { randomOf } from "../random.ts";
import { damage, spoilSchema } from "./damage.ts";
import type { Step } from "../schedule.ts";
import type { World } from "../world.ts";
import type { Ended } from "./fault.ts";

/** Longest wait for a process to come by its point, seconds of a fast machine. */
const REACH_S = 20;

/** Kills of one step at random. */
const KILLS = 5;

/** Kills the agent several times, soon after its start or while it works, and starts it again. */
export async function killAtRandom(
  world: World,
  { draw, ms }: Step,
): Promise<Ended> {
  const random = randomOf(Math.floor(draw * 2 ** 32));
  await clock.sleep(ms / 6);
  for (let n = 0; n < KILLS; n++) {
    await world.stop("SIGKILL");
    world.start();
    await clock.sleep(random.whole(100, 1200));
  }
  await world.stop("SIGKILL");
  await world.started();
  await world.recovered();
  return "struck";
}

/** Kills the agent, starts it so that it kills itself at its point, and starts it again. */
export async function killAtPoint(
  world: World,
  { trap }: Step,
): Promise<Ended> {
  await world.stop("SIGKILL");
  const struck = await died(world.start({ trap }));
  await world.gone();
  await world.started();
  await world.recovered();
  return struck ? "struck" : "not reached";
}

/** The same at points that only some work passes, while that is made to go on. */
export async function killInScene(
  world: World,
  { trap, draw }: Step,
): Promise<Ended> {
  const scene = POINTS.find(({ name }) => name === trap?.point)?.scene;
  const struck = await scenes[scene ?? "steady"](world, trap, draw);
  await world.gone();
  world.outbox = "";
  world.rate = 60;
  world.proxy.spoil.refuse = false;
  world.proxy.spoil.acks = "pass";
  await world.started();
  await world.recovered();
  return struck ? "struck" : "not reached";
}

type Play = (
  world: World,
  trap: Trap | undefined,
  draw: number,
) => Promise<boolean>;

const scenes: Readonly<Record<Scene, Play>> = {
  steady: (world, trap) => after(world, () => died(world.start({ trap }))),
  /** The very first start in a directory. */
  first: async (world, trap) => {
    world.paused = true;
    await world.drained();
    await world.stop("SIGTERM");
    await Deno.remove(world.dataDir, { recursive: true });
    world.paused = false;
    return await died(world.start({ trap }));
  },
  /** Readings are settled behind one that still waits. */
  late: (world, trap) =>
    after(world, () => {
      world.proxy.spoil.acks = "late";
      return died(world.start({ trap }));
    }),
  reject: (world, trap) =>
    after(world, () => {
      // What is rejected is told, and never delivered.
      world.rowsGo = true;
      world.proxy.spoil.acks = "reject";
      return died(world.start({ trap }));
    }),
  /** Everything is too old after some seconds. */
  prune: (world, trap) =>
    after(world, () => {
      world.rowsGo = true;
      world.outbox = "max_age_days = 0.00003";
      world.rate = 250;
      return died(world.start({ trap }));
    }),
  /** Readings wait while the clock is set for the first time. */
  restamp: (world, trap) =>
    after(world, async () => {
      world.proxy.spoil.refuse = true;
      const clockFile = `${world.dir}/clock.json`;
      const say = (synced: boolean) =>
        Deno.writeTextFileSync(
          clockFile,
          JSON.stringify({ offsetMs: synced ? 0 : -31_536_000_000, synced }),
        );
      say(false);
      const agent = world.start({ trap, clockFile });
      await agent.logged("Serial port open");
      await clock.sleep(500);
      say(true);
      agent.signal("SIGUSR2");
      return await died(agent);
    }),
  damage: async (world, trap, draw) => {
    await world.stop("SIGTERM");
    const { dataDir } = world;
    if (trap?.point === "salvage_remove") {
      // As a salvage leaves it that was killed before its last step.
      await Deno.copyFile(
        `${dataDir}/outbox.db`,
        `${dataDir}/outbox.db.salvage`,
      );
    }
    return await damage(world, "outbox.db", draw, async () => {
      const struck = await died(world.start({ trap }));
      await world.gone();
      return struck;
    }, spoilSchema);
  },
  close: (world, trap) =>
    after(world, async () => {
      const agent = world.start({ trap });
      await agent.logged("Serial port open");
      await clock.sleep(300);
      agent.signal("SIGTERM");
      return await died(agent);
    }),
};

async function after(
  world: World,
  play: () => Promise<boolean>,
): Promise<boolean> {
  await world.stop("SIGTERM");
  return await play();
}

/** Whether a process came by its point, and died there. */
async function died(agent: Child): Promise<boolean> {
  await patiently(() => "the point", () => agent.status !== null, {
    workS: REACH_S,
  }).catch(() => {/* it is told as not reached */});
  return agent.status?.signal === "SIGKILL";
}
