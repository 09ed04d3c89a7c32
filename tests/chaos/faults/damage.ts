/**
 * Bytes of the database that change while no agent runs, as a bad card does it.
 * What the damage itself destroys is gone; everything else must come through.
 *
 * @module
 */
import { randomOf } from "../random.ts";
import type { World } from "../world.ts";
import type { Fault } from "./fault.ts";

/** Damages the database in the place of the last process's death. */
function damaged(file: "outbox.db" | "outbox.db-wal"): Fault {
  return async (world, { draw }) => {
    await world.stop("SIGKILL");
    await damage(world, file, draw, () => Promise.resolve());
    await world.started();
    await world.recovered();
    return "struck";
  };
}

/** Damage in the database file. */
export const damageDatabase = damaged("outbox.db");
/** Damage in its log of writes. */
export const damageWal = damaged("outbox.db-wal");

/**
 * Damages a file, lets something happen, and takes note of the rows that the
 * damage has destroyed: those a store opened on a copy does not find any more.
 */
export async function damage<T>(
  world: World,
  name: "outbox.db" | "outbox.db-wal",
  draw: number,
  happen: () => Promise<T>,
  spoilt: (path: string, draw: number) => Promise<void> = spoil,
): Promise<T> {
  world.rowsGo = true;
  const copy = await Deno.makeTempDir({ dir: world.dir });
  const copied = async () => {
    for await (const { name: one } of Deno.readDir(world.dataDir)) {
      if (/^outbox\.db(-wal)?$/.test(one)) {
        await Deno.copyFile(`${world.dataDir}/${one}`, `${copy}/${one}`);
      }
    }
  };
  await copied();
  const before = world.rows(`${copy}/outbox.db`);
  for (const one of before) world.committed.add(one);
  await spoilt(`${world.dataDir}/${name}`, draw);
  const result = await happen();
  const agent = await world.started();
  const kept = new Set(world.rows());
  const gone = before.filter((one) => !kept.has(one));
  for (const one of gone) world.destroyed.add(one);
  if (spoilt === spoilSchema && gone.length > 0) {
    world.violations.push(
      `${gone.length} readings did not survive damage that touched no reading`,
    );
  }
  await agent.end("SIGTERM");
  await world.gone();
  return result;
}

/** Behind the file's header, 100 bytes, the table of tables begins [sqlite.org/fileformat2.html §1.3]. */
const SCHEMA_AT = 100;

/** Damage that is certain to be found at the next start. */
export async function spoilSchema(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true });
  await file.seek(SCHEMA_AT, Deno.SeekMode.Start);
  await file.write(new Uint8Array(24).fill(0xff));
}

/** Changes up to 64 bytes at random places; sometimes a whole block; sometimes the end is cut off. */
async function spoil(path: string, draw: number): Promise<void> {
  const random = randomOf(Math.floor(draw * 2 ** 32));
  using file = await Deno.open(path, { read: true, write: true });
  const { size } = await file.stat();
  if (size === 0) return;
  const put = (at: number, bytes: Uint8Array) => {
    file.seekSync(at, Deno.SeekMode.Start);
    file.writeSync(bytes);
  };
  const some = (length: number) =>
    Uint8Array.from({ length }, () => random.whole(0, 255));
  switch (random.pick(["bytes", "block", "end"])) {
    case "bytes":
      for (let n = random.whole(1, 64); n > 0; n--) {
        put(random.whole(0, size - 1), some(1));
      }
      return;
    case "block":
      put(Math.floor(random.whole(0, size - 1) / 512) * 512, some(512));
      return;
    case "end":
      await file.truncate(random.whole(Math.floor(size / 2), size));
  }
}
