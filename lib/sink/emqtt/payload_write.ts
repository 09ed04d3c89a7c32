/**
 * ◆ Payloads as they are written: strict, from the table of commands.
 * [eMQTT 2.5]
 *
 * @module
 */
import { EncodeError } from "../../bytes/codec.ts";
import type { Direction } from "./payload.ts";
import {
  type CommandName,
  commandRow,
  type Field,
  type Shape,
} from "./payload_commands.ts";
import type { Datum } from "./payload_hex.ts";

/** What {@link writePayload} writes besides the fields, in order. */
export type More = readonly (readonly [string, Datum | readonly string[]])[];

/**
 * Writes a payload, keys in the order of the table.
 *
 * @throws {EncodeError} for a value that the table does not allow
 */
export function writePayload(
  command: CommandName,
  direction: Direction,
  values: Readonly<Record<string, unknown>>,
  more: More = [],
): string {
  const shape = commandRow(command)[direction];
  if (shape === null) {
    throw new EncodeError(command, `is not sent ${direction}`);
  }
  const parts: string[] = [];
  for (const field of shape.fields) {
    const value = values[field.key];
    if (value === undefined) {
      if (field.optional) continue;
      throw new EncodeError(`${command}.${field.key}`, "is missing");
    }
    if (!strict(field, value)) {
      throw new EncodeError(
        `${command}.${field.key}`,
        `cannot be ${JSON.stringify(value)}`,
      );
    }
    parts.push(`"${field.key}":${JSON.stringify(value)}`);
  }
  const known = new Set(shape.fields.map(({ key }) => key));
  const stray = Object.keys(values).find((key) => !known.has(key));
  if (stray !== undefined) {
    throw new EncodeError(`${command}.${stray}`, "has no place in it");
  }
  for (const [key, value] of more) {
    if (!strictMore(shape, key, value)) {
      throw new EncodeError(`${command}.${key}`, "has no place in it");
    }
    parts.push(`${JSON.stringify(key)}:${JSON.stringify(value)}`);
  }
  return `{${parts.join(",")}}`;
}

function strict(field: Field, value: unknown): boolean {
  switch (field.type) {
    case "number":
      return typeof value === "number" && Number.isFinite(value);
    case "boolean":
      return typeof value === "boolean";
    case "text":
      return typeof value === "string" &&
        (field.oneOf === undefined || field.oneOf.includes(value)) &&
        (field.key !== "ms" || /^[0-9A-F]{12}$/.test(value));
    case "datum":
      return isDatum(value);
    case "numbers":
      return Array.isArray(value) && value.every(Number.isFinite);
    case "data":
      return Array.isArray(value) && value.length > 0 && value.every(isDatum);
    case "triggers":
      return Array.isArray(value) && value.every(isTable);
    case "lengths":
      return isTable(value);
  }
}

function isDatum(value: unknown): boolean {
  return Number.isInteger(value) ||
    (typeof value === "string" && /^(?:[0-9A-F]{2})*$/.test(value));
}

function strictMore(shape: Shape, key: string, value: unknown): boolean {
  if (shape.more === "indices") return isDatum(value);
  return shape.more === "samples" && /^Y([1-9]|[12]\d|30)$/.test(key) &&
    Array.isArray(value) && value.every((item) => typeof item === "string");
}

function isTable(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
