/**
 * The query operand: a condition on file contents.
 *
 * @module
 */
import type { Reader, Writer } from "../bytes/bytes.ts";
import {
  type Codec,
  type Decoded,
  encodeField,
  type Fields,
  fieldsOf,
  shown,
} from "../bytes/codec.ts";
import { bits, checkBytes, count, enumOf, flag } from "../bytes/values.ts";
import type { Dialect } from "./d7asp.ts";
import { fileOffset, length } from "./operand.ts";

type File = Decoded<typeof fileOffset>;

const comparing = bits({
  signed: flag(3),
  comparison: enumOf(0, 3, ["neq", "eq", "lt", "lte", "gt", "gte"]),
});
const ranging = bits({
  signed: flag(3),
  comparison: enumOf(0, 3, ["not_in_range", "in_range"]),
});
const searching = bits({ maxErrors: count(0, 3) });

type Compare = Decoded<typeof comparing> & {
  readonly length: number;
  readonly mask: Uint8Array | null;
};

/** A condition; masks, values, start and stop have `length` bytes. */
export type Query =
  | {
    readonly type: "non_void";
    readonly length: number;
    readonly file: File;
  }
  | Compare & { readonly type: "compare_zero"; readonly file: File }
  | Compare & {
    readonly type: "compare_value";
    readonly value: Uint8Array;
    readonly file: File;
  }
  | Compare & {
    readonly type: "compare_files";
    readonly fileA: File;
    readonly fileB: File;
  }
  | Decoded<typeof ranging> & {
    readonly type: "range";
    readonly length: number;
    readonly start: Uint8Array;
    readonly stop: Uint8Array;
    readonly bitmap: Uint8Array | null;
    readonly file: File;
  }
  | Decoded<typeof searching> & {
    readonly type: "string_token";
    readonly length: number;
    readonly mask: Uint8Array | null;
    readonly value: Uint8Array;
    readonly file: File;
  };

interface Row {
  /** Bits 7–5 of the first byte. */
  readonly code: number;
  readonly type: Query["type"];
  /** Bits 3–0 of the first byte. */
  readonly parameters:
    | typeof comparing
    | typeof ranging
    | typeof searching
    | null;
  /** Byte strings after the length, in order. */
  readonly strings: readonly ("mask" | "value" | "start" | "stop" | "bitmap")[];
  readonly files: readonly ("file" | "fileA" | "fileB")[];
}

const ROWS: readonly Row[] = [
  row(0, "non_void", null, [], ["file"]),
  row(1, "compare_zero", comparing, ["mask"], ["file"]),
  row(2, "compare_value", comparing, ["mask", "value"], ["file"]),
  row(3, "compare_files", comparing, ["mask"], ["fileA", "fileB"]),
  // SPEC? The sources differ; this is STR's layout, in dialect d7a_1_2 only.
  row(4, "range", ranging, ["start", "stop", "bitmap"], ["file"]),
  row(7, "string_token", searching, ["mask", "value"], ["file"]),
];

/** The query operand of a dialect. */
export function queryCodec(dialect: Dialect): Codec<Query> {
  const rows = ROWS.filter(({ type }) =>
    type !== "range" || dialect === "d7a_1_2"
  );
  return {
    decode(r) {
      r.field = "query";
      const first = r.u8();
      const found = rows.find(({ code }) => code === first >> 5);
      return found === undefined
        ? r.fail(
          "unsupported_query",
          `query type is ${first >> 5}, which has no known layout`,
          r.offset - 1,
        )
        : read(found, first, r);
    },
    encode(query: unknown, w) {
      const from = fieldsOf(query, w);
      const found = rows.find(({ type }) => type === from.type);
      if (found === undefined) {
        w.path.push("type");
        w.fail(
          `${shown(from.type)}, expected one of ${
            rows.map(({ type }) => type).join(", ")
          }`,
        );
      } else write(found, from, w);
    },
  };
}

/** A bitmap is there if bit 4 is 0, a mask if it is 1. */
const optionalIf = { mask: 0x10, bitmap: 0x00 } as const;

function read(layout: Row, first: number, r: Reader): Query {
  const into: Fields = { type: layout.type };
  layout.parameters?.unpack(first, into);
  r.field = "length";
  const size = into.length = length.decode(r);
  for (const name of layout.strings) {
    r.field = name;
    if (name === "mask" || name === "bitmap") {
      into[name] = (first & 0x10) === optionalIf[name]
        ? r.bytes(name === "mask" ? size : bitmapSize(into))
        : null;
    } else into[name] = r.bytes(size);
  }
  for (const name of layout.files) into[name] = fileOffset.decode(r);
  // The row and the type of its name are the same statement.
  return into as unknown as Query;
}

function write(layout: Row, from: Fields, w: Writer): void {
  let first = layout.code << 5;
  if (layout.parameters !== null) first |= layout.parameters.pack(from, w);
  for (const name of ["mask", "bitmap"] as const) {
    if (!layout.strings.includes(name)) continue;
    const present = from[name] !== null && from[name] !== undefined;
    first |= present ? optionalIf[name] : 0x10 ^ optionalIf[name];
  }
  w.uintBe(first, 1);
  encodeField(length, from, "length", w);
  for (const name of layout.strings) {
    const value = from[name];
    const optional = name === "mask" || name === "bitmap";
    if (optional && (value === null || value === undefined)) continue;
    w.path.push(name);
    const size = name === "bitmap" ? bitmapSize(from) : Number(from.length);
    w.bytes(checkBytes(value, size, w));
    w.path.pop();
  }
  for (const name of layout.files) encodeField(fileOffset, from, name, w);
}

/** (stop − start + 6) / 8 rounded down; SPEC? 0 if stop is below start. */
function bitmapSize({ start, stop }: Fields): number {
  const span = numberOf(stop) - numberOf(start);
  // Beyond any payload the exact number does not matter: it is truncated.
  return span < 0n ? 0 : Number((span + 6n) / 8n);
}

function numberOf(bytes: unknown): bigint {
  return bytes instanceof Uint8Array && bytes.length > 0
    ? BigInt(`0x${bytes.toHex()}`)
    : 0n;
}

function row(
  code: number,
  type: Row["type"],
  parameters: Row["parameters"],
  strings: Row["strings"],
  files: Row["files"],
): Row {
  return { code, type, parameters, strings, files };
}
