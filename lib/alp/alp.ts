/**
 * ALP, the application layer of DASH7: a command is a sequence of actions that
 * travel as one unit, on the serial line as the payload of one frame.
 *
 * Actions carry no length, so the first one that cannot be understood ends the
 * decoding: the actions before it are kept, and the bytes from it on.
 *
 * @module
 */
import { Reader, Writer } from "../bytes/bytes.ts";
import { DecodeError } from "../bytes/codec.ts";
import { jsonOf } from "../bytes/json.ts";
import { type Action, actionCodec, type ActionOf } from "./action.ts";
import type { Dialect } from "./d7asp.ts";

/** Why a command could not be decoded to its end. */
export type AlpErrorCode = (typeof ALP_ERRORS)[number];

/** All {@link AlpErrorCode}s. */
export const ALP_ERRORS = [
  "truncated",
  "unknown_opcode",
  "reserved_flags",
  "unknown_interface",
  "unsupported_query",
  "unknown_permission",
] as const;

/** Where and why decoding ended before the bytes did. */
export interface AlpFault {
  readonly code: AlpErrorCode;
  /** The bytes from the faulty action's control byte on. */
  readonly rest: Uint8Array;
  /** Where the fault is, in bytes from the start of the command. */
  readonly offset: number;
  /** For people. */
  readonly message: string;
}

/** What was understood of a command, and why not all of it. */
export interface Command {
  readonly actions: readonly Action[];
  readonly error: AlpFault | null;
}

const codecs = {
  sub_iot: actionCodec("sub_iot"),
  d7a_1_2: actionCodec("d7a_1_2"),
} as const satisfies Record<Dialect, unknown>;

/** Decodes a command; never throws. Byte strings in it are views of `bytes`. */
export function decodeCommand(
  bytes: Uint8Array,
  dialect: Dialect = "sub_iot",
): Command {
  const codec = codecs[dialect];
  const actions: Action[] = [];
  const r = new Reader(bytes);
  let start = 0;
  try {
    while (r.remaining > 0) {
      start = r.offset;
      actions.push(codec.decode(r));
    }
    return { actions, error: null };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const { reason, offset, message } = error;
    const code = ALP_ERRORS.find((known) => known === reason);
    if (code === undefined) throw error;
    const rest = bytes.subarray(start);
    return { actions, error: { code, rest, offset, message } };
  }
}

/**
 * Encodes a command; lengths take their shortest form.
 *
 * @throws {EncodeError} naming the field that has no encoding
 */
export function encodeCommand(
  actions: readonly Action[],
  dialect: Dialect = "sub_iot",
): Uint8Array {
  const codec = codecs[dialect];
  const w = new Writer(["actions"]);
  actions.forEach((action, at) => {
    w.path.push(at);
    codec.encode(action, w);
    w.path.pop();
  });
  return w.finish();
}

/** A request to be answered under this number (1–255; 0 reads as "none" in the modem). */
export function requestTag(tagId: number): ActionOf<"request_tag"> {
  return { op: "request_tag", respondWhenCompleted: true, tagId };
}

/** A request for `length` bytes of a file. */
export function readFile(
  fileId: number,
  length: number,
  offset = 0,
): ActionOf<"read_file_data"> {
  return {
    op: "read_file_data",
    group: false,
    resp: false,
    fileId,
    offset,
    length,
  };
}

/** The command in one line, for logs and people. */
export function describeCommand(command: Command): string {
  const parts = command.actions.map(({ op, ...fields }) =>
    [op, ...describeFields(jsonOf(fields))].join(" ")
  );
  if (command.error !== null) {
    parts.push(`${command.error.code} at ${command.error.rest.toHex()}`);
  }
  return parts.length === 0 ? "no actions" : parts.join("; ");
}

function describeFields(json: unknown): string[] {
  if (typeof json !== "object" || json === null) return [];
  return Object.entries(json).flatMap(([name, value]) => {
    if (value === false || value === null || name === "raw") return [];
    if (value === true) return [name];
    if (typeof value !== "object") return [`${name}=${value}`];
    if ("mant" in value && "value" in value) return [`${name}=${value.value}`];
    const inner = describeFields(value).join(" ");
    return [`${name}(${inner})`];
  });
}
