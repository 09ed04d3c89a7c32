/**
 * Puts results where the documentation is written from: the values into
 * `docs/measured.jsonl`, the curves into pictures beside it. What was measured
 * before and not now stays.
 *
 * @module
 */
import { allParts, current } from "../docs/pages.ts";
import { drawings } from "./drawings.ts";
import { scales } from "./growth.ts";
import { resultsOf, textOf } from "./kept.ts";
import type { Growth, Measured, Results } from "./quantity.ts";
import { rows } from "./rows.ts";

const docs = new URL("../../docs/", import.meta.url);
const file = new URL("measured.jsonl", docs);
/** What the file held when this program began. */
const before = resultsOf(await held());

async function held(): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

/** Joins results with those that the documentation held and writes them, whole or not at all. */
export async function keepValues(now: Results): Promise<Results> {
  const text = textOf(joined(before, now));
  const fresh = new URL("measured.jsonl.new", docs);
  await Deno.writeTextFile(fresh, text);
  await Deno.rename(fresh, file);
  // As whoever reads the file has them.
  return resultsOf(text);
}

/** Keeps results and writes everything that follows from them. */
export async function writeDocs(now: Results): Promise<void> {
  const results = await keepValues(now);
  for (const [name, text] of drawings(results)) {
    await Deno.writeTextFile(new URL(name, docs), text);
  }
  const page = new URL("measurements.md", docs);
  const text = await Deno.readTextFile(page);
  await Deno.writeTextFile(page, current(text, await allParts()));
}

/** New values of a quantity and program replace their earlier ones. */
export function joined(old: Results, now: Results): Results {
  const keys = rows.flatMap(({ quantities }) =>
    quantities.map(({ key }) => key)
  );
  const names = [...rows, ...scales].map(({ name }) => name);
  const again = new Set([
    ...now.measured.flatMap(({ row, by }) =>
      Object.keys(by).map((program) => `${row} ${program}`)
    ),
    ...now.growth.map(({ name, program }) => `${name} ${program}`),
  ]);
  return {
    machine: now.machine,
    runtime: now.runtime,
    measured: keys.flatMap((key) =>
      quantity(
        old.measured.find((one) => one.key === key),
        now.measured.find((one) => one.key === key),
      )
    ),
    courses: { ...old.courses, ...now.courses },
    growth: scales.flatMap(({ name }) => {
      const of = (all: readonly Growth[]) =>
        all.find((one) => one.name === name);
      return of(now.growth) ?? of(old.growth) ?? [];
    }),
    failed: [
      ...old.failed.filter(({ name, program }) =>
        names.includes(name) && !again.has(`${name} ${program}`) &&
        !now.failed.some((one) => one.name === name && one.program === program)
      ),
      ...now.failed,
    ],
  };
}

function quantity(
  was: Measured | undefined,
  is: Measured | undefined,
): readonly Measured[] {
  if (is === undefined) return was === undefined ? [] : [was];
  return [{ ...is, by: { ...was?.by, ...is.by } }];
}
