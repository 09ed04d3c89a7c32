/**
 * Values as the JSON of the wire specification: snake_case names, bytes as
 * lower-case hex, 64-bit integers as decimal strings; and names back again.
 *
 * @module
 */

const snakeNames = new Map<string, string>();

/** `fileId` as `file_id`; names and whole paths. */
export function snakeCase(name: string): string {
  let snake = snakeNames.get(name);
  if (snake === undefined) {
    snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    // Names come from our layouts, so there are few; paths of errors are not kept.
    if (!/[.[]/.test(name)) snakeNames.set(name, snake);
  }
  return snake;
}

/** `file_id` as `fileId`; an underscore before a digit stays. */
export function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
}

/** A decoded value as plain JSON data, objects in the order of their fields. */
export function jsonOf(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return value.toHex();
  if (Array.isArray(value)) return value.map(jsonOf);
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      snakeCase(name),
      jsonOf(inner),
    ]),
  );
}

/** What a string stands for, by the (camel-case) name of its field; undefined if itself. */
export type Revive = (name: string, value: unknown) => unknown;

/** No layout nests deeper; JSON that does is cut there and refused as missing. */
const MAX_DEPTH = 16;

/**
 * Plain JSON data with camel-case names. `revive` turns values of certain
 * fields into what the layouts take; what it leaves wrong is refused there.
 */
export function valueOf(json: unknown, revive: Revive): unknown {
  return valueAt(json, revive, "", 0);
}

function valueAt(
  json: unknown,
  revive: Revive,
  name: string,
  depth: number,
): unknown {
  if (typeof json !== "object" || json === null) return revive(name, json);
  if (depth === MAX_DEPTH) return undefined;
  if (Array.isArray(json)) {
    return json.map((inner) => valueAt(inner, revive, name, depth + 1));
  }
  const value: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(json)) {
    if (key === "__proto__") continue;
    const camel = camelCase(key);
    value[camel] = valueAt(inner, revive, camel, depth + 1);
  }
  return value;
}

/** Bytes of hex digits; the value itself if it is anything else. */
export function bytesOfHex(value: unknown): unknown {
  return typeof value === "string" && value.length % 2 === 0 &&
      /^[0-9A-Fa-f]*$/.test(value)
    ? Uint8Array.fromHex(value)
    : value;
}
