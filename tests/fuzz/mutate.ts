/**
 * Changes inputs: bits, bytes, numbers, pieces moved, doubled and repeated,
 * words of the target, parts of other inputs.
 *
 * @module
 */
import type { Random } from "./random.ts";
import { joined, type Target } from "./target.ts";

/** Bytes at which programs change their mind. */
const EDGES = [0, 1, 2, 7, 8, 0x1f, 0x20, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xff];
/** A piece is repeated so that an input grows this long. */
const REPEATED_BYTES = 65_536;

/** Another input, made from one of the pool. */
export function mutated(
  random: Random,
  target: Pick<Target, "words" | "maxBytes">,
  pool: readonly Uint8Array[],
): Uint8Array {
  let bytes = random.pick(pool);
  const turns = 1 << random.below(5);
  for (let turn = 0; turn < turns; turn++) {
    bytes = once(random, target, pool, bytes);
  }
  // Long ones find what costs more than its length.
  if (random.oneIn(2000)) bytes = repeated(random, bytes, REPEATED_BYTES);
  const most = Math.max(target.maxBytes, random.oneIn(2) ? bytes.length : 0);
  return bytes.length > most ? bytes.slice(0, most) : bytes;
}

function once(
  random: Random,
  { words, maxBytes }: Pick<Target, "words" | "maxBytes">,
  pool: readonly Uint8Array[],
  bytes: Uint8Array,
): Uint8Array {
  if (bytes.length === 0) return random.bytes(1 + random.below(8));
  const at = random.below(bytes.length);
  const length = Math.min(1 + random.below(16), bytes.length - at);
  switch (random.below(12)) {
    case 0:
      return bytes.with(at, (bytes[at] ?? 0) ^ (1 << random.below(8)));
    case 1:
      return bytes.with(at, random.pick(EDGES));
    case 2:
      return bytes.with(at, random.below(256));
    case 3:
      return bytes.with(at, (bytes[at] ?? 0) + random.below(9) - 4);
    case 4:
      return joined([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 5: {
      const to = random.below(bytes.length);
      const piece = bytes.subarray(at, at + length);
      return joined([bytes.subarray(0, to), piece, bytes.subarray(to)]);
    }
    case 6:
      return joined([
        bytes.subarray(0, at),
        random.bytes(length),
        bytes.subarray(at),
      ]);
    case 7:
    case 8: {
      if (words.length === 0) return bytes.with(at, random.below(256));
      const from = random.oneIn(2) ? at : at + length;
      return joined([
        bytes.subarray(0, at),
        random.pick(words),
        bytes.subarray(from),
      ]);
    }
    case 9: {
      const other = random.pick(pool);
      return joined([
        bytes.subarray(0, at),
        other.subarray(random.below(other.length)),
      ]);
    }
    case 10:
      return random.oneIn(20)
        ? repeated(random, bytes, maxBytes)
        : bytes.subarray(0, at + 1);
    default: {
      const other = random.pick(pool);
      const start = random.below(other.length);
      const piece = other.subarray(start, start + 1 + random.below(64));
      return joined([bytes.subarray(0, at), piece, bytes.subarray(at)]);
    }
  }
}

function repeated(
  random: Random,
  bytes: Uint8Array,
  untilBytes: number,
): Uint8Array {
  const at = random.below(bytes.length);
  const piece = bytes.subarray(at, at + 1 + random.below(8));
  if (piece.length === 0) return bytes;
  const room = Math.max(0, untilBytes - bytes.length);
  const times = random.below(Math.floor(room / piece.length) + 1);
  const run = new Uint8Array(times * piece.length);
  for (let n = 0; n < times; n++) run.set(piece, n * piece.length);
  return joined([bytes.subarray(0, at), run, bytes.subarray(at)]);
}
