/**
 * ◆ Static data of `main`, the gateway with its modem: the table of mapping §7.
 *
 * @module
 */
import type { GatewayState } from "../../device/device.ts";
import {
  boolHex,
  countHex,
  type Datum,
  errorCode,
  intHex,
  msHex,
  textHex,
} from "./payload_hex.ts";
import {
  commonRows,
  DEFAULT_TAG,
  detailedStatus,
  fixedText,
  type Identity,
  type IndexRow,
  type Profile,
  supervisionRow,
  tableOf,
  type View,
  type Write,
} from "./payload_index.ts";
import { gatewayConditions } from "./payload_event.ts";

const none = errorCode.temporarilyNotAvailable;

function r(
  index: number,
  name: string,
  type: string,
  length: number | null,
  about: string,
  read: (gateway: GatewayState, view: View) => Datum,
): IndexRow {
  return {
    index,
    name,
    access: "R",
    type,
    length,
    about,
    read: (view) => view.gateway === null ? none : read(view.gateway, view),
  };
}

/** SystemCommands of main. [mapping §9] */
function command(byte: number): Write {
  const tag = { do: "tag", tag: DEFAULT_TAG } as const;
  const supervision = { do: "supervision", value: null } as const;
  switch (byte) {
    case 128:
      return { steps: [], after: "restart" };
    case 129:
      return { steps: [tag, supervision, { do: "resetCounters" }] };
    case 130:
      return { steps: [tag, supervision], after: "factoryReset" };
    default:
      return errorCode.functionNotAvailable;
  }
}

function serialOf({ gateway }: View, uid: string): string {
  return gateway?.modemUid ?? uid;
}

function rowsOf(
  uid: string,
  identity: Identity,
  version: string,
): readonly IndexRow[] {
  const rows: readonly IndexRow[] = [
    ...commonRows({
      identity,
      tag: ({ gateway }) => gateway?.tag ?? DEFAULT_TAG,
      command,
    }),
    {
      index: 21,
      name: "SerialNumber",
      access: "R",
      type: "StringT",
      length: null,
      about: "UID of the modem, or the plug's while it is unknown",
      read: (view) => textHex(serialOf(view, uid)),
    },
    fixedText(23, "FirmwareRevision", version, "version of the agent"),
    r(
      32,
      "ErrorCount",
      "UIntegerT16",
      2,
      "rejected frames and failed writes",
      (g) => countHex(g.framesRejected + g.downlinksFailed, 2),
    ),
    r(
      36,
      "DeviceStatus",
      "UIntegerT8",
      1,
      "0 ok, 1 buffer nearly full, 4 modem lost",
      (g) => g.modemLost !== null ? "04" : g.bufferHigh !== null ? "01" : "00",
    ),
    r(
      37,
      "DetailedDeviceStatus",
      "ArrayT of OctetStringT3",
      24,
      "pending warnings and errors, newest last",
      (g) => detailedStatus(gatewayConditions(g)),
    ),
    r(
      64,
      "ModemUid",
      "OctetStringT",
      8,
      "UID of the modem",
      (g) =>
        g.modemLost !== null || g.modemUid === null
          ? none
          : g.modemUid.padStart(16, "0"),
    ),
    r(
      65,
      "NodesKnown",
      "UIntegerT16",
      2,
      "nodes ever heard",
      (_, view) => countHex(view.nodes().length, 2),
    ),
    r(
      66,
      "NodesOnline",
      "UIntegerT16",
      2,
      "nodes not offline",
      (_, view) =>
        countHex(
          view.nodes().filter((node) =>
            node.offline === null && !node.unregistered
          ).length,
          2,
        ),
    ),
    r(
      67,
      "FramesReceived",
      "UIntegerT32",
      4,
      "frames",
      (g) => intHex(g.framesReceived, 4),
    ),
    r(
      68,
      "FramesRejected",
      "UIntegerT32",
      4,
      "checksum or syntax",
      (g) => intHex(g.framesRejected, 4),
    ),
    r(
      69,
      "FramesForeign",
      "UIntegerT32",
      4,
      "unknown file or node",
      (g) => intHex(g.framesForeign, 4),
    ),
    r(
      70,
      "LastFrameTime",
      "TimeMs",
      6,
      "any frame",
      (g, view) =>
        g.lastFrame === null ? none : msHex(view.timeOf(g.lastFrame)),
    ),
    r(
      71,
      "Uptime",
      "UIntegerT32",
      4,
      "s",
      (g) => intHex(Math.floor(g.uptimeS), 4),
    ),
    r(
      72,
      "MqttReconnects",
      "UIntegerT16",
      2,
      "since start",
      (_, view) => countHex(view.reconnects, 2),
    ),
    r(
      73,
      "DownlinksDone",
      "UIntegerT32",
      4,
      "confirmed writes",
      (g) => intHex(g.downlinksDone, 4),
    ),
    r(
      74,
      "DownlinksFailed",
      "UIntegerT32",
      4,
      "writes given up",
      (g) => intHex(g.downlinksFailed, 4),
    ),
    r(
      75,
      "ModemLink",
      "BooleanT",
      1,
      "01 while the modem answers",
      (g) => boolHex(g.modemLost === null),
    ),
    supervisionRow({
      name: "SupervisionDefault",
      about: "for nodes without their own; all 0: derived from the interval",
      read: ({ gateway }) => {
        const own = gateway?.supervisionDefault ?? null;
        return own === null
          ? [0, 0, 0]
          : [own.silentAfterS, own.offlineAfterS, own.unregisterAfterS];
      },
      mayBeNone: true,
    }),
  ];
  return rows.toSorted((a, b) => a.index - b.index);
}

/** What main is. */
export function mainProfile(
  uid: string,
  identity: Identity,
  version: string,
): Profile {
  return {
    parent: null,
    identity,
    serialNumber: (view) => serialOf(view, uid),
    uid: () => uid,
    firmwareRevision: version,
    pdInBits: 0,
    pdOutBits: 0,
    pdIn: () => "",
    pdOut: () => "",
    rows: tableOf(rowsOf(uid, identity, version)),
  };
}
