/**
 * What one reading changes in what is known of its device, until the agent is
 * asked for the list again.
 *
 * @module
 */
/** @typedef {import("../json.ts").DeviceJson} DeviceJson */
/** @typedef {import("../json.ts").ReadingJson} ReadingJson */

/**
 * The device after a reading of it.
 *
 * @param {DeviceJson} device
 * @param {ReadingJson} reading
 * @returns {DeviceJson}
 */
export function heardFrom(device, reading) {
  const energy = reading.file === "energy";
  return {
    ...device,
    state: "ok",
    last_heard_at: reading.received_at,
    ...(reading.link === null ? {} : {
      link_budget_db: reading.link.link_budget_db,
      rx_level_dbm: reading.link.rx_level_dbm,
    }),
    ...(energy ? { valid: reading.valid } : {}),
    ...(energy && reading.valid
      ? {
        last: reading.measurements,
        last_reading_at: reading.received_at,
        measurements_total: device.measurements_total + 1,
      }
      : {}),
  };
}
