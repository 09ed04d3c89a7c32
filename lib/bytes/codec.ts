/**
 * Two-way layouts: one description of bytes gives decoding, encoding and the
 * type of the value.
 *
 * Decoding trusts no byte, encoding trusts no value: what reaches an encoder
 * may come from JSON, so each one checks what it is given at run time and
 * refuses it by name.
 *
 * @module
 */
import type { Reader, Writer } from "./bytes.ts";

/** Bytes that do not fit their layout. */
export class DecodeError extends RangeError {
  override readonly name = "DecodeError";
  constructor(
    /** What was being read. */
    readonly field: string,
    /** What is wrong, for code, e.g. `truncated`. */
    readonly reason: string,
    /** Where, in bytes from the start. */
    readonly offset: number,
    detail: string,
  ) {
    super(`Cannot decode ${field}: ${detail}`);
  }
}

/** A value that does not fit its layout. */
export class EncodeError extends RangeError {
  override readonly name = "EncodeError";
  constructor(
    /** Path of the value, e.g. `actions[0].fileId`. */
    readonly field: string,
    /** What was found and what was expected. */
    readonly reason: string,
  ) {
    super(`Cannot encode ${field}: ${reason}`);
  }
}

/** One layout, both directions. */
export interface Codec<T> {
  /** @throws {DecodeError} when the bytes do not fit */
  decode(r: Reader): T;
  /** @throws {EncodeError} when the value does not fit */
  encode(value: T, w: Writer): void;
}

/** The type of value a layout describes. */
export type Decoded<C> = C extends Codec<infer T> ? T : never;

/** A value as a layout sees it while it is being read or written. */
export type Fields = Record<string, unknown>;

/** A layout of named fields, which can also stand inside another one. */
export interface Layout<T> extends Codec<T> {
  /** Reads its fields into `into`, which may hold earlier ones. */
  read(r: Reader, into: Fields): void;
  /** Writes its fields, taken from `from`. */
  write(from: Fields, w: Writer): void;
}

/** A field as it stands in bytes. */
export interface Span {
  readonly name: string;
  /** Bytes from the start of what the reader reads. */
  readonly offset: number;
  readonly length: number;
  readonly value: unknown;
}

/** A layout that knows where each of its fields stands. */
export interface Struct<T> extends Layout<T> {
  /** Its fields in the order of their bytes. @throws {DecodeError} when the bytes do not fit */
  spans(r: Reader): readonly Span[];
}

/** Makes a {@link Layout} out of its two directions. */
export function layout<T>(
  read: (r: Reader, into: Fields) => void,
  write: (from: Fields, w: Writer) => void,
): Layout<T> {
  return {
    read,
    write,
    decode(r) {
      const into: Fields = {};
      read(r, into);
      // The layout's description and T are the same statement, made once each.
      return into as T;
    },
    encode: (value, w) => write(fieldsOf(value, w), w),
  };
}

/** `value` as an object with fields. @throws {EncodeError} when it is none */
export function fieldsOf(value: unknown, w: Writer): Fields {
  if (
    typeof value !== "object" || value === null || Array.isArray(value) ||
    value instanceof Uint8Array
  ) {
    return w.fail(`${shown(value)}, expected an object`);
  }
  return value as Fields;
}

/** Encodes `from[name]`, known by that name in errors. */
export function encodeField(
  codec: Codec<unknown>,
  from: Fields,
  name: string,
  w: Writer,
): void {
  w.path.push(name);
  codec.encode(from[name], w);
  w.path.pop();
}

type Flat<T> = { [K in keyof T]: T[K] };
type Inlined<L> = {
  [K in keyof L]: K extends `...${string}` ? (part: Decoded<L[K]>) => void
    : never;
}[keyof L] extends (part: infer P) => void ? P : unknown;

/** The value of a {@link struct}: parts named `...x` give their own fields to it. */
export type Structure<L> = Flat<
  & {
    readonly [K in keyof L as K extends `...${string}` ? never : K]: Decoded<
      L[K]
    >;
  }
  & Inlined<L>
>;

/** Fields in the order of their bytes; a part named `...x` is a {@link Layout} without a name of its own. */
export function struct<
  const L extends Readonly<Record<string, Codec<unknown>>>,
>(
  parts: L,
): Struct<Structure<L>> {
  const rows = Object.entries(parts).map(([name, codec]) => ({
    name,
    codec,
    inline: name.startsWith("...") ? codec as Layout<unknown> : null,
  }));
  const spans = (r: Reader): Span[] => {
    const found: Span[] = [];
    const into: Fields = {};
    for (const { name, codec, inline } of rows) {
      const offset = r.offset;
      if (inline !== null) inline.read(r, into);
      else {
        r.field = name;
        into[name] = codec.decode(r);
      }
      const value = inline === null ? into[name] : null;
      const length = r.offset - offset;
      found.push({ name: name.replace("...", ""), offset, length, value });
    }
    return found;
  };
  const both = layout<Structure<L>>(
    (r, into) => {
      for (const { name, codec, inline } of rows) {
        if (inline !== null) inline.read(r, into);
        else {
          r.field = name;
          into[name] = codec.decode(r);
        }
      }
    },
    (from, w) => {
      for (const { name, codec, inline } of rows) {
        if (inline !== null) inline.write(from, w);
        else encodeField(codec, from, name, w);
      }
    },
  );
  return { ...both, spans };
}

/** Why a layout cannot go on: `reason` is for code. */
export interface Refusal {
  readonly reason: string;
  readonly detail: string;
}

/** A field whose layout follows from earlier ones. */
export function dependent<const N extends string, T>(
  name: N,
  choose: (fields: Fields) => Codec<T> | Refusal,
): Layout<{ readonly [K in N]: T }> {
  return layout(
    (r, into) => {
      const codec = choose(into);
      r.field = name;
      if ("reason" in codec) {
        r.fail(codec.reason, codec.detail, r.offset - 1);
      } else into[name] = codec.decode(r);
    },
    (from, w) => {
      const codec = choose(from);
      if ("reason" in codec) {
        w.path.push(name);
        w.fail(codec.detail);
      } else encodeField(codec, from, name, w);
    },
  );
}

/** No fields and no bytes. */
// deno-lint-ignore ban-types -- exactly: an object about which nothing is said
export const nothing: Layout<{}> = layout(() => {}, () => {});

/** A field that has no bytes and is always null. */
export const absent: Codec<null> = {
  decode: () => null,
  encode(value, w) {
    if (value !== null && value !== undefined) {
      w.fail(`${shown(value)}, expected null`);
    }
  },
};

/** `count` values, one after the other. */
export function repeat<T>(count: number, item: Codec<T>): Codec<readonly T[]> {
  return {
    decode(r) {
      const items: T[] = [];
      for (let at = 0; at < count; at++) items.push(item.decode(r));
      return items;
    },
    encode(value: unknown, w) {
      if (!Array.isArray(value) || value.length !== count) {
        return w.fail(`${shown(value)}, expected ${count} values`);
      }
      value.forEach((one, at) => {
        w.path.push(at);
        item.encode(one, w);
        w.path.pop();
      });
    },
  };
}

/** A value for an error message, short. */
export function shown(value: unknown): string {
  if (value === undefined) return "missing";
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  const text = JSON.stringify(
    value,
    (_, inner) => typeof inner === "bigint" ? inner.toString() : inner,
  ) ?? String(value);
  return `value is ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`;
}
