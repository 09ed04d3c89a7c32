/**
 * Energy file and its configuration file. All numbers are little endian.
 * [APP filesystem/energy_file.c, AcuRev_1312_RCT.c]
 *
 * @module
 */
import {
  absent,
  type Decoded,
  repeat,
  type Struct,
  struct,
} from "../bytes/codec.ts";
import { bool, i16le, i32le, i64le, u32le } from "../bytes/values.ts";
import type { Measurement } from "../reading/reading.ts";
import { defineFile, type DeviceFile } from "./file.ts";

/** Values by phase, 1 to 3. */
const phases = {
  /** VAh. */
  apparentEnergy: repeat(3, i64le),
  /** Wh. SPEC? The meter's base may be mWh and mVAh; to be confirmed on one. */
  realEnergy: repeat(3, i64le),
  /** mA. */
  current: repeat(3, i32le),
  /** V. */
  voltage: repeat(3, i16le),
};

const withoutSignal = struct({
  ...phases,
  receivedSignalStrength: absent,
  measurementValid: bool,
});

/** In CAM's README only; no firmware is known to send it. */
const withSignal = struct({
  ...phases,
  /** dBm. */
  receivedSignalStrength: i16le,
  measurementValid: bool,
});

/** What the energy meter of a device measured. */
export type Energy =
  | Decoded<typeof withoutSignal>
  | Decoded<typeof withSignal>;

/** File 52. `measurementValid` false: the meter could not be read, values are stale. */
export const energyFile: DeviceFile<Energy> = {
  ...defineFile(52, "energy", {
    bySize: { 67: withoutSignal as Struct<Energy>, 69: withSignal },
    sizeOf: (value) =>
      (value?.receivedSignalStrength ?? null) === null ? 67 : 69,
  }),
  measurements(value) {
    const [apparent1 = 0n, apparent2 = 0n, apparent3 = 0n] =
      value.apparentEnergy;
    const [active1 = 0n, active2 = 0n, active3 = 0n] = value.realEnergy;
    const [current1 = 0, current2 = 0, current3 = 0] = value.current;
    const [voltage1 = 0, voltage2 = 0, voltage3 = 0] = value.voltage;
    const measurements: Measurement[] = [
      apparent("apparent_energy_1", apparent1),
      apparent("apparent_energy_2", apparent2),
      apparent("apparent_energy_3", apparent3),
      active("active_energy_1", active1),
      active("active_energy_2", active2),
      active("active_energy_3", active3),
      current("current_1", current1),
      current("current_2", current2),
      current("current_3", current3),
      voltage("voltage_1", voltage1),
      voltage("voltage_2", voltage2),
      voltage("voltage_3", voltage3),
    ];
    if (value.receivedSignalStrength !== null) {
      measurements.push({
        name: "signal_strength",
        quantity: "signal_strength",
        unit: "dBm",
        value: value.receivedSignalStrength,
      });
    }
    measurements.push({
      name: "measurement_valid",
      quantity: "validity",
      unit: null,
      value: value.measurementValid,
    });
    return measurements;
  },
  valid: (value) => value.measurementValid,
};

function apparent(name: string, value: bigint): Measurement {
  return { name, quantity: "apparent_energy", unit: "VAh", value };
}

function active(name: string, value: bigint): Measurement {
  return { name, quantity: "active_energy", unit: "Wh", value };
}

function current(name: string, value: number): Measurement {
  return { name, quantity: "current", unit: "mA", value };
}

function voltage(name: string, value: number): Measurement {
  return { name, quantity: "voltage", unit: "V", value };
}

const config = struct({
  /** Seconds between two pushes of the energy file. */
  interval: u32le,
  enabled: bool,
});

/** File 62. PIOWAY reads the interval big endian: wrong. */
export const energyConfigFile: DeviceFile<Decoded<typeof config>> = {
  ...defineFile(62, "energy_config", { bySize: { 5: config } }),
  measurements: ({ interval, enabled }) => [
    { name: "interval", quantity: "setting", unit: "s", value: interval },
    { name: "enabled", quantity: "setting", unit: null, value: enabled },
  ],
  valid: () => true,
};
