/**
 * A serial device, opened exclusively, raw 8N1 at any speed.
 *
 * @module
 */
import { EACCES, EAGAIN, EBUSY, ENOTTY, openError } from "./errno.ts";
import { fdPort } from "./fd.ts";
import { findHolders, holderText } from "./holder.ts";
import {
  close,
  ioctl,
  ioctlAnswer,
  ioctlNumber,
  lockExclusively,
  openDevice,
  poll,
  TCFLSH,
  TCOFLUSH,
  TIOCEXCL,
  TIOCNXCL,
  TIOCOUTQ,
  unlock,
} from "./libc.ts";
import { SerialError } from "./serial.ts";
import type { BytePort } from "./serial.ts";
import { systemRoots } from "./system.ts";
import type { SystemRoots } from "./system.ts";
import { checkTerminal, setRaw, speedFits } from "./termios.ts";

/** How long closing lets the last bytes leave: a full frame at 115200 baud takes 23 ms. */
const DRAIN_STEP_MS = 20;
const DRAIN_STEPS = 10;

/** How to open a port. */
export interface TtyOptions {
  /** Line speed, baud. */
  readonly baud: number;
  /** Where the holder of a busy port is looked up. */
  readonly roots?: SystemRoots;
}

/**
 * Opens a serial device. Bytes that came before are not thrown away.
 *
 * @throws {SerialError} saying which fault and what would do
 */
export async function openTty(
  path: string,
  options: TtyOptions,
): Promise<BytePort> {
  const fd = openDevice(path);
  if (fd < 0) throw await refused(path, -fd, options);
  const result = claim(fd, options.baud);
  if (result < 0) {
    close(fd);
    throw await refused(path, -result, options);
  }
  if (!speedFits(result, options.baud)) {
    ioctl(fd, TIOCNXCL);
    close(fd);
    throw new SerialError(
      `Cannot open ${path}: the driver offers ${result} baud, [serial] baud asks for ${options.baud}`,
      "failed",
    );
  }
  return fdPort(path, fd, { beforeClose: release });
}

/** Takes the device for us and sets the line; gives the speed, or the negative error number. */
function claim(fd: number, baud: number): number {
  const terminal = checkTerminal(fd);
  if (terminal < 0) return terminal;
  // The lock comes first: it also refuses root and a second open of this
  // process, and the mark below must never be set or cleared for another.
  const lock = lockExclusively(fd);
  if (lock < 0) return lock === -EAGAIN ? -EBUSY : lock;
  const exclusive = ioctl(fd, TIOCEXCL);
  if (exclusive < 0) return exclusive;
  const speed = setRaw(fd, baud);
  if (speed < 0) ioctl(fd, TIOCNXCL);
  return speed;
}

async function refused(
  path: string,
  errno: number,
  options: TtyOptions,
): Promise<SerialError> {
  if (errno === EACCES && await isNoDevice(path)) {
    return openError(path, ENOTTY);
  }
  if (errno !== EBUSY) return openError(path, errno);
  const holders = await findHolders([path], options.roots ?? systemRoots);
  const holder = holders.get(path) ?? null;
  return new SerialError(
    `Cannot open ${path}: it is held ${holderText(holder)}`,
    "busy",
    {
      advice: "stop that program, or set [serial] port to another device",
      errno,
      holder,
    },
  );
}

/** A file without permission needs another name, not a permission. */
async function isNoDevice(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => !info.isCharDevice, () => false);
}

/** Lets the last bytes leave, for a moment: a driver whose device is stuck would wait half a minute in close. */
async function release(fd: number): Promise<void> {
  for (let i = 0; i < DRAIN_STEPS && ioctlAnswer(fd, TIOCOUTQ) > 0; i++) {
    await poll([], DRAIN_STEP_MS);
  }
  if (ioctlAnswer(fd, TIOCOUTQ) > 0) ioctlNumber(fd, TCFLSH, TCOFLUSH);
  ioctl(fd, TIOCNXCL);
  unlock(fd);
}
