/**
 * Finds frames in the stream of the serial line, whatever the chunks it comes
 * in. Bytes are kept in order and looked at once each:
 *
 * 1. no sync byte in front: discard it;
 * 2. no version byte behind it: discard the sync byte;
 * 3. header or payload not complete: wait;
 * 4. wrong checksum: count it and discard the sync byte only, since a genuine
 *    frame may begin inside the claimed length;
 * 5. right checksum: deliver; nothing inside a good payload is searched.
 *
 * A damaged header can claim up to 255 bytes and hold back good frames behind
 * it; when the line has been silent for a while, {@link Deframer.silence} gives
 * the claim up.
 *
 * @module
 */
import { crc16 } from "../bytes/crc16.ts";
import { type Frame, frameOf, HEADER_BYTES, SYNC, VERSION } from "./frame.ts";

/** What came out of the stream, in its order. */
export type DeframerItem =
  | { readonly kind: "frame"; readonly frame: Frame }
  | { readonly kind: "discarded"; readonly bytes: Uint8Array }
  | { readonly kind: "bad_checksum" };

/** Type code of `rebooted`, with which the modem's counter begins anew. */
const REBOOTED = 5;

const EMPTY = new Uint8Array();

/** One direction of one serial line. Holds at most one incomplete frame, 261 bytes. */
export class Deframer {
  #pending: Uint8Array = EMPTY;
  #lastCounter: number | null = null;

  /** Takes bytes as they came; the caller may use the chunk again. */
  push(chunk: Uint8Array): readonly DeframerItem[] {
    // One copy for all payloads and runs in it: what is delivered are views.
    const bytes = new Uint8Array(this.#pending.length + chunk.length);
    bytes.set(this.#pending);
    bytes.set(chunk, this.#pending.length);
    return this.#scan(bytes, false);
  }

  /** The line has been silent: nothing that is incomplete will be completed. */
  silence(): readonly DeframerItem[] {
    return this.#scan(this.#pending, true);
  }

  /** Bytes that wait for more. */
  pending(): Uint8Array {
    return this.#pending;
  }

  /** Forgets what is pending and the counter: another stream begins. */
  reset(): void {
    this.#pending = EMPTY;
    this.#lastCounter = null;
  }

  #scan(bytes: Uint8Array, ended: boolean): readonly DeframerItem[] {
    const items: DeframerItem[] = [];
    const end = bytes.length;
    let at = 0;
    let runStart = 0;
    const endRun = () => {
      if (runStart < at) {
        items.push({ kind: "discarded", bytes: bytes.subarray(runStart, at) });
      }
      runStart = at;
    };
    while (at < end) {
      if (
        bytes[at] !== SYNC || (at + 1 < end && bytes[at + 1] !== VERSION)
      ) {
        at++;
        continue;
      }
      const payload = at + HEADER_BYTES;
      const next = payload <= end ? payload + (bytes[at + 4] ?? 0) : Infinity;
      if (next > end) {
        if (!ended) break;
        at++;
        continue;
      }
      const announced = (bytes[at + 5] ?? 0) << 8 | (bytes[at + 6] ?? 0);
      if (crc16(bytes, payload, next) !== announced) {
        endRun();
        items.push({ kind: "bad_checksum" });
        at++;
        continue;
      }
      endRun();
      const frame = this.#frame(
        bytes[at + 2] ?? 0,
        bytes[at + 3] ?? 0,
        bytes.subarray(payload, next),
      );
      items.push({ kind: "frame", frame });
      at = runStart = next;
    }
    endRun();
    // A copy: a view would keep the whole chunk alive, and chunks may be long.
    this.#pending = at < end ? bytes.slice(at) : EMPTY;
    return items;
  }

  /** `gap` = (counter − last − 1) mod 256, unknown for the first frame and after a start. */
  #frame(counter: number, typeCode: number, payload: Uint8Array): Frame {
    const last = typeCode === REBOOTED ? null : this.#lastCounter;
    this.#lastCounter = counter;
    const gap = last === null ? null : (counter - last - 1) & 0xff;
    return frameOf(counter, typeCode, payload, gap);
  }
}
