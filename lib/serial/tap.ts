/**
 * A port that is listened in on: every chunk that is read or written and every
 * open, loss and close is told, as it happens, to somebody who must be quick.
 *
 * @module
 */
import type { Instant } from "../clock.ts";
import { type BytePort, type OpenPort, SerialError } from "./serial.ts";

/** Told of what goes over the line. Must not throw, and must copy bytes it keeps. */
export interface LineTap {
  opened(port: string): void;
  /** It could not be opened; told once for each reason in a row. */
  refused(reason: string): void;
  /** Returns when that was: whoever reads the port goes by the same moment. */
  read(bytes: Uint8Array): Instant;
  /** Told when the bytes are handed over, in order. */
  wrote(bytes: Uint8Array): void;
  lost(reason: string): void;
  closed(): void;
}

/** Opens the same ports, each told of. */
export function tapped(open: OpenPort, tap: LineTap): OpenPort {
  let refused = "";
  return async () => {
    let port: BytePort;
    try {
      port = await open();
    } catch (error) {
      if (error instanceof SerialError && error.message !== refused) {
        refused = error.message;
        tap.refused(refused);
      }
      throw error;
    }
    refused = "";
    tap.opened(port.name);
    return tappedPort(port, tap);
  };
}

function tappedPort(port: BytePort, tap: LineTap): BytePort {
  // Lost is an end as well: it is told once, and closing says nothing more.
  let ended = false;
  let readAt: Instant | null = null;
  return {
    name: port.name,
    get readAt() {
      return readAt;
    },
    async read() {
      try {
        const bytes = await port.read();
        if (bytes !== null) readAt = tap.read(bytes);
        return bytes;
      } catch (error) {
        if (error instanceof SerialError && !ended) {
          ended = true;
          tap.lost(error.message);
        }
        throw error;
      }
    },
    ...(port.unread === undefined
      ? {}
      : { unread: () => port.unread?.() ?? 0 }),
    write(bytes) {
      tap.wrote(bytes);
      return port.write(bytes);
    },
    async [Symbol.asyncDispose]() {
      if (!ended) {
        ended = true;
        tap.closed();
      }
      await port[Symbol.asyncDispose]();
    },
  };
}
