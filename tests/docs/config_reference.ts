/**
 * The configuration reference, drawn from the schemas: a table for every
 * section and every kind of sink, and an example with all its keys.
 *
 * @module
 */
import { describe } from "../../lib/config/explain.ts";
import { configJsonSchema } from "../../lib/config/config.ts";
import type { SchemaNode } from "../../lib/config/schema.ts";
import { isSecret } from "../../lib/config/secrets.ts";
import { tomlValue } from "../../lib/config/toml.ts";
import { fenced, type Parts, table } from "./parts.ts";

/** The schema of the whole configuration. */
export const root: SchemaNode = configJsonSchema();

/** What the examples show where the default would say nothing: by place, else by key. */
const EXAMPLES: Readonly<Record<string, unknown>> = {
  broker: "mqtts://broker.example:8883",
  "agent.name": "hall-2",
  "agent.data_dir": "/var/lib/dash7-edge",
  "serial.port": "/dev/dash7-modem",
  "devices.name": "Compressor 2",
  "http.socket": "/run/dash7-edge/control.sock",
  "http.token": "${DASH7_EDGE_TOKEN}",
  "scorpio.username": "gateway-1",
  "scorpio.password_file": "password",
  "scorpio.project_id": "my-project",
  "scorpio.edge_node_id": "gateway-1",
  "scorpio.labels": { "Tension/Phase 1": "U1" },
  "scorpio.tls.ca_file": "/etc/dash7-edge/ca.pem",
  "emqtt.registration": "onCloud",
  "emqtt.broker": "mqtts://sicon.example:8883",
  "emqtt.username": "gateway-1",
  "emqtt.password": "${SICON_PASSWORD}",
  "emqtt.vendor_id": 200999,
  "emqtt.aliases": { "326636300039004C": "comp2" },
  "jsonl.path": "/var/lib/dash7-edge/readings.jsonl",
};

/** Keys that exclude another one of the example, so that they are left out of it. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  "scorpio.password",
  "scorpio.client_id",
  "scorpio.tls.cert_file",
  "scorpio.tls.key_file",
  "emqtt.password_file",
  "emqtt.uid",
  "emqtt.http_listen",
  "emqtt.blink_led",
  "emqtt.tls.ca_file",
  "emqtt.tls.cert_file",
  "emqtt.tls.key_file",
]);

/** A UID of nobody, to show how a device is written. */
const UID = "326636300039004C";

const UNITS: readonly (readonly [RegExp, string])[] = [
  [/_ms$/, "ms"],
  [/_s$/, "s"],
  [/_mb$/, "MB (10⁶ bytes)"],
  [/_days$/, "days"],
  [/^baud$/, "baud"],
];

/** One table of the configuration: its name in TOML, its schema, its place in {@link EXAMPLES}. */
interface Section {
  readonly head: string;
  readonly node: SchemaNode;
  readonly example: string;
  readonly exampleHead: string;
}

/** Every table that a configuration may hold, in the order of the template. */
function sections(): Section[] {
  return Object.entries(root.properties ?? {}).flatMap(([name, node]) => {
    if (name === "sinks") {
      return kindsOf(node).flatMap((kind) => {
        const type = typeOf(kind);
        return withInner({
          head: "sinks.NAME",
          node: kind,
          example: type,
          exampleHead: `sinks.${sinkNames[type] ?? type}`,
        });
      });
    }
    const below = node.additionalProperties;
    return typeof below === "object"
      ? withInner({
        head: `${name}."UID"`,
        node: below,
        example: name,
        exampleHead: `${name}."${UID}"`,
      })
      : withInner({ head: name, node, example: name, exampleHead: name });
  });
}

const sinkNames: Readonly<Record<string, string>> = {
  scorpio: "cloud",
  emqtt: "sicon",
  jsonl: "file",
};

function withInner(section: Section): Section[] {
  const inner = Object.entries(section.node.properties ?? {})
    .filter(([, node]) => isSection(node))
    .map(([key, node]) => ({
      head: `${section.head}.${key}`,
      node,
      example: `${section.example}.${key}`,
      exampleHead: `${section.exampleHead}.${key}`,
    }));
  return [section, ...inner];
}

