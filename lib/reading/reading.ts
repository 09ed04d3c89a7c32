/**
 * The domain model every sink speaks: what one device reported at one moment.
 * Pure: no I/O, no clock.
 *
 * @module
 */
/** When a reading was received, with what is needed to trust it later. */
export interface Receipt {
  /** Wall clock, milliseconds since 1970. */
  readonly wallMs: number;
  /** Milliseconds since the gateway's boot; never steps. */
  readonly monoMs: number;
  /** Identity of the boot that {@link monoMs} counts from. */
  readonly bootId: string;
  /** Whether the wall clock was synchronised at that moment. */
  readonly synced: boolean;
}

/** What a measurement is about. */
export type Quantity =
  | "apparent_energy"
  | "active_energy"
  | "current"
  | "voltage"
  | "signal_strength"
  | "validity"
  | "button"
  | "setting";

/** Unit of a measurement's value; null where there is none. */
export type Unit = "VAh" | "Wh" | "mA" | "V" | "dBm" | "s" | null;

/** One named value with quantity and unit inside a reading. */
export interface Measurement {
  /** Stable name, e.g. `apparent_energy_1` (the digit is the phase). */
  readonly name: string;
  readonly quantity: Quantity;
  readonly unit: Unit;
  /** 64-bit counters are `bigint`; a sink decides how to write them. */
  readonly value: bigint | number | boolean;
}

/** How a reading came through the air. */
export interface Link {
  /** Received strength, dBm (negative). */
  readonly rxLevelDbm: number;
  /** Sent power minus received level, dB; larger is weaker. */
  readonly linkBudgetDb: number;
  /** `433`, `868`, `915` or `rfu_N`. */
  readonly band: string;
  readonly channelIndex: number;
  /** Session and transaction numbers of D7ASP. */
  readonly fifoToken: number;
  readonly seqNr: number;
  /** Whether the frame was secured. */
  readonly secured: boolean;
}

/** Device files that give readings. */
export type FileName = "energy" | "button" | "energy_config" | "button_config";

/** What one device reported at one moment, before it has a place in the log. */
export interface NewReading {
  /** Origin: UID as 16, VID as 4 upper-case hex digits. */
  readonly device: string;
  readonly file: FileName;
  readonly fileId: number;
  readonly measurements: readonly Measurement[];
  /** False when the device says that its meter could not be read: values are stale. */
  readonly valid: boolean;
  readonly link: Link | null;
  readonly received: Receipt;
  /** The file's bytes as they came. */
  readonly data: Uint8Array;
}

/** A reading in the log. */
export interface Reading extends NewReading {
  /** Position in the log; grows, never used twice. */
  readonly id: number;
}
