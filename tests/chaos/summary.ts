/**
 * The end of a chaos run in one page of 80 columns. Pure.
 *
 * @module
 */
import { PHASES, POINTS } from "./points.ts";
import type { Report } from "./round.ts";
import { type FaultName, FAULTS, type Kind, KINDS } from "./schedule.ts";

/** What a run has shown, in numbers. */
export interface Figures {
  readonly seed: number;
  readonly minutes: number;
  /** How many times slower than usual the machine was, in the middle and at worst. */
  readonly slow: { readonly p50: number; readonly max: number };
  /** Fault → how often it struck, was not reached in time, or is not possible here. */
  readonly faults: Readonly<Partial<Record<FaultName, Ends>>>;
  readonly injected: number;
  /** Faults of rounds that were cut short. */
  readonly leftOut: number;
  /** Kinds that never came for lack of time. */
  readonly missing: readonly Kind[];
  readonly sent: number;
  readonly committed: number;
  readonly delivered: number;
  readonly duplicates: number;
  readonly lost: number;
  readonly told: number;
  readonly destroyed: number;
  readonly destroyedFirst: number;
  readonly kills: number;
  readonly killsAtPoints: number;
  /** Numbered points, before and after, at which an agent was killed. */
  readonly points: readonly string[];
  readonly recoveryMs: {
    readonly p50: number | null;
    readonly max: number | null;
    readonly times: number;
  };
  readonly residentMb: number;
  readonly grownMb: number;
  readonly violations: number;
  /** Rounds. */
  readonly passed: number;
  readonly failed: number;
  /** Rounds that this machine cannot have. */
  readonly ignored: number;
}

/** How a fault ended, and how often. */
export interface Ends {
  readonly struck: number;
  readonly notReached: number;
  readonly notHere: number;
}

/** How many numbered points there are, before and after. */
export const POINTS_IN_ALL = POINTS.length * PHASES.length;

/** Adds up the rounds of a run. */
export function figuresOf(
  seed: number,
  reports: readonly Report[],
  tookMs: number,
  missing: readonly Kind[],
): Figures {
  const sum = (of: (report: Report) => number): number =>
    reports.reduce((total, report) => total + of(report), 0);
  const most = (of: (report: Report) => number): number =>
    Math.max(0, ...reports.map(of));
  const all = reports.flatMap((report) => report.faults);
  const killed = all.filter(({ fault, ended, point }) =>
    fault.startsWith("kill") && point !== null && ended === "struck"
  );
  const faults: Partial<Record<FaultName, Ends>> = {};
  for (const { fault } of all) {
    const ends = all.filter((one) => one.fault === fault);
    const times = (how: string) =>
      ends.filter(({ ended }) => ended === how).length;
    faults[fault] ??= {
      struck: times("struck"),
      notReached: times("not reached"),
      notHere: times("not here"),
    };
  }
  const recoveries = reports.flatMap((report) => report.recoveriesMs);
  const slow = reports.map((report) => report.slow);
  const failed = reports.filter(({ violations }) => violations.length > 0);
  const ignored = reports.filter(({ faults, violations }) =>
    violations.length === 0 && faults.every(({ ended }) => ended === "not here")
  );
  return {
    seed,
    minutes: tookMs / 60_000,
    slow: { p50: middle(slow) ?? 1, max: most((report) => report.slow) },
    faults,
    injected: all.filter(({ ended }) => ended === "struck").length,
    leftOut: sum(({ leftOut }) => leftOut),
    missing,
    sent: sum(({ sent }) => sent),
    committed: sum(({ committed }) => committed),
    delivered: sum(({ delivered }) => delivered),
    duplicates: sum(({ duplicates }) => duplicates),
    lost: sum(({ lost }) => lost),
    told: sum(({ told }) => told),
    destroyed: sum(({ destroyed }) => destroyed),
    destroyedFirst: sum(({ destroyedFirst }) => destroyedFirst),
    kills: sum(({ kills }) => kills),
    killsAtPoints: killed.length,
    points: [...new Set(killed.map(({ point }) => point ?? ""))].toSorted(),
    recoveryMs: {
      p50: middle(recoveries),
      max: recoveries.length === 0 ? null : Math.max(...recoveries),
      times: recoveries.length,
    },
    residentMb: most(({ residentMb }) => residentMb),
    grownMb: most(({ grownMb }) => grownMb),
    violations: sum(({ violations }) => violations.length),
    passed: reports.length - failed.length - ignored.length,
    failed: failed.length,
    ignored: ignored.length,
  };
}

function middle(numbers: readonly number[]): number | null {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ??
    null;
}

