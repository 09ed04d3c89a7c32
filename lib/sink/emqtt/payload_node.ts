/**
 * ◆ Static data of a node: the table of mapping §6, in one file so that it can
 * be held against it.
 *
 * @module
 */
import type { DeviceState } from "../../device/device.ts";
import type { NewReading } from "../../reading/reading.ts";
import {
  ageS,
  energyFields,
  energyRecord,
  pdIn,
  PHASES,
  totalOf,
  valueOf,
} from "./payload_energy.ts";
import {
  boolHex,
  countHex,
  type Datum,
  errorCode,
  hexOf,
  intHex,
  msHex,
} from "./payload_hex.ts";
import {
  commonRows,
  DEFAULT_TAG,
  detailedStatus,
  type Identity,
  type IndexRow,
  type Profile,
  supervisionRow,
  tableOf,
  type View,
  type Write,
} from "./payload_index.ts";
import { configRows, factoryFiles } from "./payload_config.ts";
import { conditionsOf } from "./payload_event.ts";

const none = errorCode.temporarilyNotAvailable;

type FromNode = (state: DeviceState, view: View) => Datum;

function node(read: FromNode): (view: View) => Datum {
  return (view) => view.sub.state === null ? none : read(view.sub.state, view);
}

function held(
  read: (reading: NewReading, view: View) => Datum,
): (view: View) => Datum {
  return node((state, view) =>
    state.held === null ? none : read(state.held, view)
  );
}

function button(name: string): (view: View) => Datum {
  return node(({ button }) =>
    button === null ? none : intHex(valueOf(button, name), 1)
  );
}

function r(
  index: number,
  name: string,
  type: string,
  length: number,
  about: string,
  read: (view: View) => Datum,
): IndexRow {
  return { index, name, access: "R", type, length, about, read };
}

/** Index 36. [M-39] */
function deviceStatus(state: DeviceState): number {
  if (state.offline !== null || state.energy?.valid === false) return 4;
  if (state.silent !== null) return 2;
  return state.linkHigh === null ? 0 : 1;
}

/** SystemCommands of a node. [mapping §9] */
function command(byte: number): Write {
  const defaults = [
    { do: "tag", tag: DEFAULT_TAG },
    { do: "supervision", value: null },
    { do: "resetCounters" },
  ] as const;
  switch (byte) {
    case 129:
      return { steps: defaults };
    case 130:
      // The radio first: if it refuses, nothing was changed. [E-147]
      return { steps: [...factoryFiles, ...defaults] };
    case 160:
      return { steps: [{ do: "readFiles", fileIds: [52, 61, 62] }] };
    default:
      return errorCode.functionNotAvailable;
  }
}

