/**
 * A descriptor as a {@link BytePort}: waits on another thread, moves bytes on
 * this one, and wakes its own waits to close. Used by serial ports and by the
 * master of a pseudo terminal.
 *
 * @module
 */
import { EAGAIN, lostError } from "./errno.ts";
import {
  close,
  closeAside,
  FIONREAD,
  ioctlAnswer,
  openEvent,
  poll,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  POLLOUT,
  read,
  signalEvent,
  write,
} from "./libc.ts";
import { Pace } from "./pace.ts";
import { SerialError } from "./serial.ts";
import type { BytePort } from "./serial.ts";

/** Most bytes that one read gives. */
const READ_CAP_BYTES = 16_384;
/** Waits broken off one after the other before the port is given up; signals are never that many. */
const BROKEN_WAITS_MAX = 100;
const GONE = POLLHUP | POLLERR | POLLNVAL;

/** What else belongs to a descriptor. */
export interface FdOptions {
  /** Called once, before the descriptor is closed and after the last read and write. */
  readonly beforeClose?: (fd: number) => Promise<void> | void;
}

/**
 * Takes over a descriptor that does not block.
 *
 * @throws {SerialError} `failed` without a descriptor to spare; `fd` is closed
 */
export function fdPort(
  name: string,
  fd: number,
  options: FdOptions = {},
): BytePort {
  const wake = openEvent();
  if (wake < 0) {
    close(fd);
    throw new SerialError(
      `Cannot open ${name}: no descriptor to spare`,
      "failed",
      { errno: -wake },
    );
  }
  return new FdPort(name, fd, wake, options.beforeClose ?? (() => {}));
}

class FdPort implements BytePort {
  readonly name: string;
  readonly #fd: number;
  readonly #wake: number;
  readonly #beforeClose: (fd: number) => Promise<void> | void;
  readonly #buffer = new Uint8Array(new ArrayBuffer(READ_CAP_BYTES));
  readonly #pace = new Pace();
  /** Waits under way; the descriptors are closed only after them. */
  readonly #waits = new Set<Promise<unknown>>();
  #reading = false;
  /** The last write that was asked for; writes follow one another. */
  #lastWrite: Promise<void> = Promise.resolve();
  #closed: Promise<void> | null = null;

  constructor(
    name: string,
    fd: number,
    wake: number,
    beforeClose: (fd: number) => Promise<void> | void,
  ) {
    this.name = name;
    this.#fd = fd;
    this.#wake = wake;
    this.#beforeClose = beforeClose;
  }

  async read(): Promise<Uint8Array | null> {
    if (this.#reading) {
      throw new Error(
        `Cannot read from ${this.name}: a read is already under way`,
      );
    }
    this.#reading = true;
    try {
      while (this.#closed === null) {
        // Always wait first, even when bytes are there: a line that never
        // pauses must not starve the event loop.
        const { pauseMs } = this.#pace;
        const ready = pauseMs > 0
          ? await this.#wait(0, pauseMs)
          : await this.#wait(POLLIN);
        if (this.#isClosed()) break;
        const got = this.#drain();
        if (typeof got !== "number") {
          this.#pace.read(got.length, performance.now());
          return got;
        }
        if (pauseMs > 0 && got === -EAGAIN && (ready & GONE) === 0) {
          this.#pace.idle();
          continue;
        }
        if (got === 0 || (got === -EAGAIN && ready & GONE)) {
          throw lostError("read from", this.name, null);
        }
        if (got !== -EAGAIN) throw lostError("read from", this.name, -got);
      }
      return null;
    } finally {
      this.#reading = false;
    }
  }

  unread(): number {
    return this.#isClosed() ? 0 : Math.max(0, ioctlAnswer(this.#fd, FIONREAD));
  }

  write(bytes: Uint8Array): Promise<void> {
    // A copy: the caller may use its bytes again before their turn comes.
    const copy = new Uint8Array(bytes);
    const written = this.#lastWrite.then(() => this.#writeAll(copy));
    this.#lastWrite = written.catch(() => {});
    return written;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    signalEvent(this.#wake);
    await Promise.allSettled([...this.#waits]);
    try {
      await this.#beforeClose(this.#fd);
    } finally {
      await closeAside(this.#fd);
      close(this.#wake);
    }
  }

  /** A call, since a wait lies between two looks and the compiler would not look again. */
  #isClosed(): boolean {
    return this.#closed !== null;
  }

  /** What is there now, up to the cap; else why there is nothing, as a negative error number (0: the end). */
  #drain(): Uint8Array | number {
    let length = 0;
    while (length < READ_CAP_BYTES) {
      const got = read(this.#fd, this.#buffer.subarray(length));
      if (got > 0) {
        length += got;
        continue;
      }
      // Bytes that came before a fault are given first; the fault stays.
      if (length === 0) return got;
      break;
    }
    return this.#buffer.slice(0, length);
  }

  async #writeAll(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      if (this.#isClosed()) {
        throw new SerialError(
          `Cannot write to ${this.name}: the port was closed after ${written} of ${bytes.length} bytes`,
          "lost",
        );
      }
      const count = write(this.#fd, bytes.subarray(written));
      if (count > 0) written += count;
      else if (count !== 0 && count !== -EAGAIN) {
        throw lostError("write to", this.name, -count);
      } else if (await this.#wait(POLLOUT) & GONE) {
        throw lostError("write to", this.name, null);
      }
    }
  }

  /** What the descriptor is ready for; 0 when time is up or the port is being closed. */
  async #wait(events: number, timeoutMs = -1): Promise<number> {
    for (let broken = 0; broken < BROKEN_WAITS_MAX; broken++) {
      if (this.#isClosed()) return 0;
      const wait = poll([
        { fd: this.#fd, events },
        { fd: this.#wake, events: POLLIN },
      ], timeoutMs);
      this.#waits.add(wait);
      try {
        const ready = await wait;
        if (this.#isClosed()) return 0;
        if (ready !== null) return ready[0] ?? 0;
      } finally {
        this.#waits.delete(wait);
      }
    }
    throw new SerialError(
      `Cannot wait for ${this.name}: the system refuses`,
      "failed",
    );
  }
}
