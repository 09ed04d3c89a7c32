/**
 * Which pictures the results give. Pure.
 *
 * @module
 */
import { type Panel, plot } from "./plot.ts";
import type { Growth, Results } from "./quantity.ts";

/** Name of each picture in `docs/`, and its text. */
export function drawings(
  { growth, courses }: Results,
): ReadonlyMap<string, string> {
  const pictures = new Map<string, string>();
  if (growth.length > 0) {
    pictures.set(
      "growth-cpu.svg",
      plot(
        "CPU per reading as devices, waiting readings and sinks grow",
        growth.map((one) => panel(one, "CPU per reading", "µs")),
      ),
    );
    pictures.set(
      "growth-memory.svg",
      plot(
        "Resident memory as devices, waiting readings and sinks grow",
        growth.map((one) => panel(one, "resident memory", "MB")),
      ),
    );
  }
  const drains = Object.entries(courses).filter(([name]) =>
    name.startsWith("backlog ")
  );
  if (drains.length > 0) {
    pictures.set(
      "drain-memory.svg",
      plot("Resident memory while a backlog drains", [{
        title: "Resident memory while a million readings drain",
        xLabel: "seconds since start",
        yLabel: "MB",
        steps: false,
        curves: drains.map(([name, points]) => ({
          label: name.slice("backlog ".length),
          points,
        })),
      }]),
    );
  }
  return pictures;
}

/** Columns of one kind over the size. */
function panel(
  { what, columns, points, program }: Growth,
  kind: string,
  unit: string,
): Panel {
  return {
    title: `${kind[0]?.toUpperCase()}${kind.slice(1)} by ${what}, ${program}`,
    xLabel: what,
    yLabel: unit,
    steps: true,
    curves: columns.flatMap((column, n) =>
      column.startsWith(kind)
        ? [{
          label: column.slice(kind.length, column.lastIndexOf(","))
            .trim() || kind,
          points: points.map(({ size, values }) =>
            [size, values[n] ?? NaN] as const
          ),
        }]
        : []
    ),
  };
}
