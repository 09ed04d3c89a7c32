/**
 * Device frames and a device model under a fake clock, for tests of what
 * watches them.
 *
 * @module
 */
import type { DeviceChange } from "../../lib/device/device.ts";
import {
  type HeardFrame,
  Registry,
  type RegistryHost,
} from "../../lib/device/registry.ts";
import type { DeviceKeep } from "../../lib/device/shelf.ts";
import { contentOf, encodeFile } from "../../lib/files/files.ts";
import { silentLog } from "../../lib/log.ts";
import type { Link, NewReading } from "../../lib/reading/reading.ts";
import { type FakeClock, fakeClock } from "./clock.ts";

/** The device of the tests. */
export const DEVICE = "326636300039004C";

/** Receipt of a frame, weak by `linkBudgetDb`. */
export function linkOf(linkBudgetDb: number): Link {
  return {
    rxLevelDbm: 14 - linkBudgetDb,
    linkBudgetDb,
    band: "868",
    channelIndex: 0,
    fifoToken: 1,
    seqNr: 0,
    secured: true,
  };
}

/** What an EnergyFile may say. */
export interface SomeEnergy {
  readonly valid?: boolean;
  /** Wh of each phase. */
  readonly wh?: bigint;
}

/** Bytes of an EnergyFile. */
export function energyBytes(
  { valid = true, wh = 1000n }: SomeEnergy = {},
): Uint8Array {
  return encodeFile(52, {
    apparentEnergy: [wh, wh, wh],
    realEnergy: [wh, wh, wh],
    current: [1, 2, 3],
    voltage: [230, 231, 229],
    receivedSignalStrength: null,
    measurementValid: valid,
  });
}

/** Bytes of a ButtonFile. */
export function buttonBytes(buttonId: number, pressed: boolean): Uint8Array {
  return encodeFile(51, { buttonId, mask: pressed, buttonsState: 0 });
}

/** Bytes of an EnergyConfigFile. */
export function configBytes(interval: number, enabled = true): Uint8Array {
  return encodeFile(62, { interval, enabled });
}

/** A map that outlives a registry. */
export function memoryKeep(): DeviceKeep & {
  readonly texts: Map<string, string>;
} {
  const texts = new Map<string, string>();
  return {
    texts,
    entries: () => texts.entries(),
    flush() {},
    put(key, text) {
      if (text === null) texts.delete(key);
      else texts.set(key, text);
    },
  };
}

/** A device model under the test's control. */
export interface ModelUnderTest {
  readonly clock: FakeClock;
  readonly registry: Registry;
  readonly changes: DeviceChange[];
  /** Codes of the events so far, `-` before those that end a condition. */
  codes(): string[];
  /** A frame with the files given, as `[number, bytes]`. */
  hears(
    files: readonly (readonly [number, Uint8Array])[],
    some?: Partial<HeardFrame> & { readonly linkBudgetDb?: number },
  ): void;
}

/** A registry over a fake clock; the modem's link is up. */
export function model(some: Partial<RegistryHost> = {}): ModelUnderTest {
  const clock = (some.clock ?? fakeClock()) as FakeClock;
  const registry = new Registry({
    log: silentLog,
    decode: contentOf,
    ...some,
    clock,
  });
  const changes: DeviceChange[] = [];
  registry.watch((change) => changes.push(change));
  return {
    clock,
    registry,
    changes,
    codes: () =>
      changes.flatMap(({ events }) =>
        events.map(({ code, mode }) =>
          `${mode === "Disappears" ? "-" : ""}${code}`
        )
      ),
    hears(files, { linkBudgetDb = 80, ...frame } = {}) {
      const device = frame.device ?? DEVICE;
      const link = linkOf(linkBudgetDb);
      const received = clock.instant();
      const readings = files.flatMap(([fileId, data]): NewReading[] => {
        const content = contentOf(fileId, data);
        return content === null
          ? []
          : [{ device, fileId, link, received, data, ...content }];
      });
      registry.heard({
        device,
        link,
        received,
        readings,
        contact: true,
        known: readings.length > 0,
        logged: readings.length > 0,
        ...frame,
      });
    },
  };
}
