/**
 * The UID of the ePlug: the Ethernet MAC of this machine, chosen once. [E-001, E-002]
 *
 * @module
 */

/** A network interface as the system shows it. */
export interface Interface {
  readonly name: string;
  readonly mac: string;
  /** Whether it is a device rather than a bridge, tunnel or container's end. */
  readonly physical: boolean;
}

const virtual =
  /^(?:lo|docker|veth|br-|virbr|tun|tap|wg|vmnet|vboxnet|dummy|bond|team|cni|flannel|cali)/;
const wired = /^e/;

/** The machine's interfaces that have an address. */
export function systemInterfaces(): readonly Interface[] {
  return Deno.networkInterfaces().map(({ name, mac }) => ({
    name,
    mac,
    physical: !virtual.test(name) && isDevice(name),
  }));
}

/** Linux shows the device behind a physical interface; elsewhere the name decides. */
function isDevice(name: string): boolean {
  if (Deno.build.os !== "linux") return true;
  try {
    Deno.statSync(`/sys/class/net/${name}/device`);
    return true;
  } catch {
    // Not there, or not to be seen: in a container no interface has a device.
    return false;
  }
}

/**
 * The UID that the interfaces give: physical before others, Ethernet before
 * radio, then by name. Without any MAC, a random address of the local kind.
 *
 * @param random from 0 up to but not including 1
 */
export function chooseUid(
  interfaces: readonly Interface[],
  random: () => number,
): string {
  const rank = ({ name, physical }: Interface) =>
    (physical ? 0 : 4) + (virtual.test(name) ? 2 : 0) +
    (wired.test(name) ? 0 : 1);
  const [best] = interfaces.filter(({ mac }) =>
    /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(mac) && !/^(?:00:)+00$/.test(mac)
  ).toSorted((a, b) =>
    rank(a) - rank(b) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
  );
  if (best !== undefined) return best.mac.replaceAll(":", "").toUpperCase();
  const bytes = Array.from({ length: 6 }, () => Math.floor(random() * 256));
  bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 0x02;
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("")
    .toUpperCase();
}
