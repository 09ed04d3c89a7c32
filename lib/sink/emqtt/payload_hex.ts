/**
 * ◆ HexStrings: how eMQTT writes bytes, numbers, text and times, big-endian and
 * in upper case, and the numbers that stand for errors. [eMQTT 2.5]
 *
 * @module
 */

/** What an index gives: a HexString is data, a number is an error code. [E-032] */
export type Datum = string | number;

/** Error codes of the document. [eMQTT 2.5.3] */
export const errorCode = {
  indexNotAvailable: 17,
  subindexNotAvailable: 18,
  accessDenied: 35,
  outOfRange: 48,
  greaterThanLimit: 49,
  lessThanLimit: 50,
  tooLong: 51,
  tooShort: 52,
  functionNotAvailable: 53,
  temporarilyNotAvailable: 54,
  inconsistent: 65,
  timedOut: 998,
  general: 999,
  firmwareNotFetched: 1000,
  firmwareNotInstalled: 1001,
} as const;

/** eMQTT error of an ALP status that refuses; null is a refusal without one. */
export function errorOfAlpStatus(status: number | null): number {
  switch (status === null ? null : status & 0xff) {
    case 0xff:
      return errorCode.indexNotAvailable;
    case 0xfc:
      return errorCode.accessDenied;
    case 0xf9:
    case 0xf8:
      return errorCode.tooLong;
    case 0xf6:
      return errorCode.functionNotAvailable;
    default:
      return errorCode.general;
  }
}

/** Largest time that 48 bits hold, ms since 1970. */
export const MAX_MS = 2 ** 48 - 1;

const digits = Array.from(
  { length: 256 },
  (_, byte) => byte.toString(16).toUpperCase().padStart(2, "0"),
);

/** Bytes as a HexString. */
export function hexOf(bytes: Iterable<number>): string {
  let hex = "";
  for (const byte of bytes) hex += digits[byte & 0xff] ?? "";
  return hex;
}

/** Bytes of a HexString in either case; null when it is none. [E-035] */
export function bytesOf(hex: unknown): Uint8Array | null {
  if (typeof hex !== "string" || !/^(?:[0-9A-Fa-f]{2})*$/.test(hex)) {
    return null;
  }
  const bytes = new Uint8Array(hex.length / 2);
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = parseInt(hex.slice(2 * index, 2 * index + 2), 16);
  }
  return bytes;
}

/** A whole number in `size` bytes; what does not fit is cut off at the top. */
export function intHex(value: number | bigint, size: number): string {
  if (typeof value === "number" && size <= 4) {
    return (value >>> 0).toString(16).toUpperCase().padStart(8, "0")
      .slice(8 - 2 * size);
  }
  return BigInt.asUintN(8 * size, BigInt(value)).toString(16).toUpperCase()
    .padStart(2 * size, "0");
}

/** A count that stops at the largest value of `size` bytes. */
export function countHex(value: number, size: number): string {
  return intHex(Math.min(value, 2 ** (8 * size) - 1), size);
}

/** One byte, 00 or 01. [M-18] */
export function boolHex(value: boolean): string {
  return value ? "01" : "00";
}

const utf8 = new TextEncoder();

/** Text in UTF-8, without what may not be sent. [E-234] */
export function textHex(text: string): string {
  return hexOf(utf8.encode(cleanText(text)));
}

/** Text without control characters. [E-234] */
export function cleanText(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "");
}

/** Text of UTF-8 bytes; null for anything that {@link cleanText} would change. */
export function textOf(bytes: Uint8Array): string | null {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return null;
  }
  return cleanText(text) === text ? text : null;
}

/** A time as 12 digits: ms since 1970, 48 bits. [E-036] */
export function msHex(ms: number): string {
  const whole = Math.min(MAX_MS, Math.max(0, Math.round(ms)));
  return whole.toString(16).toUpperCase().padStart(12, "0");
}

/** The time of 1 to 12 hex digits in either case; null otherwise. [E-097] */
export function msOf(hex: unknown): number | null {
  return typeof hex === "string" && /^[0-9A-Fa-f]{1,12}$/.test(hex)
    ? parseInt(hex, 16)
    : null;
}

/** An unsigned big-endian number of up to 6 bytes. */
export function uintOf(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => 256 * value + byte, 0);
}
