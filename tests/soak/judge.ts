/**
 * Judges what a soak has shown by limits that were set before it ran. Decides
 * by the samples alone; what became of the readings is judged by the oracle of
 * the chaos run. Pure.
 *
 * @module
 */
import { outOfOrder } from "../system/harness.ts";
import { percentile } from "../bench/percentile.ts";
import { FIRST_LIFE } from "./plan.ts";
import type { Account, Sample } from "./sample.ts";

/** The limits. */
export const LIMITS = {
  /** Growth of the median of resident memory, from the second sixth of the run to the last sixth of the first life, MB. */
  residentGrowthMb: 20,
  /** Slope of resident memory over the first life without its first sixth, MB an hour. */
  residentSlopeMbH: 30,
  /** Descriptors at quiet moments differ by at most so many from their median. */
  descriptors: 2,
  /** Greatest size of the database in the last third, times the greatest in the middle third. */
  databaseRatio: 1.1,
  /** Share of the samples in which the agent must have answered. */
  answered: 0.9,
} as const;

/** A shorter run has no window long enough to tell growth from warming up, minutes. */
export const GROWTH_MINUTES = 30;

/** From this length on a run has enough quiet moments to compare, minutes. */
const DESCRIPTOR_MINUTES = 2;

const MB = 1e6;

/** A figure with its limit. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly limit: number;
  readonly better: "more" | "less";
  /** False where the run is too short to judge it. */
  readonly judged: boolean;
}

/** What samples say. */
export interface Course {
  readonly figures: readonly Figure[];
  readonly violations: readonly string[];
}

/** Whether a figure is within its limit; one that could not be measured is not. */
export function within({ value, limit, better }: Figure): boolean {
  return better === "less" ? value <= limit : value >= limit;
}

/** Judges the samples of a run of so many minutes. */
export function judgeCourse(
  samples: readonly Sample[],
  minutes: number,
): Course {
  const long = minutes >= GROWTH_MINUTES;
  const endS = minutes * 60;
  const first = samples.filter(({ life }) => life === 1);
  const between = (fromS: number, toS: number): Sample[] =>
    first.filter(({ atS }) => atS >= fromS && atS < toS);
  const warmS = endS / 6;
  const early = between(warmS, 2 * warmS);
  const late = between(FIRST_LIFE * endS - warmS, FIRST_LIFE * endS);
  const growth = (of: (sample: Sample) => number): number =>
    (median(late.map(of)) - median(early.map(of))) / MB;
  const disk = (fromS: number, toS: number): number =>
    Math.max(
      ...samples.filter(({ atS }) => atS >= fromS && atS < toS)
        .map(({ databaseBytes, walBytes }) => databaseBytes + walBytes),
    );
  const quiet = samples.filter(({ during }) => during === null);
  const usual = median(
    quiet.filter(({ life }) => life === 1).map((one) => one.descriptors),
  );
  const answered = samples.filter(({ told }) => told !== null).length;
  const row = (
    what: string,
    value: number,
    unit: string,
    limit: number,
    better: "more" | "less" = "less",
    judged = long,
  ): Figure => ({ what, value, unit, limit, better, judged });
  const figures = [
    row(
      "resident memory, growth of the median",
      growth(({ residentBytes }) => residentBytes),
      "MB",
      LIMITS.residentGrowthMb,
    ),
    row(
      "resident memory, slope",
      slope(
        between(warmS, FIRST_LIFE * endS).map((
          { atS, residentBytes },
        ) => [atS / 3600, residentBytes / MB]),
      ),
      "MB/h",
      LIMITS.residentSlopeMbH,
    ),
    row(
      "descriptors at quiet moments, furthest from their median",
      Math.max(...quiet.map((one) => Math.abs(one.descriptors - usual))),
      "",
      LIMITS.descriptors,
      "less",
      minutes >= DESCRIPTOR_MINUTES,
    ),
    row(
      "database and its log of writes, last third to middle third",
      disk(endS * 2 / 3, Infinity) / disk(endS / 3, endS * 2 / 3),
      "",
      LIMITS.databaseRatio,
    ),
    row(
      "readings pruned from the log",
      Math.max(...samples.map(({ oldestId }) => oldestId)) - 1,
      "",
      1,
      "more",
    ),
    row(
      "samples that the agent answered",
      answered / samples.length,
      "",
      LIMITS.answered,
      "more",
    ),
  ];
  const violations = figures.filter((one) => one.judged && !within(one)).map(
    ({ what, value, unit, limit }) =>
      `${what}: ${value.toFixed(2)} ${unit}, the limit is ${limit}`,
  );
  return { figures, violations: [...violations, ...misbooked(samples)] };
}

/** Accounts that do not add up, or have lost readings since the sample before. */
export function misbooked(samples: readonly Sample[]): string[] {
  const most = new Map<string, number>();
  return samples.flatMap(({ atS, told }) =>
    (told?.accounts ?? []).flatMap((account) => {
      const before = most.get(account.sink) ?? 0;
      most.set(account.sink, Math.max(before, account.readings));
      if (addsUp(account) && account.readings >= before) return [];
      return [
        `after ${atS.toFixed(0)} s the account was wrong, ${before} readings ` +
        `before it: ${JSON.stringify(account)}`,
      ];
    })
  );
}

function addsUp(account: Account): boolean {
  const { readings, delivered, pending, rejected, dropped } = account;
  return readings === delivered + pending + rejected + dropped &&
    Math.min(delivered, pending, rejected, dropped) >= 0;
}

/** What a file of readings holds, against what was committed and how often the agent began anew. */
export function judgeFile(
  written: readonly string[],
  committed: ReadonlySet<string>,
): { readonly violations: readonly string[]; readonly copies: number } {
  const here = new Set(written);
  const missing = [...committed].filter((one) => !here.has(one));
  const invented = [...here].filter((one) => !committed.has(one));
  const misplaced = outOfOrder(written);
  const tell = (what: string, which: readonly string[]): string[] =>
    which.length === 0
      ? []
      : [`${which.length} ${what}: ${which.slice(0, 5).join(", ")}`];
  return {
    violations: [
      ...tell("committed readings not in the file", missing),
      ...tell("readings in the file that were not committed", invented),
      ...tell("readings in the file out of order", misplaced),
    ],
    copies: written.length - here.size,
  };
}

/** The middle of values; NaN without any. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** Slope of the straight line with the least squares; NaN for fewer than two points. */
export function slope(
  points: readonly (readonly [x: number, y: number])[],
): number {
  const mean = (of: (point: readonly [number, number]) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const x = mean(([at]) => at);
  const y = mean(([, value]) => value);
  return mean(([at, value]) => (at - x) * (value - y)) /
    mean(([at]) => (at - x) ** 2);
}
