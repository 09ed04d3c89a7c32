/**
 * Compares a token with the configured one.
 *
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";

/** Says whether a text is `token`, in a time that does not depend on where they differ. */
export function tokenCheck(token: string): (given: string) => boolean {
  const wanted = digest(token);
  return (given) => timingSafeEqual(digest(given), wanted);
}

/** All of one length, which the comparison asks for. */
function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
