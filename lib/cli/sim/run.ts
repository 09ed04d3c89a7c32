/**
 * Runs a virtual modem on a line, with devices that push at a rate.
 *
 * @module
 */
import type { Action } from "../../alp/action.ts";
import type { ForwardConfig } from "../../alp/action.ts";
import type { Clock } from "../../clock.ts";
import type { Meters } from "./meters.ts";
import { VirtualModem } from "./modem.ts";
import type { VirtualModemOptions } from "./modem.ts";
import type { Pty } from "./pty.ts";

/** How often the line is looked after: half frames given up, marks of killed agents cleared. */
const CARE_MS = 1000;

/** What runs on a line. */
export interface ModemRunOptions extends VirtualModemOptions {
  readonly clock: Clock;
  /** Devices in reach. */
  readonly devices?: {
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
  /** Sends frames of {@link VirtualModem}; false if the line had no room. */
  send(frames: readonly Uint8Array[]): boolean;
  /** The devices fall silent; the modem goes on. */
  stopPushing(): void;
}

/** Starts a modem on a line, which it owns from now on; `rebooted` is sent at once. */
export function runModem(line: Pty, options: ModemRunOptions): RunningModem {
  const { clock, devices } = options;
  const modem = new VirtualModem(
    devices === undefined
      ? options
      : { air: airOf(devices.meters, clock), ...options },
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
        const heard = send(modem.push(meters.nextPush(i, clock.monoMs())));
        options.onPush?.(i, heard);
      });
    });
  }
  return {
    modem,
    send,
    stopPushing() {
      for (const uid of devices?.meters.uids ?? []) {
        timers.get(uid)?.();
        timers.delete(uid);
      }
    },
    async [Symbol.asyncDispose]() {
      for (const disarm of timers.values()) disarm();
      await care;
      await line[Symbol.asyncDispose]();
      await pump;
    },
  };
}

/** The devices answer reads of their files: the one addressed, or all to a broadcast. */
function airOf(meters: Meters, clock: Clock) {
  return (
    actions: readonly Action[],
    config: ForwardConfig,
  ): readonly (readonly Action[])[] | null => {
    const addressee = config !== null && "addressee" in config
      ? config.addressee
      : null;
    // To a UID, or to whoever hears it; no device here has a VID.
    const toAll = addressee?.idType === "nbid" || addressee?.idType === "noid";
    const addressed = meters.uids
      .map((uid, index) => ({ uid, index }))
      .filter(({ uid }) => toAll || addressee?.id === uid);
    if (addressed.length === 0) return null;
    return addressed.flatMap(({ index }) => {
      const answers = actions.map((action) =>
        action.op === "read_file_data"
          ? meters.answerRead(index, action.fileId, clock.monoMs())
          : null
      );
      const known = answers.filter((answer) => answer !== null);
      // One status at the end, as the modem attaches it.
      const data = known.flatMap((answer) => answer.slice(0, -1));
      const status = known.at(-1)?.slice(-1) ?? [];
      return data.length === 0 ? [] : [[...data, ...status]];
    });
  };
}
