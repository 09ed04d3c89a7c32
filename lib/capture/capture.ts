/**
 * ◆ The capture format: what went over a serial line, when, bit for bit.
 * `monitor --record` and the flight recorder write it, `replay` reads it.
 *
 * A text file, one JSON object a line (UTF-8, lines end with LF): a file that
 * was cut off is good up to its last whole line. The first line is the header:
 *
 *     {"dash7_edge_capture":1,"started_at":"2026-03-01T08:00:00.000Z","mono_ms":123456,
 *      "port":"/dev/ttyACM0","baud":115200,"boot_id":"5f0c…","clock_synchronised":true,"version":"0.2.0"}
 *
 * `started_at` is the wall clock and `mono_ms` the time since boot at the start.
 * Every other line has `at_ms`, milliseconds since the start by a clock that
 * never steps (fractions allowed, never less than in the line above), and one of
 *
 * | key | line |
 * | --- | --- |
 * | `rx` | hex of bytes that came, one line a chunk as it was read |
 * | `tx` | hex of bytes that were written |
 * | `event` | `opened` (with `port`), `closed`, `lost` or `refused` (with `reason`), `omitted` (with `bytes`: so many were not kept), `clock` (with `wall_at`, `clock_synchronised`: the wall clock says this from here on) |
 * | `log` | level of a log record, with `message` and `fields` |
 *
 * Readers skip keys, and lines of kinds, that they do not know; a higher number
 * in `dash7_edge_capture` is refused. A line is at most 256 KiB long.
 *
 * Past 300 lines since each kind of line stands here both ways, with its faults.
 *
 * @module
 */
import { bytesOfHex } from "../bytes/json.ts";

/** The newest layout, and the only one so far. */
export const CAPTURE_VERSION = 1;

/** Longest line, in characters; a chunk of the serial port has at most 16 KiB. */
export const MAX_LINE = 262_144;

/** First line of a capture. */
export interface CaptureHeader {
  /** Wall clock at the start, milliseconds since 1970. */
  readonly startedMs: number;
  /** Milliseconds since boot at the start. */
  readonly monoMs: number;
  /** Name that the port was opened by; null when it was not known. */
  readonly port: string | null;
  readonly baud: number | null;
  readonly bootId: string;
  readonly synced: boolean;
  /** Of the program that wrote it. */
  readonly version: string;
}

/** Seriousness of a log record. */
export type CaptureLevel = "debug" | "info" | "warn" | "error";

/** What happened to the line, or to the capture. */
export type CaptureEvent =
  | { readonly event: "opened"; readonly port: string }
  | { readonly event: "closed" }
  | { readonly event: "lost" | "refused"; readonly reason: string }
  | { readonly event: "omitted"; readonly bytes: number }
  | {
    readonly event: "clock";
    /** Milliseconds since 1970. */
    readonly wallMs: number;
    readonly synced: boolean;
  };

/** Any line but the first. */
export type CaptureRecord =
  & { readonly atMs: number }
  & (
    | { readonly kind: "rx" | "tx"; readonly bytes: Uint8Array }
    | ({ readonly kind: "event" } & CaptureEvent)
    | {
      readonly kind: "log";
      readonly level: CaptureLevel;
      readonly message: string;
      readonly fields: Readonly<Record<string, unknown>>;
    }
    /** Of a later version; skipped. */
    | { readonly kind: "unknown"; readonly keys: readonly string[] }
  );

/** A capture that cannot be read; the message says where, and what would do. */
export class CaptureError extends Error {
  override readonly name = "CaptureError";
  constructor(message: string, readonly line: number) {
    super(`line ${line}: ${message}`);
  }
}

/** The first line, its end included. */
export function headerLine(header: CaptureHeader): string {
  return `${
    JSON.stringify({
      dash7_edge_capture: CAPTURE_VERSION,
      started_at: new Date(header.startedMs).toISOString(),
      mono_ms: header.monoMs,
      port: header.port,
      baud: header.baud,
      boot_id: header.bootId,
      clock_synchronised: header.synced,
      version: header.version,
    })
  }\n`;
}

/** A line, its end included; a record of an unknown kind keeps its time only. */
export function recordLine(record: CaptureRecord): string {
  return `${JSON.stringify({ at_ms: record.atMs, ...contentOf(record) })}\n`;
}

