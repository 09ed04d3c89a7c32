/**
 * `deno task chaos`: rounds of faults over the real agent until the time is up;
 * at the end a summary, and exit code 1 when anything was violated.
 *
 * @module
 */

// A script: what it prints is its result.
// deno-lint-ignore-file no-console
import { clock, tempDir } from "../system/harness.ts";
import { play, type Report } from "./round.ts";
import { type Kind, KINDS, type Round, schedule } from "./schedule.ts";
import { summary } from "./summary.ts";

interface Wanted {
  readonly seed: number;
  readonly minutes: number;
  /** Only rounds of this kind. */
  readonly only: Kind | null;
  /** Only the round of this number. */
  readonly round: number | null;
  /** Where evidence of violations goes. */
  readonly keep: string | null;
}

const usage =
  `Usage: deno task chaos [--seed N] [--minutes M] [--only KIND] [--round N] [--keep DIR]

  --seed N      decides what happens; today's date by default
  --minutes M   rounds begin until then, 5 by default; each kind comes once in any case
  --only KIND   only rounds of a kind: ${KINDS.join(", ")}
  --round N     only this round of the seed
  --keep DIR    where logs and schedule of a violated round are kept
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
  const known = ["--seed", "--minutes", "--only", "--round", "--keep"];
  const only = given.get("--only");
  const kind = KINDS.find((one) => one === only) ?? null;
  const round = number("--round", 0);
  const wanted = {
    seed: number(
      "--seed",
      Number(today.toISOString().slice(0, 10).replaceAll("-", "")),
    ),
    minutes: number("--minutes", 5),
    only: kind,
    round: round === 0 ? null : round,
    keep: given.get("--keep") ?? null,
  };
  const wrong = [...given.keys()].some((name) => !known.includes(name)) ||
    (only !== undefined && kind === null) ||
    [wanted.seed, wanted.minutes, round].some(Number.isNaN);
  return wrong ? null : wanted;
}

/** The rounds to play, as long as `more` says so; each kind once in any case. */
export function* chosen(
  wanted: Wanted,
  more: () => boolean,
): Generator<Round> {
  for (const round of schedule(wanted.seed)) {
    if (wanted.round !== null) {
      if (round.number === wanted.round) return yield round;
      continue;
    }
    if (round.number > KINDS.length && !more()) return;
    if (wanted.only !== null && round.kind !== wanted.only) continue;
    yield round;
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
  const { seed, minutes } = wanted;
  console.log(`Seed ${seed}, ${minutes} minutes`);
  const untilMs = clock.monoMs() + minutes * 60_000;
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(name, () => stop.abort());
  }
  const reports: Report[] = [];
  for (const round of chosen(wanted, () => clock.monoMs() < untilMs)) {
    if (stop.signal.aborted) break;
    await using dir = await tempDir();
    const report = await play(round, dir.path, stop.signal, (line) => {
      if (wanted.only !== null || wanted.round !== null) {
        console.log(`  ${line}`);
      }
    });
    reports.push(report);
    const { violations, tookMs } = report;
    const seconds = (tookMs / 1000).toFixed(1);
    console.log(
      `round ${round.number} ${round.kind}: ${report.faults.length} faults, ` +
        `${report.committed} committed, ${seconds} s` +
        (violations.length === 0 ? "" : ", VIOLATED"),
    );
    if (violations.length === 0) continue;
    for (const violation of violations) console.log(`  ${violation}`);
    console.log(`  kept in ${await keepEvidence(report, wanted)}`);
    console.log(
      `  again: deno task chaos --seed ${seed} --round ${round.number}`,
    );
  }
  console.log(summary(seed, reports));
  return reports.some(({ violations }) => violations.length > 0) ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main());
