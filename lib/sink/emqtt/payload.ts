/**
 * ◆ Topics of eMQTT, and payloads as they are read: with tolerance, from the
 * table of commands. They are written in `payload_write.ts`. [eMQTT 2.3–2.5]
 *
 * @module
 */
import type { Datum } from "./payload_hex.ts";
import {
  type CommandName,
  commandRow,
  type Field,
  type FieldType,
  isCommand,
} from "./payload_commands.ts";

/** Where a message goes: recipient first. [E-022] */
export type Direction = "toPlug" | "toAdapter";

/** A topic, taken apart; `sub` null is the plug itself. */
export interface Topic {
  readonly uid: string;
  readonly sub: string | null;
  readonly command: CommandName;
}

const place = /^([0-9A-F]{12})(?:_([A-Za-z0-9]{1,10}))?$/;

/** Writes a topic. */
export function buildTopic(
  direction: Direction,
  uid: string,
  sub: string | null,
  command: CommandName,
): string {
  const plug = sub === null ? uid : `${uid}_${sub}`;
  return direction === "toAdapter"
    ? `eMQTT/adapter/${plug}/${command}`
    : `eMQTT/${plug}/adapter/${command}`;
}

/** Filter of all that the adapter sends to the plug or to a subinterface. [E-028] */
export function topicFilter(uid: string, sub: string | null): string {
  return `eMQTT/${sub === null ? uid : `${uid}_${sub}`}/adapter/+`;
}

/** Reads a topic; null unless it is a command of that direction, at its scope. */
export function parseTopic(topic: string, direction: Direction): Topic | null {
  const levels = topic.split("/");
  const [root, recipient, sender, command = ""] = levels;
  const [plug, adapter] = direction === "toPlug"
    ? [recipient, sender]
    : [sender, recipient];
  const match = place.exec(plug ?? "");
  if (
    levels.length !== 4 || root !== "eMQTT" || adapter !== "adapter" ||
    match?.[1] === undefined || !isCommand(command)
  ) return null;
  const row = commandRow(command);
  const sub = match[2] ?? null;
  if ((row.scope === "plug") !== (sub === null)) return null;
  if (row[direction] === null) return null;
  return { uid: match[1], sub, command };
}

/** One trigger of a replay; null where it was not usable. */
export interface TriggerValue {
  readonly code: number | null;
  readonly mode: string | null;
}

/** Value of a field as read. */
export type FieldValue =
  | Datum
  | boolean
  | readonly (Datum | null)[]
  | readonly TriggerValue[]
  | { readonly PDIn: number; readonly PDOut: number };

/** A payload as read: usable fields by key, then what the shape allows besides. */
export interface Payload {
  readonly values: ReadonlyMap<string, FieldValue>;
  /** Keys that are no fields, in the order they were written. */
  readonly more: readonly (readonly [string, unknown])[];
}

/** Reads a payload; null when it is not a JSON object. [E-019, E-020] */
export function readPayload(
  command: CommandName,
  direction: Direction,
  bytes: Uint8Array,
): Payload | null {
  let text: string;
  let parsed: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    parsed = JSON.parse(text);
  } catch (error) {
    // Not UTF-8, not JSON, or nested deeper than the parser follows.
    if (
      error instanceof TypeError || error instanceof SyntaxError ||
      error instanceof RangeError
    ) return null;
    throw error;
  }
  if (!isObject(parsed)) return null;
  const shape = commandRow(command)[direction];
  const values = new Map<string, FieldValue>();
  for (const field of shape?.fields ?? []) {
    const value = tolerant(field.type, pick(parsed, field));
    if (value !== undefined) values.set(field.key, value);
  }
  const object = parsed;
  const more = shape?.more === undefined
    ? []
    : keysInOrder(text).filter((key) => !values.has(key))
      .map((key) => [key, object[key]] as const);
  return { values, more };
}

type JsonObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value under a field's name: exact first, then in any case, then aliases. */
function pick(object: JsonObject, field: Field): unknown {
  for (const name of [field.key, ...field.aliases ?? []]) {
    if (Object.hasOwn(object, name)) return object[name];
    const other = Object.keys(object)
      .find((key) => key.toLowerCase() === name.toLowerCase());
    if (other !== undefined) return object[other];
  }
  return undefined;
}

function tolerant(type: FieldType, value: unknown): FieldValue | undefined {
  switch (type) {
    case "number":
      return numberOf(value) ?? undefined;
    case "boolean":
      if (typeof value === "boolean") return value;
      if (typeof value !== "string") return undefined;
      return { true: true, false: false }[value.trim().toLowerCase()];
    case "text":
      return typeof value === "string" ? value : undefined;
    case "datum":
      return typeof value === "string" || typeof value === "number"
        ? value
        : undefined;
    case "numbers":
      return arrayOf(value)?.map(numberOf);
    case "data":
      return arrayOf(value)?.map((item) =>
        typeof item === "string" || typeof item === "number" ? item : null
      );
    case "triggers":
      return arrayOf(value)?.filter(isObject).map((item) => ({
        code: numberOf(pick(item, { key: "Code", type: "number" })),
        mode: modeOf(pick(item, { key: "Mode", type: "text" })),
      }));
    case "lengths":
      if (!isObject(value)) return undefined;
      return {
        PDIn: numberOf(pick(value, { key: "PDIn", type: "number" })) ?? 0,
        PDOut: numberOf(pick(value, { key: "PDOut", type: "number" })) ?? 0,
      };
  }
}

function numberOf(value: unknown): number | null {
  const number = typeof value === "string" &&
      /^\s*[+-]?\d+(?:\.\d+)?\s*$/.test(value)
    ? Number(value)
    : value;
  return typeof number === "number" && Number.isFinite(number) ? number : null;
}

/** An array, or a text that holds one. [C-21] */
function arrayOf(value: unknown): readonly unknown[] | undefined {
  if (typeof value === "string") {
    try {
      const inner: unknown = JSON.parse(value);
      return Array.isArray(inner) ? inner : undefined;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return undefined;
    }
  }
  return Array.isArray(value) ? value : undefined;
}

/** An event's mode in the document's letters; null for anything else. */
export function modeOf(
  value: unknown,
): "Appears" | "Disappears" | "Singleshot" | null {
  const modes = ["Appears", "Disappears", "Singleshot"] as const;
  return typeof value === "string"
    ? modes.find((mode) => mode.toLowerCase() === value.toLowerCase()) ?? null
    : null;
}

/** Keys of an object's text as written: `JSON.parse` puts numbers first. */
function keysInOrder(text: string): string[] {
  const keys = new Set<string>();
  let depth = 0;
  let last: string | null = null;
  for (const [token] of text.matchAll(/"(?:[^"\\]+|\\.)*"|[{}[\]:,]/gs)) {
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    else if (token === ":" && depth === 1 && last !== null) {
      keys.add(String(JSON.parse(last)));
    }
    last = token.startsWith('"') ? token : null;
  }
  return [...keys];
}

/** A usable number of a payload. */
export function numberIn(payload: Payload, key: string): number | undefined {
  const value = payload.values.get(key);
  return typeof value === "number" ? value : undefined;
}

/** A usable text of a payload. */
export function textIn(payload: Payload, key: string): string | undefined {
  const value = payload.values.get(key);
  return typeof value === "string" ? value : undefined;
}

/** A list of numbers, null where an entry is none. */
export function numbersIn(
  payload: Payload,
  key: string,
): readonly (number | null)[] | undefined {
  const value = payload.values.get(key);
  return Array.isArray(value) ? value : undefined;
}
