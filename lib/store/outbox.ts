/**
 * The durable queue between readings and sinks: one log of readings, one cursor
 * per sink. These are the contracts; the database is behind `store.ts`.
 *
 * @module
 */
import type { NewReading, Reading } from "../reading/reading.ts";

/** A reading with what the log keeps of it: the ALP command it came in. */
export interface Entry {
  readonly reading: NewReading;
  /** The ALP command as it came; the reading is derived from it again at restore. */
  readonly command: Uint8Array;
  /** Which of the command's readings this is, from 0. */
  readonly part: number;
  /** Counter of the serial frame it came in, if it came in one of its own. */
  readonly frameCounter?: number | null;
}

/** A row of the log without its interpretation. */
export interface Row extends Omit<Entry, "reading" | "frameCounter"> {
  readonly id: number;
  readonly device: string;
  readonly fileId: number;
  readonly received: Reading["received"];
}

/** Interprets a row again; null when its bytes give no such reading. */
export type Restore = (row: Row) => Reading | null;

/** Why readings left the log undelivered. */
export type DropReason = "age" | "size" | "disk" | "damaged" | "purged";

/** One sink's account; `readings = delivered + pending + rejected + dropped` at any time. */
export interface Account {
  readonly readings: number;
  readonly delivered: number;
  readonly pending: number;
  readonly rejected: number;
  readonly dropped: number;
  /** Of {@link dropped}, by reason. */
  readonly droppedBy: Readonly<Partial<Record<DropReason, number>>>;
}

/** One sink's way through the log. */
export interface Lane {
  readonly sink: string;
  /**
   * Takes up to `max` waiting readings, in order per device. After
   * {@link release}, devices without a backlog come first.
   */
  lease(max: number): readonly Reading[];
  /**
   * Records how a leased reading ended. A delivery is durable with the next
   * commit, within 10 s; a rejection within a few milliseconds.
   */
  settle(id: number, outcome: "accepted" | { readonly rejected: string }): void;
  /** Gives every leased, unsettled reading back; what is logged until now is the backlog. */
  release(): void;
  /** Resolves when {@link lease} may give something, or `signal` aborts. */
  waiting(signal: AbortSignal): Promise<void>;
  account(): Account;
}

/** The log. */
export interface Outbox {
  /** Commits readings in one transaction, before any sink can lease them. */
  append(entries: readonly Entry[]): readonly Reading[];
  /** Opens a sink's lane; a new sink starts at "now". */
  lane(sink: string): Lane;
}
