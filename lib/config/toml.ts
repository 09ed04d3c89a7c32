/**
 * ◆ TOML in and out. The only file that knows the TOML library.
 *
 * @module
 */
import { parse, stringify, TomlError } from "smol-toml";

/** A table as the TOML library gives it: own keys only, no prototype. */
export type Table = Record<string, unknown>;

/** Text that is not TOML. */
export class SyntaxFault extends Error {
  override readonly name = "SyntaxFault";
  constructor(
    message: string,
    /** Counted from 1. */
    readonly line: number,
    /** Counted from 1. */
    readonly column: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Reads a document.
 *
 * @throws {SyntaxFault} where the text first stops being TOML
 */
export function parseToml(text: string): Table {
  try {
    const table = parse(text);
    if (isDeeper(table, MOST_DEPTH)) {
      throw new SyntaxFault(`nested deeper than ${MOST_DEPTH} tables`, 1, 1);
    }
    return table;
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    // The library appends the code frame, which may show a password.
    const reason = (cause.message.split("\n")[0] ?? "")
      .replace(/^Invalid TOML document: /, "");
    throw new SyntaxFault(reason, cause.line, cause.column, { cause });
  }
}

/** Tables and lists in one another; no configuration has more than a few. */
const MOST_DEPTH = 32;

/** Whether something stands deeper than so; in a loop, since depth is what is asked. */
function isDeeper(table: Table, most: number): boolean {
  let level: readonly unknown[] = [table];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > most) return true;
    level = level.flatMap((value) =>
      isTable(value) || Array.isArray(value) ? Object.values(value) : []
    );
  }
  return false;
}

/** Name that a quoted key stands for, such as `a b` for `"a b"`. */
export function unquoteKey(literal: string): string {
  return Object.keys(parse(`${literal} = 0`))[0] ?? "";
}

/** True for a table, as opposed to a list, date, text, number or boolean. */
export function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null &&
    !Array.isArray(value) && !(value instanceof Date);
}

/** One value as TOML, tables inline. */
export function tomlValue(value: unknown): string {
  if (isTable(value)) {
    const pairs = Object.entries(value)
      .map(([key, inner]) => `${tomlKey(key)} = ${tomlValue(inner)}`);
    return pairs.length === 0 ? "{}" : `{ ${pairs.join(", ")} }`;
  }
  if (Array.isArray(value)) return `[${value.map(tomlValue).join(", ")}]`;
  return stringify({ k: value }).trim().slice("k = ".length);
}

/** A key as TOML, quoted where it must be. */
export function tomlKey(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : tomlValue(key);
}
