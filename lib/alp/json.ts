/**
 * ALP commands and the JSON of the wire specification (§12), both ways.
 *
 * @module
 */
import { EncodeError } from "../bytes/codec.ts";
import {
  bytesOfHex,
  jsonOf,
  type Revive,
  snakeCase,
  valueOf,
} from "../bytes/json.ts";
import type { Action } from "./action.ts";
import { type Command, encodeCommand } from "./alp.ts";
import type { Dialect } from "./d7asp.ts";

/** Fields that hold bytes; in JSON, hex digits. */
const BYTE_FIELDS: ReadonlySet<string> = new Set([
  "data",
  "mask",
  "value",
  "start",
  "stop",
  "bitmap",
  "token",
  "raw",
  "nlsState",
]);

/** Fields that only dialect `d7a_1_2` has. */
const NEWER_FIELDS: ReadonlySet<string> = new Set([
  "useVid",
  "groupCondition",
  "executionDelay",
  "snr",
  "bitmap",
]);

/** `{actions}`, or `{error, actions, rest}` where decoding ended early. */
export function commandJson(command: Command): unknown {
  const actions = command.actions.map(jsonOf);
  return command.error === null ? { actions } : {
    error: command.error.code,
    actions,
    rest: command.error.rest.toHex(),
  };
}

/**
 * Encodes what {@link commandJson} gives, or the array of actions alone. The
 * bytes of `rest` follow the actions as they are. Without a dialect it is told
 * from the fields: those of the newer one have names of their own.
 *
 * @throws {EncodeError} naming the field as it is called in JSON
 */
export function encodeCommandJson(
  json: unknown,
  dialect?: Dialect,
): Uint8Array {
  const object: { actions?: unknown; rest?: unknown } =
    typeof json === "object" && json !== null && !Array.isArray(json)
      ? json
      : { actions: json };
  const actions = valueOf(object.actions, revive);
  if (!Array.isArray(actions)) {
    throw new EncodeError(
      "actions",
      `${actions === undefined ? "missing" : "no array"}, expected an array`,
    );
  }
  const rest = object.rest === undefined
    ? new Uint8Array()
    : bytesOfHex(object.rest);
  if (!(rest instanceof Uint8Array)) {
    throw new EncodeError("rest", "no hex, expected hex digits in pairs");
  }
  const chosen = dialect ?? (isNewer(actions) ? "d7a_1_2" : "sub_iot");
  const known = spelled(() =>
    // Unchecked here: encoders check every value they are given.
    encodeCommand(actions as readonly Action[], chosen)
  );
  const bytes = new Uint8Array(known.length + rest.length);
  bytes.set(known);
  bytes.set(rest, known.length);
  return bytes;
}

const revive: Revive = (name, value) =>
  BYTE_FIELDS.has(name) ? bytesOfHex(value) : value;

function isNewer(value: unknown): boolean {
  if (
    typeof value !== "object" || value === null || value instanceof Uint8Array
  ) return false;
  return Object.entries(value).some(([name, inner]) =>
    NEWER_FIELDS.has(name) || isNewer(inner)
  );
}

function spelled<T>(encode: () => T): T {
  try {
    return encode();
  } catch (error) {
    if (!(error instanceof EncodeError)) throw error;
    throw new EncodeError(snakeCase(error.field), error.reason);
  }
}
