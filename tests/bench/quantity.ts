/**
 * What the bench measures and how its results are kept: quantities with unit
 * and goal, rows that measure several of them at once, values of every run.
 *
 * @module
 */
import type { Subject } from "./subject.ts";

/** Something measured; a goal is the greatest value allowed, or the least where more is better. */
export interface Quantity {
  readonly key: string;
  readonly what: string;
  /** What it is called with `--quick`, where that measures something smaller. */
  readonly whatQuick?: string;
  readonly unit: string;
  readonly goal?: number;
  readonly better?: "more" | "less";
  /** Digits behind the point. */
  readonly digits?: number;
  /** Stands in a table of its own, not among the figures. */
  readonly detail?: true;
}

/** What one run of a row works with. */
export interface Context {
  readonly subject: Subject;
  /** Fewer samples. */
  readonly quick: boolean;
  /** Keeps a course over time: seconds and values. */
  course(points: readonly Point[]): void;
}

/** A point of a curve. */
export type Point = readonly [x: number, y: number];

/** Values of one run, by key of the quantity; NaN for what this program has not. */
export type Values = Readonly<Record<string, number>>;

/** Quantities that one piece of work gives. */
export interface Row {
  readonly name: string;
  /** A run that takes longer is given up and told as failed. */
  readonly limitS: number;
  readonly needsBroker: boolean;
  readonly quantities: readonly Quantity[];
  /** Whether it can be measured of a program; all without it. */
  fits?(subject: Subject): boolean;
  /** `port` is a broker's, on 127.0.0.1; 0 when none is needed. */
  measure(port: number, context: Context): Promise<Values>;
}

/** The runs of one quantity and program. */
export interface Runs {
  /** One for each run; null for what could not be measured. */
  readonly values: readonly (number | null)[];
  /** Share of the cores that others used just before, median of the runs. */
  readonly othersBusy: number;
  readonly date: string;
}

/** A quantity with the values of every run, by program. */
export interface Measured extends Quantity {
  readonly row: string;
  readonly by: Readonly<Record<string, Runs>>;
}

/** How cost grows with one size. */
export interface Growth {
  readonly name: string;
  readonly what: string;
  readonly program: string;
  readonly date: string;
  readonly othersBusy: number;
  /** Names and units of what was measured, beside the size. */
  readonly columns: readonly string[];
  readonly points: readonly {
    readonly size: number;
    /** Medians of the runs, by column. */
    readonly values: readonly number[];
    /** Least and greatest of the runs, by column. */
    readonly spread?: readonly (readonly [least: number, most: number])[];
    readonly runs?: number;
  }[];
  /** What is asserted, and whether it held. */
  readonly checks: readonly {
    readonly says: string;
    readonly measured: string;
    readonly holds: boolean;
  }[];
}

/** A run that gave no values, and why. */
export interface Failure {
  /** Row or scale. */
  readonly name: string;
  readonly program: string;
  readonly reason: string;
  readonly date: string;
}

/** All of it, as `--json` prints it and the documentation keeps it. */
export interface Results {
  readonly machine: string;
  readonly runtime: string;
  readonly measured: readonly Measured[];
  readonly courses: Readonly<Record<string, readonly Point[]>>;
  readonly growth: readonly Growth[];
  readonly failed: readonly Failure[];
}

/** Median, least and greatest of what was measured; null when nothing was. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly runs: number;
}

/** Sums up the runs of a quantity. */
export function spread(values: readonly (number | null)[]): Spread | null {
  const sorted = values.filter((value) => value !== null)
    .toSorted((a, b) => a - b);
  const [least] = sorted;
  const most = sorted.at(-1);
  if (least === undefined || most === undefined) return null;
  const middle = (sorted.length - 1) / 2;
  const median =
    ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) /
    2;
  return { median, least, most, runs: sorted.length };
}

/** Whether a goal is met; null without a goal or a value. */
export function met(quantity: Quantity, value: number | null): boolean | null {
  if (quantity.goal === undefined || value === null) return null;
  return quantity.better === "more"
    ? value >= quantity.goal
    : value <= quantity.goal;
}
