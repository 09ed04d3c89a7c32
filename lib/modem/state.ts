/**
 * What a modem's driver says about itself, for status, problems and readiness.
 *
 * @module
 */
import type { SerialError, SerialFault } from "../serial/serial.ts";
import type { Identity, Session } from "./events.ts";

/** Why the port is not open. */
export interface PortFault {
  /** `opening`: it was not tried yet. */
  readonly fault: SerialFault | "opening";
  /** What was found, without advice. */
  readonly finding: string;
  /** Who has the port, where that is known. */
  readonly holder: SerialError["holder"];
}

/** What the modem is doing. */
export interface ModemState {
  /** Whether the port is open. */
  readonly portUp: boolean;
  /** Null while the port is open. */
  readonly portFault: PortFault | null;
  readonly phase: Session["phase"];
  readonly identity: Identity | null;
  /** One line for a technician. */
  readonly detail: string;
}

/** A port that is not open. */
export interface PortDown {
  readonly why: PortFault;
  /** Finding and advice in one line. */
  readonly detail: string;
}

/** Before the first try. */
export const notTried: PortDown = plain("opening", "Port not opened yet");

/** It was closed without a fault: the recording is through, or the agent ends. */
export const portClosed: PortDown = plain("lost", "Port closed");

/** It could not be opened, or was lost. */
export function portRefused(error: SerialError): PortDown {
  const { fault, finding, holder, message } = error;
  return { why: { fault, finding, holder }, detail: message };
}

function plain(fault: PortFault["fault"], finding: string): PortDown {
  return { why: { fault, finding, holder: null }, detail: finding };
}
