/**
 * ◆ The settings a device keeps in its files 61 and 62, as indices: what is
 * read is the device's own file with the writes that wait laid over it; what
 * is written becomes a write of just that field. [mapping §8, M-23]
 *
 * @module
 */
import type { WriteEnd } from "../../downlink/downlink.ts";
import {
  boolHex,
  errorCode,
  errorOfAlpStatus,
  hexOf,
  intHex,
  uintOf,
} from "./payload_hex.ts";
import type { IndexRow, View, Write } from "./payload_index.ts";
import type { WriteStep } from "./machine_state.ts";

const ENERGY = 62;
const BUTTON = 61;
/** Limits of the interval, s: 0 would measure in a loop, large ones wrap. [M-21] */
const MIN_INTERVAL_S = 60;
const MAX_INTERVAL_S = 86_400;

/** A setting: where it is in its file, and how long. Numbers are little-endian there. */
interface Place {
  readonly fileId: number;
  readonly offset: number;
  readonly length: number;
}

/** A file's bytes as they are or will be; null where nothing is known. */
function fileBytes(view: View, fileId: number): readonly (number | null)[] {
  const { energyConfig, buttonConfig } = view.sub.state ??
    { energyConfig: null, buttonConfig: null };
  const bytes: (number | null)[] = fileId === ENERGY
    ? energyConfig === null
      ? [null, null, null, null, null]
      : energyBytes(energyConfig.interval, energyConfig.enabled)
    : buttonConfig === null
    ? [null, null, null, null]
    : [
      buttonConfig.transmitMask0,
      buttonConfig.transmitMask1,
      buttonConfig.buttonControlMenu,
      buttonConfig.enabled,
    ].map(Number);
  for (const write of view.sub.queued) {
    if (write.fileId !== fileId) continue;
    write.data.forEach((byte, at) => bytes[write.offset + at] = byte);
  }
  return bytes;
}

function energyBytes(interval: number, enabled: boolean): number[] {
  const bytes = [0, 8, 16, 24].map((shift) => (interval >>> shift) & 0xff);
  return [...bytes, Number(enabled)];
}

function read(place: Place): (view: View) => string | number {
  return (view) => {
    const bytes = fileBytes(view, place.fileId)
      .slice(place.offset, place.offset + place.length);
    const known = bytes.filter((byte) => byte !== null);
    if (known.length !== place.length) return errorCode.temporarilyNotAvailable;
    if (place.fileId === BUTTON || place.length === 1) {
      return known.map((byte) => boolHex(byte !== 0)).join("");
    }
    // The interval turns round; what follows it is a flag.
    const interval = hexOf(known.slice(0, 4).reverse());
    return interval +
      known.slice(4).map((byte) => boolHex(byte !== 0)).join("");
  };
}

function write(place: Place): (bytes: Uint8Array) => Write {
  return (bytes) => {
    const data = [...bytes];
    let flags = data;
    if (place.fileId === ENERGY && place.offset === 0) {
      const interval = uintOf(bytes.subarray(0, 4));
      if (interval < MIN_INTERVAL_S) return errorCode.lessThanLimit;
      if (interval > MAX_INTERVAL_S) return errorCode.greaterThanLimit;
      flags = data.slice(4);
      data.splice(0, 4, ...data.slice(0, 4).reverse());
    }
    if (flags.some((byte) => byte > 1)) return errorCode.outOfRange;
    return { steps: [fileStep(place.fileId, place.offset, data)] };
  };
}

function fileStep(
  fileId: number,
  offset: number,
  data: readonly number[],
): WriteStep {
  return {
    do: "writeFile",
    write: { fileId, offset, data: Uint8Array.from(data) },
  };
}

/** Both files as they leave the factory. [mapping §9, 130] */
export const factoryFiles: readonly WriteStep[] = [
  fileStep(ENERGY, 0, energyBytes(600, true)),
  fileStep(BUTTON, 0, [1, 1, 1, 1]),
];

function row(
  index: number,
  name: string,
  type: string,
  fileId: number,
  offset: number,
  length: number,
  about: string,
): IndexRow {
  const place = { fileId, offset, length };
  return {
    index,
    name,
    access: "RW",
    type,
    length,
    about,
    read: read(place),
    write: write(place),
  };
}

/** Indices 96 to 104. */
export const configRows: readonly IndexRow[] = [
  row(96, "EnergyConfig", "RecordT", ENERGY, 0, 5, "97 and 98"),
  row(97, "EnergyInterval", "UIntegerT32", ENERGY, 0, 4, "60 to 86400 s"),
  row(98, "EnergyEnabled", "BooleanT", ENERGY, 4, 1, "measurements are sent"),
  row(99, "ButtonConfig", "RecordT", BUTTON, 0, 4, "100 to 103"),
  row(100, "TransmitMask0", "BooleanT", BUTTON, 0, 1, "releases are sent"),
  row(101, "TransmitMask1", "BooleanT", BUTTON, 1, 1, "presses are sent"),
  row(102, "ButtonControlMenu", "BooleanT", BUTTON, 2, 1, "menu by button"),
  row(103, "ButtonEnabled", "BooleanT", BUTTON, 3, 1, "buttons are watched"),
  {
    index: 104,
    name: "ConfigState",
    access: "R",
    type: "UIntegerT8",
    length: 1,
    about:
      "bit 0 file 62 known, 1 file 61 known, 2 write queued, 3 last write failed",
    read({ sub: { state, queued } }) {
      if (state === null) return errorCode.temporarilyNotAvailable;
      return intHex(
        (state.energyConfig === null ? 0 : 1) |
          (state.buttonConfig === null ? 0 : 2) |
          (state.writeQueued || queued.length > 0 ? 4 : 0) |
          (state.lastWriteFailed ? 8 : 0),
        1,
      );
    },
  },
];

/** The eMQTT error of a downlink's end, or null. [M-26] */
export function errorOfEnd(end: WriteEnd): number | null {
  switch (end.end) {
    case "queued":
    case "confirmed":
      return null;
    case "timeout":
      return errorCode.timedOut;
    case "offline":
      return errorCode.temporarilyNotAvailable;
    case "refused":
      return errorOfAlpStatus(end.status);
  }
}
