/**
 * ◆ What is wrong with a configuration, said so that a technician can put it
 * right: place, key, what was found, what would do.
 *
 * @module
 */
import type { Path } from "./locate.ts";
import { tomlKey } from "./toml.ts";

/** One fault of a configuration. */
export interface Fault {
  /** Name of the file as it was given; empty when there is none. */
  readonly file: string;
  /** Counted from 1; 0 when the whole file is meant. */
  readonly line: number;
  /** Counted from 1; 0 when the whole file is meant. */
  readonly column: number;
  /** Key path as in TOML, such as `sinks.cloud.broker`; empty for the file. */
  readonly path: string;
  /** What stands there; `(hidden)` for a secret. */
  readonly found: string;
  /** What would do. */
  readonly wanted: string;
  /** Advice, such as `did you mean "port"?`. */
  readonly hint?: string;
}

/** `file:line:column: path: found …, wanted …; hint`. */
export function faultLine(fault: Fault): string {
  const advice = fault.hint === undefined ? "" : `; ${fault.hint}`;
  return `${head(fault)}found ${fault.found}, wanted ${fault.wanted}${advice}`;
}

/** A text of the file as it may be shown: nothing in it that a terminal would obey. */
export function plain(text: string): string {
  return text.replace(
    // deno-lint-ignore no-control-regex
    /[\x00-\x1f\x7f-\x9f\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A path as TOML writes it: `devices."a b".name`, `list[0]`. */
export function pathText(path: Path): string {
  return path.map((step, index) =>
    typeof step === "number"
      ? `[${step}]`
      : `${index === 0 ? "" : "."}${tomlKey(step)}`
  ).join("");
}

/** `file:line:column: path: `, as far as they are known. */
export function head(
  { file, line, column, path }: Pick<
    Fault,
    "file" | "line" | "column" | "path"
  >,
): string {
  const place = file === ""
    ? ""
    : line === 0
    ? `${file}: `
    : `${file}:${line}:${column}: `;
  return path === "" ? place : `${place}${path}: `;
}
