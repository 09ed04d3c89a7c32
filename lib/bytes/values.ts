/**
 * Layouts of single values: integers, booleans, byte strings, text, and the
 * bit fields of one byte.
 *
 * @module
 */
import type { Writer } from "./bytes.ts";
import {
  type Codec,
  type Fields,
  fieldsOf,
  type Layout,
  shown,
} from "./codec.ts";

/** `value` if it is an integer in the range. @throws {EncodeError} otherwise */
export function checkInteger(
  value: unknown,
  min: number,
  max: number,
  w: Writer,
): number {
  if (
    typeof value !== "number" || !Number.isInteger(value) || value < min ||
    value > max
  ) {
    return w.fail(`${shown(value)}, expected an integer from ${min} to ${max}`);
  }
  return value;
}

/** `value` if it is bytes of that length. @throws {EncodeError} otherwise */
export function checkBytes(
  value: unknown,
  length: number | null,
  w: Writer,
): Uint8Array {
  if (
    !(value instanceof Uint8Array) ||
    (length !== null && value.length !== length)
  ) {
    return w.fail(
      `${shown(value)}, expected ${
        length === null ? "bytes" : `${length} bytes`
      }`,
    );
  }
  return value;
}

/** Unsigned, 1 byte. */
export const u8: Codec<number> = {
  decode: (r) => r.u8(),
  encode: (value, w) => w.uintBe(checkInteger(value, 0, 0xff, w), 1),
};

/** Unsigned, 2 bytes, big endian. */
export const u16be: Codec<number> = {
  decode: (r) => r.u16be(),
  encode: (value, w) => w.uintBe(checkInteger(value, 0, 0xffff, w), 2),
};

/** Unsigned, 4 bytes, big endian. */
export const u32be: Codec<number> = {
  decode: (r) => r.u32be(),
  encode: (value, w) => w.uintBe(checkInteger(value, 0, 0xffff_ffff, w), 4),
};

/** Unsigned, 2 bytes, little endian. */
export const u16le: Codec<number> = {
  decode: (r) => r.u16le(),
  encode: (value, w) => w.intLe(checkInteger(value, 0, 0xffff, w), 2),
};

/** Unsigned, 4 bytes, little endian. */
export const u32le: Codec<number> = {
  decode: (r) => r.u32le(),
  encode: (value, w) => w.intLe(checkInteger(value, 0, 0xffff_ffff, w), 4),
};

/** Signed, 2 bytes, little endian. */
export const i16le: Codec<number> = {
  decode: (r) => r.i16le(),
  encode: (value, w) => w.intLe(checkInteger(value, -0x8000, 0x7fff, w), 2),
};

/** Signed, 4 bytes, little endian. */
export const i32le: Codec<number> = {
  decode: (r) => r.i32le(),
  encode: (value, w) =>
    w.intLe(checkInteger(value, -0x8000_0000, 0x7fff_ffff, w), 4),
};

/** Signed, 8 bytes, little endian. */
export const i64le: Codec<bigint> = {
  decode: (r) => r.i64le(),
  encode(value: unknown, w) {
    if (typeof value !== "bigint" || BigInt.asIntN(64, value) !== value) {
      return w.fail(`${shown(value)}, expected a signed 64-bit integer`);
    }
    w.i64le(value);
  },
};

/** 1 byte, true if not 0; written as 0 or 1. */
export const bool: Codec<boolean> = {
  decode: (r) => r.u8() !== 0,
  encode: (value, w) => w.uintBe(checkBoolean(value, w) ? 1 : 0, 1),
};

/** A fixed number of bytes, as a view. */
export function fixedBytes(length: number): Codec<Uint8Array> {
  return {
    decode: (r) => r.bytes(length),
    encode: (value, w) => w.bytes(checkBytes(value, length, w)),
  };
}

