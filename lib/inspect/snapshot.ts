/**
 * The agent at one moment, as plain values: what status, problems, device rows
 * and metrics are derived from without looking anywhere else. Types only.
 *
 * All moments are milliseconds since 1970 on the wall clock of now: what was
 * noted before the clock was set is told in the time that is known since.
 *
 * @module
 */
import type { DeviceState, Supervision } from "../device/device.ts";
import type { QueuedWrite } from "../downlink/downlink.ts";
import type { IntakeCounters } from "../intake.ts";
import type { ModemState } from "../modem/state.ts";
import type { LineCounters } from "../modem/reports.ts";
import type { Link } from "../reading/reading.ts";
import type { Parts } from "./parts.ts";
import type { Account, DropReason } from "../store/outbox.ts";

/** Everything known at one moment. */
export interface Snapshot {
  readonly nowMs: number;
  /** Whether the wall clock is synchronised. */
  readonly synced: boolean;
  /** Since when it is, or is not. */
  readonly syncedSinceMs: number;
  readonly agent: {
    readonly name: string;
    readonly version: string;
    readonly startedMs: number;
    readonly uptimeS: number;
    readonly pid: number;
    readonly dataDir: string;
  };
  readonly serial: SerialFacts;
  readonly intake: Readonly<IntakeCounters>;
  /** Committed readings; null before the first minute. */
  readonly readingsPerHour: number | null;
  readonly outbox: OutboxFacts;
  readonly sinks: readonly SinkFacts[];
  readonly devices: readonly DeviceFacts[];
  /** Why the page cannot be reached; null while it can, or is off. */
  readonly http: ReturnType<NonNullable<Parts["http"]>>;
}

/** The line and the modem. */
export interface SerialFacts {
  /** As configured. */
  readonly port: string;
  readonly state: ModemState;
  /** Since when the port is open, or not. */
  readonly portSinceMs: number;
  /** Since when the modem answers, or not. */
  readonly modemSinceMs: number;
  readonly counters: LineCounters;
  readonly lastFrameMs: number | null;
  /** What was counted in the last minutes. */
  readonly recent: {
    readonly minutes: number;
    readonly frames: number;
    readonly badChecksums: number;
    readonly discardedBytes: number;
    readonly lostMinutes: number;
    readonly lostFrames: number;
  };
}

/** The log on disk. */
export interface OutboxFacts {
  readonly bytes: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  readonly diskFreeBytes: number | null;
  readonly minFreeBytes: number;
  /** When the oldest reading that is kept was received, delivered or not. */
  readonly oldestMs: number | null;
  /** Share of the size that waits for the fullest sink, 0 to 1. */
  readonly fill: number;
  /** What one reading takes on disk; null before any is known. */
  readonly bytesPerReading: number | null;
  readonly trouble: string | null;
  readonly troubleSinceMs: number;
}

/** One sink. */
export interface SinkFacts {
  readonly name: string;
  readonly type: string;
  readonly up: boolean;
  readonly detail: string;
  /** What becomes of readings while it is down; null: they wait. */
  readonly whileDown: string | null;
  /** Since when it is up, or down. */
  readonly sinceMs: number;
  readonly account: Account;
  readonly oldestPendingMs: number | null;
  /** In this run of the agent. */
  readonly lastDeliveredMs: number | null;
  /** Deliveries, mean of the last 10 s. */
  readonly ratePerS: number;
  /** Readings that came to the log, mean of the last 10 s. */
  readonly arrivalPerS: number;
  /** The last rejection if it is younger than a day. */
  readonly lastRejection:
    | { readonly reason: string; readonly atMs: number }
    | null;
  /** Dropped undelivered in the last day of this run, purges aside. */
  readonly droppedToday: {
    readonly count: number;
    readonly reasons: readonly DropReason[];
    readonly lastMs: number | null;
  };
}

/** One device: the model's state and what the inspection has learned. */
export interface DeviceFacts {
  readonly device: string;
  readonly name: string | null;
  readonly ignored: boolean;
  /** Null for a device that is ignored: the model does not follow it. */
  readonly state: DeviceState | null;
  readonly firstHeardMs: number;
  readonly lastHeardMs: number;
  readonly lastHeardS: number;
  readonly link: Link | null;
  /** Learned from its reports, s; null while unknown. */
  readonly learnedS: number | null;
  /** Without a word for so long while the modem was there, s; what lies before the start counts only once one cadence has been listened for. */
  readonly silentForS: number;
  /** The limits of the device model. */
  readonly limits: Supervision;
  /** Whether an operator or a platform has set them. */
  readonly limitsSet: boolean;
  readonly queued: readonly QueuedWrite[];
}
