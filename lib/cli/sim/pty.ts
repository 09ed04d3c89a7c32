/**
 * A pseudo terminal as a serial line: the slave is the port that an agent
 * opens, the master is the modem's end. This end keeps the slave open too, so
 * the line lives on while agents come and go.
 *
 * @module
 */
import { openError } from "../../serial/errno.ts";
import { fdPort } from "../../serial/fd.ts";
import {
  close,
  FIONREAD,
  ioctl,
  ioctlAnswer,
  openDevice,
  openMaster,
  slaveName,
  TIOCGEXCL,
  TIOCNXCL,
  write,
} from "../../serial/libc.ts";
import { lockOwnersOf } from "../../serial/holder.ts";
import type { BytePort } from "../../serial/serial.ts";
import { lineSpeed, setRaw } from "../../serial/termios.ts";

/** Unread bytes beyond which {@link Pty.offer} drops: no one is listening, or too slowly. The kernel keeps 4095. */
const UNREAD_CAP_BYTES = 2048;

/** The modem's end of a line. Disposing it is pulling the plug: an open port on the slave is lost. */
export interface Pty extends BytePort {
  /** The slave, e.g. `/dev/pts/3`: what an agent opens. */
  readonly path: string;
  /**
   * Writes at once, as a UART does: bytes for which no one makes room are
   * gone. `write` waits for room instead; a line uses one or the other.
   *
   * @returns false if the bytes were dropped
   */
  offer(bytes: Uint8Array): boolean;
  /** Speed that the agent has set, baud. */
  baud(): number;
  /**
   * Clears the mark of exclusive use that an agent left behind when it was
   * killed; a real device loses it when closed, this one is never closed.
   */
  freeIfAbandoned(): Promise<void>;
}

/** What a line may have. */
export interface PtyOptions {
  /** A name to link to the slave, as udev does; replaced if it is a link, and removed at the end. */
  readonly link?: string;
}

/**
 * Opens a pseudo terminal, raw from the beginning.
 *
 * @throws {SerialError} when the system has none to give
 * @throws {Error} when `link` is taken by something that is no link
 */
export async function openPty(options: PtyOptions = {}): Promise<Pty> {
  const master = openMaster();
  if (master < 0) throw openError("/dev/ptmx", -master);
  const path = slaveName(master) ?? "";
  const slave = openDevice(path);
  const result = slave < 0 ? slave : setRaw(slave, 115_200);
  if (result < 0) {
    if (slave >= 0) close(slave);
    close(master);
    throw openError(path, -result);
  }
  const { link } = options;
  try {
    if (link !== undefined) await placeLink(link, path);
  } catch (fault) {
    close(slave);
    close(master);
    throw fault;
  }
  let open = true;
  const port = fdPort(path, master, {
    async beforeClose() {
      close(slave);
      if (link !== undefined) await removeLink(link, path);
    },
  });
  return {
    path,
    name: path,
    read: () => port.read(),
    write: (bytes) => port.write(bytes),
    offer(bytes) {
      if (!open || ioctlAnswer(slave, FIONREAD) > UNREAD_CAP_BYTES) {
        return false;
      }
      return write(master, new Uint8Array(bytes)) === bytes.length;
    },
    baud: () => open ? lineSpeed(slave) : 0,
    async freeIfAbandoned() {
      if (!open || ioctlAnswer(slave, TIOCGEXCL) !== 1) return;
      const owners = await lockOwnersOf(path);
      if (owners.length === 0 && open) ioctl(slave, TIOCNXCL);
    },
    [Symbol.asyncDispose]() {
      open = false;
      return port[Symbol.asyncDispose]();
    },
  };
}

/** Puts the link in place in one step, so that it never is absent or half made. */
async function placeLink(link: string, target: string): Promise<void> {
  const there = await Deno.lstat(link).catch(() => null);
  if (there !== null && !there.isSymlink) {
    throw new Error(`Cannot link ${link}: something else has this name`);
  }
  const fresh = `${link}.${Deno.pid}.${crypto.randomUUID().slice(0, 8)}`;
  await Deno.symlink(target, fresh);
  try {
    await Deno.rename(fresh, link);
  } catch (cause) {
    await Deno.remove(fresh).catch(() => {});
    throw new Error(`Cannot link ${link}`, { cause });
  }
}

/** Removes the link unless someone has put another one in its place. */
async function removeLink(link: string, target: string): Promise<void> {
  if (await Deno.readLink(link).catch(() => null) === target) {
    await Deno.remove(link).catch(() => {});
  }
}
