/**
 * `deno task chaos`: rounds of faults over the real agent until the time is up;
 * at the end a summary, and exit code 1 when anything was violated. Its last line
 * counts rounds in the form of `deno test`.
 *
 * @module
 */

// A script: what it prints is its result.
// deno-lint-ignore-file no-console
import { clock, tempDir } from "../system/harness.ts";
import { shareMs } from "./budget.ts";
import { play, type Report } from "./round.ts";
import { type Kind, KINDS, type Round, schedule } from "./schedule.ts";
import { figuresOf, lastLine, summary } from "./summary.ts";

interface Wanted {
  readonly seed: number;
  /** 0: each kind once, in full. */
  readonly minutes: number;
  /** Goes on until so many agents have been killed. */
  readonly kills: number;
  /** Only rounds of these kinds. */
  readonly only: readonly Kind[] | null;
  /** Only the round of this number. */
  readonly round: number | null;
  /** Where evidence of violations goes. */
  readonly keep: string | null;
  /** Where the figures go as JSON. */
  readonly json: string | null;
}

/** In the first turn, kinds that have not come may begin so much later than the time given. */
const GRACE = 1.2;

const usage = `Usage: deno task chaos [--seed N] [--minutes M] [--kills N]
                        [--only KINDS] [--round N] [--keep DIR] [--json FILE]

  --seed N      decides what happens; today's date by default
  --minutes M   faults begin until then, 5 by default; rounds share the time so
                that each kind comes; 0: each kind once, however long it takes
  --kills N     goes on until so many agents have been killed
  --only KINDS  only rounds of these kinds, with commas between them:
                ${KINDS.join(", ")}
  --round N     only this round of the seed, in full
  --keep DIR    where logs and schedule of a violated round are kept
  --json FILE   writes what was found as JSON
`;

/** Reads the command line; null when it cannot be understood. */
export function wantedOf(
  args: readonly string[],
  today: Date,
): Wanted | null {
  const given = new Map<string, string>();
  for (let at = 0; at < args.length; at += 2) {
    given.set(args[at] ?? "", args[at + 1] ?? "");
  }
  const number = (name: string, other: number): number => {
    const text = given.get(name);
    return text === undefined ? other : text === "" ? NaN : Number(text);
  };
  const only = given.get("--only")?.split(",");
  const kinds = KINDS.filter((one) => only?.includes(one));
  const round = number("--round", 0);
  const wanted = {
    seed: number(
      "--seed",
      Number(today.toISOString().slice(0, 10).replaceAll("-", "")),
    ),
    minutes: number("--minutes", 5),
    kills: number("--kills", 0),
    only: only === undefined ? null : kinds,
    round: round === 0 ? null : round,
    keep: given.get("--keep") ?? null,
    json: given.get("--json") ?? null,
  };
  const wrong = [...given.keys()].some((name) => !/^--/.test(name)) ||
    [...given.keys()].some((name) => !Object.hasOwn(wanted, name.slice(2))) ||
    (only !== undefined && only.length !== kinds.length) ||
    [wanted.seed, wanted.minutes, wanted.kills, round].some(Number.isNaN);
  return wrong ? null : wanted;
}

/**
 * The rounds to play, as long as `more` says so: it is told whether the kind of
 * the next has come before.
 */
export function* chosen(
  wanted: Wanted,
  more: (again: boolean) => boolean,
): Generator<Round> {
  for (const round of schedule(wanted.seed)) {
    if (wanted.round !== null) {
      if (round.number === wanted.round) return yield round;
      continue;
    }
    const { only } = wanted;
    if (!more(round.number > KINDS.length)) return;
    if (only === null || only.includes(round.kind)) yield round;
  }
}

/** Keeps what a violated round leaves; says where. */
async function keepEvidence(
  report: Report,
  wanted: Wanted,
): Promise<string> {
  const base = wanted.keep ?? await Deno.makeTempDir({ prefix: "chaos-" });
  const dir = `${base}/seed-${wanted.seed}-round-${report.round.number}`;
  await Deno.mkdir(dir, { recursive: true });
  const { log, ...rest } = report;
  await Deno.writeTextFile(`${dir}/agent.log`, log);
  await Deno.writeTextFile(
    `${dir}/round.json`,
    JSON.stringify(rest, null, 2) + "\n",
  );
  return dir;
}

async function main(): Promise<number> {
  const wanted = wantedOf(Deno.args, new Date());
  if (wanted === null) {
    console.error(usage);
    return 2;
  }
  const { seed, minutes, kills } = wanted;
  const length = wanted.round !== null
    ? `round ${wanted.round}`
    : kills > 0
    ? `until ${kills} agents have been killed`
    : minutes > 0
    ? `${minutes} minutes`
    : "each kind once";
  console.log(`Seed ${seed}, ${length}`);
  const fromMs = clock.monoMs();
  const spentMs = () => clock.monoMs() - fromMs;
  const givenMs = minutes * 60_000;
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(name, () => stop.abort());
  }
  const reports: Report[] = [];
  const more = (again: boolean): boolean => {
    const killed = reports.reduce((sum, report) => sum + report.kills, 0);
    if (killed < kills) return true;
    if (minutes === 0) return !again;
    return spentMs() < givenMs * (again ? 1 : GRACE);
  };
  const kinds = wanted.only ?? KINDS;
  // A round that is looked at alone, or has to reach a number, is not cut short.
  const bounded = minutes > 0 && kills === 0 && wanted.round === null;
  for (const round of chosen(wanted, more)) {
    if (stop.signal.aborted) break;
    const came = new Set(reports.map(({ round }) => round.kind));
    const untilMs = bounded
      ? spentMs() + shareMs(round.kind, kinds, came, givenMs - spentMs())
      : Infinity;
    await using dir = await tempDir();
    const report = await play(
      round,
      dir.path,
      stop.signal,
      (line) => {
        if (wanted.only !== null || wanted.round !== null) {
          console.log(`  ${line}`);
        }
      },
      () => spentMs() < untilMs,
    );
    reports.push(report);
    await tell(report, wanted);
  }
  const missing = wanted.round !== null
    ? []
    : kinds.filter((kind) => reports.every(({ round }) => round.kind !== kind));
  const figures = figuresOf(seed, reports, spentMs(), missing);
  if (wanted.json !== null) {
    const rounds = reports.map(({ log: _, ...rest }) => rest);
    const text = JSON.stringify({ ...figures, rounds }, null, 2);
    await Deno.writeTextFile(wanted.json, text + "\n");
  }
  console.log(summary(figures));
  console.log(lastLine(figures));
  return figures.failed > 0 ? 1 : 0;
}

async function tell(report: Report, wanted: Wanted): Promise<void> {
  const { round, violations, faults, leftOut, committed, tookMs, slow } =
    report;
  const notes = [
    ...(leftOut > 0 ? [`${leftOut} left out, no time`] : []),
    ...(slow >= 2 ? [`machine ${slow.toFixed(1)} times as slow`] : []),
    ...(violations.length > 0 ? ["VIOLATED"] : []),
  ];
  console.log([
    `round ${round.number} ${round.kind}: ${faults.length} faults`,
    `${committed} committed`,
    `${(tookMs / 1000).toFixed(1)} s`,
    ...notes,
  ].join(", "));
  if (violations.length === 0) return;
  for (const violation of violations) console.log(`  ${violation}`);
  console.log(`  kept in ${await keepEvidence(report, wanted)}`);
  console.log(
    `  again: deno task chaos --seed ${wanted.seed} --round ${round.number}`,
  );
}

if (import.meta.main) Deno.exit(await main());
