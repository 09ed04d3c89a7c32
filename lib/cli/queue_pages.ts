/**
 * ◆ What `queue` shows to people.
 *
 * @module
 */
import type { ReadingJson, RejectedJson, SinkJson } from "../http/json.ts";
import { valuesOf } from "./measured.ts";
import { table } from "./table.ts";
import { count, moment, printable, span } from "./words.ts";

/** Accounts with the signs of the sum, then what they do not say. */
export function statsPage(
  sinks: readonly SinkJson[],
  now: string,
  width = Infinity,
): string {
  const rows = sinks.map((
    { name, readings, delivered, pending, rejected, dropped },
  ) => {
    const sum = delivered + pending + rejected + dropped;
    return [
      printable(name),
      count(readings),
      readings === sum ? "=" : "≠",
      count(delivered),
      "+",
      count(pending),
      "+",
      count(rejected),
      "+",
      count(dropped),
    ];
  });
  const sign = { head: "" };
  const notes = sinks.flatMap(({ name, dropped_by, oldest_pending_at }) => [
    ...oldest_pending_at === null ? [] : [
      `${printable(name)}: the oldest has waited ${
        span((Date.parse(now) - Date.parse(oldest_pending_at)) / 1000)
      }, since ${moment(oldest_pending_at)}\n`,
    ],
    ...Object.entries(dropped_by).filter(([, number]) => number > 0)
      .map(([why, number]) =>
        `${printable(name)}: ${count(number)} dropped (${why})\n`
      ),
  ]);
  return table(
    [
      { head: "SINK", atLeast: 6 },
      { head: "READINGS", right: true },
      sign,
      { head: "DELIVERED", right: true },
      sign,
      { head: "WAITING", right: true },
      sign,
      { head: "REJECTED", right: true },
      sign,
      { head: "DROPPED", right: true },
    ],
    rows,
    width,
  ) + (notes.length === 0 ? "" : `\n${notes.join("")}`);
}

/** Readings as lines with columns. */
export function readingsPage(
  readings: readonly ReadingJson[],
  width: number,
): string {
  return table(
    [
      { head: "ID", right: true },
      { head: "RECEIVED" },
      { head: "DEVICE", atLeast: 8 },
      { head: "FILE" },
      { head: "VALID" },
      { head: "VALUES", atLeast: 8 },
    ],
    readings.map((reading) => [
      String(reading.id),
      moment(reading.received_at),
      printable(reading.name ?? reading.device),
      reading.file,
      reading.valid ? "yes" : "no",
      valuesOf(reading.measurements),
    ]),
    width,
  );
}

/** What a sink refused, as lines with columns. */
export function rejectedPage(
  rows: readonly RejectedJson[],
  width: number,
): string {
  return table(
    [
      { head: "ID", right: true },
      { head: "RECEIVED" },
      { head: "DEVICE" },
      { head: "FILE", right: true },
      { head: "REASON", atLeast: 8 },
    ],
    rows.map(({ id, received_at, device, file_id, reason }) => [
      String(id),
      moment(received_at),
      device,
      String(file_id),
      printable(reason),
    ]),
    width,
  );
}
