/**
 * A figure of the product: what was measured, what the goal is, and how both
 * are shown.
 *
 * @module
 */

/** One row of the table. */
export interface Figure {
  readonly what: string;
  /** In words, with units; why not, when it could not be measured. */
  readonly measured: string;
  /** Empty for figures that only explain another one. */
  readonly goal: string;
  /** Null when there is no goal, or nothing was measured. */
  readonly met: boolean | null;
}

/** The rows of a figure that needs mosquitto, on a machine without. */
export function withoutBroker(what: string, goal: string): Figure {
  return { what, measured: "not measured: no mosquitto", goal, met: null };
}

/** The value below which `share` (0 to 1) of the values lie; NaN without values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

/** A whole number in groups of three digits. */
export function whole(value: number): string {
  return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, " ");
}

/** Megabytes (10^6) with one digit. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** The figures as a table for a terminal or a Markdown file. */
export function table(figures: readonly Figure[]): string {
  const rows = [
    ["what", "measured", "goal", "met"],
    ...figures.map(({ what, measured, goal, met }) => [
      what,
      measured,
      goal,
      met === null ? "" : met ? "yes" : "NO",
    ]),
  ];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length))
  );
  const line = (cells: readonly string[]) =>
    `| ${
      cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")
    } |\n`;
  const [head = [], ...body] = rows;
  return line(head) + line(widths.map((width) => "-".repeat(width))) +
    body.map(line).join("");
}
