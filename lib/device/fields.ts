/**
 * Values of device files as the device model needs them: fields of readings,
 * configurations, and what a write does to them. Pure.
 *
 * @module
 */
import type { NewReading } from "../reading/reading.ts";
import type { ButtonConfig, DeviceState, EnergyConfig } from "./device.ts";

/** Device files that can be configured. [serial §10.4, §10.5] */
export const ENERGY_CONFIG_FILE = 62;
export const BUTTON_CONFIG_FILE = 61;

/** A measurement as a number; booleans are 0 and 1, what is missing is 0. */
export function numberIn(reading: NewReading, name: string): number {
  const found = reading.measurements.find((row) => row.name === name);
  return Number(found?.value ?? 0);
}

/** What file 62 says. */
export function energyConfigOf(reading: NewReading): EnergyConfig {
  return {
    interval: numberIn(reading, "interval"),
    enabled: numberIn(reading, "enabled") !== 0,
  };
}

/** What file 61 says. */
export function buttonConfigOf(reading: NewReading): ButtonConfig {
  return {
    transmitMask0: numberIn(reading, "transmit_mask_0") !== 0,
    transmitMask1: numberIn(reading, "transmit_mask_1") !== 0,
    buttonControlMenu: numberIn(reading, "button_control_menu") !== 0,
    enabled: numberIn(reading, "enabled") !== 0,
  };
}

/** Whether an energy counter of `after` is below the one of `before`. */
export function decreased(before: NewReading, after: NewReading): boolean {
  return after.measurements.some(({ name, quantity, value }) => {
    if (quantity !== "active_energy" && quantity !== "apparent_energy") {
      return false;
    }
    const old = before.measurements.find((row) => row.name === name);
    return old !== undefined && BigInt(value) < BigInt(old.value);
  });
}

/** Whether two byte strings are equal. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Whether no configuration that was known `before` is another one `after`. */
export function sameConfig(before: DeviceState, after: DeviceState): boolean {
  const same = <T extends object>(a: T | null, b: T | null) =>
    a === null || b === null ||
    Object.entries(a).every(([name, value]) =>
      (b as Record<string, unknown>)[name] === value
    );
  return same(before.energyConfig, after.energyConfig) &&
    same(before.buttonConfig, after.buttonConfig);
}

/** The bytes of a configuration file, little-endian as on the wire. [M-14] */
function energyConfigBytes({ interval, enabled }: EnergyConfig): Uint8Array {
  const bytes = new Uint8Array(5);
  new DataView(bytes.buffer).setUint32(0, interval, true);
  bytes[4] = enabled ? 1 : 0;
  return bytes;
}

/**
 * The configuration after bytes were written to a file; a file that is not
 * known becomes known only when it was written as a whole.
 */
export function written(
  state: DeviceState,
  write: {
    readonly fileId: number;
    readonly offset: number;
    readonly data: Uint8Array;
  },
): Pick<DeviceState, "energyConfig" | "buttonConfig"> {
  const { energyConfig, buttonConfig } = state;
  const over = (known: Uint8Array | null, size: number) => {
    const { offset, data } = write;
    if (offset + data.length > size) return null;
    if (known === null && data.length !== size) return null;
    const bytes = known ?? new Uint8Array(size);
    bytes.set(data, offset);
    return bytes;
  };
  if (write.fileId === ENERGY_CONFIG_FILE) {
    const bytes = over(
      energyConfig === null ? null : energyConfigBytes(energyConfig),
      5,
    );
    if (bytes === null) return { energyConfig, buttonConfig };
    const view = new DataView(bytes.buffer);
    return {
      energyConfig: {
        interval: view.getUint32(0, true),
        enabled: view.getUint8(4) !== 0,
      },
      buttonConfig,
    };
  }
  if (write.fileId !== BUTTON_CONFIG_FILE) {
    return { energyConfig, buttonConfig };
  }
  const bytes = over(
    buttonConfig === null ? null : Uint8Array.of(
      Number(buttonConfig.transmitMask0),
      Number(buttonConfig.transmitMask1),
      Number(buttonConfig.buttonControlMenu),
      Number(buttonConfig.enabled),
    ),
    4,
  );
  if (bytes === null) return { energyConfig, buttonConfig };
  const [transmitMask0, transmitMask1, buttonControlMenu, enabled] = [...bytes]
    .map((byte) => byte !== 0);
  return {
    energyConfig,
    buttonConfig: {
      transmitMask0: transmitMask0 ?? false,
      transmitMask1: transmitMask1 ?? false,
      buttonControlMenu: buttonControlMenu ?? false,
      enabled: enabled ?? false,
    },
  };
}
