/**
 * A serial port in memory: the test is the line.
 *
 * @module
 */
import { type BytePort, SerialError } from "../../lib/serial/serial.ts";

/** A {@link BytePort} whose other end is the test. */
export interface FakePort extends BytePort {
  readonly written: Uint8Array[];
  /** Bytes that arrive. */
  arrive(bytes: Uint8Array): void;
  /** Pulls the plug. */
  pull(): void;
  readonly disposed: boolean;
}

/** An open port. */
export function fakePort(
  name = "/dev/ttyFAKE",
  onWrite: (bytes: Uint8Array) => void = () => {},
): FakePort {
  const waiting: Uint8Array[] = [];
  let lost = false;
  let disposed = false;
  let wake = () => {};
  const gone = () => new SerialError(`${name} is gone`, "lost");
  return {
    name,
    written: [],
    get disposed() {
      return disposed;
    },
    arrive(bytes) {
      waiting.push(bytes);
      wake();
    },
    pull() {
      lost = true;
      wake();
    },
    async read() {
      for (;;) {
        const bytes = waiting.shift();
        if (disposed) return null;
        if (bytes !== undefined) return bytes;
        if (lost) throw gone();
        await new Promise<void>((resolve) => wake = resolve);
      }
    },
    write(bytes) {
      if (lost || disposed) return Promise.reject(gone());
      this.written.push(bytes);
      onWrite(bytes);
      return Promise.resolve();
    },
    [Symbol.asyncDispose]() {
      disposed = true;
      wake();
      return Promise.resolve();
    },
  };
}
