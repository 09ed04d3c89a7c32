/**
 * Line settings of a terminal device: raw bytes, 8 data bits, no parity, one
 * stop bit, no handshake, at any speed. Layout: struct termios2 of Linux
 * [asm-generic/termbits.h]; its speeds are plain numbers. Emulators of another
 * machine (qemu-user) may know only the older struct termios, which is the
 * same without the two speeds and offers the speeds that have a code.
 *
 * @module
 */
import { EINVAL, ENOSYS, ENOTTY } from "./errno.ts";
import { ioctl, TCGETS, TCGETS2, TCSETS, TCSETS2 } from "./libc.ts";

const TERMIOS2_BYTES = 44;
const IFLAG = 0;
const OFLAG = 4;
const CFLAG = 8;
const LFLAG = 12;
/** Control characters, one byte each. */
const CC = 17;
const VTIME = 5;
const VMIN = 6;
const ISPEED = 36;
const OSPEED = 40;

const CS8 = 0x30;
const CREAD = 0x80;
const HUPCL = 0x400;
const CLOCAL = 0x800;
/** Mask of the speed code. */
const CBAUD = 0x100f;
/** Speed code: see the speed fields. */
const BOTHER = 0x1000;

// deno-fmt-ignore
const SPEED_CODES: ReadonlyMap<number, number> = new Map([
  [50, 0x1], [75, 0x2], [110, 0x3], [134, 0x4], [150, 0x5], [200, 0x6],
  [300, 0x7], [600, 0x8], [1200, 0x9], [1800, 0xa], [2400, 0xb], [4800, 0xc],
  [9600, 0xd], [19_200, 0xe], [38_400, 0xf], [57_600, 0x1001],
  [115_200, 0x1002], [230_400, 0x1003], [460_800, 0x1004], [500_000, 0x1005],
  [576_000, 0x1006], [921_600, 0x1007], [1_000_000, 0x1008],
  [1_152_000, 0x1009], [1_500_000, 0x100a], [2_000_000, 0x100b],
  [2_500_000, 0x100c], [3_000_000, 0x100d], [3_500_000, 0x100e],
  [4_000_000, 0x100f],
]);

/** Farthest that a driver's nearest speed may be from the one asked for; 8N1 breaks beyond. */
const SPEED_TOLERANCE = 0.03;

interface Settings {
  readonly memory: Uint8Array<ArrayBuffer>;
  readonly view: DataView;
  /** Only the older structure is known. */
  readonly coded: boolean;
}

/** The settings as they are, or the negative error number. */
function settingsOf(fd: number): Settings | number {
  const memory = new Uint8Array(TERMIOS2_BYTES);
  const view = new DataView(memory.buffer);
  let result = ioctl(fd, TCGETS2, memory);
  const coded = result === -ENOSYS;
  if (coded) result = ioctl(fd, TCGETS, memory);
  // Character devices that are no terminals answer with either.
  if (result === -EINVAL) return -ENOTTY;
  return result < 0 ? result : { memory, view, coded };
}

/** 0 for a terminal device, else the negative error number. */
export function checkTerminal(fd: number): number {
  const settings = settingsOf(fd);
  return typeof settings === "number" ? settings : 0;
}

/** Speed of the line in baud (0: unknown), or the negative error number. */
export function lineSpeed(fd: number): number {
  const settings = settingsOf(fd);
  if (typeof settings === "number") return settings;
  if (!settings.coded) return settings.view.getUint32(OSPEED, true);
  const code = settings.view.getUint32(CFLAG, true) & CBAUD;
  return [...SPEED_CODES].find(([, known]) => known === code)?.[0] ?? 0;
}

/**
 * Sets raw 8N1 at `baud`. Bytes that came before are left to be read. Gives
 * the speed that the driver took, or the negative error number.
 */
export function setRaw(fd: number, baud: number): number {
  const settings = settingsOf(fd);
  if (typeof settings === "number") return settings;
  const { memory, view, coded } = settings;
  const speed = coded ? SPEED_CODES.get(baud) : BOTHER;
  if (speed === undefined) return -EINVAL;
  // Whether closing lowers DTR stays as the administrator set it.
  const hangUp = view.getUint32(CFLAG, true) & HUPCL;
  view.setUint32(IFLAG, 0, true);
  view.setUint32(OFLAG, 0, true);
  view.setUint32(LFLAG, 0, true);
  view.setUint32(CFLAG, CS8 | CREAD | CLOCAL | speed | hangUp, true);
  view.setUint8(CC + VMIN, 1);
  view.setUint8(CC + VTIME, 0);
  view.setUint32(ISPEED, baud, true);
  view.setUint32(OSPEED, baud, true);
  const set = ioctl(fd, coded ? TCSETS : TCSETS2, memory);
  return set < 0 ? set : lineSpeed(fd);
}

/** Whether a driver's speed is near enough to the one asked for. */
export function speedFits(actual: number, asked: number): boolean {
  return Math.abs(actual - asked) <= asked * SPEED_TOLERANCE;
}
