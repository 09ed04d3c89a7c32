/**
 * ◆ What a device measured, in eMQTT's bytes: single values, totals, the record
 * of index 64 and the 32 bytes of PDIn. Numbers are converted field by field.
 * [mapping §5, §10, M-13]
 *
 * @module
 */
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
const DATA_PRESENT = 1 << 1;

/** PDIn of a node. [mapping §10] */
export function pdIn(view: View): string {
  const { state } = view.sub;
  if (state === null) return "";
  const reading = state.held;
  const buttons = state.button === null
    ? 0
    : Number(valueOf(state.button, "buttons_state")) & 7;
  const status = (state.energy?.valid === true ? 1 : 0) |
    (reading === null ? 0 : DATA_PRESENT) |
    (state.silent === null ? 0 : 1 << 2) |
    (state.offline === null ? 0 : 1 << 3) | (buttons << 4);
  const value = (name: string, size: number) =>
    intHex(reading === null ? 0 : valueOf(reading, name), size);
  return [
    intHex(status, 1),
    intHex(state.link?.linkBudgetDb ?? UNKNOWN, 1),
    countHex(reading === null ? NO_AGE : ageS(reading, view), 2),
    ...PHASES.map((phase) => value(`voltage_${phase}`, 2)),
    ...PHASES.map((phase) => value(`current_${phase}`, 4)),
    reading === null ? intHex(0, 8) : totalOf(reading, "active_energy"),
    intHex(state.measurementCounter, 2),
  ].join("");
}
