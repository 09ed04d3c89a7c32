/**
 * ◆ Devices as a list for people.
 *
 * @module
 */
import type { DeviceJson } from "../http/json.ts";
import { valuesOf } from "./measured.ts";
import { type Column, table } from "./table.ts";
import { ago, printable } from "./words.ts";

/** Room that all values of a device take beside the rest. */
const WIDE = 130;

/** Devices as lines with columns, and what waits for them. */
export function devicesPage(
  devices: readonly DeviceJson[],
  width: number,
): string {
  const columns: readonly Column[] = [
    { head: "DEVICE" },
    { head: "NAME", atLeast: 6 },
    { head: "HEARD", right: true },
    { head: "LINK", right: true },
    { head: "STATE", atLeast: 10 },
    { head: "EVERY", right: true },
    { head: "VALID" },
    { head: "LAST" },
  ];
  const rows = devices.map((device) => [
    device.device,
    device.name === null ? "-" : printable(device.name),
    ago(device.last_heard_s),
    device.link_budget_db === null ? "-" : `${device.link_budget_db} dB`,
    stateOf(device),
    device.cadence_s === null ? "-" : ago(device.cadence_s),
    device.valid === null ? "-" : device.valid ? "yes" : "no",
    valuesOf(device.last, width < WIDE) || "-",
  ]);
  return table(columns, rows, width) + waiting(devices);
}

/** What is wrong with a device comes first; `ok` when nothing is. */
export function stateOf(
  device: Pick<
    DeviceJson,
    "state" | "meter_lost" | "last_write_failed" | "ignored"
  >,
): string {
  const words = [
    ...device.state === "ok" ? [] : [device.state],
    ...device.meter_lost ? ["meter lost"] : [],
    ...device.last_write_failed ? ["write failed"] : [],
    ...device.ignored ? ["ignored"] : [],
  ];
  return words.length === 0 ? "ok" : words.join(", ");
}

/** Writes that wait for a device's next contact. */
function waiting(devices: readonly DeviceJson[]): string {
  const rows = devices.flatMap(({ device, name, queued }) =>
    queued.map(({ file_id, offset, data, tries }) =>
      `  ${
        name === null ? device : printable(name)
      }  file ${file_id}+${offset}=${data}${
        tries === 0 ? "" : ` (${tries} of 3 tried)`
      }\n`
    )
  );
  return rows.length === 0
    ? ""
    : `\nWritten at the next contact:\n${rows.join("")}`;
}
