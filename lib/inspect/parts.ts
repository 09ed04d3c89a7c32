/**
 * The parts of a running agent that people and programs look at.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import type { Devices } from "../device/device.ts";
import type { Downlinks } from "../downlink/downlink.ts";
import type { IntakeCounters } from "../intake.ts";
import type { Modem } from "../modem/modem.ts";
import type { Sink } from "../sink/sink.ts";
import type { Lane } from "../store/outbox.ts";
import type { Store } from "../store/store.ts";

/** What is looked at. */
export interface Parts {
  readonly config: Config;
  /** Of this program. */
  readonly version: string;
  readonly clock: Clock;
  readonly modem: Pick<Modem, "state" | "counters">;
  readonly store: Store;
  readonly counters: IntakeCounters;
  readonly devices: Devices;
  readonly downlinks: Pick<Downlinks, "queued">;
  readonly sinks: readonly {
    readonly name: string;
    readonly type: string;
    readonly sink: Sink;
    readonly lane: Lane;
  }[];
  /** Why the page cannot be reached, for problem `http_down`; null when it can. */
  readonly http?: () => {
    /** Address as configured. */
    readonly where: string;
    readonly reason: string;
    /** What would do. */
    readonly fix: string;
    readonly sinceMs: number;
  } | null;
}

/** A wall clock time as the JSON of this program writes it. */
export function timeOf(wallMs: number): string {
  return new Date(wallMs).toISOString();
}
