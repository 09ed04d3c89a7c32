/**
 * The C library, through FFI: what serial ports, pseudo terminals, the state of
 * the clock, a datagram to systemd, a signal to be ignored and free memory to be
 * returned need and Deno does not offer. The only file that loads native code; glibc on x86-64 and ARM64 have
 * the same names, numbers and layouts for everything used here. `open` and `ioctl` are variadic in C; on
 * both machines integer arguments travel as in any other call.
 *
 * Functions give a result of 0 or more, or the negative error number.
 *
 * @module
 */
import { EINTR, EIO, ENAMETOOLONG } from "./errno.ts";

const { symbols: c } = Deno.dlopen("libc.so.6", {
  __errno_location: { parameters: [], result: "pointer" },
  open: { parameters: ["buffer", "i32", "u32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  closeAside: {
    name: "close",
    parameters: ["i32"],
    result: "i32",
    nonblocking: true,
  },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  poll: {
    parameters: ["buffer", "usize", "i32"],
    result: "i32",
    nonblocking: true,
  },
  ioctl: { parameters: ["i32", "usize", "buffer"], result: "i32" },
  ioctlNumber: {
    name: "ioctl",
    parameters: ["i32", "usize", "usize"],
    result: "i32",
  },
  flock: { parameters: ["i32", "i32"], result: "i32" },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  posix_openpt: { parameters: ["i32"], result: "i32" },
  grantpt: { parameters: ["i32"], result: "i32" },
  unlockpt: { parameters: ["i32"], result: "i32" },
  ptsname_r: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  adjtimex: { parameters: ["buffer"], result: "i32" },
  gnu_get_libc_version: { parameters: [], result: "pointer" },
  signal: { parameters: ["i32", "pointer"], result: "pointer" },
  malloc_trim: { parameters: ["usize"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  sendto: {
    parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"],
    result: "isize",
  },
});

/** Bytes that C may read or write: memory of their own, not shared. */
export type Memory = Uint8Array<ArrayBuffer>;

// fcntl.h
const O_RDWR = 0o2;
const O_NOCTTY = 0o400;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

// poll.h
export const POLLIN = 0x01;
export const POLLOUT = 0x04;
export const POLLERR = 0x08;
export const POLLHUP = 0x10;
export const POLLNVAL = 0x20;

// asm-generic/ioctls.h
export const TCGETS = 0x5401;
export const TCSETS = 0x5402;
export const TCGETS2 = 0x802c542a;
export const TCSETS2 = 0x402c542b;
export const TCFLSH = 0x540b;
export const TIOCEXCL = 0x540c;
export const TIOCNXCL = 0x540d;
export const TIOCOUTQ = 0x5411;
export const FIONREAD = 0x541b;
export const TIOCGEXCL = 0x80045440;

/** Argument of {@link TCFLSH}: throw away what was written and not yet sent. */
export const TCOFLUSH = 1;

// sys/file.h
const LOCK_EX = 2;
const LOCK_NB = 4;
const LOCK_UN = 8;

// sys/socket.h, sys/un.h
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const UNIX_PATH_BYTES = 108;

// asm-generic/signal.h
const SIGUSR1 = 10;
const SIG_IGN = 1n;

// sys/timex.h
const TIMEX_BYTES = 208;
const TIMEX_STATUS_OFFSET = 40;
const STA_UNSYNC = 0x40;
const TIME_ERROR = 5;

/** A thread keeps its error number in one place; calls that block no one run on this thread. */
const errnoAt = c.__errno_location();
const errnoView = errnoAt === null ? null : new Deno.UnsafePointerView(errnoAt);

/** Repeats a call that a signal interrupted. */
function tried(call: () => number | bigint): number {
  for (;;) {
    const result = Number(call());
    if (result >= 0) return result;
    // Nothing may run in between: the next system call overwrites it.
    const code = errnoView?.getInt32() ?? EIO;
    if (code !== EINTR) return -code;
  }
}

/** Opens a device for reading and writing without waiting; gives its descriptor. */
export function openDevice(path: string): number {
  const name = new TextEncoder().encode(`${path}\0`);
  return tried(() =>
    c.open(name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0)
  );
}

/** Closes a descriptor that has nothing to send. */
export function close(fd: number): void {
  // Never repeated: on Linux the descriptor is free even after EINTR.
  c.close(fd);
}

/** Closes a descriptor on another thread: a driver may wait for its device. */
export async function closeAside(fd: number): Promise<void> {
  await c.closeAside(fd);
}

/** Reads what is there into `into`; 0 is the end. */
export function read(fd: number, into: Memory): number {
  return tried(() => c.read(fd, into, BigInt(into.length)));
}

/** Writes as many bytes as fit now. */
export function write(fd: number, bytes: Memory): number {
  return tried(() => c.write(fd, bytes, BigInt(bytes.length)));
}

/** Asks a device with an argument in memory, or none. */
export function ioctl(
  fd: number,
  request: number,
  argument: Memory | null = null,
): number {
  return tried(() => c.ioctl(fd, BigInt(request), argument));
}

/** Asks a device with a number as argument. */
export function ioctlNumber(
  fd: number,
  request: number,
  argument: number,
): number {
  return tried(() => c.ioctlNumber(fd, BigInt(request), BigInt(argument)));
}

/** The number a request such as {@link FIONREAD} answers with. */
export function ioctlAnswer(fd: number, request: number): number {
  const answer = new DataView(new ArrayBuffer(4));
  const result = ioctl(fd, request, new Uint8Array(answer.buffer));
  return result < 0 ? result : answer.getInt32(0, true);
}

/** Takes the exclusive lock of the device's file, without waiting; EAGAIN if another open has it. */
export function lockExclusively(fd: number): number {
  return tried(() => c.flock(fd, LOCK_EX | LOCK_NB));
}

/** Gives the lock back; closing alone leaves it to a child process that is being started. */
export function unlock(fd: number): void {
  c.flock(fd, LOCK_UN);
}

/** A descriptor that becomes readable once {@link signalEvent} is called. */
export function openEvent(): number {
  return tried(() => c.eventfd(0, O_CLOEXEC | O_NONBLOCK));
}

/** Makes a descriptor of {@link openEvent} readable for good. */
export function signalEvent(fd: number): void {
  write(fd, new Uint8Array(BigUint64Array.of(1n).buffer));
}

/**
 * Waits on another thread until one of the descriptors is ready, or
 * `timeoutMs` have passed (-1: for ever). Gives what is ready for each, or
 * null when the wait was broken off: by a signal, as a rule, and the reason
 * stays on the other thread.
 */
export async function poll(
  wanted: readonly { readonly fd: number; readonly events: number }[],
  timeoutMs: number,
): Promise<readonly number[] | null> {
  // struct pollfd: fd i32, events i16, revents i16. An ArrayBuffer's memory
  // stays where it is while the call is under way.
  const set = new DataView(new ArrayBuffer(8 * wanted.length));
  wanted.forEach(({ fd, events }, i) => {
    set.setInt32(8 * i, fd, true);
    set.setInt16(8 * i + 4, events, true);
  });
  const ready = await c.poll(set.buffer, BigInt(wanted.length), timeoutMs);
  return ready < 0 ? null : wanted.map((_, i) => set.getInt16(8 * i + 6, true));
}

/** Opens the master of a new pseudo terminal; gives its descriptor. */
export function openMaster(): number {
  const fd = tried(() =>
    c.posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
  );
  if (fd < 0) return fd;
  const result = tried(() => c.grantpt(fd)) || tried(() => c.unlockpt(fd));
  if (result === 0) return fd;
  close(fd);
  return result;
}

/** Name of the slave of a pseudo terminal's master; null if it has none. */
export function slaveName(master: number): string | null {
  const name = new Uint8Array(new ArrayBuffer(128));
  if (c.ptsname_r(master, name, BigInt(name.length)) !== 0) return null;
  return new TextDecoder().decode(name.subarray(0, name.indexOf(0)));
}

/** Whether the kernel says that the wall clock is synchronised [adjtimex(2)]. */
export function clockSynchronised(): boolean {
  const timex = new DataView(new ArrayBuffer(TIMEX_BYTES));
  const state = c.adjtimex(timex.buffer);
  if (state < 0 || state === TIME_ERROR) return false;
  return (timex.getInt32(TIMEX_STATUS_OFFSET, true) & STA_UNSYNC) === 0;
}

/**
 * Sends one datagram to a unix socket, without waiting; gives 0 or the negative
 * error number.
 *
 * @param address a path, or `@` and a name in the abstract namespace [unix(7)]
 */
export function sendDatagram(address: string, bytes: Memory): number {
  const path = new TextEncoder().encode(address);
  if (path.length >= UNIX_PATH_BYTES) return -ENAMETOOLONG;
  // struct sockaddr_un: family u16, then the path; an abstract name starts
  // with a zero and ends where the length says.
  const abstract = address.startsWith("@");
  const target = new Uint8Array(2 + UNIX_PATH_BYTES);
  new DataView(target.buffer).setUint16(0, AF_UNIX, true);
  target.set(path, 2);
  if (abstract) target[2] = 0;
  const length = 2 + path.length + (abstract ? 0 : 1);
  const fd = tried(() => c.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (fd < 0) return fd;
  const sent = tried(() =>
    c.sendto(
      fd,
      bytes,
      BigInt(bytes.length),
      MSG_DONTWAIT | MSG_NOSIGNAL,
      target,
      length,
    )
  );
  close(fd);
  return sent < 0 ? sent : 0;
}

/** Has the kernel drop signal USR1, whatever handler the runtime has for it. */
export function ignoreUsr1(): void {
  c.signal(SIGUSR1, Deno.UnsafePointer.create(SIG_IGN));
}

/** Returns free pages of `malloc` to the system [malloc_trim(3)]. */
export function trimHeap(): void {
  c.malloc_trim(0n);
}

/** Version of the C library in use, e.g. `2.36`. */
export function glibcVersion(): string {
  const text = c.gnu_get_libc_version();
  return text === null ? "" : new Deno.UnsafePointerView(text).getCString();
}
