/**
 * Writes the flight recorder to disk: `flight/` in the data directory, a few
 * files of the newest moments, never at the cost of the outbox's space.
 *
 * @module
 */
import { statfsSync } from "node:fs";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Anomaly } from "./anomaly.ts";
import { headerLine, recordLine } from "./capture.ts";
import type { FlightRecorder } from "./flight.ts";

/** Captures that are kept, and their size together. */
const MAX_FILES = 5;
const MAX_BYTES = 5_000_000;
/** The same anomaly is not written again for so long. */
const AGAIN_MS = 3_600_000;
/** Text that is made and written at a time, so that readings get in between. */
const SLICE_CHARS = 65_536;

/** What {@link FlightDumps} work with. */
export interface DumpHost {
  /** Made when it is needed. */
  readonly dir: string;
  readonly flight: FlightRecorder;
  readonly clock: Pick<Clock, "monoMs" | "nowMs" | "sleep">;
  readonly log: Log;
  readonly version: string;
  readonly baud: number | null;
  /** Free space to leave on the disk. */
  readonly minFreeBytes: number;
  /** Takes secrets out of a line. */
  readonly redact: (line: string) => string;
  /** Free bytes on the disk of a directory; asks the system by default. */
  readonly freeBytes?: (dir: string) => number;
}

/** Nothing was written; the message says why and what would do. */
export class DumpError extends Error {
  override readonly name = "DumpError";
}

/** The captures of one agent. Disposing waits for what is being written. */
export class FlightDumps implements AsyncDisposable {
  readonly #host: DumpHost;
  readonly #toldMs = new Map<Anomaly, number>();
  /** Writes follow one another. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(host: DumpHost) {
    this.#host = host;
  }

  /** Writes a capture of an anomaly in the background, unless there was one of its kind lately. */
  anomaly(kind: Anomaly): void {
    const { clock, log } = this.#host;
    const nowMs = clock.monoMs();
    if (nowMs - (this.#toldMs.get(kind) ?? -Infinity) < AGAIN_MS) return;
    this.#toldMs.set(kind, nowMs);
    this.#last = this.#last.then(async () => {
      if (await this.#hasLately(kind)) return;
      const file = await this.#write(kind);
      log.info("Flight recorder written", { why: kind, file });
    }).catch((error) =>
      log.warn("Flight recorder not written", { why: kind, reason: error })
    );
  }

  /**
   * Writes a capture because somebody asks for it.
   *
   * @returns its path
   * @throws {DumpError}
   */
  write(why: string): Promise<string> {
    const written = this.#last.then(() => this.#write(why));
    this.#last = written.catch(() => {});
    return written;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last;
  }

  async #write(why: string): Promise<string> {
    const { dir, flight, clock, redact, version, baud } = this.#host;
    // What was remembered at this moment; the rest may take its time.
    const { header, records } = flight.flight(version, baud);
    const at = new Date(clock.nowMs()).toISOString().slice(0, 19)
      .replaceAll(":", "-");
    const path = `${dir}/${at}Z-${why}.capture`;
    const unfinished = `${path}.part`;
    try {
      await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
      this.#roomIn(dir);
      {
        using file = await Deno.open(unfinished, {
          write: true,
          create: true,
          truncate: true,
          mode: 0o600,
        });
        let text = redact(headerLine(header));
        const flush = async () => {
          await writeAll(file, new TextEncoder().encode(text));
          text = "";
        };
        for (const record of records) {
          const line = recordLine(record);
          text += record.kind === "log" ? redact(line) : line;
          if (text.length < SLICE_CHARS) continue;
          await flush();
          await clock.sleep(0);
        }
        await flush();
        await file.sync();
      }
      await Deno.rename(unfinished, path);
      await this.#tidy(path);
      return path;
    } catch (error) {
      await Deno.remove(unfinished).catch(() => {});
      if (error instanceof DumpError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new DumpError(
        `Cannot write the flight recorder to ${dir}: ${reason}`,
        { cause: error },
      );
    }
  }

  #roomIn(dir: string): void {
    const { minFreeBytes, freeBytes = freeOnDisk } = this.#host;
    const free = freeBytes(dir);
    if (free >= minFreeBytes) return;
    const mb = (bytes: number) => `${Math.floor(bytes / 1_000_000)} MB`;
    throw new DumpError(
      `Cannot write the flight recorder to ${dir}: ${
        mb(free)
      } are free, [outbox] min_free_mb leaves ${
        mb(minFreeBytes)
      } alone: make room on that disk`,
    );
  }

  /** Whether a capture of that kind was written before this agent was started. */
  async #hasLately(kind: Anomaly): Promise<boolean> {
    const sinceMs = this.#host.clock.nowMs() - AGAIN_MS;
    return (await this.#files()).some(({ path, writtenMs }) =>
      path.endsWith(`Z-${kind}.capture`) && writtenMs > sinceMs
    );
  }

  /** Removes the oldest captures beyond the bounds; the one at hand stays. */
  async #tidy(fresh: string): Promise<void> {
    const files = await this.#files();
    let count = files.length;
    let bytes = files.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size } of files) {
      if (count <= MAX_FILES && bytes <= MAX_BYTES) return;
      if (path === fresh) continue;
      await Deno.remove(path);
      count--;
      bytes -= size;
    }
  }

  /** Captures on disk, oldest first; what else lies there is not ours. */
  async #files(): Promise<
    { path: string; size: number; writtenMs: number }[]
  > {
    const { dir } = this.#host;
    const found = [];
    try {
      for await (const { name, isFile } of Deno.readDir(dir)) {
        if (!isFile || !/Z-[a-z_]+\.capture$/.test(name)) continue;
        const { size, mtime } = await Deno.stat(`${dir}/${name}`);
        found.push({
          path: `${dir}/${name}`,
          size,
          writtenMs: mtime?.getTime() ?? 0,
        });
      }
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
    return found.sort((a, b) => a.path < b.path ? -1 : 1);
  }
}

function freeOnDisk(dir: string): number {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) {
    rest = rest.subarray(await file.write(rest));
  }
}
