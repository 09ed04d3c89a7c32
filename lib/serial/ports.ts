/**
 * The serial ports of this machine, and which one `auto` means.
 *
 * @module
 */
import { basename, dirname } from "node:path";
import { findHolders } from "./holder.ts";
import type { Holder } from "./holder.ts";
import { SerialError } from "./serial.ts";
import { namesIn, systemRoots, textOf } from "./system.ts";
import type { SystemRoots } from "./system.ts";

/** The USB device behind a port; null for what it does not say. */
export interface UsbIdentity {
  /** Four hex digits. */
  readonly vendorId: string;
  /** Four hex digits. */
  readonly productId: string;
  readonly manufacturer: string | null;
  readonly product: string | null;
  readonly serial: string | null;
}

/** One serial port. */
export interface PortInfo {
  /** Its device, e.g. `/dev/ttyACM0`. */
  readonly path: string;
  /** Names under `/dev/serial/by-id`, which stay when it is plugged in elsewhere. */
  readonly byId: readonly string[];
  readonly usb: UsbIdentity | null;
  readonly holder: Holder | null;
}

/** Steps from a port's place in the device tree up to its USB device: interface, hub port, a little more. */
const USB_STEPS_UP = 6;

/** All serial ports that have a device behind them, in order of their names. */
export async function listPorts(
  roots: SystemRoots = systemRoots,
): Promise<readonly PortInfo[]> {
  const byId = await stableNames(roots);
  const paths = new Set(byId.keys());
  for (const name of await namesIn(roots.dev)) {
    if (await isPort(name, roots)) paths.add(`${roots.dev}/${name}`);
  }
  const sorted = [...paths].sort(byName);
  const holders = await findHolders(sorted, roots);
  return await Promise.all(sorted.map(async (path) => ({
    path,
    byId: byId.get(path) ?? [],
    usb: await usbOf(basename(path), roots),
    holder: holders.get(path) ?? null,
  })));
}

/**
 * The device that `[serial] port` means: the name itself or, for `auto`, the
 * only device under `/dev/serial/by-id`, else the only ttyACM or ttyUSB.
 *
 * @throws {SerialError} `absent` or `ambiguous`
 */
export async function resolvePort(
  port: string,
  roots: SystemRoots = systemRoots,
): Promise<string> {
  if (port !== "auto") return port;
  const byId = await stableNames(roots);
  const candidates = byId.size > 0
    ? [...byId.values()].flatMap(([first]) => first ?? [])
    : (await namesIn(roots.dev))
      .filter((name) => /^tty(ACM|USB)\d+$/.test(name))
      .map((name) => `${roots.dev}/${name}`);
  const [only, ...others] = candidates.sort(byName);
  if (only === undefined) {
    throw new SerialError(
      `Cannot find a serial port: nothing in ${roots.dev}/serial/by-id, no ttyACM, no ttyUSB`,
      "absent",
      { advice: "plug the modem in, or set [serial] port" },
    );
  }
  if (others.length > 0) {
    throw new SerialError(
      `Cannot choose a serial port: found ${candidates.join(", ")}`,
      "ambiguous",
      { advice: "set [serial] port to one of them" },
    );
  }
  return only;
}

/** Whether a name in `/dev` is a port of this machine with hardware behind it. */
async function isPort(name: string, roots: SystemRoots): Promise<boolean> {
  if (/^tty(ACM|USB)\d+$/.test(name)) return true;
  if (!/^tty(AMA|S)\d+$/.test(name)) return false;
  // The kernel prepares names for UARTs that may come; those have type 0
  // [Documentation/ABI/testing/sysfs-tty].
  const type = await textOf(`${roots.sys}/class/tty/${name}/type`);
  return type !== null && type.trim() !== "0";
}

/** Real device → its names under by-id; names of devices that are gone are left out. */
async function stableNames(
  roots: SystemRoots,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const folder = `${roots.dev}/serial/by-id`;
  const found = new Map<string, string[]>();
  for (const name of [...await namesIn(folder)].sort()) {
    const path = `${folder}/${name}`;
    const device = await Deno.realPath(path).catch(() => null);
    if (device === null) continue;
    const names = found.get(device);
    if (names === undefined) found.set(device, [path]);
    else names.push(path);
  }
  return found;
}

async function usbOf(
  name: string,
  roots: SystemRoots,
): Promise<UsbIdentity | null> {
  const start = `${roots.sys}/class/tty/${name}/device`;
  let folder = await Deno.realPath(start).catch(() => null);
  for (let i = 0; folder !== null && i < USB_STEPS_UP; i++) {
    const vendorId = await line(`${folder}/idVendor`);
    if (vendorId !== null) {
      return {
        vendorId,
        productId: await line(`${folder}/idProduct`) ?? "",
        manufacturer: await line(`${folder}/manufacturer`),
        product: await line(`${folder}/product`),
        serial: await line(`${folder}/serial`),
      };
    }
    folder = dirname(folder);
  }
  return null;
}

async function line(path: string): Promise<string | null> {
  return (await textOf(path))?.trim() || null;
}

/** ttyUSB2 stands before ttyUSB10. */
function byName(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
