/**
 * ◆ The commented configuration that `init` writes, drawn from the schemas: every
 * section, every key, its description and its default, so it cannot drift.
 *
 * A line `#key = value` shows a default and becomes active without its `#`;
 * a line `# text` explains. A kind of sink that needs nothing is active, one
 * that needs something is shown for filling in.
 *
 * @module
 */
import { type Kinds, sinkKinds } from "../sink/kinds.ts";
import { describe } from "./explain.ts";
import { jsonSchemaOf, type SchemaNode } from "./schema.ts";
import { isTable, type Table, tomlKey, tomlValue } from "./toml.ts";

/** What a template says beyond the defaults. */
export interface TemplateOptions {
  /** Settings that are active, by section; `sinks` by name. */
  readonly values?: Table;
  /** Lines at the head, after the introduction. */
  readonly notes?: readonly string[];
}

/** Longest comment line, in characters. */
const WIDTH = 78;

const INTRODUCTION = `Configuration of dash7-edge.
Lines that start with "#" and a key show the default; remove the "#" to change it.
Check the file with "dash7-edge check", and with "--connect" to try port and brokers as well.
Any text may hold \${VAR}, \${VAR:-default} or \${VAR:?message} from the environment; \
"$\${" gives the characters "\${" themselves.`;

/** Values to show where the schema has no default: by key, for people to replace. */
const EXAMPLES: Readonly<Record<string, unknown>> = {
  socket: "/run/dash7-edge/control.sock",
  token: "${DASH7_EDGE_TOKEN}",
  broker: "mqtts://broker.example:8883",
  username: "user",
  password: "${MQTT_PASSWORD}",
  project_id: "project",
  edge_node_id: "gw1",
  name: "Compressor 2",
};

/** A UID of nobody, to show how `[devices."UID"]` is written. */
const EXAMPLE_UID = "326636300039004C";

/** The commented configuration of this program. */
export function renderTemplate(options: TemplateOptions = {}): string {
  return renderTemplateFor(sinkKinds, options);
}

/** {@link renderTemplate} for another table of sinks. */
export function renderTemplateFor(
  kinds: Kinds,
  { values = {}, notes = [] }: TemplateOptions = {},
): string {
  const root = jsonSchemaOf(kinds);
  const blocks = [
    [...INTRODUCTION.split("\n"), ...(notes.length > 0 ? ["", ...notes] : [])]
      .flatMap(comment),
  ];
  for (const [name, node] of Object.entries(root.properties ?? {})) {
    const about = node.description === undefined
      ? []
      : comment(node.description);
    const set = tableOr(values[name]);
    if (node.properties !== undefined) {
      blocks.push([...about, ...section([name], node, set, true)]);
    } else if (typeof node.additionalProperties === "object") {
      blocks.push(...tables(name, node.additionalProperties, about, set));
    }
  }
  return blocks.map((lines) => `${lines.join("\n")}\n`).join("\n");
}

/** A section whose tables have names of the user's choice: devices, sinks. */
function tables(
  name: string,
  node: SchemaNode,
  about: readonly string[],
  values: Table,
): string[][] {
  const chosen = Object.keys(values).length > 0;
  const blocks: string[][] = [];
  for (const [key, value] of Object.entries(values)) {
    const kind = node.oneOf?.find((option) =>
      typeOf(option) === tableOr(value)["type"]
    );
    blocks.push(section([name, key], kind ?? node, tableOr(value), true));
  }
  for (const kind of node.oneOf ?? []) {
    const type = typeOf(kind);
    const used = Object.values(values).some((value) =>
      tableOr(value)["type"] === type
    );
    if (type === undefined || used) continue;
    const needs = (kind.required ?? []).some((key) => key !== "type");
    blocks.push(section([name, type], kind, { type }, !chosen && !needs));
  }
  if (node.oneOf === undefined && !chosen) {
    blocks.push(section([name, EXAMPLE_UID], node, {}, false));
  }
  const [first = [], ...others] = blocks;
  return [[...about, ...first], ...others];
}

/** The lines of one table: plain keys first, then the tables in it. */
function section(
  path: readonly string[],
  node: SchemaNode,
  values: Table,
  active: boolean,
): string[] {
  const entries = Object.entries(node.properties ?? {});
  const below = entries.filter(([, inner]) => inner.properties !== undefined);
  const plain = entries.filter(([, inner]) => inner.properties === undefined);
  const lines = [`${active ? "" : "#"}[${path.map(headKey).join(".")}]`];
  for (const [key, inner] of plain) {
    const required = node.required?.includes(key) &&
      inner.default === undefined;
    lines.push(
      ...keyLines(key, inner, required === true, values[key], active),
    );
  }
  for (const [key, inner] of below) {
    const set = tableOr(values[key]);
    const open = active && Object.keys(set).length > 0;
    const about = inner.description === undefined
      ? []
      : comment(inner.description);
    lines.push("", ...about, ...section([...path, key], inner, set, open));
  }
  return lines;
}

function keyLines(
  key: string,
  node: SchemaNode,
  required: boolean,
  value: unknown,
  active: boolean,
): string[] {
  // A sink that is to be filled in shows what an empty default stands for.
  const empty = !active && node.default === "" ? EXAMPLES[key] : undefined;
  const shown = value ?? empty ?? node.default ?? node.examples?.[0] ??
    EXAMPLES[key] ?? node.const ?? node.enum?.[0] ?? blank(key, node);
  const about = [
    node.description ?? "",
    node.enum === undefined ? "" : describe(node),
    required && node.const === undefined ? "required" : "",
  ].filter((part) => part !== "").join("; ");
  const mark = active && (value !== undefined) ? "" : "#";
  return [
    ...(about === "" ? [] : comment(about)),
    `${mark}${tomlKey(key)} = ${tomlValue(shown)}`,
  ];
}

/** A value of the right type where there is nothing better to show. */
function blank(key: string, node: SchemaNode): unknown {
  if (node.type === "boolean") return false;
  if (node.type === "object") return {};
  if (node.type === "array") return [];
  if (node.type === "integer" || node.type === "number") {
    return node.minimum ?? 1;
  }
  // Such a key is a name in the platform's words; the value is another for it.
  return /^[a-z0-9_]+$/.test(key) ? "" : key;
}

function typeOf(kind: SchemaNode): string | undefined {
  const type = kind.properties?.["type"]?.const;
  return typeof type === "string" ? type : undefined;
}

/** UIDs are quoted for the eye, though TOML would not need it. */
function headKey(key: string): string {
  return /^[0-9A-Fa-f]{16}$/.test(key) ? `"${key}"` : tomlKey(key);
}

function tableOr(value: unknown): Table {
  return isTable(value) ? value : {};
}

/** Text as comment lines; never mistaken for a key, since `# ` comes first. */
function comment(text: string): string[] {
  const lines: string[] = [];
  let line = "#";
  for (const word of text.split(/\s+/)) {
    if (line !== "#" && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = "#";
    }
    if (word !== "") line += ` ${word}`;
  }
  return [...lines, line];
}
