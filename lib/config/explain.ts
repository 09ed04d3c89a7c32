/**
 * ◆ Turns the findings of the schema into words for a technician.
 *
 * @module
 */
import type * as z from "zod";
import { pathText } from "./fault.ts";
import type { Path } from "./locate.ts";
import { nearest } from "./nearest.ts";
import { nodeAt, type SchemaNode } from "./schema.ts";
import { HIDDEN, hideUserInfo, isSecret } from "./secrets.ts";
import { isTable, tomlValue } from "./toml.ts";

/** A fault that does not know its file and place yet. */
export interface Finding {
  readonly path: Path;
  /** Whether the key or its value is to be put right. */
  readonly part: "key" | "value";
  readonly found: string;
  readonly wanted: string;
  readonly hint?: string;
}

/** All findings about `document`, one for each key or value to put right. */
export function explain(
  issues: readonly z.core.$ZodIssue[],
  document: unknown,
  root: SchemaNode,
): Finding[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map((step) =>
      typeof step === "number" ? step : String(step)
    );
    return issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => unknownKey([...path, key], document, root))
      : issue.code === "invalid_key"
      ? [{
        path,
        part: "key" as const,
        found: show(path.at(-1), []),
        wanted: issue.issues[0]?.message ?? "another name",
      }]
      : [wrongValue(issue, path, document, root)];
  });
}