/** A fixed number of bytes as upper-case hex digits, leading zeros kept. */
export function hexDigits(length: number): Codec<string> {
  return {
    decode: (r) => r.bytes(length).toHex().toUpperCase(),
    encode(value: unknown, w) {
      if (
        typeof value !== "string" || value.length !== 2 * length ||
        !/^[0-9A-Fa-f]*$/.test(value)
      ) {
        return w.fail(`${shown(value)}, expected ${2 * length} hex digits`);
      }
      w.bytes(Uint8Array.fromHex(value));
    },
  };
}

/** One bit field of a byte: how its number reads as a value, and back. */
export interface BitField<T> {
  readonly shift: number;
  readonly width: number;
  /** Value of each number. */
  readonly values: readonly T[];
  /** What a valid value is, for errors. */
  readonly expected: string;
}

/** A single bit as a boolean. */
export function flag(shift: number): BitField<boolean> {
  return { shift, width: 1, values: [false, true], expected: "true or false" };
}

/** Bits as a number. */
export function count(shift: number, width: number): BitField<number> {
  const values = Array.from({ length: 1 << width }, (_, n) => n);
  const expected = `an integer from 0 to ${values.length - 1}`;
  return { shift, width, values, expected };
}

type Size = { 1: 2; 2: 4; 3: 8; 4: 16 };

/** Names of bits; numbers without a name are reserved and called `rfu_N`. */
export function enumOf<
  const W extends keyof Size,
  const N extends readonly string[],
>(
  shift: number,
  width: W,
  names: N,
): BitField<
  N["length"] extends Size[W] ? N[number] : N[number] | `rfu_${number}`
> {
  const values = Array.from(
    { length: 1 << width },
    (_, n) => names[n] ?? `rfu_${n}`,
  );
  const expected = `one of ${values.join(", ")}`;
  // A complete list leaves no reserved number, an incomplete one names them above.
  return { shift, width, values: values as never[], expected };
}

/** The value of {@link bits}. */
export type BitValues<F> = {
  readonly [K in keyof F]: F[K] extends BitField<infer T> ? T : never;
};

/** Named bit fields of one byte. */
export interface Bits<T> extends Layout<T> {
  /** Takes the fields out of `byte`. */
  unpack(byte: number, into: Fields): void;
  /** Puts the fields together; all other bits are 0. */
  pack(from: Fields, w: Writer): number;
}

/** One byte of bit fields; bits not named are ignored when read and written as 0. */
export function bits<
  const F extends Readonly<Record<string, BitField<unknown>>>,
>(
  fields: F,
): Bits<BitValues<F>> {
  const rows = Object.entries(fields).map(([name, field]) => ({
    name,
    ...field,
  }));
  // One frozen object for each byte that was ever seen: bytes repeat.
  const known: (BitValues<F> | undefined)[] = new Array(256).fill(undefined);
  const unpack = (byte: number, into: Fields) => {
    for (const { name, shift, width, values } of rows) {
      into[name] = values[(byte >> shift) & ((1 << width) - 1)];
    }
  };
  const pack = (from: Fields, w: Writer) => {
    let byte = 0;
    for (const { name, shift, values, expected } of rows) {
      const number = values.indexOf(from[name]);
      if (number < 0) {
        w.path.push(name);
        w.fail(`${shown(from[name])}, expected ${expected}`);
      }
      byte |= number << shift;
    }
    return byte;
  };
  const write = (from: Fields, w: Writer) => w.uintBe(pack(from, w), 1);
  return {
    unpack,
    pack,
    read: (r, into) => unpack(r.u8(), into),
    write,
    decode(r) {
      const byte = r.u8();
      const before = known[byte];
      if (before !== undefined) return before;
      const value: Fields = {};
      unpack(byte, value);
      return known[byte] = Object.freeze(value) as BitValues<F>;
    },
    encode: (value: unknown, w) => write(fieldsOf(value, w), w),
  };
}

function checkBoolean(value: unknown, w: Writer): boolean {
  return typeof value === "boolean"
    ? value
    : w.fail(`${shown(value)}, expected true or false`);
}
