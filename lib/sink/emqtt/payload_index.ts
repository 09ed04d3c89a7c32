/**
 * ◆ What a row of a table of static data is, and the rows that main and nodes
 * have in common. The tables are `payload_node.ts` and `payload_main.ts`.
 * [eMQTT 5, mapping §6]
 *
 * @module
 */
import type { DeviceState, GatewayState } from "../../device/device.ts";
import type { Receipt } from "../../reading/reading.ts";
import type { Moment, Sub, WriteStep } from "./machine_state.ts";
import {
  bytesOf,
  type Datum,
  errorCode,
  intHex,
  textHex,
  textOf,
  uintOf,
} from "./payload_hex.ts";

/** What reading an index sees: one moment of one subinterface. */
export interface View {
  readonly at: Moment;
  readonly sub: Sub;
  readonly gateway: GatewayState | null;
  readonly nodes: () => readonly DeviceState[];
  readonly reconnects: number;
  /** SICON's time of a moment, ms since 1970. [E-039] */
  readonly timeOf: (receipt: Receipt) => number;
}

/** What a write asks for, or the error code that refuses it. */
export type Write =
  | {
    readonly steps: readonly WriteStep[];
    readonly after?: "restart" | "factoryReset";
  }
  | number;

/** One index. */
export interface IndexRow {
  readonly index: number;
  readonly name: string;
  readonly access: "R" | "W" | "RW";
  readonly type: string;
  /** Bytes; null: varies. */
  readonly length: number | null;
  /** In words, for the manual. */
  readonly about: string;
  readonly read?: (view: View) => Datum;
  /** Gets bytes whose length fits {@link length}. */
  readonly write?: (bytes: Uint8Array, view: View) => Write;
}

/** Names and numbers a subinterface registers with. [mapping §3] */
export interface Identity {
  readonly vendorId: number;
  readonly deviceId: number;
  readonly vendorName: string;
  readonly productName: string;
  readonly productText: string;
}

/** What a subinterface is. */
export interface Profile {
  /** Id of the parent; null for main. */
  readonly parent: string | null;
  readonly identity: Identity;
  readonly serialNumber: (view: View) => string;
  readonly uid: (view: View) => string;
  readonly articleNumber?: string;
  readonly firmwareRevision?: string;
  readonly pdInBits: number;
  readonly pdOutBits: number;
  readonly pdIn: (view: View) => string;
  readonly pdOut: (view: View) => string;
  /** Forces output data of the right length; gives an error code or null. [E-170] */
  readonly force?: (bytes: Uint8Array, view: View) => number | null;
  readonly rows: ReadonlyMap<number, IndexRow>;
}

/** A table by its indices. */
export function tableOf(
  rows: readonly IndexRow[],
): ReadonlyMap<number, IndexRow> {
  return new Map(rows.map((row) => [row.index, row]));
}

/** Reads one index. [E-041, E-042] */
export function readIndex(
  rows: Profile["rows"],
  index: number,
  view: View,
): Datum {
  const row = rows.get(index);
  if (row === undefined) return errorCode.indexNotAvailable;
  return row.read?.(view) ?? errorCode.accessDenied;
}

/** Judges one write: access, form and length, then the row's own rules. [E-041–E-046] */
export function writeIndex(
  rows: Profile["rows"],
  index: number,
  hex: unknown,
  view: View,
): Write {
  const row = rows.get(index);
  if (row === undefined) return errorCode.indexNotAvailable;
  if (row.write === undefined) return errorCode.accessDenied;
  const bytes = bytesOf(hex);
  if (bytes === null) return errorCode.outOfRange;
  if (row.length !== null && bytes.length !== row.length) {
    return bytes.length > row.length ? errorCode.tooLong : errorCode.tooShort;
  }
  return row.write(bytes, view);
}

/** What index 24 holds until it is written. */
export const DEFAULT_TAG = "***";
/** Longest tag, bytes. */
const MAX_TAG = 32;

