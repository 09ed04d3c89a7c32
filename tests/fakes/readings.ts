/**
 * Readings as device files give them, for tests of what comes after.
 *
 * @module
 */
import type { Measurement, Reading } from "../../lib/reading/reading.ts";

/** What a test may say about a reading. */
export type Some = Partial<Reading>;

const received = {
  wallMs: Date.UTC(2025, 0, 1, 12, 0, 0, 250),
  monoMs: 60_000,
  bootId: "fake-boot",
  synced: true,
};

const link = {
  rxLevelDbm: -70,
  linkBudgetDb: 80,
  band: "868",
  channelIndex: 0,
  fifoToken: 50,
  seqNr: 1,
  secured: false,
};

const phases = (
  name: string,
  quantity: Measurement["quantity"],
  unit: Measurement["unit"],
  values: readonly (bigint | number)[],
): readonly Measurement[] =>
  values.map((value, index) => ({
    name: `${name}_${index + 1}`,
    quantity,
    unit,
    value,
  }));

/** An energy reading; 64-bit values are beyond what a double can hold. */
export function energyReading(some: Some = {}): Reading {
  return {
    id: 1,
    device: "326636300039004C",
    file: "energy",
    fileId: 52,
    measurements: [
      ...phases("apparent_energy", "apparent_energy", "VAh", [
        9007199254740993n,
        -1n,
        9223372036854775807n,
      ]),
      ...phases("active_energy", "active_energy", "Wh", [
        -9223372036854775808n,
        0n,
        7n,
      ]),
      ...phases("current", "current", "mA", [15320, 980, -4410]),
      ...phases("voltage", "voltage", "V", [231, 229, 233]),
    ],
    valid: true,
    link,
    received,
    data: new Uint8Array(67),
    ...some,
  };
}

/** A button reading: `state` has a bit for each button. */
export function buttonReading(state: number, some: Some = {}): Reading {
  return {
    id: 1,
    device: "326636300039004C",
    file: "button",
    fileId: 51,
    measurements: [
      { name: "button_id", quantity: "button", unit: null, value: 0 },
      { name: "mask", quantity: "button", unit: null, value: state > 0 },
      { name: "buttons_state", quantity: "button", unit: null, value: state },
    ],
    valid: true,
    link,
    received,
    data: new Uint8Array([0, state > 0 ? 1 : 0, state]),
    ...some,
  };
}

/** A configuration file's reading. */
export function configReading(some: Some = {}): Reading {
  return {
    ...energyReading(),
    file: "energy_config",
    fileId: 62,
    measurements: [
      { name: "interval", quantity: "setting", unit: "s", value: 600 },
    ],
    ...some,
  };
}
