/**
 * ◆ Variables of the environment in the texts of a configuration.
 *
 * | written | stands for |
 * | --- | --- |
 * | `${NAME}` | the variable; a fault when it is not set |
 * | `${NAME:-default}` | the variable; the default when it is not set or empty |
 * | `${NAME:?message}` | the variable; a fault with the message when it is not set or empty |
 * | `$${` | the two characters `${` |
 *
 * Resolved after parsing, in values and not in keys; what a variable holds is
 * not searched again.
 *
 * @module
 */
import type { Path } from "./locate.ts";
import { isTable } from "./toml.ts";

/** Value of a variable of the environment; undefined when it is not set. */
export type Environment = (name: string) => string | undefined;

/** A variable that cannot be resolved. */
export interface VariableFault {
  readonly path: Path;
  readonly found: string;
  readonly wanted: string;
}

/** A document with its variables resolved. */
export interface Resolved {
  readonly value: unknown;
  readonly faults: readonly VariableFault[];
  /** Paths of the texts that hold a variable. */
  readonly variables: readonly Path[];
}

/** Resolves the variables in every text of a document; the document stays as it is. */
export function resolveVariables(
  document: unknown,
  env: Environment,
): Resolved {
  const faults: VariableFault[] = [];
  const variables: Path[] = [];
  const visit = (value: unknown, path: Path): unknown => {
    if (typeof value === "string") {
      const text = resolveText(value, env);
      if (text.variables) variables.push(path);
      faults.push(...text.faults.map((fault) => ({ path, ...fault })));
      return text.value;
    }
    if (Array.isArray(value)) {
      return value.map((inner, index) => visit(inner, [...path, index]));
    }
    if (!isTable(value)) return value;
    // No prototype: a key may be called __proto__.
    const table: Record<string, unknown> = Object.create(null);
    for (const [key, inner] of Object.entries(value)) {
      table[key] = visit(inner, [...path, key]);
    }
    return table;
  };
  return { value: visit(document, []), faults, variables };
}

/** Writes a text so that {@link resolveVariables} gives it back unchanged. */
export function escapeVariables(text: string): string {
  return text.replaceAll("${", () => "$${");
}

interface ResolvedText {
  readonly value: string;
  readonly variables: boolean;
  readonly faults: readonly Omit<VariableFault, "path">[];
}

/** Lengths are bounded so that no text takes longer than its length allows. */
const REFERENCE =
  /\$\$\{|\$\{(?:([A-Za-z_][A-Za-z0-9_]{0,255})(?::([-?])([^}]{0,1023}))?\})?/g;

function resolveText(text: string, env: Environment): ResolvedText {
  const faults: Omit<VariableFault, "path">[] = [];
  let variables = false;
  const value = text.replaceAll(
    REFERENCE,
    (written, name?: string, operator?: string, word = "") => {
      if (written === "$${") return "${";
      variables = true;
      if (name === undefined) {
        faults.push({
          found: 'a "${" that starts no variable',
          wanted:
            '${NAME}, ${NAME:-default} or ${NAME:?message}; for the characters themselves, "$${"',
        });
        return written;
      }
      const set = env(name);
      if (set !== undefined && (set !== "" || operator === undefined)) {
        return set;
      }
      if (operator === "-") return word;
      faults.push({
        found: `variable ${name} ${set === undefined ? "not set" : "empty"}`,
        wanted: word === ""
          ? `a value for ${name} in the environment`
          : `a value for ${name} in the environment (${word})`,
      });
      return written;
    },
  );
  return { value, variables, faults };
}
