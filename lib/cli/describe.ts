/**
 * Decoded items for people: a line per frame and per action with what matters
 * in it, device files field by field. Works on what `decode --json` prints.
 *
 * @module
 */
import type { Dialect } from "../alp/d7asp.ts";
import { decodeLine, type ItemKind } from "./decode_json.ts";

/** One item of `decode` as lines of text. */
export function describeItem(
  kind: ItemKind,
  hexText: string,
  dialect: Dialect = "sub_iot",
): string {
  const item = record(decodeLine(kind, hexText, dialect));
  const rows = item["error"] === "not_hex"
    ? [`error: not hex: ${inQuotes(hexText.trim().slice(0, 60))}`]
    : kind === "serial"
    ? stream(item, dialect)
    : kind === "alp"
    ? command(item)
    : item["error"] === undefined
    ? file(item)
    : [`error: ${item["error"]}`];
  return rows.map((row) => `${row}\n`).join("");
}

/**
 * The actions of an ALP command as `decode --as alp --json` gives it, without
 * what is in their files.
 */
export function describeActions(alp: unknown): string[] {
  return command(record(alp), false);
}

function stream(item: Fields, dialect: Dialect): string[] {
  const later = record(item["after_silence"]);
  const discarded = `${item["discarded"]}${later["discarded"]}`;
  const bad = Number(item["bad_checksums"]) + Number(later["bad_checksums"]);
  const rows = [...list(item["frames"]), ...list(later["frames"])]
    .flatMap((frame) => frameRows(frame, dialect));
  if (discarded !== "") {
    rows.push(`discarded ${discarded.length / 2} bytes: ${discarded}`);
  }
  if (bad > 0) rows.push(`${bad} bad checksum${bad === 1 ? "" : "s"}`);
  return rows.length === 0 ? ["no bytes"] : rows;
}

function frameRows(frame: Fields, dialect: Dialect): string[] {
  const { counter, type, payload, type_code: _code, gap, ...rest } = frame;
  const lost = Number(gap ?? 0);
  const head = [`frame ${counter}`, type, ...fields(rest)].join(" ") +
    (lost > 0 ? ` (${lost} lost before it)` : "");
  const hex = String(payload);
  return type === "alp_data"
    ? [head, ...indented(command(record(decodeLine("alp", hex, dialect))))]
    : [`${head} payload=${hex === "" ? "none" : hex}`];
}

function command(item: Fields, files = true): string[] {
  const rows = list(item["actions"]).flatMap((one) => action(one, files));
  if (item["error"] !== undefined) {
    rows.push(`error: ${item["error"]}, rest ${item["rest"] || "none"}`);
  }
  return rows.length === 0 ? ["no actions"] : rows;
}

function action({ op, raw, ...rest }: Fields, files: boolean): string[] {
  const { status, data, ...plain } = rest;
  const head = [op, ...fields(plain)].join(" ");
  if (typeof data === "string") {
    if (!files) return [head];
    const known = record(decodeLine(`file:${Number(rest["file_id"])}`, data));
    return known["error"] === undefined && rest["offset"] === 0
      ? [head, ...indented(file(known))]
      : [`${head} data=${data === "" ? "none" : data}`];
  }
  if (raw !== undefined && (status ?? null) === null) {
    return [`${head} raw=${raw || "none"}`];
  }
  const telling = Object.entries(record(status))
    .filter(([, inner]) => inner !== false);
  return [head, ...indented(file(Object.fromEntries(telling)))];
}

/** A field a line, names aligned. */
function file(value: unknown): string[] {
  const entries = Object.entries(record(value));
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.map(([name, inner]) =>
    `${name.padEnd(width)}  ${flat(inner) || "none"}`
  );
}

/** Fields in one line; what is off, empty or absent is left out. */
function fields(value: unknown): string[] {
  return Object.entries(record(value)).flatMap(([name, inner]) =>
    inner === false || inner === null || inner === ""
      ? []
      : inner === true
      ? [name]
      : typeof inner === "object"
      ? [`${name}(${flat(inner)})`]
      : [`${name}=${scalar(inner)}`]
  );
}

function flat(value: unknown): string {
  if (Array.isArray(value)) return value.map(flat).join(", ");
  if (typeof value !== "object") return scalar(value);
  const parts = record(value);
  // A compressed time is its value.
  return "mant" in parts && "value" in parts
    ? String(parts["value"])
    : fields(parts).join(" ");
}

/** A control character from the line must not reach the terminal. */
function scalar(value: unknown): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  const text = String(value);
  return /^[\x21-\x7e]*$/.test(text) ? text : inQuotes(text);
}

/** Text in quotes; JSON leaves DEL, the C1 controls and two ends of lines as they are. */
function inQuotes(text: string): string {
  return JSON.stringify(text).replace(
    /[\x7f-\x9f\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

type Fields = Readonly<Record<string, unknown>>;

function record(value: unknown): Fields {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function list(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(record) : [];
}

function indented(rows: readonly string[]): string[] {
  return rows.map((row) => `    ${row}`);
}
