/**
 * Looks at the serial port for `doctor`, and asks the modem who it is where no
 * agent does so already.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import { silentLog } from "../../log.ts";
import type { Identity } from "../../modem/events.ts";
import { Modem } from "../../modem/modem.ts";
import {
  listPorts,
  resolvePort,
  type UsbIdentity,
} from "../../serial/ports.ts";
import { findHolders, lockOwnersOf } from "../../serial/holder.ts";
import { type OpenPort, SerialError } from "../../serial/serial.ts";
import type { SystemRoots } from "../../serial/system.ts";
import type { ModemTrial, PortFacts } from "./port_rules.ts";

/** How long a modem may take to say who it is, ms; asked twice within it. */
const IDENTIFY_MS = 6000;
const ANSWER_MS = 2500;

/**
 * The configured port.
 *
 * @param agentPid the running agent: where it is among those that have the port, it is the holder
 */
export async function lookAtPort(
  configured: string,
  roots: SystemRoots,
  agentPid: number | null,
): Promise<PortFacts> {
  const ports = await listPorts(roots);
  const candidates = ports.map(({ path, byId: [stable] }) => stable ?? path);
  let path: string | null = null;
  try {
    path = await resolvePort(configured, roots);
  } catch (error) {
    if (!(error instanceof SerialError)) throw error;
  }
  const nothing = {
    configured,
    path,
    candidates,
    device: null,
    byId: [],
    usb: null,
    holder: null,
  };
  if (path === null) return nothing;
  const info = await Deno.stat(path).catch(() => null);
  if (info === null) return nothing;
  const real = await Deno.realPath(path).catch(() => path);
  const known = ports.find((port) => port.path === real);
  const owners = await lockOwnersOf(path, roots);
  const holder = agentPid !== null && owners.includes(agentPid)
    ? { pid: agentPid, command: "dash7-edge" }
    : known === undefined
    ? (await findHolders([path], roots)).get(path) ?? null
    : known.holder;
  // The far end of a pseudo terminal keeps this one open too; only a lock counts.
  const simulated = real.startsWith(`${roots.dev}/pts/`) &&
    owners.length === 0;
  return {
    ...nothing,
    device: {
      mode: info.mode ?? 0,
      uid: info.uid ?? 0,
      gid: info.gid ?? 0,
      isTerminal: (info.isCharDevice ?? false) &&
        await isTerminal(info.rdev ?? 0, roots),
    },
    byId: known?.byId ?? [],
    usb: usbText(known?.usb ?? null),
    holder: simulated ? null : holder,
  };
}

/**
 * Whether the kernel calls a character device a terminal, as a serial port is;
 * `/dev/null` is none, and whoever has it open is no holder of a port. What the
 * kernel does not tell of, such as a pseudo terminal, may be one.
 *
 * @param device number as `stat` gives it [gnu_dev_major(3)]
 */
export async function isTerminal(
  device: number,
  { sys }: Pick<SystemRoots, "sys">,
): Promise<boolean> {
  const major = (device >>> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  const path = await Deno.realPath(`${sys}/dev/char/${major}:${minor}`)
    .catch(() => null);
  return path === null || path.includes("/tty/");
}

function usbText(usb: UsbIdentity | null): string | null {
  if (usb === null) return null;
  const words = [usb.manufacturer, usb.product].filter((word) => word !== null);
  return `USB ${[`${usb.vendorId}:${usb.productId}`, ...words].join(" ")}`;
}

/**
 * Opens the port and lets the modem say who it is, as the agent does at its
 * start; nothing else is written. What devices push meanwhile is not kept:
 * without an agent nobody would have kept it either.
 */
export async function tryModem(
  options: {
    readonly open: OpenPort;
    readonly silenceMs: number;
    readonly clock: Clock;
    readonly signal: AbortSignal;
  },
): Promise<ModemTrial> {
  const { clock, silenceMs } = options;
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const failure: { reason: string | null } = { reason: null };
  const found: { identity: Identity | null } = { identity: null };
  const modem = new Modem({
    async open() {
      try {
        return await options.open();
      } catch (error) {
        if (error instanceof SerialError) {
          failure.reason = error.message;
          over.abort();
        }
        throw error;
      }
    },
    config: { local_timeout_s: ANSWER_MS / 1000, remote_timeout_s: 1 },
    silenceMs,
    clock,
    log: silentLog,
    onHeard: () => {},
    onLink: (up) => {
      if (!up) return;
      found.identity = modem.state().identity;
      over.abort();
    },
  });
  const patience = clock.sleep(IDENTIFY_MS, { signal });
  const running = modem.run(signal);
  await patience;
  const { frames, discardedBytes } = modem.counters;
  over.abort();
  await running;
  if (found.identity !== null) {
    return { end: "identified", identity: found.identity };
  }
  if (failure.reason !== null) {
    return { end: "unopened", reason: failure.reason };
  }
  return {
    end: "unidentified",
    waitedS: IDENTIFY_MS / 1000,
    frames: Object.values(frames).reduce((sum, count) => sum + count, 0),
    discardedBytes,
  };
}
