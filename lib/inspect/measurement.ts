/**
 * A measurement and moments as the JSON of this program writes them. Pure.
 *
 * @module
 */
import type { MeasurementJson } from "../http/json.ts";
import type { Measurement } from "../reading/reading.ts";

/** One measurement; 64-bit counters as decimal strings. */
export function measurementJson(
  { name, quantity, unit, value }: Measurement,
): MeasurementJson {
  return {
    name,
    quantity,
    unit,
    value: typeof value === "bigint" ? String(value) : value,
  };
}
