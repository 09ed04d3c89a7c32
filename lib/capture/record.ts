/**
 * Writes a capture to a file as it happens. What is written is in the file
 * before the next chunk is looked at: whoever ends the program loses nothing.
 *
 * @module
 */
import { closeSync, openSync, writeSync } from "node:fs";
import type { Clock } from "../clock.ts";
import { headerLine, recordLine } from "./capture.ts";
import { LineRecorder } from "./recorder.ts";

/** What the header says besides times. */
export interface Recorded {
  readonly port: string | null;
  readonly baud: number | null;
  readonly version: string;
}

/** A file that a line is recorded to; fits the tap of a serial port. */
export class CaptureFile extends LineRecorder implements Disposable {
  readonly #file: number;
  #trouble: unknown = null;

  private constructor(clock: Pick<Clock, "instant">, file: number) {
    super(clock, (record) => this.#write(recordLine(record)));
    this.#file = file;
  }

  /**
   * Begins a capture in a new file.
   *
   * @throws {Error} with what would do, when the file is there or cannot be made
   */
  static create(
    path: string,
    clock: Pick<Clock, "instant">,
    { port, baud, version }: Recorded,
  ): CaptureFile {
    let file: number;
    try {
      // Never over another recording.
      file = openSync(path, "ax", 0o600);
    } catch (error) {
      throw new Error(`Cannot record to ${path}: ${reasonOf(error)}`, {
        cause: error,
      });
    }
    const capture = new CaptureFile(clock, file);
    const { wallMs, monoMs, bootId, synced } = capture.start;
    capture.#write(headerLine({
      startedMs: wallMs,
      monoMs,
      port,
      baud,
      bootId,
      synced,
      version,
    }));
    return capture;
  }

  /** Why nothing is recorded any more; null while it is. */
  get trouble(): string | null {
    return this.#trouble === null ? null : reasonOf(this.#trouble);
  }

  #write(line: string): void {
    if (this.#trouble !== null) return;
    const bytes = new TextEncoder().encode(line);
    try {
      for (let at = 0; at < bytes.length;) {
        at += writeSync(this.#file, bytes, at);
      }
    } catch (error) {
      // A full disk must not end the display; it is told.
      this.#trouble = error;
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : "";
  switch (code) {
    case "EEXIST":
      return "there is a file of that name: name another one";
    case "ENOENT":
      return "its directory is not there: make it, or name another file";
    case "EACCES":
      return "this user may not write there: name a file of your own";
    case "ENOSPC":
      return "no space left on that disk";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
