/**
 * Results as tables for a terminal and for the documentation.
 *
 * @module
 */
import { table } from "../docs/parts.ts";
import { grouped } from "./percentile.ts";
import {
  type Failure,
  type Growth,
  type Measured,
  met,
  type Runs,
  spread,
} from "./quantity.ts";

/** A machine that is busier with others than this was not ours alone. */
export const QUIET_SHARE = 0.1;

/** Median with the least and greatest value of the runs, in words. */
export function shown(
  { unit, digits = 0 }: Measured,
  values: readonly (number | null)[],
): string {
  const summed = spread(values);
  if (summed === null) return "";
  const { median, least, most } = summed;
  const [middle, low, high] = [median, least, most].map((value) =>
    grouped(value, digits)
  );
  const range = low === high ? "" : ` (${low} to ${high})`;
  return `${middle} ${unit}`.trim() + range;
}

/** A goal in words; empty without one. */
export function goalOf({ goal, better, unit, digits = 0 }: Measured): string {
  if (goal === undefined) return "";
  const least = Number.isInteger(goal) ? 0 : digits;
  return `${better === "more" ? "≥" : "≤"} ${grouped(goal, least)} ${unit}`
    .trim();
}

/** Met by every program, by none, or by which. */
function verdict(quantity: Measured): string {
  if (quantity.goal === undefined) return "";
  const judged = Object.entries(quantity.by).flatMap(([label, { values }]) => {
    const held = met(quantity, spread(values)?.median ?? null);
    return held === null ? [] : [{ label, held }];
  });
  if (judged.length === 0) return "not measured";
  if (judged.every(({ held }) => held)) return "met";
  const missed = judged.filter(({ held }) => !held);
  return missed.length === judged.length
    ? "**missed**"
    : `**missed** ${missed.map(({ label }) => label).join(", ")}`;
}

/** Every quantity: a column for each program, goal, verdict, runs. A program whose runs failed has the word instead of values. */
export function figuresTable(
  measured: readonly Measured[],
  failed: readonly Failure[] = [],
): string {
  const labels = labelsOf(measured);
  return table([
    ["what", ...labels, "goal", "met", "runs"],
    ...measured.filter(({ detail }) => !detail).map((one) => [
      one.what,
      ...labels.map((label) => cell(one, label, failed)),
      goalOf(one),
      verdict(one),
      countOf(Object.values(one.by).map(({ values }) => values.length)),
    ]),
  ]);
}

function cell(
  one: Measured,
  label: string,
  failed: readonly Failure[],
): string {
  const runs = one.by[label];
  const any = failed.some(({ name, program }) =>
    name === one.row && program === label
  );
  if (runs === undefined) return any ? "failed ²" : "";
  return shown(one, runs.values) +
    (runs.othersBusy > QUIET_SHARE ? " ¹" : "") + (any ? " ²" : "");
}

/** `3`, or `2 to 3` where programs differ. */
function countOf(counts: readonly number[]): string {
  if (counts.length === 0) return "0";
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? String(most) : `${least} to ${most}`;
}

/** Programs that were measured, in order. */
export function labelsOf(measured: readonly Measured[]): readonly string[] {
  return [...new Set(measured.flatMap(({ by }) => Object.keys(by)))];
}

/** Each quantity as a multiple of the same one in earlier results. */
export function ratiosTable(
  measured: readonly Measured[],
  before: (one: Measured, label: string) => Runs | undefined,
): string {
  return table([
    ["what", "program", "now", "before", "now / before"],
    ...measured.flatMap((one) =>
      Object.entries(one.by).flatMap(([label, { values }]) => {
        const earlier = before(one, label)?.values ?? [];
        const [now, then] = [spread(values), spread(earlier)];
        if (now === null || then === null) return [];
        const ratio = then.median === 0
          ? ""
          : (now.median / then.median).toFixed(2);
        return [[
          one.what,
          label,
          shown(one, values),
          shown(one, earlier),
          ratio,
        ]];
      })
    ),
  ]);
}

/** Runs that gave no values, and why. */
export function failuresTable(failed: readonly Failure[]): string {
  return table([
    ["row", "program", "failed"],
    ...failed.map(({ name, program, reason }) => [
      `\`${name}\``,
      program,
      `\`${reason.replaceAll("`", "'")}\``,
    ]),
  ]);
}

/** How cost grows with one size. */
export function growthTable({ what, columns, points }: Growth): string {
  return table([
    [what, ...columns, "runs"],
    ...points.map(({ size, values, spread, runs }) => [
      grouped(size),
      ...values.map((value, n) => {
        const [least, most] = (spread?.[n] ?? [value, value])
          .map((one) => grouped(one));
        return grouped(value) +
          (least === most ? "" : ` (${least} to ${most})`);
      }),
      String(runs ?? ""),
    ]),
  ]);
}

/** What was asserted of it. */
export function checksTable(growth: readonly Growth[]): string {
  return table([
    ["asserted", "measured", "holds"],
    ...growth.flatMap(({ checks }) => checks).map((
      { says, measured, holds },
    ) => [says, measured, holds ? "yes" : "**NO**"]),
  ]);
}
