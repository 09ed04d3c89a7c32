/**
 * What a soak has shown, as a page of tables and as a picture. Pure.
 *
 * @module
 */
import { grouped, percentile } from "../bench/percentile.ts";
import { type Curve, plot } from "../bench/plot.ts";
import { LIMITS, median, within } from "./judge.ts";
import type { Soaked, Struck } from "./run.ts";
import type { Sample } from "./sample.ts";

const MB = 1e6;

/** The run in tables of Markdown. */
export function tables(soaked: Soaked): string {
  return [
    figureTable(soaked),
    courseTable(soaked.samples),
    faultTable(soaked.struck),
    countTable(soaked),
  ].map((rows) => aligned(rows)).join("\n\n") + "\n" +
    soaked.violations.map((one) => `\nVIOLATED: ${one}`).join("") +
    (soaked.violations.length === 0 ? "\nNo violation.\n" : "\n");
}

/** One sample on one line, for who watches. */
export function sampleLine(sample: Sample): string {
  const { atS, life, residentBytes, told, descriptors, threads } = sample;
  const { databaseBytes, walBytes, committed, during } = sample;
  const pending = told?.accounts.map(({ sink, pending }) =>
    `${sink} ${pending}`
  ).join(", ");
  return `${atS.toFixed(0).padStart(6)} s, life ${life}: ` +
    `${mb(residentBytes)} MB resident, ` +
    `${told === null ? "no answer" : `${mb(told.heapUsedBytes)} MB heap`}, ` +
    `${descriptors} descriptors, ${threads} threads, ` +
    `${mb(databaseBytes + walBytes)} MB database, ` +
    `${committed} committed, waiting: ${pending ?? "?"}` +
    (during === null ? "" : `, ${during}`);
}

/** Curves over the minutes of the run. */
export function picture(samples: readonly Sample[]): string {
  const curve = (label: string, of: (sample: Sample) => number): Curve => ({
    label,
    points: samples.map((sample) => [sample.atS / 60, of(sample)] as const)
      .filter(([, value]) => Number.isFinite(value)),
  });
  const panel = (
    title: string,
    yLabel: string,
    curves: readonly Curve[],
  ) => ({ title, xLabel: "minutes", yLabel, steps: false, curves });
  return plot("A soak over its time", [
    panel("Memory", "MB", [
      curve("resident", ({ residentBytes }) => residentBytes / MB),
      curve(
        "JavaScript heap in use",
        ({ told }) => (told?.heapUsedBytes ?? NaN) / MB,
      ),
    ]),
    panel("Descriptors and threads", "", [
      curve("descriptors", ({ descriptors }) => descriptors),
      curve("threads", ({ threads }) => threads),
    ]),
    panel("On disk", "MB", [
      curve("database", ({ databaseBytes }) => databaseBytes / MB),
      curve("its log of writes", ({ walBytes }) => walBytes / MB),
    ]),
    panel(
      "Readings that wait",
      "readings",
      sinksOf(samples).map((sink) =>
        curve(
          sink,
          ({ told }) =>
            told?.accounts.find((one) => one.sink === sink)?.pending ?? NaN,
        )
      ),
    ),
  ]);
}

function sinksOf(samples: readonly Sample[]): string[] {
  return [
    ...new Set(
      samples.flatMap(({ told }) =>
        (told?.accounts ?? []).map(({ sink }) => sink)
      ),
    ),
  ];
}

type Rows = readonly (readonly string[])[];

function figureTable({ figures }: Soaked): Rows {
  return [
    ["what", "value", "limit", "met"],
    ...figures.map((figure) => {
      const { what, value, unit, limit, better, judged } = figure;
      const sign = better === "less" ? "≤" : "≥";
      return [
        what,
        `${grouped(value, Number.isInteger(value) ? 0 : 2)} ${unit}`.trim(),
        `${sign} ${grouped(limit, Number.isInteger(limit) ? 0 : 1)} ${unit}`
          .trim(),
        !judged ? "run too short" : within(figure) ? "met" : "**missed**",
      ];
    }),
  ];
}

