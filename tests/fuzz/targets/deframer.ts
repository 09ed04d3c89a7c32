/**
 * The stream of the serial line, in any pieces, against a second deframer that
 * is written from the specification alone.
 *
 * @module
 */
import { Deframer, type DeframerItem } from "../../../lib/frame/deframer.ts";
import { encodeFrame } from "../../../lib/frame/frame.ts";
import type { Random } from "../random.ts";
import { joined, must, type Target } from "../target.ts";

/** Longest incomplete frame: 7 bytes of header, 255 of payload, less one. */
const MOST_PENDING = 261;

/** What a stream comes to, whatever the pieces it came in. */
interface Sum {
  readonly frames: readonly string[];
  readonly bad: number;
  readonly discarded: string;
  readonly pending: string;
}

/** Wire specification §1.5, over the whole stream at once. */
function bySpecification(bytes: Uint8Array, silent: boolean): Sum {
  const frames: string[] = [];
  const dropped: number[] = [];
  let bad = 0;
  let start = 0;
  for (;;) {
    const [sync, version, counter, type, length = 0, high = 0, low = 0] = bytes
      .subarray(start, start + 7);
    const have = bytes.length - start;
    if (sync === undefined) break;
    const whole = have >= 7 && have >= 7 + length;
    if (sync !== 0xc0 || (version !== undefined && version !== 0)) {
      dropped.push(sync);
      start += 1;
    } else if (!whole && !silent) break;
    else if (!whole) {
      dropped.push(sync);
      start += 1;
    } else {
      const payload = bytes.subarray(start + 7, start + 7 + length);
      if (crcOf(payload) === high * 256 + low) {
        frames.push(`${counter} ${type} ${payload.toHex()}`);
        start += 7 + length;
      } else {
        bad += 1;
        dropped.push(sync);
        start += 1;
      }
    }
  }
  return {
    frames,
    bad,
    discarded: new Uint8Array(dropped).toHex(),
    pending: bytes.subarray(start).toHex(),
  };
}

/** CRC-16/CCITT-FALSE as a division of polynomials, a bit at a time. */
function crcOf(bytes: Uint8Array): number {
  let rest = 0xffff;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit--) {
      const carry = (rest >> 15) ^ ((byte >> bit) & 1);
      rest = (rest << 1) & 0xffff;
      if (carry === 1) rest ^= 0x1021;
    }
  }
  return rest;
}

class Counted {
  readonly #deframer = new Deframer();
  readonly #frames: string[] = [];
  readonly #discarded: string[] = [];
  #bad = 0;
  #bytesIn = 0;
  #bytesOut = 0;

  push(chunk: Uint8Array): void {
    this.#bytesIn += chunk.length;
    // The caller may use its buffer again.
    const lent = chunk.slice();
    const items = this.#deframer.push(lent);
    lent.fill(0xc0);
    this.#take(items);
  }

  silence(): void {
    this.#take(this.#deframer.silence());
  }

  #take(items: readonly DeframerItem[]): void {
    for (const item of items) {
      if (item.kind === "bad_checksum") this.#bad++;
      else if (item.kind === "discarded") {
        must(item.bytes.length > 0, () => "a run of discarded bytes is empty");
        this.#bytesOut += item.bytes.length;
        this.#discarded.push(item.bytes.toHex());
      } else {
        const { counter, typeCode, payload } = item.frame;
        this.#bytesOut += 7 + payload.length;
        this.#frames.push(`${counter} ${typeCode} ${payload.toHex()}`);
      }
    }
    const pending = this.#deframer.pending().length;
    must(pending <= MOST_PENDING, () => `${pending} bytes are pending`);
    must(
      this.#bytesIn === this.#bytesOut + pending,
      () => `${this.#bytesIn} in, ${this.#bytesOut} out, ${pending} pending`,
    );
  }

  sum(): Sum {
    return {
      frames: this.#frames,
      bad: this.#bad,
      discarded: this.#discarded.join(""),
      pending: this.#deframer.pending().toHex(),
    };
  }
}

function same(a: Sum, b: Sum, what: string): void {
  must(
    a.bad === b.bad && a.discarded === b.discarded &&
      a.pending === b.pending && a.frames.join() === b.frames.join(),
    () => `${what}: ${JSON.stringify(a)} and ${JSON.stringify(b)}`,
  );
}

/** Where a stream is cut, told from its bytes so that an input is all there is. */
function cutsOf(bytes: Uint8Array): number[] {
  let state = bytes.length;
  const cuts: number[] = [];
  for (let at = 0; at < bytes.length;) {
    state = (Math.imul(state, 31) + (bytes[at] ?? 0)) >>> 0;
    at += 1 + state % 97 % 40;
    if (at < bytes.length) cuts.push(at);
  }
  return cuts;
}

function run(bytes: Uint8Array): void {
  const whole = new Counted();
  whole.push(bytes);
  same(whole.sum(), bySpecification(bytes, false), "the specification");
  const pieces = new Counted();
  let start = 0;
  for (const cut of [...cutsOf(bytes), bytes.length]) {
    pieces.push(bytes.subarray(start, cut));
    start = cut;
  }
  same(pieces.sum(), whole.sum(), "in pieces");
  whole.silence();
  same(whole.sum(), bySpecification(bytes, true), "after silence");
}

function grammar(random: Random): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let n = 1 + random.below(5); n > 0; n--) {
    const payload = random.bytes(random.below(random.oneIn(8) ? 256 : 24));
    const frame = encodeFrame(random.below(256), random.below(7), payload, {
      anySize: true,
    });
    if (random.oneIn(4)) frame[random.below(frame.length)] = random.below(256);
    parts.push(
      random.oneIn(5) ? frame.subarray(0, random.below(frame.length)) : frame,
    );
    if (random.oneIn(3)) parts.push(random.bytes(random.below(6)));
    if (random.oneIn(6)) parts.push(new Uint8Array([0xc0, 0]));
  }
  return joined(parts);
}

/** Stream to frames. */
export const deframer: Target = {
  name: "deframer",
  inputs: 60_000,
  maxBytes: 700,
  boundMs: 500,
  sources: /\/lib\/(frame|bytes)\//,
  seeds: [],
  words: [new Uint8Array([0xc0, 0]), encodeFrame(0, 5, new Uint8Array([0]))],
  grammar,
  text: false,
  run,
};
