/**
 * `deno task fuzz [--target T] [--seed N] [--inputs N] [--minutes M] [--guided]
 * [--keep]`: hostile inputs for every part that reads bytes of others.
 *
 * Without numbers it makes as many inputs as CI does. `--inputs` is the number
 * over all targets, which keep their ratio; `--minutes` bounds the time of each
 * run over all targets. The same seed gives the same inputs. With `--guided` inputs
 * that reach something new are mutated further: V8's counts decide as well, and
 * it is slower by far. `--keep` adds the smallest of these to the corpus. A finding is
 * told with its input, and kept, in any case.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { parseArgs } from "node:util";
import { corpusOf, keep, keepSome } from "./corpus.ts";
import { type Finding, fuzz, type Outcome } from "./engine.ts";
import { type Target, textOf } from "./target.ts";
import { Counts } from "./coverage.ts";

const { values } = parseArgs({
  options: {
    target: { type: "string" },
    seed: { type: "string" },
    inputs: { type: "string" },
    minutes: { type: "string" },
    guided: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
  },
});

// Counting begins before anything of the targets has run.
const counts = values.guided ? await Counts.begin() : null;
const { targets } = await import("./targets/all.ts");

function number(text: string | undefined, otherwise: number): number {
  const value = Number(text ?? otherwise);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new Error(`${text} is no number, expected 0 or more`);
}

const chosen = targets.filter(({ name }) =>
  values.target === undefined || name === values.target
);
if (chosen.length === 0) {
  throw new Error(
    `no target ${values.target}; there are ${
      targets.map(({ name }) => name).join(", ")
    }`,
  );
}
const seed = number(values.seed, Math.floor(Date.now() / 86_400_000));
const usual = chosen.reduce((sum, { inputs }) => sum + inputs, 0);
const factor = number(values.inputs, usual) / usual;
const limitMs = number(values.minutes, 0) * 60_000;

console.log(`seed ${seed}`);
console.log(row(["target", "inputs", "s", "inputs/s", "slowest ms", "new"]));
const findings: Finding[] = [];
let inputs = 0;
let seconds = 0;
for (const target of chosen) {
  const outcome = await fuzz(target, {
    seed,
    inputs: Math.ceil(target.inputs * factor),
    counts,
    ...(limitMs === 0
      ? {}
      : { untilMs: performance.now() + limitMs / chosen.length }),
    corpus: [...corpusOf(target.name).values()],
  });
  await target.close?.();
  inputs += outcome.inputs;
  seconds += outcome.seconds;
  console.log(row(cells(outcome)));
  if (outcome.finding !== null) {
    tell(target, outcome.finding);
    findings.push(outcome.finding);
  } else if (values.keep) keepSome(target.name, outcome.kept);
}
console.log(`${inputs} inputs in ${seconds.toFixed(1)} s`);
Deno.exit(findings.length === 0 ? 0 : 1);

function cells(outcome: Outcome): readonly (string | number)[] {
  const { target, inputs, seconds, slowestMs, kept } = outcome;
  return [
    target,
    inputs,
    seconds.toFixed(1),
    Math.round(inputs / seconds),
    slowestMs.toFixed(1),
    kept.length,
  ];
}

function row(cells: readonly (string | number)[]): string {
  return cells.map((cell, at) =>
    at === 0 ? String(cell).padEnd(10) : String(cell).padStart(11)
  ).join(" ");
}

function tell(target: Target, { input, seed, number, error }: Finding): void {
  const name = `finding-${seed}-${number}`;
  const path = keep(target.name, name, input);
  const shown = target.text
    ? JSON.stringify(textOf(input.subarray(0, 2000)))
    : input.subarray(0, 1000).toHex();
  console.log(`
FINDING in ${target.name}, seed ${seed}, input ${number}, ${input.length} bytes
${error instanceof Error ? error.stack : String(error)}
input: ${shown}
kept in ${path}: put it right, and leave the file there as its test
`);
}
