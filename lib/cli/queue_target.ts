/**
 * Where exported lines go: stdout, or a file that nobody else may read. A page
 * is in the file as a whole or not at all.
 *
 * @module
 */
import type { Io } from "./io.ts";

/** Cannot be written; the message is for people. */
export class TargetError extends Error {
  override readonly name = "TargetError";
}

/** Takes whole lines. Disposing closes it. */
export interface Target extends Disposable {
  /** @throws {TargetError} when none of the lines was taken */
  write(lines: string): void;
}

/**
 * @param out name of the file; undefined is stdout
 * @param more adds to a file that is there; else there must be none
 * @throws {TargetError} when it cannot be opened
 */
export function openTarget(
  out: string | undefined,
  more: boolean,
  io: Io,
): Target {
  if (out === undefined) {
    return { write: (text) => io.out(text), [Symbol.dispose]() {} };
  }
  const file = create(out, more);
  const encoder = new TextEncoder();
  return {
    write(lines) {
      const { size, isFile } = file.statSync();
      try {
        const bytes = encoder.encode(lines);
        for (let at = 0; at < bytes.length;) {
          at += file.writeSync(bytes.subarray(at));
        }
      } catch (error) {
        if (isFile) file.truncateSync(size);
        throw new TargetError(`cannot write ${out}: ${reasonOf(error)}`);
      }
    },
    [Symbol.dispose]() {
      file.close();
    },
  };
}

function create(out: string, more: boolean): Deno.FsFile {
  try {
    return Deno.openSync(
      out,
      more
        ? { create: true, append: true, mode: 0o600 }
        : { createNew: true, write: true, mode: 0o600 },
    );
  } catch (error) {
    throw new TargetError(
      error instanceof Deno.errors.AlreadyExists
        ? `${out} exists and is left as it is; choose another name with --out, or go on with --after ID`
        : `cannot write ${out}: ${reasonOf(error)}`,
    );
  }
}

/** The system's words, without the name of the call. */
function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "no such directory";
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/ \(os error \d+\)(: .*)?$/, "");
}
