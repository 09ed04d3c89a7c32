/**
 * A wall clock that is wrong and is set. The machine's clock is not touched: the
 * agent's process is told another time, see `failpoints.ts`.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { clock } from "../../system/harness.ts";
import { patiently } from "../patience.ts";
import type { World } from "../world.ts";
import type { Ended } from "./fault.ts";

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;
const STEPS_MS = [HOUR_MS, -HOUR_MS, YEAR_MS, -YEAR_MS];
/** How wrong the time of a reading may be after all, milliseconds. */
const TOLERANCE_MS = 5000;

/** What the agent of a clock round believes. */
export function tell(
  world: World,
  belief: { readonly offsetMs: number; readonly synced: boolean },
): void {
  Deno.writeTextFileSync(clockFile(world), JSON.stringify(belief));
  world.agent?.signal("SIGUSR2");
}

/** The file that the agent is told by. */
export function clockFile(world: { readonly dir: string }): string {
  return `${world.dir}/clock.json`;
}

/** The clock steps by an hour or a year, there and back. */
export async function clockStepped(world: World): Promise<Ended> {
  for (const offsetMs of STEPS_MS) {
    tell(world, { offsetMs, synced: true });
    await clock.sleep(500);
    await world.recovered();
    // A process that starts with it must not take the log for old.
    await world.stop("SIGTERM");
    await world.started();
    tell(world, { offsetMs: 0, synced: true });
    await world.recovered();
  }
  return "struck";
}

/** A gateway without a battery starts a year in the past, offline; its clock is set for the first time. */
export async function clockFirstSet(world: World): Promise<Ended> {
  await world.stop("SIGTERM");
  const fromMs = Date.now();
  world.proxy.spoil.refuse = true;
  tell(world, { offsetMs: -YEAR_MS, synced: false });
  const agent = await world.started();
  await patiently(
    () => "a reading of a clock that is not set",
    () => waiting(world, "synced = 0") > 0,
    { workS: 20 },
  );
  await clock.sleep(1500);
  tell(world, { offsetMs: 0, synced: true });
  await agent.logged("re-stamped");
  world.look();
  const [low, high] = [fromMs - TOLERANCE_MS, Date.now() + TOLERANCE_MS];
  const wrong = waiting(
    world,
    `NOT (synced = 1 AND wall_ms BETWEEN ${low} AND ${high})`,
  );
  if (wrong > 0) {
    world.violations.push(
      `${wrong} waiting readings have a wrong time after the clock was set`,
    );
  }
  world.proxy.spoil.refuse = false;
  await world.recovered();
  return "struck";
}

/** Waiting readings of which something is true. */
function waiting(world: World, condition: string): number {
  using db = new DatabaseSync(`${world.dataDir}/outbox.db`, { readOnly: true });
  const row = db.prepare(
    `SELECT count(*) AS n FROM reading
     WHERE id > (SELECT cursor FROM sink WHERE name = 'cloud') AND ${condition}`,
  ).get();
  return Number(row?.n);
}
