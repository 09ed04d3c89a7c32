/**
 * ◆ Takes a configuration's secrets out of texts that leave the machine: a
 * second line of defence behind never writing them.
 *
 * @module
 */
import { HIDDEN, isSecret, redact } from "./secrets.ts";
import { isTable } from "./toml.ts";

/** Shorter ones are not looked for in texts: they would be found in every second word. */
const MIN_CHARS = 4;

/** Takes secrets out of texts. */
export interface Redactor {
  /** Any text: wherever a secret stands in it, `(hidden)` stands then. */
  text(text: string): string;
  /** A line of JSON; what keys call secret goes as well. */
  line(json: string): string;
}

/** A redactor that knows the secrets of a configuration, checked or as written. */
export function redactor(config: unknown): Redactor {
  const found = new Set<string>();
  collect(config, [], found);
  // In JSON and in addresses a secret may be spelled otherwise.
  const spellings = [...found].flatMap((secret) => [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
  ]);
  const secrets = [...new Set(spellings)]
    .filter((secret) => secret.length >= MIN_CHARS)
    // One may be part of another.
    .sort((a, b) => b.length - a.length);
  const text = (input: string): string =>
    secrets.reduce((out, secret) => out.replaceAll(secret, HIDDEN), input);
  return {
    text,
    line: (json) => text(`${JSON.stringify(redact(JSON.parse(json)))}\n`),
  };
}

function collect(
  value: unknown,
  path: readonly (string | number)[],
  found: Set<string>,
): void {
  if (typeof value === "string") {
    if (isSecret(path)) found.add(value);
    for (const [, user] of value.matchAll(/:\/\/([^/?#\s]*)@/g)) {
      const password = user?.split(":").slice(1).join(":") ?? "";
      found.add(password);
      try {
        found.add(decodeURIComponent(password));
      } catch {
        // No percent-encoding: it is what it is.
      }
    }
  } else if (Array.isArray(value)) {
    for (const inner of value) collect(inner, path, found);
  } else if (isTable(value)) {
    for (const [key, inner] of Object.entries(value)) {
      collect(inner, [...path, key], found);
    }
  }
}
