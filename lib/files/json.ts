/**
 * File values and the JSON of the wire specification (§12), both ways.
 *
 * @module
 */
import { DecodeError, EncodeError } from "../bytes/codec.ts";
import { jsonOf, type Revive, snakeCase, valueOf } from "../bytes/json.ts";
import { decodeFile, encodeFile, fileKind } from "./files.ts";
import { firmwareVersionFile } from "./system.ts";

/** Fields of 64-bit integers; in JSON, decimal strings. */
const BIG_FIELDS: ReadonlySet<string> = new Set([
  "apparentEnergy",
  "realEnergy",
]);

/** The fields of a file with its name as `file`, or `{error}`. */
export function fileJson(id: number, bytes: Uint8Array): unknown {
  try {
    const fields = jsonOf(decodeFile(id, bytes));
    return Object.assign({ file: fileKind(id)?.name }, fields);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { error: error.reason };
  }
}

/**
 * Encodes what {@link fileJson} gives; `file` may be left out.
 *
 * @throws {EncodeError} naming the field as it is called in JSON
 */
export function encodeFileJson(id: number, json: unknown): Uint8Array {
  const name = fileKind(id)?.name;
  if (id === firmwareVersionFile.id) {
    throw new EncodeError(`file ${id}`, "this file is for decoding only");
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new EncodeError(`file ${id}`, "no object, expected its fields");
  }
  if ("file" in json && json.file !== name) {
    throw new EncodeError(
      "file",
      `value is ${JSON.stringify(json.file)}, expected ${name}`,
    );
  }
  try {
    // Unchecked here: encoders check every value they are given.
    return encodeFile(id, valueOf(json, revive));
  } catch (error) {
    if (!(error instanceof EncodeError)) throw error;
    throw new EncodeError(snakeCase(error.field), error.reason);
  }
}

const revive: Revive = (name, value) =>
  BIG_FIELDS.has(name) &&
    (typeof value === "string"
      ? /^-?\d{1,20}$/.test(value)
      : Number.isSafeInteger(value))
    ? BigInt(value as string | number)
    : value;
