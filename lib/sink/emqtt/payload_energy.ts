/**
 * ◆ What a device measured, in eMQTT's bytes: single values, totals, the record
 * of index 64 and the 32 bytes of PDIn. Numbers are converted field by field.
 * [mapping §5, §10, M-13]
 *
 * @module
 */
import type { DeviceState } from "../../device/device.ts";
import type { NewReading } from "../../reading/reading.ts";
import { boolHex, countHex, intHex } from "./payload_hex.ts";
import type { View } from "./payload_index.ts";

/** Whether an index shows the last valid measurement. [M-31] */
export function isHeld(index: number): boolean {
  return (index >= 65 && index <= 79 && index !== 77) || index === 81 ||
    index === 83;
}

/** Phases of the mains. */
export const PHASES = [1, 2, 3] as const;

/** Fields of an EnergyFile in the order of index 64, with their bytes. */
export const energyFields = [
  ["apparent_energy", "ApparentEnergy", 8],
  ["active_energy", "ActiveEnergy", 8],
  ["current", "Current", 4],
  ["voltage", "Voltage", 2],
] as const;

/** A measurement by its name; 0 where there is none. */
export function valueOf(reading: NewReading, name: string): bigint | number {
  const value = reading.measurements.find((one) => one.name === name)?.value;
  return typeof value === "boolean" ? Number(value) : value ?? 0;
}

const MAX_I64 = 2n ** 63n - 1n;
const MIN_I64 = -(2n ** 63n);

/** Sum of the three phases, saturating. [M-15] */
export function totalOf(reading: NewReading, quantity: string): string {
  const sum = PHASES.reduce(
    (total, phase) => total + BigInt(valueOf(reading, `${quantity}_${phase}`)),
    0n,
  );
  return intHex(sum > MAX_I64 ? MAX_I64 : sum < MIN_I64 ? MIN_I64 : sum, 8);
}

/** Index 64: the last EnergyFile received, big-endian. */
export function energyRecord(reading: NewReading): string {
  return energyFields.flatMap(([name, , size]) =>
    PHASES.map((phase) => intHex(valueOf(reading, `${name}_${phase}`), size))
  ).join("") + boolHex(reading.valid);
}

/** Seconds since a reading was received; 0 at least. */
export function ageS(reading: NewReading, view: View): number {
  const { received } = reading;
  const ms = received.bootId === view.at.bootId
    ? view.at.monoMs - received.monoMs
    : view.at.wallMs - received.wallMs;
  return Math.max(0, Math.floor(ms / 1000));
}

const UNKNOWN = 0xff;
const NO_AGE = 0xffff;

/** One bit of the first byte of PDIn. */
interface StatusBit {
  readonly bit: number;
  readonly about: string;
  readonly set: (state: DeviceState) => boolean;
}

function buttonBit(button: number): StatusBit {
  return {
    bit: 4 + button,
    about: `button ${button} held`,
    set: ({ button: file }) =>
      file !== null &&
      ((Number(valueOf(file, "buttons_state")) >> button) & 1) === 1,
  };
}

/** Status of PDIn; a bit that has no row is 0. [mapping §10] */
export const statusBits: readonly StatusBit[] = [
  {
    bit: 0,
    about: "last measurement valid",
    set: ({ energy }) => energy?.valid === true,
  },
  { bit: 1, about: "data present", set: ({ held }) => held !== null },
  { bit: 2, about: "device silent", set: ({ silent }) => silent !== null },
  { bit: 3, about: "device offline", set: ({ offline }) => offline !== null },
  ...[0, 1, 2].map(buttonBit),
];

/** One field of PDIn. */
interface PdInField {
  readonly name: string;
  readonly type: string;
  /** Bytes. */
  readonly size: number;
  /** In words, for the manual. */
  readonly about: string;
  readonly read: (state: DeviceState, view: View) => string;
}

/** A measured value of each phase; 0 before the first measurement. */
function phases(name: string): readonly PdInField[] {
  return energyFields.filter(([field]) => field === name).flatMap((
    [field, title, size],
  ) =>
    PHASES.map((phase) => ({
      name: `${title} L${phase}`,
      type: `IntegerT${8 * size}`,
      size,
      about: "last valid measurement",
      read: ({ held }: DeviceState) =>
        intHex(held === null ? 0 : valueOf(held, `${field}_${phase}`), size),
    }))
  );
}

/** PDIn of a node, in order. [mapping §10] */
export const pdInFields: readonly PdInField[] = [
  {
    name: "Status",
    type: "bit field",
    size: 1,
    about: "see the bits below",
    read: (state) =>
      intHex(
        statusBits.reduce(
          (byte, { bit, set }) => set(state) ? byte | (1 << bit) : byte,
          0,
        ),
        1,
      ),
  },
  {
    name: "LinkBudget",
    type: "UIntegerT8",
    size: 1,
    about: `dB, higher is worse; ${UNKNOWN}: not known`,
    read: ({ link }) => intHex(link?.linkBudgetDb ?? UNKNOWN, 1),
  },
  {
    name: "Age",
    type: "UIntegerT16",
    size: 2,
    about: `s since the measurement; ${NO_AGE}: none yet, or older`,
    read: ({ held }, view) =>
      countHex(held === null ? NO_AGE : ageS(held, view), 2),
  },
  ...phases("voltage"),
  ...phases("current"),
  {
    name: "ActiveEnergyTotal",
    type: "IntegerT64",
    size: 8,
    about: "sum of the phases",
    read: ({ held }) =>
      held === null ? intHex(0, 8) : totalOf(held, "active_energy"),
  },
  {
    name: "MeasurementCounter",
    type: "UIntegerT16",
    size: 2,
    about: "low 16 bits of index 83",
    read: ({ measurementCounter }) => intHex(measurementCounter, 2),
  },
];

/** PDIn of a node. [mapping §10] */
export function pdIn(view: View): string {
  const { state } = view.sub;
  return state === null
    ? ""
    : pdInFields.map(({ read }) => read(state, view)).join("");
}
