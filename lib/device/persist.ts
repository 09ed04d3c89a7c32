/**
 * The device model as text, to survive restarts: everything but what counts
 * since the agent's start. Readings are kept as the bytes they came from. Pure.
 *
 * @module
 */
import type { Link, NewReading, Receipt } from "../reading/reading.ts";
import type { DeviceState, Supervision } from "./device.ts";
import { newDevice } from "./supervise.ts";

/** Derives a reading from a file's bytes; null when they give none. */
export type DecodeReading = (
  fileId: number,
  data: Uint8Array,
) => Pick<NewReading, "file" | "measurements" | "valid"> | null;

interface KeptReading {
  readonly fileId: number;
  readonly data: string;
  readonly link: Link | null;
  readonly received: Receipt;
}

type KeptDevice =
  & Omit<
    DeviceState,
    | "device"
    | "energy"
    | "held"
    | "button"
    | "invalidCount"
    | "failedDownlinks"
    | "writeQueued"
  >
  & {
    readonly energy: KeptReading | null;
    /** null: the last valid EnergyFile is the last one. */
    readonly held: KeptReading | null;
    readonly button: KeptReading | null;
  };

/** What is kept of the gateway. */
export interface KeptGateway {
  readonly supervision: Supervision | null;
  readonly tag: string;
}

function keptReading(reading: NewReading | null): KeptReading | null {
  if (reading === null) return null;
  const { fileId, data, link, received } = reading;
  return { fileId, data: data.toHex(), link, received };
}

/** A device as text. */
export function deviceText(state: DeviceState): string {
  const {
    device: _device,
    invalidCount: _invalid,
    failedDownlinks: _failed,
    writeQueued: _queued,
    energy,
    held,
    button,
    ...rest
  } = state;
  const kept: KeptDevice = {
    ...rest,
    energy: keptReading(energy),
    held: held === energy ? null : keptReading(held),
    button: keptReading(button),
  };
  return JSON.stringify(kept);
}

/** The device of a text; null when it is none that this release can read. */
export function deviceOf(
  device: string,
  text: string,
  decode: DecodeReading,
): DeviceState | null {
  try {
    const { energy, held, button, ...kept } = JSON.parse(text) as KeptDevice;
    const reading = (row: KeptReading | null): NewReading | null => {
      if (row === null) return null;
      const data = Uint8Array.fromHex(row.data);
      const found = decode(row.fileId, data);
      if (found === null) return null;
      const { fileId, link, received } = row;
      return { ...found, device, fileId, link, received, data };
    };
    if (typeof kept.lastHeard.wallMs !== "number") return null;
    const last = reading(energy);
    return {
      ...newDevice(device, kept.lastHeard),
      ...kept,
      energy: last,
      held: reading(held) ?? (last?.valid ? last : null),
      button: reading(button),
    };
  } catch (error) {
    // Text that was damaged or written by another release.
    if (error instanceof SyntaxError || error instanceof TypeError) return null;
    throw error;
  }
}

/** The gateway's settings of a text; null when there are none. */
export function gatewayOf(text: string | undefined): KeptGateway | null {
  try {
    const kept = JSON.parse(text ?? "null") as KeptGateway | null;
    return kept !== null && typeof kept.tag === "string" ? kept : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The same receipt once the clock of its boot is set. */
function restampedReceipt<T extends Receipt | null>(
  receipt: T,
  bootId: string,
  offsetMs: number,
): T {
  if (receipt === null || receipt.synced || receipt.bootId !== bootId) {
    return receipt;
  }
  return { ...receipt, wallMs: receipt.monoMs + offsetMs, synced: true };
}

/** The state with the wall times that a boot's clock, first set, gives them. */
export function restamped(
  state: DeviceState,
  bootId: string,
  offsetMs: number,
): DeviceState {
  const at = <T extends Receipt | null>(receipt: T) =>
    restampedReceipt(receipt, bootId, offsetMs);
  const reading = (found: NewReading | null) =>
    found === null ? null : { ...found, received: at(found.received) };
  const energy = reading(state.energy);
  return {
    ...state,
    firstHeard: at(state.firstHeard),
    lastHeard: at(state.lastHeard),
    energy,
    held: state.held === state.energy ? energy : reading(state.held),
    button: reading(state.button),
    silent: at(state.silent),
    offline: at(state.offline),
    modbusLost: at(state.modbusLost),
    linkHigh: at(state.linkHigh),
  };
}
