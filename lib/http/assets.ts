/**
 * The files of the page with what a browser needs to keep them.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** A file of the page. */
export interface Asset {
  readonly type: string;
  readonly body: string;
  /** Strong: another body has another one. */
  readonly etag: string;
}

/** Gives every file its tag. */
export function tagged(
  files: ReadonlyMap<string, { readonly type: string; readonly body: string }>,
): ReadonlyMap<string, Asset> {
  return new Map(
    [...files].map(([path, { type, body }]) => {
      const hash = createHash("sha256").update(body).digest("base64url");
      return [path, { type, body, etag: `"${hash.slice(0, 22)}"` }];
    }),
  );
}