function kindsOf(sinks: SchemaNode): readonly SchemaNode[] {
  const kinds = sinks.additionalProperties;
  return typeof kinds === "object" ? kinds.oneOf ?? [] : [];
}

function typeOf(kind: SchemaNode): string {
  return String(kind.properties?.["type"]?.const);
}

/** A table with keys of ours, not with names in a platform's words. */
function isSection({ properties }: SchemaNode): boolean {
  return properties !== undefined &&
    Object.keys(properties).every((key) => /^[a-z0-9_]+$/.test(key));
}

function unitOf(key: string): string {
  return UNITS.find(([end]) => end.test(key))?.[1] ?? "";
}

/** What may stand there, in the words of `check`. */
function allowed(node: SchemaNode): string {
  if (node.enum !== undefined) {
    return node.enum.map((value) => `\`${JSON.stringify(value)}\``).join(", ");
  }
  if (node.const !== undefined) return `\`${JSON.stringify(node.const)}\``;
  if (node.type === "string") {
    return (node.minLength ?? 0) > 0 ? "text, not empty" : "text";
  }
  return describe(node).replace(/^an? /, "");
}

function byDefault(node: SchemaNode, required: boolean): string {
  if (node.default !== undefined) return `\`${tomlValue(node.default)}\``;
  return required ? "**required**" : "none";
}

function rows({ head, node }: Section): string[][] {
  return Object.entries(node.properties ?? {})
    .filter(([, inner]) => !isSection(inner))
    .map(([key, inner]) => [
      `\`${head}.${key}\``,
      allowed(inner),
      unitOf(key),
      byDefault(inner, node.required?.includes(key) ?? false),
      [
        sentence(inner.description ?? ""),
        ...(isSecret([key]) ? ["**Secret.**"] : []),
      ].join(" "),
    ]);
}

/** Upper case and full stop; a first word that is a value or address stays as it is. */
function sentence(text: string): string {
  // In Markdown, "<" begins a tag.
  const safe = text.replaceAll(/\S*<\S*>/g, (word) => `\`${word}\``);
  const first = /^(?!true|false)[a-z]+(?=[ ,;]|$)/.test(safe)
    ? safe.charAt(0).toUpperCase() + safe.slice(1)
    : safe;
  return /[.]$/.test(first) ? first : `${first}.`;
}

function example({ node, example, exampleHead }: Section): string {
  const lines = Object.entries(node.properties ?? {}).flatMap(
    ([key, inner]) => {
      const path = `${example}.${key}`;
      if (isSection(inner) || LEFT_OUT.has(path)) return [];
      const value = EXAMPLES[path] ?? inner.const ?? inner.default ??
        EXAMPLES[key];
      if (value === undefined) {
        throw new Error(`No example for ${path}: add it to EXAMPLES`);
      }
      return [`${key} = ${tomlValue(value)}`];
    },
  );
  return [`[${exampleHead}]`, ...lines].join("\n");
}

const COLUMNS = ["Key", "Allowed", "Unit", "Default", "What it does"];

function part(group: readonly Section[]): string {
  return [
    ...group.map((section) => table([COLUMNS, ...rows(section)])),
    "For example:",
    fenced("toml", group.map(example).join("\n\n")),
  ].join("\n\n");
}

/** Every key that a configuration may hold, as `section.key`; sinks as `sinks.NAME.key`. */
export function keyPaths(): ReadonlySet<string> {
  return new Set(
    sections().flatMap((section) => [
      section.head,
      ...Object.keys(section.node.properties ?? {})
        .map((key) => `${section.head}.${key}`),
    ]),
  );
}

/** `config NAME` → that section; `config sink TYPE` → that kind of sink. */
export const configParts: Parts = new Map(
  Object.entries(
    Object.groupBy(
      sections(),
      ({ head, example }) =>
        head.startsWith("sinks.")
          ? `config sink ${example.split(".")[0]}`
          : `config ${example.split(".")[0]}`,
    ),
  ).map(([name, group = []]) => [name, () => part(group)]),
);
