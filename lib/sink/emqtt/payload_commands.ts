/**
 * ◆ The one table of commands: who sends what, with which fields, in the order
 * in which real plugs write them. Codec and dispatch read it. [eMQTT 2.7]
 *
 * @module
 */

/** What a field holds. */
export type FieldType =
  | "number"
  | "boolean"
  | "text"
  /** HexString, or error number. */
  | "datum"
  /** Array of numbers. */
  | "numbers"
  /** Array of HexStrings and error numbers. */
  | "data"
  /** Array of `{Code, Mode}`. */
  | "triggers"
  /** `{PDIn, PDOut}`, lengths in bits. */
  | "lengths";

/** One field of a payload. */
export interface Field {
  readonly key: string;
  readonly type: FieldType;
  readonly optional?: true;
  /** Other names it is printed under; `key` wins. [C-19] */
  readonly aliases?: readonly string[];
  /** The only texts that are written. */
  readonly oneOf?: readonly string[];
}

/** A payload. */
export interface Shape {
  readonly fields: readonly Field[];
  /** Further keys: `index` numbers with data, `Y1`…`Y30` with arrays of HexStrings. */
  readonly more?: "indices" | "samples";
}

/** Commands whose channels are counted over the whole plug. [E-051] */
export type Channel = "observation" | "report" | "replay";

/** One command. */
export interface CommandRow {
  readonly scope: "plug" | "subinterface";
  /** Payload from the adapter; null: the adapter does not send it. */
  readonly toPlug: Shape | null;
  /** Payload from the plug; null: the plug does not send it. */
  readonly toAdapter: Shape | null;
  /** Whether each command message is answered with Ack or Nak. [E-053, E-054] */
  readonly ack: boolean;
  readonly channel?: Channel;
}

const number = (key: string): Field => ({ key, type: "number" });
const text = (key: string, ...oneOf: string[]): Field => ({
  key,
  type: "text",
  ...(oneOf.length === 0 ? {} : { oneOf }),
});
const flag = (key: string): Field => ({ key, type: "boolean" });
const optional = (field: Field): Field => ({ ...field, optional: true });
const yIndices: Field = {
  key: "YIndices",
  type: "numbers",
  aliases: ["Indices"],
};
const ms = text("ms");
const mode = text("Mode", "Appears", "Disappears", "Singleshot");
const xValues = optional({ key: "XValues", type: "data" });
const rate = number("SamplingRate");
const empty: Shape = { fields: [] };
const indexed: Shape = { fields: [], more: "indices" };
const ackShape: Shape = { fields: [text("Value")] };
const countedShape: Shape = {
  fields: [text("Value"), number("Active"), number("Max")],
};

const fromPlug = (
  scope: CommandRow["scope"],
  toAdapter: Shape,
): CommandRow => ({ scope, toPlug: null, toAdapter, ack: false });
const fromAdapter = (
  scope: CommandRow["scope"],
  toPlug: Shape = empty,
): CommandRow => ({ scope, toPlug, toAdapter: null, ack: false });
const acked = (
  scope: CommandRow["scope"],
  toPlug: Shape = empty,
): CommandRow => ({ scope, toPlug, toAdapter: ackShape, ack: true });
const counted = (channel: Channel, toPlug: Shape = empty): CommandRow => ({
  scope: "subinterface",
  toPlug,
  toAdapter: countedShape,
  ack: true,
  channel,
});

const sub = "subinterface";

/** All commands, as in overview 2.7. */
export const commands = {
  regPlug: fromPlug("plug", { fields: [text("Address"), text("ProductName")] }),
  status: fromPlug("plug", {
    fields: [text("Value", "Off", "On", "Disconnected")],
  }),
  startPlug: fromAdapter("plug"),
  stopPlug: fromAdapter("plug"),
  startDevices: fromAdapter("plug"),
  blink: acked("plug", { fields: [text("Value", "On", "Off")] }),
  dateUpdate: acked("plug", { fields: [ms] }),
  regDevice: {
    scope: sub,
    toPlug: { fields: [text("Action", "Abort"), optional(text("Cause"))] },
    toAdapter: {
      fields: [
        number("DeviceID"),
        number("VendorID"),
        optional(flag("Prereg")),
        { key: "CyclicDataBitLength", type: "lengths" },
        ...[
          "VendorName",
          "ProductName",
          "SerialNumber",
          "ArticleNumber",
          "UID",
          "HardwareRevision",
          "FirmwareRevision",
          "ParentSubinterface",
        ].map((key) => optional(text(key))),
      ],
    },
    ack: false,
  },
  disDevice: fromPlug(sub, empty),
  setXConfig: acked(sub, {
    fields: [
      { key: "XIndices", type: "numbers" },
      flag("AutomaticReadForEvents"),
      flag("AutomaticReadForReporting"),
    ],
  }),
  getStatData: {
    scope: sub,
    toPlug: { fields: [{ key: "Indices", type: "numbers" }] },
    toAdapter: indexed,
    ack: false,
  },
  putStatData: { scope: sub, toPlug: indexed, toAdapter: indexed, ack: false },
  startCyclicData: acked(sub, { fields: [optional(rate)] }),
  stopCyclicData: acked(sub),
  postCyclicData: fromPlug(sub, {
    fields: [ms, rate, text("PDIn"), text("PDOut")],
  }),
  putCyclicData: {
    scope: sub,
    toPlug: { fields: [text("Value")] },
    toAdapter: { fields: [{ key: "Value", type: "datum" }] },
    ack: false,
  },
  startObservation: counted("observation", {
    fields: [optional(rate), { key: "Indices", type: "numbers" }],
  }),
  stopObservation: counted("observation"),
  postObservation: fromPlug(sub, { fields: [ms], more: "indices" }),
  startEvents: acked(sub),
  stopEvents: acked(sub),
  postEvent: fromPlug(sub, {
    fields: [
      ms,
      optional(text("Type", "Notification", "Warning", "Error")),
      mode,
      number("Code"),
      xValues,
    ],
  }),
  startReporting: counted("report", {
    fields: [
      text("Type", "Time", "Event", "Self-triggered"),
      optional(rate),
      yIndices,
      optional(number("Code")),
      optional(mode),
    ],
  }),
  stopReporting: counted("report"),
  postReport: fromPlug(sub, {
    fields: [ms, xValues, { key: "YValues", type: "data" }],
  }),
  startReplay: counted("replay", {
    fields: [{ key: "Triggers", type: "triggers" }, yIndices],
  }),
  stopReplay: counted("replay"),
  triggerReplay: fromAdapter(sub, { fields: [text("Label")] }),
  postReplay: fromPlug(sub, {
    fields: [
      rate,
      ms,
      number("EventCode"),
      text("TriggerTimestamp"),
      optional(flag("LastSegment")),
      optional(text("Label")),
    ],
    more: "samples",
  }),
  updateFirmware: {
    scope: "plug",
    toPlug: { fields: [text("URLFirmwareLocation")] },
    toAdapter: {
      fields: [
        text("Status", "InProgress", "Ok", "Fail"),
        optional(number("ErrorCode")),
        optional(text("Message")),
      ],
    },
    ack: false,
  },
} as const satisfies Record<string, CommandRow>;

/** Name of a command. */
export type CommandName = keyof typeof commands;

/** The row of a command. */
export function commandRow(name: CommandName): CommandRow {
  return commands[name];
}

/** Whether a topic's last level is a command; case is significant. [E-027] */
export function isCommand(name: string): name is CommandName {
  return Object.hasOwn(commands, name);
}
