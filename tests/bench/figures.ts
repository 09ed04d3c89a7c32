/**
 * `deno task bench`: every figure of the product as one table, measured with
 * whole processes on this machine, several times, medians and spread.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { removeLogs } from "./filled_log.ts";
import { scales } from "./growth.ts";
import { resultsOf, textOf } from "./kept.ts";
import { goThrough, piecesOf } from "./pieces.ts";
import { busyShare } from "./proc.ts";
import type { Measured, Results, Runs } from "./quantity.ts";
import { rows } from "./rows.ts";
import {
  checksTable,
  failuresTable,
  figuresTable,
  growthTable,
  ratiosTable,
} from "./show.ts";
import { fromSource, portable, type Subject } from "./subject.ts";
import { Tally } from "./tally.ts";
import { keepValues, writeDocs } from "./write_docs.ts";

const names = [...rows, ...scales].map(({ name }) => name);
const usage = `Usage: deno task bench [options]
  --only ROW,…      of ${names.join(", ")}
  --runs N          rounds, each with one run of every row (3)
  --minutes N       begins nothing that would not be over by then; so does a SIGINT
  --quick           fewer samples, smaller backlogs, one run
  --portable        this machine's portable file as well, in turn
  --installed       the portable file only
  --baseline PLACE  an earlier checkout, run in turn, or what --json printed: prints ratios
  --env NAME=VALUE  more of the environment of what is measured; may be repeated
  --json            results as JSON, one quantity a line
  --write-docs      puts the results into docs/; not with --quick or --env
`;
const encoder = new TextEncoder();
const say = (text: string) => Deno.stdout.writeSync(encoder.encode(text));
const progress = (text: string) =>
  void Deno.stderr.writeSync(encoder.encode(`${text}\n`));

type Request = NonNullable<ReturnType<typeof request>>;

/** What the command line asks for; null when it is wrong. */
function request(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        only: { type: "string" },
        runs: { type: "string" },
        minutes: { type: "string" },
        quick: { type: "boolean", default: false },
        portable: { type: "boolean", default: false },
        installed: { type: "boolean", default: false },
        baseline: { type: "string" },
        env: { type: "string", multiple: true, default: [] },
        json: { type: "boolean", default: false },
        "write-docs": { type: "boolean", default: false },
      },
    });
    const only = values.only?.split(",") ?? names;
    const runs = Number(values.runs ?? (values.quick ? 1 : 3));
    const minutes = Number(values.minutes ?? Infinity);
    const right = only.every((name) => names.includes(name)) &&
      Number.isInteger(runs) && runs > 0 && minutes > 0 &&
      values.env.every((pair) => pair.indexOf("=") > 0) &&
      !(values["write-docs"] && (values.quick || values.env.length > 0));
    return right ? { ...values, only, runs, minutes } : null;
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

/** The machine, as far as it tells. */
function machine(): string {
  const cpu = /model name\s*:\s*(.*)/.exec(
    Deno.readTextFileSync("/proc/cpuinfo"),
  )?.[1] ?? Deno.build.arch;
  const virtual = Deno.readTextFileSync("/proc/cpuinfo").includes("hypervisor");
  const gigabytes = Math.round(Deno.systemMemoryInfo().total / 2 ** 30);
  const system =
    /^PRETTY_NAME="(.*)"/m.exec(Deno.readTextFileSync("/etc/os-release"))
      ?.[1] ?? "Linux";
  const cores = navigator.hardwareConcurrency;
  return `${cores} cores of an ${cpu}${
    virtual ? " virtual machine" : ""
  }, ${gigabytes} GB, ${system}`;
}

const BASELINE = "baseline";

/** The programs to measure, the baseline's checkout last. */
async function programs(
  { baseline, portable: built, installed, env }: Request,
  dir: string,
): Promise<readonly Subject[]> {
  const more = Object.fromEntries(env.map((pair) => {
    const at = pair.indexOf("=");
    return [pair.slice(0, at), pair.slice(at + 1)];
  }));
  const checkout = baseline !== undefined &&
    (await Deno.stat(baseline)).isDirectory;
  const subjects = [
    ...installed ? [] : [fromSource()],
    ...built || installed ? [await portable(dir)] : [],
    ...checkout ? [fromSource(BASELINE, await Deno.realPath(baseline))] : [],
  ];
  return subjects.map((subject) => ({
    ...subject,
    env: { ...subject.env, ...more },
  }));
}

/** Measures what is asked for and shows it; false when a run failed or an assertion does not hold. */
async function main(asked: Request, dir: string): Promise<boolean> {
  let untilMs = performance.now() + asked.minutes * 60_000;
  // The first signal ends it after the piece under way, with all that is there.
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => {
      if (untilMs === 0) Deno.exit(1);
      progress(`${signal}: nothing more is begun`);
      untilMs = 0;
    });
  }
  const before = asked.baseline === undefined ? null : earlier(asked.baseline);
  const wanted = ({ name }: { readonly name: string }) =>
    asked.only.includes(name);
  const [askedRows, askedScales] = [rows.filter(wanted), scales.filter(wanted)];
  const about = { machine: machine(), runtime: `Deno ${Deno.version.deno}` };
  const tally = new Tally(about, askedRows, askedScales, asked.quick);
  // What a row left behind when it was given up ends nothing but itself.
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    tally.fail("bench", "", String(event.reason).split("\n")[0] ?? "");
  });
  const subjects = await programs(asked, dir);
  await goThrough(
    piecesOf(askedRows, askedScales, { ...asked, subjects, tally }),
    {
      runs: asked.runs,
      leftMs: () => untilMs - performance.now(),
      tally,
      busy: busyShare,
      progress,
      keep: async () => {
        if (asked["write-docs"]) await keepValues(tally.results());
      },
    },
  );
  const results = tally.results();
  if (asked["write-docs"]) await writeDocs(results);
  say(asked.json ? textOf(results) : told(results, before));
  return results.failed.length === 0 &&
    results.growth.every(({ checks }) => checks.every(({ holds }) => holds));
}

/** Values of an earlier run for a quantity and program. */
type Before = (one: Measured, label: string) => Runs | undefined;

/** Results as text. */
function told(
  { machine, runtime, measured, growth, failed }: Results,
  before: Before | null,
): string {
  const parts = [
    `${machine}; ${runtime}. Modem, agent, broker and subscriber share it.`,
  ];
  if (measured.length > 0) parts.push(figuresTable(measured, failed));
  if (before !== null) parts.push(ratiosTable(measured, before));
  for (const one of growth) parts.push(growthTable(one));
  if (growth.length > 0) parts.push(checksTable(growth));
  if (failed.length > 0) parts.push(failuresTable(failed));
  return parts.join("\n\n") + "\n";
}

/** Where the values of a baseline come from: the same run, or a file. */
function earlier(place: string): Before {
  if (Deno.statSync(place).isDirectory) {
    return ({ by }, label) => label === BASELINE ? undefined : by[BASELINE];
  }
  const { measured } = resultsOf(Deno.readTextFileSync(place));
  return ({ key }, label) => measured.find((one) => one.key === key)?.by[label];
}

const asked = request(Deno.args);
if (asked === null) {
  progress(usage);
  Deno.exit(2);
}
const dir = await Deno.makeTempDir({ prefix: "dash7-edge-bench-" });
let held = false;
try {
  held = await main(asked, dir);
} finally {
  removeLogs();
  await Deno.remove(dir, { recursive: true });
}
Deno.exit(held ? 0 : 1);
