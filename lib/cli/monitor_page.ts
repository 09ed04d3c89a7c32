/**
 * ◆ What comes down a serial line as lines of text, and the sum of it.
 *
 * @module
 */
import type { LineJson } from "../http/json.ts";
import { cut, pad, wrap } from "./table.ts";
import { count, printable, several, span } from "./words.ts";

/** How lines are shown. */
export interface MonitorLook {
  /** Columns of the terminal; Infinity breaks no line. */
  readonly width: number;
  readonly colors: boolean;
  /** Bytes below each line. */
  readonly hex: boolean;
}

const DIM = "\x1b[2m";
const CYAN = "\x1b[36m";
const YELLOW = "\x1b[33m";
const RED = "\x1b[31m";
const PLAIN = "\x1b[0m";

/** `08:00:00.000 `, and the name in 16 columns. */
const TIME_COLUMNS = 13;
const NAME_COLUMNS = 18;
const INDENT = TIME_COLUMNS + NAME_COLUMNS;
/** Narrower than this, words are not worth an indent. */
const MIN_COLUMNS = 30;

/** One item of the line, its last line end included. */
export function monitorText(line: LineJson, look: MonitorLook): string {
  const paint = (colour: string, text: string) =>
    look.colors ? `${colour}${text}${PLAIN}` : text;
  const narrow = look.width - INDENT < MIN_COLUMNS;
  const indent = narrow ? 2 : INDENT;
  const rows = look.width === Infinity
    ? [printable(line.summary)]
    : wrap(printable(line.summary), look.width - indent);
  const words = line.kind === "frame"
    ? rows
    : rows.map((row) =>
      paint(line.kind === "bad_checksum" ? RED : YELLOW, row)
    );
  const name = pad(cut(printable(who(line)), NAME_COLUMNS - 2), NAME_COLUMNS);
  const head = `${paint(DIM, timeOf(line.at))} ${
    line.kind === "frame" && line.device !== null ? paint(CYAN, name) : name
  }`;
  const blank = " ".repeat(indent);
  const hex = look.hex && line.hex !== ""
    ? bytesIn(line.hex, look.width - 2).map((row) => paint(DIM, `  ${row}`))
    : [];
  const [first = "", ...more] = words;
  const body = narrow
    ? [head.trimEnd(), ...words.map((row) => blank + row)]
    : [head + first, ...more.map((row) => blank + row)];
  return [...body, ...hex].map((row) => `${row}\n`).join("");
}

function who(line: LineJson): string {
  if (line.kind !== "frame") return "(line)";
  return line.name ?? line.device ?? "(modem)";
}

/** Time of day here. */
function timeOf(iso: string): string {
  const at = new Date(iso);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(at.getHours())}:${two(at.getMinutes())}:${
    two(at.getSeconds())
  }.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

function bytesIn(hex: string, width: number): string[] {
  const step = width === Infinity
    ? hex.length
    : Math.max(2, Math.floor(width / 2) * 2);
  const rows: string[] = [];
  for (let at = 0; at < hex.length; at += step) {
    rows.push(hex.slice(at, at + step));
  }
  return rows;
}

/** What has come so far. */
export interface MonitorSum {
  frames: number;
  lost: number;
  badChecksums: number;
  discardedBytes: number;
}

/** The sum in one sentence. */
export function sumText(sum: MonitorSum, seconds: number): string {
  const lost = sum.lost === 0 ? "" : ` (${count(sum.lost)} lost on the cable)`;
  return `${several(sum.frames, "frame")}${lost}, ${
    several(sum.badChecksums, "bad checksum")
  }, ${several(sum.discardedBytes, "byte")} discarded in ${span(seconds)}.`;
}
