/**
 * Structured log records on stderr: a fixed message and fields, as text lines
 * or JSON lines. Bytes given as a field are written as hex, capped. The only
 * file that knows the logging library.
 *
 * @module
 */
import { configureSync, getLogger, resetSync } from "@logtape/logtape";
import type { Logger, LogRecord } from "@logtape/logtape";
import * as z from "zod";

/** Section `[log]` of the configuration. */
export const logConfig = z.strictObject({
  level: z.enum(["debug", "info", "warn", "error"]).default("info")
    .describe("least serious level that is written"),
  format: z.enum(["text", "json"]).default("text")
    .describe("text for people, json for log collectors"),
});

/** Checked section `[log]`. */
export type LogConfig = z.infer<typeof logConfig>;

/** Fields of a record; `Uint8Array` is written as hex. */
export type Fields = Readonly<Record<string, unknown>>;

/** Where the parts of the agent write what happened. */
export interface Log {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  /** The same log with fields added to every record. */
  child(fields: Fields): Log;
}

/** A record before it is written. */
export interface LogEntry {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  /** Fields of every record of this child of the log. */
  readonly always: Fields;
  readonly fields: Fields;
}

/** Longest piece of hex in one record, in bytes; more is cut and said so. */
export const HEX_CAP_BYTES = 256;

/**
 * Sends all records to `write`, one finished line each, from now on.
 *
 * @param also told of every record, whatever the level that is written; must be quick
 */
export function openLog(
  config: LogConfig,
  write: (line: string) => void,
  also?: (entry: LogEntry) => void,
): Log {
  resetSync();
  const render = config.format === "json" ? renderJson : renderText;
  configureSync({
    sinks: { lines: (record) => write(render(record)) },
    loggers: [
      {
        category: "dash7-edge",
        lowestLevel: config.level === "warn" ? "warning" : config.level,
        sinks: ["lines"],
      },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["lines"] },
    ],
  });
  const log = wrap(getLogger("dash7-edge"));
  return also === undefined ? log : tellingAlso(log, also, {});
}

/** Ends {@link openLog}; later records go nowhere. */
export function closeLog(): void {
  resetSync();
}

/** A log that writes nothing. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
};

/**
 * The same log, sparing: of each message at most `burst` records and then one
 * per `everyMs`; how many were left out stands in the next one as `omitted`.
 * For what a noisy line can cause any number of times.
 */
export function sparing(
  log: Log,
  nowMs: () => number,
  { burst = 20, everyMs = 5000 } = {},
): Log {
  const buckets = new Map<
    string,
    { tokens: number; atMs: number; omitted: number }
  >();
  const limited =
    (level: "debug" | "info" | "warn" | "error") =>
    (message: string, fields: Fields = {}): void => {
      const now = nowMs();
      let bucket = buckets.get(message);
      if (bucket === undefined) {
        buckets.set(message, bucket = { tokens: burst, atMs: now, omitted: 0 });
      }
      const earned = (now - bucket.atMs) / everyMs;
      bucket.tokens = Math.min(burst, bucket.tokens + Math.max(0, earned));
      bucket.atMs = now;
      if (bucket.tokens < 1) {
        bucket.omitted++;
        return;
      }
      bucket.tokens--;
      const { omitted } = bucket;
      bucket.omitted = 0;
      log[level](message, omitted > 0 ? { ...fields, omitted } : fields);
    };
  return {
    debug: limited("debug"),
    info: limited("info"),
    warn: limited("warn"),
    error: limited("error"),
    child: (fields) => sparing(log.child(fields), nowMs, { burst, everyMs }),
  };
}

function wrap(logger: Logger): Log {
  return {
    debug: (message, fields = {}) => logger.debug(literal(message), fields),
    info: (message, fields = {}) => logger.info(literal(message), fields),
    warn: (message, fields = {}) => logger.warn(literal(message), fields),
    error: (message, fields = {}) => logger.error(literal(message), fields),
    child: (fields) => wrap(logger.with(fields)),
  };
}

/** The same log; each record is told to somebody else as well. */
function tellingAlso(
  log: Log,
  also: (entry: LogEntry) => void,
  always: Fields,
): Log {
  const both =
    (level: LogEntry["level"]) =>
    (message: string, fields: Fields = {}): void => {
      also({ level, message, always, fields });
      log[level](message, fields);
    };
  return {
    debug: both("debug"),
    info: both("info"),
    warn: both("warn"),
    error: both("error"),
    child: (fields) =>
      tellingAlso(log.child(fields), also, { ...always, ...fields }),
  };
}

/** LogTape reads `{name}` in a message as a place for a field; ours are fixed texts. */
function literal(message: string): string {
  return message.replaceAll("{", "{{").replaceAll("}", "}}");
}

function level(record: LogRecord): string {
  return record.level === "warning" ? "warn" : record.level;
}

function renderText(record: LogRecord): string {
  const fields = Object.entries(record.properties)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${textOf(value)}`);
  const time = new Date(record.timestamp).toISOString();
  return `${time} ${level(record).toUpperCase().padEnd(5)} ${
    record.message.join("")
  }${fields.join("")}`;
}

function renderJson(record: LogRecord): string {
  const head = {
    time: new Date(record.timestamp).toISOString(),
    level: level(record),
    message: record.message.join(""),
  };
  // Head first in the line, and no field takes its place.
  return visible(JSON.stringify(
    { ...head, ...record.properties, ...head },
    (_key, value) => plain(value),
  ));
}

function textOf(value: unknown): string {
  const flat = plain(value);
  const text = typeof flat === "string"
    ? flat
    : JSON.stringify(flat, (_key, inner) => plain(inner)) ?? "undefined";
  // A control byte from the line must not reach the terminal.
  if (/^[\x21\x23-\x3c\x3e-\x7e]+$/.test(text)) return text;
  const quoted = typeof flat === "string" ? JSON.stringify(text) : text;
  return visible(quoted);
}

/** JSON without control characters: its writer escapes the first 32 of them only. */
function visible(json: string): string {
  return json.replace(
    /[\x7f-\x9f\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A field as it is written: bytes as hex and capped, errors as their words. */
export function plain(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) {
    const shown = value.subarray(0, HEX_CAP_BYTES).toHex();
    const more = value.length - HEX_CAP_BYTES;
    return more > 0 ? `${shown}… (${more} bytes more)` : shown;
  }
  if (value instanceof Error) {
    const cause = value.cause instanceof Error ? value.cause.message : "";
    // Most errors say their cause already.
    return value.message.includes(cause)
      ? value.message
      : `${value.message}: ${cause}`;
  }
  return value;
}
