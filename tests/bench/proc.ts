/**
 * What the kernel tells of a process and of the machine: bytes to disk,
 * transactions of a database, and how busy others keep the cores.
 *
 * @module
 */

/** Bytes that a process has made the kernel write to disk so far. */
export function writtenBytes(pid: number): number {
  return Number(
    /^write_bytes: (\d+)/m.exec(Deno.readTextFileSync(`/proc/${pid}/io`))?.[1],
  );
}

/** How the write-ahead log of a database stands. */
interface LogState {
  /** Transactions since the log was opened; wraps at 2^32. */
  readonly commits: number;
  readonly frames: number;
  readonly frameBytes: number;
}

/** Reads the index of a write-ahead log [SQLite wal-index format, header]; null where there is none. */
function logState(path: string): LogState | null {
  try {
    using file = Deno.openSync(`${path}-shm`);
    const head = new Uint8Array(48);
    if (file.readSync(head) !== head.length) return null;
    const view = new DataView(head.buffer);
    return {
      commits: view.getUint32(8, true),
      frames: view.getUint32(16, true),
      frameBytes: view.getUint16(14, true) + 24,
    };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Counts the transactions of a database and the bytes of its write-ahead log while it lives. */
export class LogWatch implements Disposable {
  readonly #path: string;
  readonly #timer: ReturnType<typeof setInterval>;
  #last: LogState | null;
  /** Transactions seen; NaN when the database has no shared index. */
  commits = 0;
  bytes = 0;

  constructor(path: string) {
    this.#path = path;
    this.#last = logState(path);
    if (this.#last === null) this.commits = this.bytes = NaN;
    // Far more often than a log can wrap around and grow past where it was.
    this.#timer = setInterval(() => this.look(), 100);
  }

  /** Takes what has come since the last look. */
  look(): void {
    const now = logState(this.#path);
    const before = this.#last;
    if (now === null || before === null) return;
    this.commits += (now.commits - before.commits) >>> 0;
    // A log that was carried over to the database begins anew.
    const frames = now.frames < before.frames
      ? now.frames
      : now.frames - before.frames;
    this.bytes += frames * now.frameBytes;
    this.#last = now;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** Time the machine's cores have been busy so far, ticks. */
function busyTicks(): readonly [busy: number, all: number] {
  const fields = Deno.readTextFileSync("/proc/stat").split("\n")[0]
    ?.split(/\s+/).slice(1, 9).map(Number) ?? [];
  const all = fields.reduce((sum, ticks) => sum + ticks, 0);
  return [all - (fields[3] ?? 0) - (fields[4] ?? 0), all];
}

/** Share of all cores (0 to 1) that others use while this program waits. */
export async function busyShare(ms = 1000): Promise<number> {
  const [busyBefore, allBefore] = busyTicks();
  await new Promise((resolve) => setTimeout(resolve, ms));
  const [busy, all] = busyTicks();
  return all === allBefore ? 0 : (busy - busyBefore) / (all - allBefore);
}
