/**
 * Operand of the action that says how a command arrived: interface, announced
 * length, and that many bytes. An unknown interface is no fault, nor is a
 * length that does not fit: the bytes are kept and decoding goes on.
 *
 * @module
 */
import { type Reader, Writer } from "../bytes/bytes.ts";
import {
  type Codec,
  DecodeError,
  encodeField,
  type Layout,
  layout,
} from "../bytes/codec.ts";
import { checkBytes, u8 } from "../bytes/values.ts";
import { D7ASP, type D7aspStatus } from "./d7asp.ts";
import { length } from "./operand.ts";

/** A way a command travelled; `status` is null unless it is D7ASP's and has the length it should. */
export interface InterfaceStatusFields {
  readonly interfaceId: number;
  readonly raw: Uint8Array;
  readonly status: D7aspStatus | null;
}

/** The layout of an interface status, with the D7ASP one of a dialect in it. */
export function interfaceStatus(
  codec: Codec<D7aspStatus>,
): Layout<InterfaceStatusFields> {
  return layout(
    (r, into) => {
      r.field = "interfaceId";
      const id = into.interfaceId = r.u8();
      r.field = "length";
      const size = length.decode(r);
      r.field = "interface status";
      const start = r.offset;
      const inner = r.sub(size);
      into.raw = inner.bytesFrom(start);
      into.status = id === D7ASP && size > 0 ? exactly(codec, inner) : null;
    },
    (from, w) => {
      encodeField(u8, from, "interfaceId", w);
      const known = from.status !== null && from.status !== undefined;
      w.path.push(known ? "status" : "raw");
      let raw: Uint8Array;
      if (known) {
        if (from.interfaceId !== D7ASP) {
          w.fail(`interface is ${from.interfaceId}, expected null`);
        }
        const inner = new Writer(w.path);
        codec.encode(from.status as D7aspStatus, inner);
        raw = inner.finish();
      } else raw = checkBytes(from.raw, null, w);
      length.encode(raw.length, w);
      w.bytes(raw);
      w.path.pop();
    },
  );
}

/** The value that fills `r` to its end; null if there is none. */
function exactly<T>(codec: Codec<T>, r: Reader): T | null {
  try {
    const value = codec.decode(r);
    return r.remaining === 0 ? value : null;
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}