/** A text that never changes. */
export function fixedText(
  index: number,
  name: string,
  text: string,
  about: string,
): IndexRow {
  const hex = textHex(text);
  return {
    index,
    name,
    access: "R",
    type: "StringT",
    length: null,
    about,
    read: () => hex,
  };
}

/** Rows that main and nodes have in common, but for what they read. */
export function commonRows(options: {
  readonly identity: Identity;
  readonly tag: (view: View) => string;
  readonly command: (byte: number, view: View) => Write;
}): readonly IndexRow[] {
  const { identity } = options;
  return [
    {
      index: 2,
      name: "SystemCommand",
      access: "W",
      type: "UIntegerT8",
      length: 1,
      about: "128 reset, 129 application reset, 130 factory settings",
      write: (bytes, view) => options.command(uintOf(bytes), view),
    },
    {
      index: 12,
      name: "DeviceAccessLocks",
      access: "R",
      type: "RecordT",
      length: 2,
      about: "always 0000",
      read: () => "0000",
    },
    fixedText(16, "VendorName", identity.vendorName, "as registered"),
    fixedText(17, "VendorText", VENDOR_TEXT, "where the vendor is found"),
    fixedText(18, "ProductName", identity.productName, "as registered"),
    fixedText(19, "ProductID", identity.productName, "as registered"),
    fixedText(20, "ProductText", identity.productText, "what it is"),
    {
      index: 24,
      name: "ApplicationSpecificTag",
      access: "RW",
      type: "StringT",
      length: null,
      about: "0 to 32 bytes of UTF-8, kept by the gateway",
      read: (view) => textHex(options.tag(view)),
      write(bytes) {
        if (bytes.length > MAX_TAG) return errorCode.tooLong;
        const tag = textOf(bytes);
        return tag === null
          ? errorCode.outOfRange
          : { steps: [{ do: "tag", tag }] };
      },
    },
  ];
}

const VENDOR_TEXT = "https://www.liquibit.be";

/** A pending warning or error of index 37, oldest first. */
export interface Pending {
  readonly code: number;
  readonly type: "Warning" | "Error";
  readonly since: Receipt;
}

const SLOTS = 8;

/** Content of index 37: newest last. [M-40] */
export function detailedStatus(pending: readonly Pending[]): string {
  return pending.slice(-SLOTS)
    .map(({ code, type }) =>
      (type === "Warning" ? "E4" : "F4") + intHex(code, 2)
    )
    .join("").padEnd(SLOTS * 6, "0");
}

/** The record of index 105, read and judged. [mapping §6] */
export function supervisionRow(options: {
  readonly name: string;
  readonly about: string;
  readonly read: (view: View) => readonly number[];
  /** Whether all 0 stands for none of its own. */
  readonly mayBeNone: boolean;
}): IndexRow {
  return {
    index: 105,
    name: options.name,
    access: "RW",
    type: "RecordT",
    length: 12,
    about: options.about,
    read: (view) =>
      options.read(view).map((seconds) => intHex(seconds, 4)).join(""),
    write(bytes) {
      const [silentAfterS, offlineAfterS, unregisterAfterS] = [0, 4, 8]
        .map((at) => uintOf(bytes.subarray(at, at + 4))) as [
          number,
          number,
          number,
        ];
      const none = silentAfterS + offlineAfterS + unregisterAfterS === 0;
      if (none && options.mayBeNone) {
        return { steps: [{ do: "supervision", value: null }] };
      }
      const grows = silentAfterS > 0 && offlineAfterS > silentAfterS &&
        (unregisterAfterS === 0 || unregisterAfterS > offlineAfterS);
      if (!grows) return errorCode.inconsistent;
      return {
        steps: [{
          do: "supervision",
          value: { silentAfterS, offlineAfterS, unregisterAfterS },
        }],
      };
    },
  };
}
