/**
 * The soak: an hour at a hundred times the load of the field with random
 * faults. Prints its tables, keeps samples and a picture, and ends with exit
 * code 1 when anything was violated.
 *
 * @module
 */

// A script: what it prints is its result.
// deno-lint-ignore-file no-console
import { fromSource, portable } from "../bench/subject.ts";
import { tempDir } from "../system/harness.ts";
import { soak, type Soaked } from "./run.ts";
import { limitsText, picture, sampleLine, tables } from "./show.ts";

/** What is asked for. */
export interface Asked {
  readonly seed: number;
  readonly minutes: number;
  /** The built file as gateways run it, instead of the source. */
  readonly portable: boolean;
  /** Where samples, picture and log go. */
  readonly out: string | null;
}

const usage =
  `Usage: deno run --allow-all --no-prompt tests/soak/soak.ts [--seed N] [--minutes M] [--portable] [--out DIR]

  --seed N      decides which faults come when; today's date by default
  --minutes M   60 by default; memory and database are judged from 30 on
  --portable    builds the portable file and soaks that
  --out DIR     where samples.jsonl, soak.svg, result.json and agent.log go
`;

/** Reads the command line; null when it cannot be understood. */
export function askedOf(args: readonly string[], today: Date): Asked | null {
  let seed = Number(today.toISOString().slice(0, 10).replaceAll("-", ""));
  let minutes = 60;
  let built = false;
  let out: string | null = null;
  const left = [...args];
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    if (name === "--portable") {
      built = true;
      continue;
    }
    const value = left.shift();
    if (value === undefined || value === "") return null;
    if (name === "--seed") seed = Number(value);
    else if (name === "--minutes") minutes = Number(value);
    else if (name === "--out") out = value;
    else return null;
  }
  return Number.isInteger(seed) && minutes > 0 && Number.isFinite(minutes)
    ? { seed, minutes, portable: built, out }
    : null;
}

/** Keeps everything of a run but its samples, which are kept as they come. */
async function keep(out: string, asked: Asked, soaked: Soaked): Promise<void> {
  const { samples, log, ...rest } = soaked;
  await Deno.writeTextFile(`${out}/soak.svg`, picture(samples));
  await Deno.writeTextFile(`${out}/agent.log`, log);
  await Deno.writeTextFile(
    `${out}/result.json`,
    JSON.stringify({ asked, ...rest }, null, 2) + "\n",
  );
}

async function main(): Promise<number> {
  const asked = askedOf(Deno.args, new Date());
  if (asked === null) {
    console.error(usage);
    return 2;
  }
  const { seed, minutes, out } = asked;
  await using dir = await tempDir();
  await using built = await tempDir();
  const program = asked.portable ? await portable(built.path) : fromSource();
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(name, () => stop.abort());
  }
  if (out !== null) {
    await Deno.mkdir(out, { recursive: true });
    await Deno.writeTextFile(`${out}/samples.jsonl`, "");
  }
  console.log(`Seed ${seed}, ${minutes} minutes, ${program.label}`);
  console.log(limitsText());
  const soaked = await soak({
    seed,
    minutes,
    program,
    dir: dir.path,
    signal: stop.signal,
    onSample: (sample) => {
      console.log(sampleLine(sample));
      if (out === null) return;
      const line = JSON.stringify(sample) + "\n";
      Deno.writeTextFileSync(`${out}/samples.jsonl`, line, { append: true });
    },
    onStruck: ({ fault, atS, recoveredMs }) =>
      console.log(
        `${fault} after ${atS.toFixed(0)} s: ${
          recoveredMs === null
            ? "did not recover"
            : `recovered in ${(recoveredMs / 1000).toFixed(2)} s`
        }`,
      ),
  });
  console.log("\n" + tables(soaked));
  if (out !== null) await keep(out, asked, soaked);
  return soaked.violations.length > 0 ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main());
