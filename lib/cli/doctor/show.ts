/**
 * The findings as people see them: lines grouped by subject, each with a word
 * for how bad it is (colour only repeats it), the fix below. Pure.
 *
 * @module
 */
import { wrap } from "../table.ts";
import type { Status } from "./codes.ts";
import type { Finding } from "./finding.ts";

/** How output is laid out. */
export interface Layout {
  /** Columns; Infinity where nobody looks. */
  readonly width: number;
  readonly colors: boolean;
}

/** A finding with how long it took to get. */
export interface Timed extends Finding {
  readonly tookMs: number;
}

const marks: Readonly<Record<Status, { word: string; color: number }>> = {
  ok: { word: "ok  ", color: 32 },
  warn: { word: "warn", color: 33 },
  fail: { word: "FAIL", color: 31 },
  skip: { word: "skip", color: 2 },
};

/** Findings stand behind the mark, what continues them two columns further. */
const INDENT = 8;
const HANG = 10;
/** Lines longer than this are hard to read on any terminal. */
const WIDEST = 100;

/** One group of findings. */
export function groupText(
  title: string,
  findings: readonly Finding[],
  layout: Layout,
): string {
  const head = layout.colors ? `\x1b[1m${title}\x1b[0m` : title;
  return `${head}\n${
    merged(findings).map((finding) => findingText(finding, layout)).join("")
  }`;
}

/** Steps that were not tried for one reason, as one line. */
function merged(findings: readonly Finding[]): readonly Finding[] {
  const lines: Finding[] = [];
  for (const finding of findings) {
    const before = lines.at(-1);
    if (
      before !== undefined && before.code === "skipped" &&
      finding.code === "skipped" && before.found === finding.found
    ) {
      const what = `${before.what}, ${finding.what}`;
      lines[lines.length - 1] = { ...before, what };
    } else lines.push(finding);
  }
  return lines;
}

function findingText(
  { status, what, found, fix }: Finding,
  { width, colors }: Layout,
): string {
  const { word, color } = marks[status];
  const mark = colors ? `\x1b[${color}m${word}\x1b[0m` : word;
  const columns = Math.min(width, width === Infinity ? Infinity : WIDEST);
  const lines = hung(`${what}: ${found}`, columns);
  const advice = fix === null || status === "ok"
    ? []
    : hung(`fix: ${fix}`, columns, "     ");
  return [
    `  ${mark}  ${lines[0] ?? ""}`,
    ...lines.slice(1).map((line) => " ".repeat(HANG) + line),
    ...advice.map((line) => " ".repeat(HANG) + line),
  ].join("\n") + "\n";
}

/** A text broken so that every line fits behind the indent, also that of a continued line. */
function hung(text: string, width: number, more = ""): string[] {
  if (width === Infinity) return [text];
  const [first = ""] = wrap(text, Math.max(20, width - INDENT - 2));
  const rest = text.slice(first.length).trimStart();
  return rest === "" ? [first] : [
    first,
    ...wrap(rest, Math.max(20, width - HANG - more.length))
      .map((line) => more + line),
  ];
}

/** The last line: how many of each, and how long it took. */
export function summaryText(
  findings: readonly Finding[],
  seconds: number,
  layout: Layout,
): string {
  const count = (status: Status) =>
    findings.filter((finding) => finding.status === status).length;
  const failed = count("fail");
  const warned = count("warn");
  const parts = [
    failed > 0 ? `${failed} failed` : "nothing failed",
    `${warned} warning${warned === 1 ? "" : "s"}`,
    `${count("ok")} ok`,
    ...(count("skip") > 0 ? [`${count("skip")} not tried`] : []),
  ];
  const text = `${parts.join(", ")} (${seconds.toFixed(1)} s)`;
  if (!layout.colors) return `\n${text}\n`;
  const color = failed > 0 ? marks.fail : warned > 0 ? marks.warn : marks.ok;
  return `\n\x1b[${color.color}m${text}\x1b[0m\n`;
}

/** One finding as a line of JSON. */
export function jsonLine(
  subject: string,
  { status, code, what, found, fix, tookMs }: Timed,
): string {
  return `${
    JSON.stringify({
      subject,
      status,
      code,
      what,
      found,
      fix,
      took_ms: tookMs,
    })
  }\n`;
}
