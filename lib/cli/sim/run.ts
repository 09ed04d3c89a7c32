/**
 * Runs a virtual modem on a line, with devices that push at a rate.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import type { Meters } from "./meters.ts";
import { Nodes, type NodesOptions } from "./nodes.ts";
import { VirtualModem } from "./modem.ts";
import type { VirtualModemOptions } from "./modem.ts";
import type { Pty } from "./pty.ts";

/** How often the line is looked after: half frames given up, marks of killed agents cleared. */
const CARE_MS = 1000;

/** What runs on a line. */
export interface ModemRunOptions extends VirtualModemOptions {
  readonly clock: Clock;
  /** Devices in reach. */
  readonly devices?: NodesOptions & {
    readonly meters: Meters;
    /** Time between two pushes of one device, ms; the devices take turns. */
    readonly intervalMs: number;
  };
  /** Told of each push: the frames sent, and whether there was room for them. */
  readonly onPush?: (deviceIndex: number, heard: boolean) => void;
}

/** A virtual modem at work. Disposing it pulls its plug. */
export interface RunningModem extends AsyncDisposable {
  readonly modem: VirtualModem;
  /** The devices' side of downlinks; null without devices. */
  readonly nodes: Nodes | null;
  /** Sends frames of {@link VirtualModem}; false if the line had no room. */
  send(frames: readonly Uint8Array[]): boolean;
  /** Lets a device push now; false if the line had no room. */
  push(deviceIndex: number): boolean;
  /** The devices fall silent; the modem goes on. */
  stopPushing(): void;
}

/** Starts a modem on a line, which it owns from now on; `rebooted` is sent at once. */
export function runModem(line: Pty, options: ModemRunOptions): RunningModem {
  const { clock, devices } = options;
  const nodes = devices === undefined
    ? null
    : new Nodes(devices.meters, clock, devices, (command) => {
      send(modem.push(command));
    });
  const modem = new VirtualModem(
    nodes === null ? options : { air: nodes.air, ...options },
  );
  const timers = new Map<string, () => void>();
  let heardSinceCare = false;
  /** The look after the line that is under way. */
  let care: Promise<void> | null = null;
  const every = (name: string, firstMs: number, ms: number, work: () => void) =>
    timers.set(
      name,
      clock.after(firstMs, () => {
        every(name, ms, ms, work);
        work();
      }),
    );
  const send = (frames: readonly Uint8Array[]): boolean =>
    frames.every((frame) => line.offer(frame));

  const push = (index: number): boolean => {
    if (devices === undefined) return false;
    nodes?.uplink(index);
    return send(
      modem.push(devices.meters.nextPush(index, clock.monoMs())),
    );
  };

  send(modem.start());
  const pump = (async () => {
    for (;;) {
      const bytes = await line.read();
      if (bytes === null) return;
      heardSinceCare = true;
      send(modem.receive(bytes));
    }
  })();
  every("care", CARE_MS, CARE_MS, () => {
    if (!heardSinceCare) send(modem.silence());
    heardSinceCare = false;
    care ??= line.freeIfAbandoned().finally(() => care = null);
  });
  if (devices !== undefined) {
    const { meters, intervalMs } = devices;
    meters.uids.forEach((uid, i) => {
      const firstMs = intervalMs * (i + 1) / meters.uids.length;
      every(uid, firstMs, intervalMs, () => {
        const heard = push(i);
        options.onPush?.(i, heard);
      });
    });
  }
  return {
    modem,
    nodes,
    send,
    push,
    stopPushing() {
      for (const uid of devices?.meters.uids ?? []) {
        timers.get(uid)?.();
        timers.delete(uid);
      }
    },
    async [Symbol.asyncDispose]() {
      for (const disarm of timers.values()) disarm();
      nodes?.[Symbol.dispose]();
      await care;
      await line[Symbol.asyncDispose]();
      await pump;
    },
  };
}
