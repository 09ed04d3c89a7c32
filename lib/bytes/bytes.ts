/**
 * Cursors over bytes. A {@link Reader} never leaves its limit, a
 * {@link Writer} grows as needed and knows where in the value it is, so both
 * can name the field that is wrong.
 *
 * @module
 */
import { DecodeError, EncodeError } from "./codec.ts";

/** Reads forward over bytes it does not own; what it gives out are views. */
export class Reader {
  /** Name of what is being read, for errors; set by the layouts. */
  field = "bytes";
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;
  #view: DataView | null = null;

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** Position of the next byte, from the start of the bytes. */
  get offset(): number {
    return this.#at;
  }

  /** Bytes left up to the limit. */
  get remaining(): number {
    return this.#end - this.#at;
  }

  /** @throws {DecodeError} `truncated` */
  u8(): number {
    const byte = this.#at < this.#end ? this.#bytes[this.#at] : undefined;
    if (byte === undefined) this.#take(1);
    this.#at++;
    return byte ?? 0;
  }

  /** Big endian. @throws {DecodeError} `truncated` */
  u16be(): number {
    return this.#dataView().getUint16(this.#take(2));
  }

  /** Big endian. @throws {DecodeError} `truncated` */
  u32be(): number {
    return this.#dataView().getUint32(this.#take(4));
  }

  /** Little endian. @throws {DecodeError} `truncated` */
  u16le(): number {
    return this.#dataView().getUint16(this.#take(2), true);
  }

  /** Little endian. @throws {DecodeError} `truncated` */
  u32le(): number {
    return this.#dataView().getUint32(this.#take(4), true);
  }

  /** Little endian. @throws {DecodeError} `truncated` */
  i16le(): number {
    return this.#dataView().getInt16(this.#take(2), true);
  }

  /** Little endian. @throws {DecodeError} `truncated` */
  i32le(): number {
    return this.#dataView().getInt32(this.#take(4), true);
  }

  /** Little endian. @throws {DecodeError} `truncated` */
  i64le(): bigint {
    return this.#dataView().getBigInt64(this.#take(8), true);
  }

  /** A view of the next `length` bytes. @throws {DecodeError} `truncated` */
  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /**
   * A reader of the next `length` bytes only; this one moves behind them.
   *
   * @throws {DecodeError} `truncated`
   */
  sub(length: number): Reader {
    const start = this.#take(length);
    return new Reader(this.#bytes, start, start + length);
  }

  /** A view of the bytes from `start` up to the limit, wherever this reader is. */
  bytesFrom(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.#end);
  }

  /** Ends decoding at this position. @throws {DecodeError} always */
  fail(reason: string, detail: string, offset: number = this.#at): never {
    throw new DecodeError(this.field, reason, offset, detail);
  }

  #take(length: number): number {
    const start = this.#at;
    if (length > this.#end - start) {
      this.fail(
        "truncated",
        `${this.#end - start} bytes are left, expected ${length} or more`,
      );
    }
    this.#at = start + length;
    return start;
  }

  #dataView(): DataView {
    return this.#view ??= new DataView(
      this.#bytes.buffer,
      this.#bytes.byteOffset,
      this.#bytes.byteLength,
    );
  }
}

/** Appends bytes; grows as needed. */
export class Writer {
  /** Where in the value the encoder is: names and indices, outermost first. */
  readonly path: (string | number)[];
  #bytes = new Uint8Array(64);
  #length = 0;

  constructor(path: readonly (string | number)[] = []) {
    this.path = [...path];
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** Appends the lowest `size` bytes of `value`, most significant first. */
  uintBe(value: number, size: number): void {
    this.#room(size);
    for (let shift = 8 * (size - 1); shift >= 0; shift -= 8) {
      this.#bytes[this.#length++] = value >>> shift;
    }
  }

  /** Appends the lowest `size` bytes of `value`, least significant first. */
  intLe(value: number, size: number): void {
    this.#room(size);
    for (let shift = 0; shift < 8 * size; shift += 8) {
      this.#bytes[this.#length++] = value >> shift;
    }
  }

  /** Appends 8 bytes, least significant first. */
  i64le(value: bigint): void {
    this.#room(8);
    new DataView(this.#bytes.buffer).setBigInt64(this.#length, value, true);
    this.#length += 8;
  }

  /** Appends bytes. */
  bytes(value: Uint8Array): void {
    this.#room(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Refuses the value at {@link path}. @throws {EncodeError} always */
  fail(detail: string): never {
    let field = "";
    for (const step of this.path) {
      field += typeof step === "number"
        ? `[${step}]`
        : field === ""
        ? step
        : `.${step}`;
    }
    throw new EncodeError(field === "" ? "value" : field, detail);
  }

  #room(size: number): void {
    const needed = this.#length + size;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