/** A value as a technician knows it: cut when long, `(hidden)` when secret. */
export function show(value: unknown, path: Path): string {
  if (value === undefined) return "nothing";
  if (isSecret(path)) return HIDDEN;
  if (typeof value === "string") {
    const text = hideUserInfo(value);
    return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}…` : text);
  }
  if (value instanceof Date) return `a date (${tomlValue(value)})`;
  if (Array.isArray(value)) return "a list";
  if (isTable(value)) return "a table";
  return String(value);
}

function wrongValue(
  issue: z.core.$ZodIssue,
  path: Path,
  document: unknown,
  root: SchemaNode,
): Finding {
  const value = at(document, path);
  const node = nodeAt(root, path, document);
  const parent = nodeAt(root, path.slice(0, -1), document);
  const { wanted, reason } = wantedBy(issue, path, node, parent);
  const near = typeof value === "string" && !isSecret(path)
    ? nearest(value, choices(issue, path, parent))
    : undefined;
  const hint = near === undefined
    ? reason
    : `did you mean ${JSON.stringify(near)}?`;
  return {
    path,
    part: "value",
    found: show(value, path),
    wanted,
    ...(hint === undefined ? {} : { hint }),
  };
}

interface Wanted {
  readonly wanted: string;
  /** Why the value will not do, where the schema says so. */
  readonly reason?: string;
}

function wantedBy(
  issue: z.core.$ZodIssue,
  path: Path,
  node: SchemaNode | undefined,
  parent: SchemaNode | undefined,
): Wanted {
  if (issue.code === "invalid_union" && issue.discriminator !== undefined) {
    return { wanted: list(kindsOf(path, parent)) };
  }
  const message = issue.message;
  // The library's own messages speak of schemas; ours say what would do.
  if (/^(Invalid|Too |Unrecognized)/.test(message)) {
    return { wanted: node === undefined ? "another value" : describe(node) };
  }
  const refusal = /^Cannot [^]*: (.+?), expected (.+)$/.exec(message);
  if (refusal?.[2] !== undefined) {
    return { wanted: refusal[2], reason: refusal[1] ?? "" };
  }
  const sentence = /\b(must|may|cannot|needs?|give|would|belongs?|is|are)\b/i;
  return sentence.test(message)
    ? { wanted: "another value", reason: message }
    : { wanted: message };
}

/** What a node of the schema allows, in words. */
export function describe(node: SchemaNode): string {
  if (node.const !== undefined) return JSON.stringify(node.const);
  if (node.enum !== undefined) return list(node.enum);
  const options = node.anyOf ?? node.oneOf;
  if (options !== undefined) {
    return [...new Set(options.map(describe))].join(" or ");
  }
  switch (node.type) {
    case "string":
      return describeText(node);
    case "integer":
      return `a whole number${range(node)}`;
    case "number":
      return `a number${range(node)}`;
    case "boolean":
      return "true or false";
    case "array":
      return "a list in [ ]";
    case "object":
      return "a table";
    default:
      return "another value";
  }
}

function describeText(node: SchemaNode): string {
  // What is not there yet can be explained by its purpose, not by a pattern.
  if (node.pattern !== undefined) {
    return node.description === undefined
      ? `text matching ${node.pattern}`
      : `text in quotes: ${node.description}`;
  }
  if (node.maxLength !== undefined) {
    return `text in quotes of ${
      node.minLength ?? 0
    } to ${node.maxLength} characters`;
  }
  if ((node.minLength ?? 0) === 1) return "text in quotes, not empty";
  return node.minLength === undefined
    ? "text in quotes"
    : `text in quotes of ${node.minLength} characters or more`;
}

function range(node: SchemaNode): string {
  const low = finite(node.minimum);
  const high = finite(node.maximum);
  const above = node.exclusiveMinimum;
  const below = node.exclusiveMaximum;
  if (low !== undefined && high !== undefined) return ` from ${low} to ${high}`;
  const parts = [
    low === undefined ? "" : `${low} or more`,
    above === undefined ? "" : `above ${above}`,
    high === undefined ? "" : `${high} or less`,
    below === undefined ? "" : `below ${below}`,
  ].filter((part) => part !== "");
  return parts.length === 0 ? "" : `, ${parts.join(" and ")}`;
}

/** The bounds that only say "fits a double" are no help to anyone. */
function finite(bound: number | undefined): number | undefined {
  return bound === undefined || Math.abs(bound) >= Number.MAX_SAFE_INTEGER
    ? undefined
    : bound;
}

function choices(
  issue: z.core.$ZodIssue,
  path: Path,
  parent: SchemaNode | undefined,
): string[] {
  const known = issue.code === "invalid_value"
    ? issue.values
    : issue.code === "invalid_union"
    ? kindsOf(path, parent)
    : [];
  return known.filter((value) => typeof value === "string");
}

/** The values of the key at `path` that select a kind of its table. */
function kindsOf(path: Path, parent: SchemaNode | undefined): unknown[] {
  return (parent?.oneOf ?? [])
    .map((option) => option.properties?.[String(path.at(-1))]?.const)
    .filter((value) => value !== undefined);
}

function unknownKey(path: Path, document: unknown, root: SchemaNode): Finding {
  const key = String(path.at(-1));
  const parent = path.slice(0, -1);
  const known = Object.keys(nodeAt(root, parent, document)?.properties ?? {});
  const what = isTable(at(document, path)) ? "table" : "key";
  const finding = {
    path,
    part: "key" as const,
    found: `an unknown ${what}`,
    wanted: `one of ${known.join(", ")}`,
  };
  const near = nearest(key, known);
  if (near !== undefined) {
    return { ...finding, hint: `did you mean ${JSON.stringify(near)}?` };
  }
  const home = homeOf(key, parent, document, root);
  return home === undefined
    ? finding
    : { ...finding, hint: `${key} belongs to ${home}` };
}

/** The table a misplaced key is known in: one below, one around, else a section. */
function homeOf(
  key: string,
  parent: Path,
  document: unknown,
  root: SchemaNode,
): string | undefined {
  const beside = nodeAt(root, parent, document)?.properties ?? {};
  const below = parent.length === 0 ? undefined : Object.entries(beside)
    .find(([, node]) => Object.hasOwn(node.properties ?? {}, key));
  if (below !== undefined) return `[${pathText([...parent, below[0]])}]`;
  for (let length = parent.length - 1; length >= 0; length--) {
    const around = parent.slice(0, length);
    if (nodeAt(root, around, document)?.properties?.[key] !== undefined) {
      return length === 0 ? "the top of the file" : `[${pathText(around)}]`;
    }
  }
  const section = Object.entries(root.properties ?? {})
    .find(([, node]) => Object.hasOwn(node.properties ?? {}, key));
  return section && `[${section[0]}]`;
}

/** The value at a path of a document; undefined when there is none. */
export function at(document: unknown, path: Path): unknown {
  let value = document;
  for (const step of path) {
    const inside = isTable(value) || Array.isArray(value);
    if (!inside || !Object.hasOwn(value as object, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

function list(values: readonly unknown[]): string {
  const words = values.map((value) => JSON.stringify(value));
  return words.length < 2 ? words.join("") : `one of ${words.join(", ")}`;
}
