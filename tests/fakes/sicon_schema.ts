/**
 * What a plug may say, from the table of the document: topic grammar and
 * payload schemas, read strictly (a key that is not named is a fault).
 *
 * @module
 */

/** The part of JSON Schema that the table uses. */
interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
}

/** One command of the table. */
export interface Command {
  readonly name: string;
  readonly scope: "plug" | "subinterface";
  readonly ack: boolean;
  /** Of the plug's messages; empty if it never sends this command. */
  readonly fromPlug: readonly Schema[];
  readonly fromAdapter: readonly Schema[];
}

const read = (name: string): string =>
  Deno.readTextFileSync(
    new URL(`../fixtures/emqtt/${name}`, import.meta.url),
  );

/** All commands of the document by name. */
export const commands: ReadonlyMap<string, Command> = new Map(
  JSON.parse(read("emqtt-commands.json")).commands.map((
    row: {
      name: string;
      scope: Command["scope"];
      ack: boolean;
      messages: { direction: string; payload: Schema }[];
    },
  ) => [row.name, {
    name: row.name,
    scope: row.scope,
    ack: row.ack,
    fromPlug: row.messages.filter((m) => m.direction === "plug-to-adapter")
      .map(({ payload }) => payload),
    fromAdapter: row.messages.filter((m) => m.direction === "adapter-to-plug")
      .map(({ payload }) => payload),
  }]),
);

/** Error numbers a plug of ours may put in the place of data. [E-040, E-048] */
export const dataErrors: ReadonlySet<number> = new Set(
  (JSON.parse(read("emqtt-error-codes.json")).codes as {
    code: number;
    emittedByThisPlug: boolean;
  }[]).filter((row) => row.emittedByThisPlug && row.code < 1000)
    .map((row) => row.code),
);

/** One line of the log of chapter 12. */
export interface LogLine {
  readonly step: number;
  readonly from: "adapter" | "plug";
  readonly topic: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** The log of chapter 12. */
export const exampleLog: readonly LogLine[] = read("emqtt-example-log.jsonl")
  .trim().split("\n").map((line) => JSON.parse(line));

/** A topic taken apart. */
export interface Topic {
  readonly uid: string;
  /** Null for messages about the plug as a whole. */
  readonly sub: string | null;
  readonly command: string;
}

/** Takes a plug's topic apart; null if it breaks the grammar. [E-022] */
export function plugTopic(topic: string): Topic | null {
  const found =
    /^eMQTT\/adapter\/([0-9A-F]{12})(?:_([A-Za-z0-9]{1,10}))?\/([a-z][A-Za-z]+)$/
      .exec(topic);
  if (found === null) return null;
  const [, uid = "", sub = null, command = ""] = found;
  return { uid, sub, command };
}

/** Takes an adapter's topic apart; null if a plug must not react to it. */
export function adapterTopic(topic: string): Topic | null {
  const found =
    /^eMQTT\/([0-9A-F]{12})(?:_([A-Za-z0-9]{1,10}))?\/adapter\/([a-z][A-Za-z]+)$/
      .exec(topic);
  if (found === null) return null;
  const [, uid = "", sub = null, command = ""] = found;
  return { uid, sub, command };
}

/** What is wrong with a plug's payload, in words; empty if nothing is. */
export function faultsOf(command: Command, payload: unknown): string[] {
  const all = command.fromPlug.map((schema) =>
    faults(schema, isObject(payload) ? regular(payload) : payload, "")
  );
  if (all.length === 0) return ["the plug never sends this command"];
  return all.find((list) => list.length === 0) ?? all[0] ?? [];
}

/** Without the answers to negative, fractional and too large indices, whose keys no schema foresees. [E-142] */
function regular(payload: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(payload).map(([key, value]) =>
      value === 17 && /^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(key)
        ? ["0", value]
        : [key, value]
    ),
  );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function faults(schema: Schema, value: unknown, at: string): string[] {
  const said = JSON.stringify(value)?.slice(0, 60);
  const place = at === "" ? "payload" : at;
  if (schema.oneOf !== undefined) {
    return schema.oneOf.some((one) => faults(one, value, at).length === 0)
      ? []
      : [`${place} is ${said}, which fits none of the forms`];
  }
  if (schema.const !== undefined && value !== schema.const) {
    return [`${place} is ${said}, expected ${schema.const}`];
  }
  if (schema.enum !== undefined && !schema.enum.includes(value)) {
    return [`${place} is ${said}, expected one of ${schema.enum.join(" ")}`];
  }
  switch (schema.type) {
    case "object":
      return isObject(value)
        ? objectFaults(schema, value, place)
        : [`${place} is ${said}, expected an object`];
    case "array": {
      if (!Array.isArray(value)) return [`${place} is ${said}, not an array`];
      const { minItems = 0, maxItems = Infinity, items = {} } = schema;
      return [
        ...(value.length < minItems || value.length > maxItems
          ? [`${place} has ${value.length} entries`]
          : []),
        ...value.flatMap((item, n) => faults(items, item, `${place}[${n}]`)),
      ];
    }
    case "string":
      if (typeof value !== "string") return [`${place} is ${said}, not text`];
      if (
        schema.pattern !== undefined && !new RegExp(schema.pattern).test(value)
      ) return [`${place} is ${said}, expected ${schema.pattern}`];
      return schema.format === "HexString" && !/^([0-9A-F]{2})*$/.test(value)
        ? [`${place} is ${said}, not a HexString`]
        : [];
    case "boolean":
      return typeof value === "boolean" ? [] : [`${place} is ${said}`];
    case "integer":
    case "number":
      return typeof value === "number" && Number.isFinite(value) &&
          (schema.type === "number" || Number.isInteger(value)) &&
          value >= (schema.minimum ?? -Infinity) &&
          value <= (schema.maximum ?? Infinity) &&
          value > (schema.exclusiveMinimum ?? -Infinity)
        ? []
        : [`${place} is ${said}, not a ${schema.type} in range`];
    default:
      return [];
  }
}

function objectFaults(
  schema: Schema,
  value: Record<string, unknown>,
  place: string,
): string[] {
  const { required = [], properties = {}, patternProperties = {} } = schema;
  const keys = Object.keys(value);
  const patterns = Object.entries(patternProperties);
  return [
    ...required.filter((key) => !(key in value)).map((key) =>
      `${place} lacks ${key}`
    ),
    ...(keys.length < (schema.minProperties ?? 0) ||
        keys.length > (schema.maxProperties ?? Infinity)
      ? [`${place} has ${keys.length} keys`]
      : []),
    ...keys.flatMap((key) => {
      const known = properties[key] ??
        patterns.find(([pattern]) => new RegExp(pattern).test(key))?.[1];
      return known === undefined
        ? [`${place} has the unknown key ${key}`]
        : faults(known, value[key], key);
    }),
  ];
}
