/**
 * ◆ Which settings are secrets, and how a configuration is shown without them.
 *
 * @module
 */
import type { Path } from "./locate.ts";
import { isTable } from "./toml.ts";

/** Stands where a secret stood. */
export const HIDDEN = "(hidden)";

/** True when the last key of a path names a secret: password, token, secret. */
export function isSecret(path: Path): boolean {
  const key = path.findLast((step) => typeof step === "string");
  return typeof key === "string" && secretKey(key);
}

/** Text without the user and password that an address in it may hold. */
export function hideUserInfo(text: string): string {
  return text.replaceAll(/(:\/\/)[^/?#\s]*@/g, `$1${HIDDEN}@`);
}

/** True when an address in the text holds a password, as `mqtt://user:password@host`. */
export function hasUserPassword(text: string): boolean {
  return /:\/\/[^/?#\s]*:[^/?#\s]+@/.test(text);
}

/** A copy for status pages and logs, every secret replaced by `(hidden)`. */
export function redact(config: unknown): unknown {
  if (typeof config === "string") return hideUserInfo(config);
  if (Array.isArray(config)) return config.map(redact);
  if (!isTable(config)) return config;
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key,
      secretKey(key) && value !== undefined && value !== ""
        ? HIDDEN
        : redact(value),
    ]),
  );
}

function secretKey(key: string): boolean {
  return /(pass(word|wd|phrase)|token|secret)$/i.test(key);
}
