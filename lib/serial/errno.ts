/**
 * The system's error numbers, and what each means for a serial port: which
 * fault it is and what the operator can do. Numbers are those of Linux on
 * x86-64 and ARM64, where they are the same [asm-generic/errno.h].
 *
 * @module
 */
import { SerialError } from "./serial.ts";
import type { SerialFault } from "./serial.ts";

export const EPERM = 1;
export const ENOENT = 2;
export const EINTR = 4;
export const EIO = 5;
export const ENXIO = 6;
export const EAGAIN = 11;
export const EACCES = 13;
export const EBUSY = 16;
export const ENODEV = 19;
export const ENOTDIR = 20;
export const EISDIR = 21;
export const EINVAL = 22;
export const EMFILE = 24;
export const ENOTTY = 25;
export const ENAMETOOLONG = 36;
export const ENOSYS = 38;

interface Meaning {
  readonly name: string;
  readonly text: string;
  /** The fault when opening; a port in use is always `lost`. */
  readonly fault: SerialFault;
  /** What would do, said after the text. */
  readonly advice?: string;
}

const PLUG_IN =
  "plug the modem in or correct [serial] port; dash7-edge ports lists what is there";
const ANOTHER_NAME =
  "[serial] port needs the name of a serial device; dash7-edge ports lists them";
const DIALOUT =
  "add the user to the group of the device: sudo usermod -aG dialout $USER, then log in again";

const MEANINGS: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
  [EPERM, {
    name: "EPERM",
    text: "operation not permitted",
    fault: "denied",
    advice: DIALOUT,
  }],
  [ENOENT, {
    name: "ENOENT",
    text: "no such device",
    fault: "absent",
    advice: PLUG_IN,
  }],
  [EINTR, { name: "EINTR", text: "interrupted", fault: "failed" }],
  [EIO, {
    name: "EIO",
    text: "the device does not respond",
    fault: "absent",
    advice: PLUG_IN,
  }],
  [ENXIO, {
    name: "ENXIO",
    text: "no device behind this name",
    fault: "absent",
    advice: PLUG_IN,
  }],
  [EAGAIN, { name: "EAGAIN", text: "in use", fault: "busy" }],
  [EACCES, {
    name: "EACCES",
    text: "permission denied",
    fault: "denied",
    advice: DIALOUT,
  }],
  [EBUSY, { name: "EBUSY", text: "in use", fault: "busy" }],
  [ENODEV, {
    name: "ENODEV",
    text: "no device behind this name",
    fault: "absent",
    advice: PLUG_IN,
  }],
  [ENOTDIR, {
    name: "ENOTDIR",
    text: "no such device",
    fault: "absent",
    advice: PLUG_IN,
  }],
  [EISDIR, {
    name: "EISDIR",
    text: "a directory, not a serial device",
    fault: "not_serial",
    advice: ANOTHER_NAME,
  }],
  [EINVAL, {
    name: "EINVAL",
    text: "the driver refuses these settings",
    fault: "failed",
  }],
  [EMFILE, {
    name: "EMFILE",
    text: "too many open files",
    fault: "failed",
  }],
  [ENOTTY, {
    name: "ENOTTY",
    text: "not a serial device",
    fault: "not_serial",
    advice: ANOTHER_NAME,
  }],
]);

/** Number and name of a system error for a message, e.g. `EIO`. */
export function errnoName(errno: number): string {
  return MEANINGS.get(errno)?.name ?? `error ${errno}`;
}

/** The error for a port that could not be opened. */
export function openError(path: string, errno: number): SerialError {
  const meaning = MEANINGS.get(errno);
  const text = meaning?.text ?? "the system refuses";
  const advice = meaning?.advice;
  return new SerialError(
    `Cannot open ${path}: ${text} (${errnoName(errno)})`,
    meaning?.fault ?? "failed",
    { errno, ...(advice === undefined ? {} : { advice }) },
  );
}

/** The error for an open port whose device went away. */
export function lostError(
  what: "read from" | "write to",
  path: string,
  errno: number | null,
): SerialError {
  const code = errno === null ? "" : ` (${errnoName(errno)})`;
  return new SerialError(
    `Cannot ${what} ${path}: the device is gone${code}`,
    "lost",
    { errno },
  );
}
