/**
 * ◆ XConfig: values that accompany events and reports. [eMQTT 4.2]
 *
 * @module
 */
import type { Sub } from "./machine_state.ts";
import { paddedIndices } from "./machine_grid.ts";
import type { Turn } from "./machine_turn.ts";
import { numbersIn, type Payload } from "./payload.ts";
import type { Datum } from "./payload_hex.ts";

const X_INDICES = 4;

/** Sets which values accompany events and reports. [E-126–E-128] */
export function setXConfig(turn: Turn, sub: Sub, payload: Payload): void {
  const indices = paddedIndices(numbersIn(payload, "XIndices"), X_INDICES);
  if (indices !== null) {
    turn.setSub(sub.id, {
      xconfig: {
        indices,
        events: payload.values.get("AutomaticReadForEvents") === true,
        reporting: payload.values.get("AutomaticReadForReporting") === true,
      },
    });
  }
  turn.ack("setXConfig", sub.id, indices !== null);
}

/** The key XValues, or nothing. [E-129–E-131] */
export function xValues(
  turn: Turn,
  sub: Sub,
  use: "events" | "reporting",
): { readonly XValues?: readonly Datum[] } {
  const { xconfig } = sub;
  return xconfig[use] && xconfig.indices.length > 0
    ? { XValues: turn.read(sub, xconfig.indices) }
    : {};
}
