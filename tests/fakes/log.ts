/**
 * A log that remembers.
 *
 * @module
 */
import type { Fields, Log } from "../../lib/log.ts";

/** One record. */
export interface Logged {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: Fields;
}

/** A {@link Log} whose records the test reads. */
export interface MemoryLog extends Log {
  readonly records: Logged[];
  /** Records with a message that contains a text. */
  about(text: string): readonly Logged[];
}

/** An empty log. */
export function memoryLog(
  records: Logged[] = [],
  always: Fields = {},
): MemoryLog {
  const keep = (level: Logged["level"]) =>
  (
    message: string,
    fields: Fields = {},
  ): void => {
    records.push({ level, message, fields: { ...always, ...fields } });
  };
  return {
    records,
    about: (text) => records.filter(({ message }) => message.includes(text)),
    debug: keep("debug"),
    info: keep("info"),
    warn: keep("warn"),
    error: keep("error"),
    child: (fields) => memoryLog(records, { ...always, ...fields }),
  };
}
