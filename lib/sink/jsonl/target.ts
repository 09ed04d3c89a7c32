/**
 * Where lines go: a file that survives power loss and rotation, or stdout.
 *
 * @module
 */

/** A place that takes whole lines. */
export interface Target {
  /** Name for people. */
  readonly name: string;
  /** Appends all bytes, or none; resolves when they are safe. */
  append(bytes: Uint8Array): Promise<void>;
  close(): void;
}

/** The file at `path`, opened at the first append; `-` is stdout. */
export function openTarget(path: string): Target {
  return path === "-" ? stdout : fileTarget(path);
}

const stdout: Target = {
  name: "stdout",
  append: (bytes) => writeAll(Deno.stdout, bytes),
  close() {},
};

function fileTarget(path: string): Target {
  let file: Deno.FsFile | null = null;
  const close = () => {
    file?.close();
    file = null;
  };
  return {
    name: path,
    async append(bytes) {
      // A rotated log has another file under its name, or none.
      if (file !== null && !(await isAt(file, path))) close();
      const open = file ??= await openForAppend(path);
      const { size, isFile } = await open.stat();
      try {
        await writeAll(open, bytes);
        if (isFile) await open.sync();
      } catch (error) {
        // Half a line (a full disk) must not stay in front of the next one.
        if (isFile) await open.truncate(size).catch(() => close());
        throw error;
      }
    },
    close,
  };
}

async function openForAppend(path: string): Promise<Deno.FsFile> {
  // Its owner's alone, whatever the mask of this process; an existing file
  // keeps the mode that an operator gave it.
  const file = await Deno.open(path, {
    append: true,
    create: true,
    mode: 0o600,
  }).catch((cause) => {
    throw new Error(`Cannot open ${path}: ${openReason(cause)}`, { cause });
  });
  try {
    if (await endsInLine(path)) await writeAll(file, new Uint8Array([0x0a]));
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

function openReason(cause: unknown): string {
  if (cause instanceof Deno.errors.NotFound) {
    return "its directory is not there; make it, or set path to another file";
  }
  if (cause instanceof Deno.errors.PermissionDenied) {
    return "permission denied; let this user write there, or set path to another file";
  }
  return cause instanceof Error ? cause.message : String(cause);
}

/** Whether the file's last line has no end: a power loss in the middle of a write. */
async function endsInLine(path: string): Promise<boolean> {
  const { isFile, size } = await Deno.stat(path);
  if (!isFile || size === 0) return false;
  using file = await Deno.open(path);
  await file.seek(-1, Deno.SeekMode.End);
  const last = new Uint8Array(1);
  await file.read(last);
  return last[0] !== 0x0a;
}

async function isAt(file: Deno.FsFile, path: string): Promise<boolean> {
  try {
    const [mine, there] = await Promise.all([file.stat(), Deno.stat(path)]);
    return mine.ino === there.ino && mine.dev === there.dev;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function writeAll(
  writer: { write(bytes: Uint8Array): Promise<number> },
  bytes: Uint8Array,
): Promise<void> {
  for (let rest = bytes; rest.length > 0;) {
    rest = rest.subarray(await writer.write(rest));
  }
}
