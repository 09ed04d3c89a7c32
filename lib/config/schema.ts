/**
 * ◆ The whole configuration as one schema, put together from the schema of each
 * part. What a sink may be told comes from the table of kinds: this file
 * names no sink.
 *
 * @module
 */
import * as z from "zod";
import { httpConfig } from "../http/http.ts";
import { logConfig } from "../log.ts";
import { modemConfig } from "../modem/modem.ts";
import { devicesConfig, readingsConfig } from "../reading/settings.ts";
import { serialConfig } from "../serial/serial.ts";
import { type Kinds, sinkUnion } from "../sink/kinds.ts";
import { outboxConfig } from "../store/store.ts";

/** Section `[agent]` of the configuration. */
export const agentConfig = z.strictObject({
  name: z.string().min(1).max(64).optional().meta({
    description: "name of this gateway; default: the host name",
    examples: ["hall-2"],
  }),
  data_dir: z.string().min(1).optional().meta({
    description:
      "directory of outbox and device register; default: $STATE_DIRECTORY, else ./data",
    examples: ["/var/lib/dash7-edge"],
  }),
});

/** The schema of a configuration file, for a table of sinks. */
// deno-lint-ignore explicit-module-boundary-types -- the type is the schema
export function configSchema<K extends Kinds>(kinds: K) {
  return z.strictObject({
    agent: agentConfig.prefault({}).describe("this gateway"),
    serial: serialConfig.prefault({}).describe("the modem's serial port"),
    modem: modemConfig.prefault({}).describe("requests to the modem"),
    readings: readingsConfig.prefault({})
      .describe("what is done with readings before they are kept"),
    devices: devicesConfig.default({})
      .describe("what is known about single devices, by UID; optional"),
    outbox: outboxConfig.prefault({})
      .describe("limits of what is kept on disk"),
    http: httpConfig.prefault({})
      .describe("dashboard, status and metrics"),
    log: logConfig.prefault({}).describe("log on standard error"),
    sinks: z.record(
      z.string().regex(
        /^[A-Za-z0-9_-]{1,64}$/,
        "a sink name of 1 to 64 letters, digits, _ or -",
      ),
      sinkUnion(kinds),
    ).default({}).describe(
      "where readings go: any number of sinks, each under a name of your own",
    ),
  });
}

/** A JSON Schema node, as far as faults and the template need it. */
export interface SchemaNode {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: SchemaNode | boolean;
  readonly propertyNames?: SchemaNode;
  readonly items?: SchemaNode;
  readonly oneOf?: readonly SchemaNode[];
  readonly anyOf?: readonly SchemaNode[];
}

/** The configuration as JSON Schema (draft 2020-12): what a file may hold. */
export function jsonSchemaOf(kinds: Kinds): SchemaNode & { title: string } {
  const schema = z.toJSONSchema(configSchema(kinds), {
    io: "input",
    target: "draft-2020-12",
    unrepresentable: "any",
    reused: "inline",
  });
  return {
    title: "Configuration of dash7-edge",
    ...schema as SchemaNode,
  };
}

/** The node that describes a path; for a sink, of the kind its `type` names. */
export function nodeAt(
  root: SchemaNode,
  path: readonly (string | number)[],
  document: unknown,
): SchemaNode | undefined {
  let node: SchemaNode | undefined = root;
  let value = document;
  for (const step of path) {
    node = select(node, value);
    if (node === undefined) return undefined;
    const below: SchemaNode | boolean | undefined = typeof step === "number"
      ? node.items
      : node.properties !== undefined && Object.hasOwn(node.properties, step)
      ? node.properties[step]
      : node.additionalProperties;
    if (typeof below !== "object") return undefined;
    node = below;
    value = (value as Record<string | number, unknown> | undefined)?.[step];
  }
  return select(node, value) ?? node;
}

/** Of several kinds of table, the one whose `type` the table names. */
function select(node: SchemaNode, value: unknown): SchemaNode | undefined {
  if (node.oneOf === undefined) return node;
  const type = (value as { readonly type?: unknown } | null | undefined)?.type;
  return node.oneOf.find((option) =>
    option.properties?.["type"]?.const === type
  );
}
