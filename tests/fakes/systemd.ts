/**
 * A socket that stands in for systemd: takes the notices of services.
 *
 * @module
 */
import {
  close,
  openEvent,
  poll,
  POLLIN,
  read,
  signalEvent,
} from "../../lib/serial/libc.ts";

const { symbols: c } = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
});

/** The service manager's end of `$NOTIFY_SOCKET`. */
export interface FakeSystemd extends AsyncDisposable {
  /** Value of `$NOTIFY_SOCKET`. */
  readonly address: string;
  /** Every datagram so far, by lines. */
  readonly notices: readonly (readonly string[])[];
  /** Every line so far. */
  lines(): string[];
  /** Resolves at the next datagram. */
  next(): Promise<void>;
  /** Resolves once a condition holds; looks at every datagram. */
  until(condition: () => boolean): Promise<void>;
}

/** @param address a path, or `@` and a name */
export function fakeSystemd(address: string): FakeSystemd {
  const fd = c.socket(1, 2 | 0o4000 | 0o2000000, 0);
  const path = new TextEncoder().encode(address);
  const where = new Uint8Array(new ArrayBuffer(110));
  where[0] = 1;
  where.set(path, 2);
  if (address.startsWith("@")) where[2] = 0;
  const length = 2 + path.length + (address.startsWith("@") ? 0 : 1);
  if (fd < 0 || c.bind(fd, where, length) !== 0) {
    throw new Error(`cannot listen on ${address}`);
  }
  const wake = openEvent();
  const notices: string[][] = [];
  const watchers = new Set<() => void>();
  let closed = false;
  const next = () => new Promise<void>((resolve) => watchers.add(resolve));
  const loop = async () => {
    const buffer = new Uint8Array(new ArrayBuffer(8192));
    while (!closed) {
      await poll([{ fd, events: POLLIN }, { fd: wake, events: POLLIN }], -1);
      for (let got = read(fd, buffer); got > 0; got = read(fd, buffer)) {
        const text = new TextDecoder().decode(buffer.subarray(0, got));
        notices.push(text.split("\n"));
      }
      for (const told of watchers) told();
      watchers.clear();
    }
  };
  const running = loop();
  return {
    address,
    notices,
    lines: () => notices.flat(),
    next,
    async until(condition) {
      while (!condition()) await next();
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      signalEvent(wake);
      await running;
      close(fd);
      close(wake);
    },
  };
}
