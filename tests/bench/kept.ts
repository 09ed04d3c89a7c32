/**
 * Results as text: JSON Lines, one quantity a line, so that a change of one
 * figure is a change of one line. What `--json` prints, `--baseline` reads and
 * `docs/measured.jsonl` holds. Pure.
 *
 * @module
 */
import {
  type Failure,
  type Growth,
  type Measured,
  type Point,
  type Results,
  type Runs,
  spread,
} from "./quantity.ts";

/** Points of a course that are enough for its picture. */
const COURSE_POINTS = 150;

/** A line of the text, by what it holds. */
type Line =
  | { readonly kind: "on"; readonly machine: string; readonly runtime: string }
  | { readonly kind: "measured" } & Measured
  | {
    readonly kind: "course";
    readonly name: string;
    readonly points: readonly Point[];
  }
  | { readonly kind: "growth" } & Growth
  | { readonly kind: "failed" } & Failure;

/** Results as lines. Median, least and greatest stand there for who reads the lines; they follow from the values. */
export function textOf(results: Results): string {
  const { machine, runtime, measured, courses, growth, failed } = results;
  const lines: Line[] = [
    { kind: "on", machine, runtime },
    ...measured.map((one) => ({
      kind: "measured" as const,
      ...one,
      by: Object.fromEntries(
        Object.entries(one.by).map(([label, runs]) => [label, summed(runs)]),
      ),
    })),
    ...growth.map((one) => ({
      kind: "growth" as const,
      ...one,
      othersBusy: short(one.othersBusy),
      points: one.points.map(({ values, spread, ...point }) => ({
        ...point,
        values: values.map(short),
        ...spread === undefined ? {} : {
          spread: spread.map(([least, most]) =>
            [short(least), short(most)] as const
          ),
        },
      })),
    })),
    ...Object.entries(courses).map(([name, points]) => ({
      kind: "course" as const,
      name,
      points: thinned(points),
    })),
    ...failed.map((one) => ({ kind: "failed" as const, ...one })),
  ];
  return lines.map((line) => JSON.stringify(line) + "\n").join("");
}

/**
 * Results from lines.
 *
 * @throws {SyntaxError} when a line is not one of these
 */
export function resultsOf(text: string): Results {
  let [machine, runtime] = ["", ""];
  const measured: Measured[] = [];
  const growth: Growth[] = [];
  const failed: Failure[] = [];
  const courses: Record<string, readonly Point[]> = {};
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const one: Line = JSON.parse(line);
    switch (one.kind) {
      case "on":
        ({ machine, runtime } = one);
        break;
      case "measured":
        measured.push(without(one));
        break;
      case "growth":
        growth.push(without(one));
        break;
      case "course":
        courses[one.name] = one.points;
        break;
      case "failed":
        failed.push(without(one));
        break;
      default:
        throw new SyntaxError(`Not a line of results: ${line.slice(0, 80)}`);
    }
  }
  return { machine, runtime, measured, courses, growth, failed };
}

/** What a line holds beside its kind. */
function without<T extends { readonly kind: string }>(
  line: T,
): Omit<T, "kind"> {
  const { kind: _, ...rest } = line;
  return rest;
}

function summed({ values, othersBusy, date }: Runs) {
  const { median = null, least: min = null, most: max = null, runs: n = 0 } =
    spread(values) ?? {};
  return {
    ...{ median: shortOrNull(median), min: shortOrNull(min) },
    ...{ max: shortOrNull(max), n },
    values: values.map(shortOrNull),
    othersBusy: short(othersBusy),
    date,
  };
}

/** Five digits: more is chance. */
function short(value: number): number {
  return Number(value.toPrecision(5));
}

function shortOrNull(value: number | null): number | null {
  return value === null ? null : short(value);
}

/** Of each stretch the point with the greatest value: a peak is not lost. */
function thinned(points: readonly Point[]): readonly Point[] {
  const step = Math.ceil(points.length / COURSE_POINTS);
  const kept: Point[] = [];
  for (let at = 0; at < points.length; at += step) {
    const [[x, y] = [0, 0]] = points.slice(at, at + step)
      .toSorted(([, a], [, b]) => b - a);
    kept.push([short(x), short(y)]);
  }
  return kept;
}
