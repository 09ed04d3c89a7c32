/**
 * ◆ Measurements in one line for people: energies of all phases added up, then
 * voltages and currents by phase.
 *
 * @module
 */
import type { MeasurementJson } from "../http/json.ts";

/** What goes without saying: it has a column of its own, or is a part of another. */
const UNSAID = new Set(["measurement_valid", "buttons_state"]);

/**
 * `12 345 kWh, 230 231 229 V, 1.2 0 0 A`; other measurements by their names.
 *
 * @param short the energy only, if there is one
 */
export function valuesOf(
  measurements: readonly MeasurementJson[],
  short = false,
): string {
  const of = (quantity: string) =>
    measurements.filter((one) => one.quantity === quantity);
  const energy = of("active_energy");
  const parts: string[] = [];
  if (energy.length > 0) parts.push(kilowattHours(energy, short));
  if (short && parts.length > 0) return parts.join();
  const volts = of("voltage").map(({ value }) => String(value));
  if (volts.length > 0) parts.push(`${volts.join(" ")} V`);
  const amps = of("current")
    .map(({ value }) => String(Math.round(Number(value) / 10) / 100));
  if (amps.length > 0) parts.push(`${amps.join(" ")} A`);
  for (const { name, quantity, unit, value } of measurements) {
    if (
      UNSAID.has(name) ||
      /^(active_energy|apparent_energy|voltage|current)$/.test(quantity)
    ) continue;
    parts.push(
      typeof value === "boolean"
        ? `${name} ${value ? "yes" : "no"}`
        : `${name} ${value}${unit === null ? "" : ` ${unit}`}`,
    );
  }
  return parts.join(", ");
}

/** Wh of the phases, added without losing a digit. */
function kilowattHours(
  phases: readonly MeasurementJson[],
  short: boolean,
): string {
  const wh = phases.reduce((sum, { value }) => sum + BigInt(value), 0n);
  const size = wh < 0n ? -wh : wh;
  if (size < 100_000n) return `${(Number(wh) / 1000).toFixed(1)} kWh`;
  // A list has room for five digits or so.
  const [unit, by] = !short || size < 100_000_000n
    ? ["kWh", 1000n]
    : size < 100_000_000_000n
    ? ["MWh", 1_000_000n]
    : ["GWh", 1_000_000_000n];
  return `${String(wh / by).replace(/\B(?=(\d{3})+$)/g, " ")} ${unit}`;
}
