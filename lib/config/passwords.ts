/**
 * Passwords kept in files of their own: `password_file` of a sink.
 *
 * @module
 */
import { dirname, isAbsolute, join } from "node:path";
import type { Finding } from "./explain.ts";
import { nodeAt, type SchemaNode } from "./schema.ts";
import { isTable, type Table } from "./toml.ts";
import type { Environment } from "./variables.ts";

/** Where {@link readPasswords} reads. */
export interface PasswordHost {
  readonly env: Environment;
  /** Text of a file. */
  readonly readFile: (path: string) => Promise<string>;
}

/**
 * Fills `password` from `password_file` in every sink of the document that has
 * one; a relative name is looked up in $CREDENTIALS_DIRECTORY, else beside the
 * configuration file.
 *
 * @returns a fault for every file that gives no password
 */
export async function readPasswords(
  document: Table,
  root: SchemaNode,
  file: string,
  host: PasswordHost,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const sinks = document["sinks"];
  for (const [name, sink] of Object.entries(isTable(sinks) ? sinks : {})) {
    const wanted = isTable(sink) ? sink["password_file"] : undefined;
    if (!isTable(sink) || typeof wanted !== "string" || wanted === "") continue;
    const kind = nodeAt(root, ["sinks", name], document);
    if (kind?.properties?.["password"] === undefined) continue;
    const place = {
      path: ["sinks", name, "password_file"],
      part: "value",
    } as const;
    if (sink["password"] !== undefined && sink["password"] !== "") {
      findings.push({
        ...place,
        part: "key",
        found: "password and password_file in the same sink",
        wanted: "one of the two",
      });
      continue;
    }
    const credentials = host.env("CREDENTIALS_DIRECTORY");
    const path = isAbsolute(wanted)
      ? wanted
      : join(credentials || dirname(file), wanted);
    try {
      const password = (await host.readFile(path)).replace(/[\r\n]+$/, "");
      if (password !== "") {
        sink["password"] = password;
        // From here on there is one password, wherever it came from.
        delete sink["password_file"];
      } else {
        findings.push({
          ...place,
          found: `an empty file, ${path}`,
          wanted: "a file that holds the password",
        });
      }
    } catch (cause) {
      findings.push({
        ...place,
        found: fileTrouble(cause, path),
        wanted: "a file that holds the password",
      });
    }
  }
  return findings;
}

/** Why a file cannot be read, in words that start "found …". */
export function fileTrouble(cause: unknown, path: string): string {
  if (cause instanceof Deno.errors.NotFound) return `no file ${path}`;
  if (cause instanceof Deno.errors.PermissionDenied) {
    return `no permission to read ${path}`;
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return `${path} that cannot be read (${reason})`;
}
