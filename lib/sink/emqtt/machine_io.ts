/**
 * ◆ What happens to the ePlug, and what it asks for.
 *
 * @module
 */
import type {
  DeviceChange,
  DeviceEvent,
  DeviceState,
  GatewayState,
  Supervision,
} from "../../device/device.ts";
import type { QueuedWrite } from "../../downlink/downlink.ts";
import type { Moment, WriteStep } from "./machine_state.ts";

interface At {
  readonly at: Moment;
}

/** What happens to the ePlug. */
export type PlugEvent =
  | At & { readonly type: "start"; readonly lock: string | null }
  | At & { readonly type: "connected"; readonly localAddress: string }
  | At & { readonly type: "disconnected" }
  | At & {
    readonly type: "message";
    readonly topic: string;
    readonly payload: Uint8Array;
    readonly retain: boolean;
  }
  | At & {
    readonly type: "device";
    /** SubinterfaceID. */
    readonly id: string;
    readonly change: DeviceChange & { readonly state: DeviceState };
    readonly supervision: Supervision;
    readonly queued: readonly QueuedWrite[];
  }
  | At & {
    readonly type: "gateway";
    readonly gateway: GatewayState;
    readonly events: readonly DeviceEvent[];
  }
  | At & { readonly type: "timer"; readonly key: string }
  /** Body of a POST to `/set_broker_host`. */
  | At & {
    readonly type: "trigger";
    readonly request: number;
    readonly body: string;
  }
  /** A step of a write ended; an error is eMQTT's. */
  | At & {
    readonly type: "ended";
    readonly write: number;
    readonly error: number | null;
  }
  /** Factory reset by the operator. */
  | At & { readonly type: "reset" }
  | At & { readonly type: "stop" };

/** What the ePlug asks for. */
export type PlugEffect =
  | { readonly type: "connect"; readonly broker: string }
  /** After what was published before it. */
  | { readonly type: "disconnect" }
  | { readonly type: "subscribe"; readonly filter: string }
  | {
    readonly type: "publish";
    readonly topic: string;
    readonly payload: string;
    readonly retain: boolean;
  }
  | {
    readonly type: "arm";
    readonly key: string;
    /** Whose values the timer's event reads; null is none. */
    readonly sub: string | null;
    /** On the clock that never steps. */
    readonly dueMs: number;
  }
  | { readonly type: "disarm"; readonly key: string }
  | {
    readonly type: "perform";
    readonly write: number;
    readonly device: string | null;
    readonly step: WriteStep;
  }
  | { readonly type: "remember"; readonly lock: string | null }
  | { readonly type: "blink"; readonly on: boolean }
  | {
    readonly type: "answer";
    readonly request: number;
    /** Why the trigger is refused; null: it is accepted. */
    readonly refusal: string | null;
  }
  | {
    readonly type: "report";
    readonly level: "info" | "warn" | "debug";
    readonly message: string;
    readonly fields: Readonly<Record<string, unknown>>;
  };