function rowsOf(identity: Identity): readonly IndexRow[] {
  let index = 65;
  const phaseRows = energyFields.flatMap(([field, name, size]) =>
    PHASES.map((phase) =>
      r(
        index++,
        `${name} L${phase}`,
        `IntegerT${8 * size}`,
        size,
        "last valid measurement",
        held((reading) => intHex(valueOf(reading, `${field}_${phase}`), size)),
      )
    )
  );
  const rows: readonly IndexRow[] = [
    ...commonRows({
      identity,
      tag: ({ sub }) => sub.state?.tag ?? DEFAULT_TAG,
      command,
    }),
    r(
      21,
      "SerialNumber",
      "StringT",
      16,
      "UID of the device",
      ({ sub }) => hexOf(new TextEncoder().encode(uidOf(sub.device))),
    ),
    {
      index: 23,
      name: "FirmwareRevision",
      access: "R",
      type: "StringT",
      length: null,
      about: "not known: the device does not send it",
      read: () => none,
    },
    r(
      32,
      "ErrorCount",
      "UIntegerT16",
      2,
      "invalid measurements and failed writes since the agent's start",
      node((s) => countHex(s.invalidCount + s.failedDownlinks, 2)),
    ),
    r(
      36,
      "DeviceStatus",
      "UIntegerT8",
      1,
      "0 ok, 1 link weak, 2 silent, 4 offline or measurement invalid",
      node((state) => intHex(deviceStatus(state), 1)),
    ),
    r(
      37,
      "DetailedDeviceStatus",
      "ArrayT of OctetStringT3",
      24,
      "pending warnings and errors, newest last",
      node((state) => detailedStatus(conditionsOf(state))),
    ),
    r(40, "ProcessDataInput", "RecordT", 32, "as PDIn", pdIn),
    r(
      64,
      "EnergyRecord",
      "RecordT",
      67,
      "last EnergyFile received, valid or not",
      node(({ energy }) => energy === null ? none : energyRecord(energy)),
    ),
    ...phaseRows,
    r(
      77,
      "MeasurementValid",
      "BooleanT",
      1,
      "flag of the last EnergyFile received",
      node(({ energy }) => energy === null ? none : boolHex(energy.valid)),
    ),
    r(
      78,
      "ApparentEnergyTotal",
      "IntegerT64",
      8,
      "sum of 65 to 67",
      held((reading) => totalOf(reading, "apparent_energy")),
    ),
    r(
      79,
      "ActiveEnergyTotal",
      "IntegerT64",
      8,
      "sum of 68 to 70",
      held((reading) => totalOf(reading, "active_energy")),
    ),
    r(
      80,
      "LinkBudget",
      "UIntegerT8",
      1,
      "dB, of the last frame; higher is worse",
      node(({ link }) => link === null ? none : intHex(link.linkBudgetDb, 1)),
    ),
    r(
      81,
      "MeasurementTime",
      "TimeMs",
      6,
      "when the held values were received",
      held((reading, view) => msHex(view.timeOf(reading.received))),
    ),
    r(
      82,
      "MeasurementAge",
      "UIntegerT32",
      4,
      "s",
      held((reading, view) => countHex(ageS(reading, view), 4)),
    ),
    r(
      83,
      "MeasurementCounter",
      "UIntegerT32",
      4,
      "EnergyFiles since first contact",
      node((state) => intHex(state.measurementCounter, 4)),
    ),
    r(
      84,
      "LastHeard",
      "TimeMs",
      6,
      "any frame",
      node((state, view) => msHex(view.timeOf(state.lastHeard))),
    ),
    r(
      85,
      "ButtonRecord",
      "RecordT",
      3,
      "86, 87 and 88",
      node(({ button }) =>
        button === null ? none : ["button_id", "mask", "buttons_state"]
          .map((name) => intHex(valueOf(button, name), 1)).join("")
      ),
    ),
    r(
      86,
      "ButtonId",
      "UIntegerT8",
      1,
      "button that changed",
      button("button_id"),
    ),
    r(87, "ButtonMask", "BooleanT", 1, "01 pressed", button("mask")),
    r(
      88,
      "ButtonsState",
      "UIntegerT8",
      1,
      "bit n: button n is held",
      button("buttons_state"),
    ),
    r(
      89,
      "ButtonCounter",
      "UIntegerT32",
      4,
      "presses since first contact",
      node((state) => intHex(state.buttonCounter, 4)),
    ),
    r(
      92,
      "DeviceUid",
      "OctetStringT",
      8,
      "DASH7 UID",
      ({ sub }) => uidOf(sub.device),
    ),
    ...configRows,
    supervisionRow({
      name: "Supervision",
      about: "silent, offline, unregister after, s each",
      read: ({ sub: { supervision } }) => [
        supervision.silentAfterS,
        supervision.offlineAfterS,
        supervision.unregisterAfterS,
      ],
      mayBeNone: false,
    }),
  ];
  return rows.toSorted((a, b) => a.index - b.index);
}

/** A device's UID as 16 digits; shorter addresses get leading zeros. */
export function uidOf(device: string | null): string {
  return (device ?? "").padStart(16, "0");
}

/** What a node of this product is. */
export function nodeProfile(identity: Identity): Profile {
  return {
    parent: "main",
    identity,
    serialNumber: ({ sub }) => uidOf(sub.device),
    uid: ({ sub }) => uidOf(sub.device),
    pdInBits: 256,
    pdOutBits: 0,
    pdIn,
    pdOut: () => "",
    rows: tableOf(rowsOf(identity)),
  };
}
