/**
 * A reading as one line of JSON. Pure.
 *
 * @module
 */
import type { Link, Reading } from "../../reading/reading.ts";

/** One line, its end included. */
export function lineOf(reading: Reading, deviceName?: string): string {
  const head = JSON.stringify({
    received_at: new Date(reading.received.wallMs).toISOString(),
    device: reading.device,
    ...(deviceName === undefined ? {} : { name: deviceName }),
    file: reading.file,
    valid: reading.valid,
    clock: reading.received.synced ? "synchronised" : "unsynchronised",
  });
  // A bigint is written digit by digit: as a double it would be rounded.
  const measurements = reading.measurements.map(({ name, value, unit }) =>
    `${JSON.stringify(name)}:{"value":${value},"unit":${JSON.stringify(unit)}}`
  );
  const link = JSON.stringify(reading.link && linkOf(reading.link));
  return `${head.slice(0, -1)},"measurements":{${
    measurements.join(",")
  }},"link":${link}}\n`;
}

function linkOf(link: Link): Readonly<Record<string, unknown>> {
  return {
    rx_level_dbm: link.rxLevelDbm,
    link_budget_db: link.linkBudgetDb,
    band: link.band,
    channel_index: link.channelIndex,
    fifo_token: link.fifoToken,
    seq_nr: link.seqNr,
    secured: link.secured,
  };
}
