/**
 * What the HTTP side asks of the agent; the composition root hands it in. Only
 * {@link View} is reachable over TCP, {@link Steering} over the control socket
 * as well.
 *
 * @module
 */
import type { WriteEnd } from "../downlink/downlink.ts";
import type {
  DeviceJson,
  ExplainJson,
  HistoryJson,
  LineJson,
  ReadingJson,
  ReadyJson,
  RejectedJson,
  StatusJson,
} from "./json.ts";

/** Which readings are asked for. */
export interface ReadingsQuery {
  readonly device?: string;
  /** Wall clock, milliseconds since 1970. */
  readonly sinceMs?: number;
  /** Wall clock, milliseconds since 1970. */
  readonly untilMs?: number;
  readonly limit: number;
}

/** What is told to those who watch live; decoded when it is asked for its content. */
export type LiveEvent =
  | {
    readonly type: "line";
    /** Counts what came down the line, from 1. */
    readonly number: number;
    /** Null for what is told elsewhere. */
    readonly line: () => LineJson | null;
  }
  | { readonly type: "reading"; readonly reading: () => ReadingJson };

/** A line that came before somebody watched. */
export interface PastLine {
  /** As in {@link LiveEvent}. */
  readonly number: number;
  readonly line: () => LineJson | null;
}

/** Reading the agent; nothing here changes anything. */
export interface View {
  status(): StatusJson;
  ready(): ReadyJson;
  devices(): readonly DeviceJson[];
  /** Newest first, in slices of a few milliseconds of work; a slice may be empty. */
  readings(query: ReadingsQuery): Generator<readonly ReadingJson[], void>;
  /**
   * One step is a few milliseconds of work; the last one gives the answer.
   *
   * @param points most rows given
   */
  history(
    device: string,
    sinceMs: number,
    untilMs: number,
    points: number,
  ): Generator<void, HistoryJson>;
  /** Null when there is no such reading (any more). */
  explain(id: number): ExplainJson | null;
  /** Prometheus text. */
  metrics(): Promise<string>;
  /** Calls `tell` for all that comes until disposed; it must not throw. */
  watch(tell: (event: LiveEvent) => void): Disposable;
  /** The last lines, oldest first; decoded when one is asked for its content. */
  recentLines(): readonly PastLine[];
}

/** A field to write into a device's file. */
export interface FieldWrite {
  readonly fileId: 61 | 62;
  readonly offset: number;
  readonly data: Uint8Array;
}

/** Changing things; for the control socket only. */
export interface Steering {
  /** Takes a device off; false when it is not known. */
  forget(device: string): boolean;
  knows(device: string): boolean;
  write(
    device: string,
    write: FieldWrite,
    mode: "contact" | "direct",
    timeoutMs: number,
  ): Promise<WriteEnd>;
  /** Waiting readings of a sink behind `afterId`, oldest first; null when there is no such sink. */
  peek(
    sink: string,
    max: number,
    afterId: number,
  ): readonly ReadingJson[] | null;
  /** Newest first; null when there is no such sink. */
  rejected(sink: string, max: number): readonly RejectedJson[] | null;
  /** Drops what waits for a sink and says how many; null when there is no such sink. */
  purge(sink: string): number | null;
  /** Writes the flight recorder to the data directory and gives the file's path. */
  diag(): Promise<string>;
}
