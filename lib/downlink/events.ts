/**
 * The words of the queue of downlinks: what waits, what happens to it, what it
 * asks for. Types only; the machine is `queue.ts`.
 *
 * @module
 */
import type { DownlinkEnd, FieldWrite } from "./downlink.ts";

/** What a downlink asks of a device. */
export type Ask =
  | ({ readonly what: "write" } & FieldWrite)
  | { readonly what: "read"; readonly fileIds: readonly number[] };

/** A downlink that waits for its device. */
export interface Item {
  /** Grows; an older one goes first. */
  readonly id: number;
  readonly device: string;
  readonly ask: Ask;
  /** Contacts tried so far. */
  readonly tries: number;
  readonly queuedWallMs: number;
}

/** How sending one downlink ended. */
export type Sent =
  | { readonly end: "confirmed" }
  /** The device gave this ALP status, an error. */
  | { readonly end: "refused"; readonly status: number }
  /** The device did not acknowledge, or nobody answered in time. */
  | { readonly end: "silent" }
  /** The modem did not get to it: no contact was used up. */
  | { readonly end: "unsent" };

/** State of the queue; a value. */
export interface Queue {
  readonly items: readonly Item[];
  readonly nextId: number;
  readonly inFlight: Item | null;
  /** When devices with something waiting were heard last, monotonic ms. */
  readonly contacts: ReadonlyMap<string, number>;
}

/** What happens to the queue. */
export type QueueEvent =
  | { readonly type: "restored"; readonly items: readonly Item[] }
  | {
    readonly type: "asked";
    readonly device: string;
    readonly ask: Ask;
    readonly wallMs: number;
  }
  /** A direct write has settled the bytes: older ones are void. */
  | {
    readonly type: "overtaken";
    readonly device: string;
    readonly write: FieldWrite;
  }
  | {
    readonly type: "contact";
    readonly device: string;
    readonly nowMs: number;
  }
  /** A configuration file of a device came. */
  | {
    readonly type: "file";
    readonly device: string;
    readonly fileId: number;
    readonly data: Uint8Array;
  }
  | { readonly type: "sent"; readonly sent: Sent; readonly nowMs: number }
  | { readonly type: "removed"; readonly device: string };

/** What the queue asks for. */
export type QueueEffect =
  /** Keep the item, or forget the id. */
  | { readonly type: "keep"; readonly id: number; readonly item: Item | null }
  | { readonly type: "send"; readonly item: Item }
  | {
    readonly type: "ended";
    readonly item: Item;
    readonly end: DownlinkEnd;
  }
  /** Whether writes wait for the device. */
  | {
    readonly type: "waiting";
    readonly device: string;
    readonly waiting: boolean;
  };
