/**
 * What is fuzzed: a function of bytes that throws when a promise is broken, and
 * what helps to find inputs that do.
 *
 * @module
 */
import type { Random } from "./random.ts";

/** One part of the program under fire. */
export interface Target {
  readonly name: string;
  /** Inputs in a run of CI; long runs keep the ratio. */
  readonly inputs: number;
  /** Longest input that mutation makes, bytes. */
  readonly maxBytes: number;
  /** Time that one input may take, milliseconds. */
  readonly boundMs: number;
  /** Files below `lib/` whose blocks guide the mutation. */
  readonly sources: RegExp;
  /** Inputs to begin with, besides the corpus. */
  readonly seeds: readonly Uint8Array[];
  /** Pieces that mean something here. */
  readonly words: readonly Uint8Array[];
  /** An input that is well-formed, or nearly. */
  readonly grammar?: (random: Random) => Uint8Array;
  /** Whether inputs are shown as text. */
  readonly text: boolean;
  /** Throws when a promise is broken. */
  run(input: Uint8Array): void | Promise<void>;
  /** Ends what the target holds open. */
  close?(): Promise<void>;
}

/** Text as bytes. */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Bytes as text, each byte that is no UTF-8 as U+FFFD. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Several pieces as one. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A promise that an input broke. */
export class Broken extends Error {
  override readonly name = "Broken";
}

/** Throws unless `good`. */
export function must(good: boolean, promise: () => string): asserts good {
  if (!good) throw new Broken(promise());
}
