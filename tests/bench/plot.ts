/**
 * A picture of curves as SVG, drawn by hand: readable on a light and on a dark
 * page, with every value as text for who cannot see colours. Pure.
 *
 * @module
 */
import type { Point } from "./quantity.ts";

/** A curve. */
export interface Curve {
  readonly label: string;
  readonly points: readonly Point[];
}

/** A picture of its own axes. */
export interface Panel {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Steps of the x axis lie equally far apart, whatever their values; else it is linear. */
  readonly steps: boolean;
  readonly curves: readonly Curve[];
}

const WIDTH = 720;
const PANEL_HEIGHT = 260;
const LEFT = 64;
const RIGHT = 20;
const TOP = 48;
const BOTTOM = 48;

const STYLE = `
svg { background: #ffffff; }
text { font: 12px sans-serif; fill: #1f2328; }
.title { font-weight: bold; font-size: 13px; }
.grid { stroke: #d1d9e0; stroke-width: 1; }
.curve { fill: none; stroke-width: 2; }
.c0 { stroke: #0969da; } .f0 { fill: #0969da; }
.c1 { stroke: #bc4c00; stroke-dasharray: 7 4; } .f1 { fill: #bc4c00; }
.c2 { stroke: #1a7f37; stroke-dasharray: 2 4; } .f2 { fill: #1a7f37; }
@media (prefers-color-scheme: dark) {
  svg { background: #0d1117; }
  text { fill: #e6edf3; }
  .grid { stroke: #3d444d; }
  .c0 { stroke: #4493f8; } .f0 { fill: #4493f8; }
  .c1 { stroke: #f0883e; } .f1 { fill: #f0883e; }
  .c2 { stroke: #3fb950; } .f2 { fill: #3fb950; }
}`;

/** Panels one below the other. */
export function plot(title: string, panels: readonly Panel[]): string {
  const height = panels.length * PANEL_HEIGHT;
  const body = panels.map((panel, n) =>
    `<g transform="translate(0 ${n * PANEL_HEIGHT})">\n${drawn(panel)}</g>\n`
  ).join("");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${
    escaped(title)
  }">
<title>${escaped(title)}</title>
<style>${STYLE}
</style>
${body}</svg>
`;
}

function drawn({ title, xLabel, yLabel, steps, curves }: Panel): string {
  const xs = [
    ...new Set(curves.flatMap(({ points }) => points.map(([x]) => x))),
  ]
    .toSorted((a, b) => a - b);
  const most = Math.max(
    0,
    ...curves.flatMap(({ points }) => points.map(([, y]) => y)),
  );
  const yStep = niceStep(most / 4);
  const yTop = Math.max(yStep, Math.ceil(most / yStep) * yStep);
  const right = WIDTH - RIGHT;
  const bottom = PANEL_HEIGHT - BOTTOM;
  const xEnd = xs.at(-1) ?? 1;
  const x = (value: number) =>
    LEFT + (right - LEFT) *
      (steps
        ? (xs.indexOf(value) + 0.5) / xs.length
        : value / (xEnd === 0 ? 1 : xEnd));
  const y = (value: number) => bottom - (bottom - TOP) * value / yTop;
  const lines: string[] = [words(LEFT, 18, title, "start", "title")];
  for (let value = 0; value <= yTop * 1.001; value += yStep) {
    lines.push(
      `<line class="grid" x1="${LEFT}" x2="${right}" y1="${
        fixed(y(value))
      }" y2="${fixed(y(value))}"/>`,
      words(LEFT - 6, y(value) + 4, digits(value), "end"),
    );
  }
  const xStep = niceStep(xEnd / 6);
  const marks = steps
    ? xs
    : Array.from({ length: Math.floor(xEnd / xStep) + 1 }, (_, n) => n * xStep);
  for (const mark of marks) {
    lines.push(words(x(mark), bottom + 16, digits(mark), "middle"));
  }
  lines.push(
    words((LEFT + right) / 2, bottom + 34, xLabel, "middle"),
    words(LEFT, 36, yLabel, "start"),
  );
  let at = right;
  for (const [n, { label, points }] of [...curves.entries()].toReversed()) {
    const path = points.map(([px, py], i) =>
      `${i === 0 ? "M" : "L"}${fixed(x(px))} ${fixed(y(py))}`
    ).join("");
    lines.push(
      `<path class="curve c${n}" d="${path}"><title>${
        escaped(label)
      }</title></path>`,
    );
    if (steps) {
      for (const [px, py] of points) {
        lines.push(
          `<circle class="f${n}" cx="${fixed(x(px))}" cy="${
            fixed(y(py))
          }" r="3"/>`,
        );
      }
    }
    lines.push(words(at, 36, label, "end"));
    at -= label.length * 7 + 8;
    lines.push(
      `<line class="curve c${n}" x1="${at - 26}" x2="${
        at - 2
      }" y1="32" y2="32"/>`,
    );
    at -= 40;
  }
  return lines.join("\n") + "\n";
}

/** 1, 2 or 5 times a power of ten, at least so much. */
function niceStep(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(atLeast, 1e-9)));
  return ([1, 2, 5].find((n) => n * power >= atLeast) ?? 10) * power;
}

function words(
  x: number,
  y: number,
  text: string,
  anchor: "start" | "middle" | "end",
  name = "",
): string {
  const named = name === "" ? "" : ` class="${name}"`;
  return `<text${named} x="${fixed(x)}" y="${
    fixed(y)
  }" text-anchor="${anchor}">${escaped(text)}</text>`;
}

function digits(value: number): string {
  return Number(value.toPrecision(6)).toString()
    .replace(/\B(?=(\d{3})+$)/g, " ");
}

function fixed(value: number): string {
  return value.toFixed(1);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll('"', "&quot;");
}
