/**
 * Writes to device files over the air, durable until confirmed or given up.
 * Types here; the machine is `queue.ts`.
 *
 * @module
 */

/** One field of a device file. */
export interface FieldWrite {
  /** 61 or 62. */
  readonly fileId: number;
  readonly offset: number;
  /** As on the wire: little-endian. */
  readonly data: Uint8Array;
}

/** How a write ended, or that it waits. */
export type WriteEnd =
  | { readonly end: "queued" }
  | { readonly end: "confirmed" }
  /** No answer from the device in time (eMQTT 998). */
  | { readonly end: "timeout" }
  /** The device is offline: nothing was queued (eMQTT 54). */
  | { readonly end: "offline" }
  /** The device refused: its ALP status code, null if it gave none. */
  | { readonly end: "refused"; readonly status: number | null };

/** How a downlink that was sent has ended for good. */
export type DownlinkEnd = Exclude<
  WriteEnd,
  { readonly end: "queued" | "offline" }
>;

/** `contact`: durably queued for the next uplink; `direct`: sent at once, ended by the answer. */
export type DownlinkMode = "contact" | "direct";

/** A write that waits. */
export interface QueuedWrite extends FieldWrite {
  readonly device: string;
  /** Contacts tried so far, of 3. */
  readonly tries: number;
  readonly queuedWallMs: number;
}

/** The queue as sinks and verbs see it. */
export interface Downlinks {
  /**
   * Writes one field. In mode `contact` ends as `queued` once it is durable (a
   * newer value for the same field replaces an older one), or `offline`.
   */
  write(
    device: string,
    write: FieldWrite,
    mode: DownlinkMode,
    timeoutMs: number,
  ): Promise<WriteEnd>;
  /** Asks a device to send files; they come back as readings. */
  read(
    device: string,
    fileIds: readonly number[],
    mode: DownlinkMode,
    timeoutMs: number,
  ): Promise<WriteEnd>;
  queued(device?: string): readonly QueuedWrite[];
}
