/**
 * The tables of `docs/sicon-os.md`, from the tables that the program itself
 * works with.
 *
 * @module
 */
import { emqttConfig } from "../../lib/sink/emqtt/config.ts";
import { settingsOf } from "../../lib/sink/emqtt/emqtt.ts";
import { pdInFields, statusBits } from "../../lib/sink/emqtt/payload_energy.ts";
import {
  type EventRow,
  eventRows,
} from "../../lib/sink/emqtt/payload_event.ts";
import type { Profile } from "../../lib/sink/emqtt/payload_index.ts";
import { type Parts, table } from "./parts.ts";

// What every table has in common with the defaults of the configuration.
const { profile } = settingsOf(
  emqttConfig.parse({
    type: "emqtt",
    registration: "onSite",
    username: "plug",
    password: "any",
    vendor_id: 0,
  }),
  "000000000000",
  "",
);

function indices({ rows }: Profile): string {
  return table([
    ["Index", "Name", "Access", "Type", "Bytes", "Content"],
    ...[...rows.values()].map((row) => [
      String(row.index),
      row.name,
      row.access,
      row.type,
      row.length === null ? "varies" : String(row.length),
      row.about,
    ]),
  ]);
}

/** One code, or the first and last of a run. */
function codes({ code, count }: EventRow, radix: 10 | 16): string {
  const text = (value: number) =>
    radix === 10
      ? String(value)
      : `0x${value.toString(16).toUpperCase().padStart(4, "0")}`;
  return count === 1
    ? text(code)
    : `${text(code)} to ${text(code + count - 1)}`;
}

function events(): string {
  return table([
    ["Code", "Hex", "Of", "Type", "Mode", "Meaning"],
    ...eventRows.map((row) => [
      codes(row, 10),
      codes(row, 16),
      row.where,
      row.type,
      row.type === "Notification" ? "Singleshot" : "Appears, Disappears",
      row.about + (row.count === 1 ? "" : `, n from 0 to ${row.count - 1}`),
    ]),
  ]);
}

function pdIn(): string {
  const total = pdInFields.reduce((sum, { size }) => sum + size, 0);
  let at = 0;
  return table([
    ["Byte", "Bytes", "Bit offset", "Field", "Type", "Content"],
    ...pdInFields.map(({ name, size, type, about }) => {
      const byte = at;
      at += size;
      return [
        String(byte),
        String(size),
        String(8 * (total - at)),
        name,
        type,
        about,
      ];
    }),
  ]);
}

function pdInStatus(): string {
  return table([
    ["Bit", "Set while"],
    ...statusBits.map(({ bit, about }) => [String(bit), about]),
  ]);
}

/** Marker → the table that stands there. */
export const siconParts: Parts = new Map([
  ["main", () => indices(profile(null))],
  ["node", () => indices(profile("0000000000000001"))],
  ["pdin", pdIn],
  ["pdin-status", pdInStatus],
  ["events", events],
]);
