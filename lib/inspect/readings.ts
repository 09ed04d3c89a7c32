/**
 * Readings as JSON, and the measurements of one device as columns for a chart.
 *
 * @module
 */
import { energyFile } from "../files/energy.ts";
import type { HistoryJson, ReadingJson } from "../http/json.ts";
import type { Reading } from "../reading/reading.ts";
import { measurementJson } from "./measurement.ts";
import { type Parts, timeOf } from "./parts.ts";
import { type Point, thinned } from "./thin.ts";

/** Readings interpreted for one history: some 40 ms of work. Of more, every second, third, … one is. */
const MOST_INTERPRETED = 6000;

/** A reading as JSON. */
export function readingJson(
  reading: Reading,
  name: string | null,
): ReadingJson {
  const { link, received } = reading;
  return {
    id: reading.id,
    received_at: timeOf(received.wallMs),
    clock_synchronised: received.synced,
    device: reading.device,
    name,
    file: reading.file,
    file_id: reading.fileId,
    valid: reading.valid,
    measurements: reading.measurements.map(measurementJson),
    link: link === null ? null : {
      rx_level_dbm: link.rxLevelDbm,
      link_budget_db: link.linkBudgetDb,
      band: link.band,
      channel_index: link.channelIndex,
      fifo_token: link.fifoToken,
      seq_nr: link.seqNr,
      secured: link.secured,
    },
  };
}

/**
 * The EnergyFiles of one device as columns, thinned out to about `points` rows
 * as `thin.ts` does. Gives way between slices of a few milliseconds.
 */
export function* historyJson(
  parts: Parts,
  device: string,
  sinceMs: number,
  untilMs: number,
  points: number,
): Generator<void, HistoryJson> {
  const slices = parts.store.pastSlices({
    device,
    fileId: energyFile.id,
    sinceMs,
    untilMs,
    most: MOST_INTERPRETED,
  });
  const past: Point[] = [];
  let slice = slices.next();
  for (; !slice.done; slice = slices.next()) {
    past.push(...slice.value.map(pointOf));
    yield;
  }
  const { times, columns } = thinned(past, points);
  return {
    device,
    since: timeOf(sinceMs),
    until: timeOf(untilMs),
    readings: slice.value,
    time_s: times.map((ms) => ms / 1000),
    columns,
  };
}

/** A reading as numbers; measured ones only where the meter could be read. */
function pointOf({ measurements, valid, link, received }: Reading): Point {
  const values: Record<string, number> = {};
  for (const { name, value } of valid ? measurements : []) {
    if (typeof value !== "boolean") values[name] = Number(value);
  }
  if (link !== null) values.link_budget_db = link.linkBudgetDb;
  return { timeMs: received.wallMs, gap: !valid, values };
}
