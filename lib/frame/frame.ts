/**
 * Frames of the serial line between host and modem. Each one is a header of 7
 * bytes and a payload:
 *
 *     C0  00       counter  type  length  CRC-16 (big endian)  payload
 *     sync version
 *
 * The checksum covers the payload only: a damaged header passes unnoticed, so
 * its length is never trusted to skip by. Finding frames in a stream is the
 * work of `deframer.ts`. [Sub-IoT serial_protocol.c]
 *
 * @module
 */
import { EncodeError } from "../bytes/codec.ts";
import { crc16 } from "../bytes/crc16.ts";

/** First byte of a frame. */
export const SYNC = 0xc0;
/** Second byte of a frame. */
export const VERSION = 0x00;
/** Bytes before the payload. */
export const HEADER_BYTES = 7;
/** Longest payload a receiver accepts. */
export const MAX_PAYLOAD_BYTES = 255;
/** Longest payload a sender sends: more does not fit the modem's buffer. */
export const MAX_SENT_PAYLOAD_BYTES = 248;

/** Message types by code. */
export const MESSAGE_TYPES = {
  1: "alp_data",
  2: "ping_request",
  3: "ping_response",
  4: "logging",
  5: "rebooted",
} as const;

/** Message types that have a name. */
export type MessageType = (typeof MESSAGE_TYPES)[keyof typeof MESSAGE_TYPES];

const NAMES: Readonly<Record<number, MessageType>> = MESSAGE_TYPES;

/** Why the modem started, by code. */
export const REBOOT_REASONS = {
  0: "power_on",
  1: "watchdog",
  2: "software_reboot",
  3: "reset_pin",
  254: "other",
  255: "not_implemented",
} as const;

const REASONS: Readonly<Record<number, string>> = REBOOT_REASONS;

/** What every frame has. */
export interface FrameFields {
  /** The sender's frame counter, 0–255. */
  readonly counter: number;
  readonly typeCode: number;
  readonly payload: Uint8Array;
  /** Frames lost on the line before this one; null if nothing is known. */
  readonly gap: number | null;
}

/** A frame with a good checksum. */
export type Frame =
  & FrameFields
  & (
    | {
      readonly type: "alp_data" | "ping_request" | "ping_response" | "unknown";
    }
    | {
      readonly type: "rebooted";
      /** Null if the payload is empty. */
      readonly reason: number | null;
      /** A value of {@link REBOOT_REASONS}, or `unknown`. */
      readonly reasonName: string;
    }
    | {
      readonly type: "logging";
      /** ASCII, other bytes as U+FFFD; may hold control characters. */
      readonly text: string;
    }
  );

/** A frame of these parts, with what its type adds. */
export function frameOf(
  counter: number,
  typeCode: number,
  payload: Uint8Array,
  gap: number | null,
): Frame {
  const type = NAMES[typeCode] ?? "unknown";
  if (type === "rebooted") {
    const reason = payload[0] ?? null;
    const reasonName = REASONS[reason ?? -1] ?? "unknown";
    return { counter, type, typeCode, payload, gap, reason, reasonName };
  }
  if (type === "logging") {
    const text = asciiOf(payload);
    return { counter, type, typeCode, payload, gap, text };
  }
  return { counter, type, typeCode, payload, gap };
}

/**
 * The bytes of a frame.
 *
 * @param options.anySize also makes frames that no sender should send but every
 * receiver accepts: 0 and 249–255 bytes of payload
 * @throws {EncodeError} when the payload is too short or too long, or the
 * counter or type is no byte
 */
export function encodeFrame(
  counter: number,
  type: MessageType | number,
  payload: Uint8Array,
  options: { readonly anySize?: boolean } = {},
): Uint8Array {
  const typeCode = typeof type === "number" ? type : codeOf(type);
  const anySize = options.anySize === true;
  checkRange("counter", counter, 0, 255);
  checkRange("type", typeCode, 0, 255);
  checkRange(
    "payload length",
    payload.length,
    anySize ? 0 : 1,
    anySize ? MAX_PAYLOAD_BYTES : MAX_SENT_PAYLOAD_BYTES,
  );
  const crc = crc16(payload);
  const bytes = new Uint8Array(HEADER_BYTES + payload.length);
  bytes.set([
    SYNC,
    VERSION,
    counter,
    typeCode,
    payload.length,
    crc >> 8,
    crc & 0xff,
  ]);
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}

function codeOf(type: MessageType): number {
  const row = Object.entries(MESSAGE_TYPES).find(([, name]) => name === type);
  return Number(row?.[0]);
}

function checkRange(
  field: string,
  value: number,
  min: number,
  max: number,
): void {
  if (!(Number.isInteger(value) && value >= min && value <= max)) {
    throw new EncodeError(
      field,
      `value is ${value}, expected ${min} to ${max}`,
    );
  }
}

function asciiOf(bytes: Uint8Array): string {
  return String.fromCharCode(
    ...bytes.map((byte) => byte < 0x80 ? byte : 0xff),
  ).replaceAll("\xff", "\ufffd");
}