/** What a run has shown, as text of at most 80 columns. */
export function summary(figures: Figures): string {
  const { slow, recoveryMs: { p50, max, times }, kills, points } = figures;
  const seconds = (ms: number | null) =>
    ms === null ? "-" : `${(ms / 1000).toFixed(2)} s`;
  const rounds = figures.passed + figures.failed + figures.ignored;
  const row = (name: string, value: string | number, note = "") =>
    `${name.padEnd(22)}${spaced(value).padStart(9)}   ${note}`.trimEnd();
  return [
    "",
    `Seed ${figures.seed}: ${rounds} rounds in ${
      figures.minutes.toFixed(1)
    } minutes`,
    `The machine was ${slow.p50.toFixed(1)} times as slow as usual, ${
      slow.max.toFixed(1)
    } at worst`,
    "",
    ...KINDS.flatMap((kind) => faultLines(kind, figures)),
    ...named("not reached", figures, ({ notReached }) => notReached),
    ...named("not possible here", figures, ({ notHere }) => notHere),
    ...(figures.leftOut > 0
      ? [`no time for ${figures.leftOut} more faults of these rounds`]
      : []),
    ...(figures.missing.length > 0
      ? wrapped("no time for rounds of: ", figures.missing)
      : []),
    "",
    row("faults injected", figures.injected),
    row("readings sent", figures.sent),
    row("readings committed", figures.committed),
    row("readings delivered", figures.delivered),
    row("duplicates", figures.duplicates, 'as "at least once" allows'),
    row("lost", figures.lost),
    row("rejected or dropped", figures.told, "told in the sink's account"),
    row(
      "destroyed by damage",
      figures.destroyed,
      figures.destroyed === 0
        ? ""
        : `${figures.destroyedFirst} of them before they were delivered`,
    ),
    "",
    row("agents killed", kills),
    row(
      "  at numbered points",
      figures.killsAtPoints,
      `${points.length} of ${POINTS_IN_ALL} points`,
    ),
    row("  at random", kills - figures.killsAtPoints),
    row("recovery p50", seconds(p50), `of ${spaced(times)}`),
    row("recovery max", seconds(max)),
    row("most memory", `${Math.round(figures.residentMb)} MB`, "resident"),
    row(
      "most growth",
      `${Math.round(figures.grownMb)} MB`,
      "of one agent from its first delivery on",
    ),
    row("violations", figures.violations),
    "",
  ].join("\n");
}

/** The line of a kind: its faults that struck. */
function faultLines(kind: Kind, { faults }: Figures): string[] {
  const words = FAULTS[kind].flatMap((fault: FaultName) => {
    const struck = faults[fault]?.struck ?? 0;
    return struck === 0 ? [] : [`${shortName(fault, kind)} ${struck}`];
  });
  return words.length === 0 ? [] : wrapped(kind.padEnd(8), words);
}

/** A fault without the kind it is told under. */
function shortName(fault: FaultName, kind: Kind): string {
  const name = fault.startsWith(`${kind}_`)
    ? fault.slice(kind.length + 1)
    : fault;
  return name.replaceAll("_", " ");
}

/** Faults that ended otherwise. */
function named(
  title: string,
  { faults }: Figures,
  of: (ends: Ends) => number,
): string[] {
  const words = Object.entries(faults)
    .filter(([, ends]) => of(ends) > 0)
    .map(([fault, ends]) => `${fault.replaceAll("_", " ")} ${of(ends)}`);
  return words.length === 0 ? [] : wrapped(`${title}: `, words);
}

function wrapped(head: string, words: readonly string[]): string[] {
  const lines: string[] = [];
  let line = head;
  for (const [n, word] of words.entries()) {
    const text = n === words.length - 1 ? word : `${word}, `;
    if (line.length + text.trimEnd().length > 80) {
      lines.push(line.trimEnd());
      line = " ".repeat(8);
    }
    line += text;
  }
  return [...lines, line];
}

/** 18837 as 18 837. */
function spaced(value: string | number): string {
  return typeof value === "string"
    ? value
    : String(value).replace(/\B(?=(\d{3})+$)/g, " ");
}

/** Rounds in the form of `deno test`, so that who runs it can count. */
export function lastLine(figures: Figures): string {
  const { passed, failed, ignored, injected, minutes } = figures;
  const seconds = Math.round(minutes * 60);
  return [
    failed === 0 ? "ok" : "FAILED",
    `${passed} passed (${injected} ${injected === 1 ? "fault" : "faults"})`,
    `${failed} failed`,
    ...(ignored > 0 ? [`${ignored} ignored`] : []),
  ].join(" | ") + ` (${Math.floor(seconds / 60)}m${seconds % 60}s)`;
}
