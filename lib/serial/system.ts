/**
 * Where the system shows its devices and processes, as folders: tests give a
 * tree of their own.
 *
 * @module
 */

/** The roots that ports and their holders are looked up under. */
export interface SystemRoots {
  readonly dev: string;
  readonly sys: string;
  readonly proc: string;
}

/** The running system. */
export const systemRoots: SystemRoots = {
  dev: "/dev",
  sys: "/sys",
  proc: "/proc",
};

/** Content of a small text file, or null when it is gone or closed to us. */
export async function textOf(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch {
    return null;
  }
}

/** Names in a folder, or none when it is gone or closed to us. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(folder));
    return entries.map(({ name }) => name);
  } catch {
    return [];
  }
}