function contentOf(record: CaptureRecord): Readonly<Record<string, unknown>> {
  switch (record.kind) {
    case "rx":
      return { rx: record.bytes.toHex() };
    case "tx":
      return { tx: record.bytes.toHex() };
    case "log": {
      const { level, message, fields } = record;
      return { log: level, message, fields };
    }
    case "event": {
      if (record.event === "clock") {
        return {
          event: "clock",
          wall_at: new Date(record.wallMs).toISOString(),
          clock_synchronised: record.synced,
        };
      }
      const { kind: _kind, atMs: _atMs, ...event } = record;
      return event;
    }
    case "unknown":
      return {};
  }
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * The header of a first line.
 *
 * @throws {CaptureError} when it is none
 */
export function parseHeader(text: string): CaptureHeader {
  const line = 1;
  const fields = objectOf(
    text,
    line,
    "a capture begins with its header; is this file one of `monitor --record` or of the flight recorder?",
  );
  const version = fields["dash7_edge_capture"];
  if (version === undefined) {
    throw new CaptureError(
      "this is no capture: a capture begins with dash7_edge_capture; name a file of `monitor --record` or of the flight recorder",
      line,
    );
  }
  if (version !== CAPTURE_VERSION) {
    throw new CaptureError(
      `dash7_edge_capture is ${
        show(version)
      }, this program reads ${CAPTURE_VERSION}: use the version of dash7-edge that wrote it, or a later one`,
      line,
    );
  }
  return {
    startedMs: moment(fields, "started_at", line),
    monoMs: time(fields, "mono_ms", line),
    port: textOrNull(fields, "port", line),
    baud: fields["baud"] === null || fields["baud"] === undefined
      ? null
      : time(fields, "baud", line),
    bootId: textIn(fields, "boot_id", line),
    synced: flag(fields, "clock_synchronised", line),
    version: textOrNull(fields, "version", line) ?? "",
  };
}

/**
 * The record of a line that is not the first.
 *
 * @param line its number, for errors
 * @param sinceMs time of the record before it
 * @throws {CaptureError} when it is none
 */
export function parseRecord(
  text: string,
  line: number,
  sinceMs = 0,
): CaptureRecord {
  const fields = objectOf(
    text,
    line,
    `it is damaged; what stands before it can be kept with: head -n ${
      line - 1
    }`,
  );
  if ("dash7_edge_capture" in fields) {
    throw new CaptureError(
      "a second capture begins here: put each into a file of its own",
      line,
    );
  }
  const atMs = time(fields, "at_ms", line);
  if (atMs < sinceMs) {
    throw new CaptureError(
      `at_ms is ${atMs}, before ${sinceMs} of the line above: put the lines in order of time`,
      line,
    );
  }
  for (const kind of ["rx", "tx"] as const) {
    const hex = fields[kind];
    if (hex === undefined) continue;
    const bytes = bytesOfHex(hex);
    if (!(bytes instanceof Uint8Array)) {
      throw new CaptureError(
        `${kind} is ${show(hex)}, expected hex digits in pairs`,
        line,
      );
    }
    return { kind, atMs, bytes };
  }
  if (fields["log"] !== undefined) return log(fields, atMs, line);
  if (fields["event"] !== undefined) return event(fields, atMs, line);
  return unknown(fields, atMs);
}

function unknown(fields: Fields, atMs: number): CaptureRecord {
  const keys = Object.keys(fields).filter((key) => key !== "at_ms");
  return { kind: "unknown", atMs, keys };
}

function log(fields: Fields, atMs: number, line: number): CaptureRecord {
  const level = fields["log"];
  if (
    level !== "debug" && level !== "info" && level !== "warn" &&
    level !== "error"
  ) {
    throw new CaptureError(
      `log is ${show(level)}, expected debug, info, warn or error`,
      line,
    );
  }
  const inner = fields["fields"] ?? {};
  if (!isObject(inner)) {
    throw new CaptureError(`fields is ${show(inner)}, expected {…}`, line);
  }
  const message = textIn(fields, "message", line);
  return { kind: "log", atMs, level, message, fields: inner };
}

function event(fields: Fields, atMs: number, line: number): CaptureRecord {
  const kind = "event";
  const name = fields["event"];
  switch (name) {
    case "opened":
      return { kind, atMs, event: name, port: textIn(fields, "port", line) };
    case "closed":
      return { kind, atMs, event: name };
    case "lost":
    case "refused":
      return {
        kind,
        atMs,
        event: name,
        reason: textIn(fields, "reason", line),
      };
    case "omitted":
      return { kind, atMs, event: name, bytes: time(fields, "bytes", line) };
    case "clock":
      return {
        kind,
        atMs,
        event: name,
        wallMs: moment(fields, "wall_at", line),
        synced: flag(fields, "clock_synchronised", line),
      };
    default:
      return unknown(fields, atMs);
  }
}

function objectOf(text: string, line: number, hint: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new CaptureError(`no JSON: ${hint}`, line);
  }
  if (!isObject(value)) {
    throw new CaptureError(`${show(value)} is no JSON object: ${hint}`, line);
  }
  return value;
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A number that is no time: a file from elsewhere must not make timers run for ever. */
const MAX_TIME_MS = 1e13;

function time(fields: Fields, key: string, line: number): number {
  const value = fields[key];
  if (typeof value !== "number" || !(value >= 0 && value <= MAX_TIME_MS)) {
    throw new CaptureError(
      `${key} is ${show(value)}, expected a number, 0 or more`,
      line,
    );
  }
  return value;
}

function moment(fields: Fields, key: string, line: number): number {
  const value = fields[key];
  const ms = typeof value === "string" ? Date.parse(value) : NaN;
  if (Number.isNaN(ms)) {
    throw new CaptureError(
      `${key} is ${show(value)}, expected a time such as 2026-03-01T08:00:00Z`,
      line,
    );
  }
  return ms;
}

function flag(fields: Fields, key: string, line: number): boolean {
  const value = fields[key];
  if (typeof value === "boolean") return value;
  throw new CaptureError(
    `${key} is ${show(value)}, expected true or false`,
    line,
  );
}

function textIn(fields: Fields, key: string, line: number): string {
  const value = fields[key];
  if (typeof value === "string") return value;
  throw new CaptureError(`${key} is ${show(value)}, expected text`, line);
}

function textOrNull(fields: Fields, key: string, line: number): string | null {
  return fields[key] === undefined || fields[key] === null
    ? null
    : textIn(fields, key, line);
}

/** A value from a file, short enough for a message. */
function show(value: unknown): string {
  if (value === undefined) return "missing";
  // JSON leaves some characters be that a terminal would obey.
  const text = JSON.stringify(value).replace(
    /[\x7f-\x9f\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
