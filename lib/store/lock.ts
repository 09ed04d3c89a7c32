/**
 * One process per data directory: an advisory lock on `outbox.lock`, which also
 * says who holds it. The kernel gives it back however the process ends.
 *
 * @module
 */
import { StoreError } from "./database.ts";

/** The lock; disposing gives it back. */
export interface StoreLock extends Disposable {
  readonly path: string;
}

/**
 * Takes the lock of a data directory, which is made when it is not there.
 *
 * @throws {StoreError} `locked` when another process holds it, `io` when there can be none
 */
export function takeLock(dir: string): StoreLock {
  const path = `${dir}/outbox.lock`;
  const file = openIn(dir, path);
  const refuse = (why: string): never => {
    file.close();
    throw new StoreError("locked", `Cannot open the outbox in ${dir}: ${why}`);
  };
  if (!file.tryLockSync(true)) {
    const bytes = new Uint8Array(32);
    const length = file.readSync(bytes) ?? 0;
    const pid = new TextDecoder().decode(bytes.subarray(0, length)).trim();
    refuse(
      /^\d+$/.test(pid)
        ? `process ${pid} holds it`
        : "another process holds it",
    );
  }
  try {
    file.truncateSync(0);
    file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
  } catch {
    // A full disk: the lock holds all the same, only without saying whose it is.
  }
  return {
    path,
    // The file stays: removing it would let two processes lock two files.
    [Symbol.dispose]() {
      // Closing alone leaves the lock to a child process that is being started.
      file.unlockSync();
      file.close();
    },
  };
}

function openIn(dir: string, path: string): Deno.FsFile {
  try {
    Deno.mkdirSync(dir, { recursive: true, mode: 0o700 });
    const mode = 0o600;
    return Deno.openSync(path, { read: true, write: true, create: true, mode });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new StoreError(
      "io",
      `Cannot open the outbox in ${dir}: ${error.message}`,
      { cause: error },
    );
  }
}
