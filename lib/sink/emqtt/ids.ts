/**
 * SubinterfaceIDs: computed from the UID of a node, so that a lost register
 * gives the same ones again; never given to another node. [mapping §2]
 *
 * @module
 */
import { createHash } from "node:crypto";

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
const HASHED = 9;

/** What every SubinterfaceID looks like. [E-105] */
export const SUBINTERFACE_ID = /^[a-zA-Z0-9]{1,10}$/;
/** Ids of IO-Link ports, which ours never are. [E-107] */
export const IO_LINK_PORT = /^p[1-9][0-9]{0,2}$/;

/** First 9 characters of lower-case base32, 45 bits. [RFC 4648 §6] */
function base32(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5 && text.length < HASHED) {
      bits -= 5;
      text += ALPHABET[(value >>> bits) & 31] ?? "";
      value &= (1 << bits) - 1;
    }
  }
  return text;
}

/** The id of a node; `salt` 0 is the first choice. [M-03, M-04] */
export function computeId(device: string, salt = 0): string {
  const uid = device.toUpperCase().padStart(16, "0");
  const text = salt === 0 ? `dash7:${uid}` : `dash7:${uid}:${salt}`;
  return `d${base32(createHash("sha256").update(text, "ascii").digest())}`;
}

/**
 * The id of a node, given all ids that were ever in use: its own if it has one,
 * else the operator's alias, else the computed one.
 *
 * @param used id → device, for ever
 */
export function allocateId(
  device: string,
  used: ReadonlyMap<string, string>,
  alias?: string,
): string {
  for (const [id, owner] of used) if (owner === device) return id;
  if (alias !== undefined && !used.has(alias)) return alias;
  for (let salt = 0;; salt++) {
    const id = computeId(device, salt);
    if (!used.has(id)) return id;
  }
}