/** Ten stretches of the run, each with its medians and extremes. */
function courseTable(samples: readonly Sample[]): Rows {
  const endS = samples.at(-1)?.atS ?? 0;
  const stretches = Array.from({ length: 10 }, (_, n) => {
    const [from, to] = [endS * n / 10, endS * (n + 1) / 10];
    return {
      from,
      to,
      here: samples.filter(({ atS }) => atS >= from && (n === 9 || atS < to)),
    };
  }).filter(({ here }) => here.length > 0);
  const minute = (s: number): string => (s / 60).toFixed(endS < 600 ? 1 : 0);
  const cpu = (here: readonly Sample[]): string => {
    const [first, last] = [here[0], here.at(-1)];
    if (first === undefined || last === undefined) return "-";
    return first.life !== last.life || first === last
      ? "-"
      : `${
        (100 * (last.cpuS - first.cpuS) / (last.atS - first.atS)).toFixed(1)
      } %`;
  };
  const spread = (values: readonly number[]): string => {
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return least === most ? `${least}` : `${least} to ${most}`;
  };
  return [
    [
      "minutes",
      "resident, median",
      "at most",
      "heap in use, least",
      "descriptors",
      "threads",
      "CPU of a core",
      "database and log, at most",
      "waiting, at most",
    ],
    ...stretches.map(({ from, to, here }) => [
      `${minute(from)} to ${minute(to)}`,
      `${mb(median(here.map((one) => one.residentBytes)))} MB`,
      `${mb(Math.max(...here.map((one) => one.residentBytes)))} MB`,
      heapLeast(here),
      spread(here.map(({ descriptors }) => descriptors)),
      spread(here.map(({ threads }) => threads)),
      cpu(here),
      `${
        mb(
          Math.max(
            ...here.map((one) => one.databaseBytes + one.walBytes),
          ),
          2,
        )
      } MB`,
      grouped(
        Math.max(
          0,
          ...here.flatMap(({ told }) =>
            (told?.accounts ?? []).map(({ pending }) => pending)
          ),
        ),
      ),
    ]),
  ];
}

/** Heap in use just after a collection, as near as samples come to one. */
function heapLeast(samples: readonly Sample[]): string {
  const told = samples.flatMap(({ told }) =>
    told === null ? [] : [told.heapUsedBytes]
  );
  return told.length === 0 ? "-" : `${mb(Math.min(...told))} MB`;
}

function faultTable(struck: readonly Struck[]): Rows {
  const names = [...new Set(struck.map(({ fault }) => fault))].toSorted();
  return [
    ["fault", "times", "recovery, median", "at most"],
    ...names.map((name) => {
      const here = struck.filter(({ fault }) => fault === name);
      const times = here.flatMap(({ recoveredMs }) =>
        recoveredMs === null ? [] : [recoveredMs / 1000]
      );
      const [mid, most] = [median(times), percentile(times, 1)];
      return [
        `\`${name}\``,
        `${here.length}`,
        Number.isNaN(mid) ? "-" : `${mid.toFixed(2)} s`,
        Number.isNaN(most) ? "-" : `${most.toFixed(2)} s`,
      ];
    }),
  ];
}

function countTable(soaked: Soaked): Rows {
  const { samples, sent, committed, delivered, kills, struck, tookMs } = soaked;
  const last = samples.at(-1);
  const first = samples.filter(({ life }) => life === 1);
  const written = first.at(-1)?.writtenBytes ?? NaN;
  const there = first.at(-1)?.committed ?? NaN;
  const told = (of: "rejected" | "dropped"): string =>
    (last?.told?.accounts ?? []).map((one) => `${one.sink} ${one[of]}`).join(
      ", ",
    );
  return [
    ["counted", ""],
    ["minutes", (tookMs / 60_000).toFixed(1)],
    ["faults, agents killed", `${struck.length}, ${kills}`],
    ["samples", grouped(samples.length)],
    ["readings sent", grouped(sent)],
    ["readings committed", grouped(committed)],
    ["readings acknowledged by the broker", grouped(delivered)],
    ["committed readings lost", grouped(soaked.lost)],
    ["published more than once", grouped(soaked.duplicates)],
    ["lines in the file more than once", grouped(soaked.copiesInFile)],
    ["rejected", told("rejected")],
    ["dropped", told("dropped")],
    ["pruned after delivery", grouped((last?.oldestId ?? 1) - 1)],
    [
      "bytes written to disk per reading, both sinks",
      grouped(written / there),
    ],
  ];
}

/** Rows as a table of Markdown with straight columns. */
function aligned(rows: Rows): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(3, ...rows.map((row) => [...row[column] ?? ""].length))
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, n) => cell.padEnd(widths[n] ?? 0)).join(" | ")} |`;
  const [head = [], ...rest] = rows;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [line(head), rule, ...rest.map(line)].join("\n");
}

function mb(bytes: number, digits = 1): string {
  return (bytes / MB).toFixed(digits);
}

/** The limits in words, told before a run begins. */
export function limitsText(): string {
  return `Limits: resident memory grows by at most ${LIMITS.residentGrowthMb} MB ` +
    `and ${LIMITS.residentSlopeMbH} MB an hour; descriptors at quiet moments ` +
    `within ${LIMITS.descriptors} of their median; database in the last third ` +
    `at most ${LIMITS.databaseRatio} times the middle third; none lost, order ` +
    `kept, accounts right in every sample.`;
}
