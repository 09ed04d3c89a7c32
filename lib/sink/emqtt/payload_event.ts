/**
 * ◆ The events of this product, and the conditions among them that last.
 * [mapping §12]
 *
 * @module
 */
import type {
  Condition,
  DeviceState,
  GatewayState,
} from "../../device/device.ts";
import type { Pending } from "./payload_index.ts";

/** One event, or a run of them. */
export interface EventRow {
  readonly code: number;
  /** How many codes in a row mean the same, one for each button. */
  readonly count: number;
  readonly where: "node" | "main" | "any";
  readonly type: "Notification" | "Warning" | "Error";
  readonly about: string;
}

/** The user trigger, reserved by eMQTT. [eMQTT 10.2] */
export const USER_TRIGGER = 36_002;

const row = (
  code: number,
  where: EventRow["where"],
  type: EventRow["type"],
  about: string,
  count = 1,
): EventRow => ({ code, count, where, type, about });

/** Every event; notifications are Singleshot, the others appear and disappear. */
export const eventRows: readonly EventRow[] = [
  row(6208, "node", "Notification", "button n pressed", 16),
  row(6224, "node", "Notification", "button n released", 16),
  row(6240, "node", "Warning", "Modbus link lost"),
  row(6241, "node", "Warning", "device silent"),
  row(6242, "node", "Error", "device offline"),
  row(6243, "node", "Warning", "link budget above limit"),
  row(6244, "node", "Notification", "an energy counter decreased"),
  row(6245, "node", "Notification", "configuration write finally failed"),
  row(6246, "node", "Notification", "configuration of the node changed"),
  row(6256, "main", "Error", "modem link lost"),
  row(6257, "main", "Notification", "frame of a node that is not admitted"),
  row(6258, "main", "Warning", "buffer of the agent nearly full"),
  row(USER_TRIGGER, "any", "Notification", "user trigger"),
];

/** Conditions of a node that last now, oldest first. */
export function conditionsOf(state: DeviceState): readonly Pending[] {
  return pending([
    [6240, "Warning", state.modbusLost],
    [6241, "Warning", state.silent],
    [6242, "Error", state.offline],
    [6243, "Warning", state.linkHigh],
  ]);
}

/** Conditions of main that last now, oldest first. */
export function gatewayConditions(
  gateway: GatewayState | null,
): readonly Pending[] {
  return pending([
    [6256, "Error", gateway?.modemLost ?? null],
    [6258, "Warning", gateway?.bufferHigh ?? null],
  ]);
}

function pending(
  rows: readonly (readonly [number, Pending["type"], Condition])[],
): readonly Pending[] {
  return rows.flatMap(([code, type, since]) =>
    since === null ? [] : [{ code, type, since }]
  ).sort((a, b) => a.since.wallMs - b.since.wallMs);
}
