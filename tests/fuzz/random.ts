/**
 * Random numbers that a seed repeats: sfc32, 32 bits a step.
 *
 * @module
 */

/** A stream of random numbers; the same seed gives the same stream. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #count = 1;

  /** @param name so that two streams of one seed differ */
  constructor(seed: number, name = "") {
    let mixed = seed | 0;
    for (const char of name) {
      mixed = Math.imul(mixed ^ (char.codePointAt(0) ?? 0), 0x9e3779b1);
    }
    this.#a = mixed;
    this.#b = seed | 0;
    this.#c = ~mixed;
    for (let warm = 0; warm < 12; warm++) this.next();
  }

  /** 0 to 2^32 − 1. */
  next(): number {
    const sum = (this.#a + this.#b + this.#count) | 0;
    this.#count = (this.#count + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** 0 to `end` − 1. */
  below(end: number): number {
    return end <= 1 ? 0 : this.next() % end;
  }

  /** True once in `times`. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  /** One of a list, which must hold something. */
  pick<T>(list: readonly T[]): T {
    // The index is inside the list; T may be undefined itself.
    return list[this.below(list.length)] as T;
  }

  /** Random bytes. */
  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at++) bytes[at] = this.next() >>> 7;
    return bytes;
  }
}
