/**
 * The shape of a known file: its number, its layouts by length, and what it
 * says about the device.
 *
 * @module
 */
import { Reader, Writer } from "../bytes/bytes.ts";
import { DecodeError, type Span, type Struct } from "../bytes/codec.ts";
import type { FileName, Measurement } from "../reading/reading.ts";

/** What is known of one file. */
export interface FileKind<T = unknown> {
  readonly id: number;
  /** As in the JSON of the wire specification. */
  readonly name: string;
  /** Lengths its data may have, in bytes. */
  readonly sizes: readonly number[];
  /** @throws {DecodeError} `unexpected_length` unless the length is one of {@link sizes} */
  decode(bytes: Uint8Array): T;
  /** Where each field stands. @throws {DecodeError} as {@link decode} */
  spans(bytes: Uint8Array): readonly Span[];
  /** @throws {EncodeError} naming the field that has no encoding */
  encode(value: T): Uint8Array;
}

/** A file of a device whose pushes give readings. */
export interface DeviceFile<T = unknown> extends FileKind<T> {
  readonly name: FileName;
  measurements(value: T): readonly Measurement[];
  /** Whether the values are fresh, as the device says. */
  valid(value: T): boolean;
}

/** Layouts of a file: one for each length its data may have. */
export interface Layouts<T> {
  readonly bySize: Readonly<Record<number, Struct<T>>>;
  /** Which of the lengths a value takes; needed where there are several. */
  sizeOf?(value: T): number;
}

/** Makes a {@link FileKind}. */
export function defineFile<T, const N extends string>(
  id: number,
  name: N,
  layouts: Layouts<T>,
): FileKind<T> & { readonly name: N } {
  const codecs = new Map(
    Object.entries(layouts.bySize).map(([size, codec]) => [
      Number(size),
      codec,
    ]),
  );
  const sizes = [...codecs.keys()];
  const first = sizes[0] ?? 0;
  const codecFor = ({ length }: Uint8Array): Struct<T> => {
    const codec = codecs.get(length);
    if (codec === undefined) {
      throw new DecodeError(
        `${name} file`,
        "unexpected_length",
        0,
        `length is ${length}, expected ${sizes.join(" or ")}`,
      );
    }
    return codec;
  };
  return {
    id,
    name,
    sizes,
    decode: (bytes) => codecFor(bytes).decode(new Reader(bytes)),
    spans: (bytes) => codecFor(bytes).spans(new Reader(bytes)),
    encode(value) {
      const w = new Writer();
      codecs.get(layouts.sizeOf?.(value) ?? first)?.encode(value, w);
      return w.finish();
    },
  };
}
