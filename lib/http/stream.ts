/**
 * The live view: server-sent events for any number of watchers, at a cost that
 * hardly grows with them. What comes is collected for a moment, made into bytes
 * once and handed to all; who does not take it in time loses events, not the
 * agent memory, and is told how many. [HTML Living Standard §9.2]
 *
 * | event | data |
 * | --- | --- |
 * | `status` | as `GET /status`; at once, then when it changed, at most once a second |
 * | `frame` | what came down the line; the last ones at once |
 * | `reading` | a reading that was committed |
 * | `dropped` | `{"events": N}`: so many were left out before this one |
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Feed, Outlet } from "./exchange.ts";
import type { Log } from "../log.ts";
import {
  joined,
  type Parcel,
  Parcels,
  steadyPart,
  type StreamEvent,
} from "./parcels.ts";
import type { LiveEvent, View } from "./view.ts";
import { HEARTBEAT, type Wanted, Watcher } from "./watcher.ts";

/** What the streams work with. */
export interface StreamHost {
  readonly view: Pick<View, "status" | "watch" | "recentLines">;
  readonly clock: Clock;
  /** Sparing: what cannot be told once cannot be told any number of times. */
  readonly log: Log;
}

/** Watchers at a time. */
export const MAX_STREAMS = 32;
/** What comes within this is sent together. */
const COLLECT_MS = 200;
/** Lines and readings that are sent of one collection; 100 a second. */
const MAX_COLLECTED = 20;
const STATUS_MS = 1000;
/** A status is sent after this, changed or not: its clock and free space move on. */
const REFRESH_MS = 10_000;
/** Making a status may take this part of the time. */
const STATUS_SHARE = 0.05;
/** Of the last lines, what a newcomer is sent at most. */
const MAX_PAST_BYTES = 196_608;

/** All watchers of one agent. */
export class Streams implements Disposable {
  readonly #host: StreamHost;
  readonly #watchers = new Set<Watcher>();
  /** Watchers that have not had the last lines yet. */
  readonly #newcomers = new Set<Watcher>();
  readonly #parcels: Parcels;
  #collected: LiveEvent[] = [];
  #left = 0;
  #watch: Disposable | null = null;
  /** The last status, its text without what changes by itself, and when it may be made again. */
  #status:
    | {
      readonly parcel: Parcel;
      readonly text: string;
      readonly staleMs: number;
      readonly madeMs: number;
    }
    | null = null;
  /** Timers that are armed. */
  #flush: (() => void) | null = null;
  #tick: (() => void) | null = null;

  constructor(host: StreamHost) {
    this.#host = host;
    this.#parcels = new Parcels(host.clock.nowMs().toString(36));
  }

  /** A feed for one more watcher; null when there are too many. */
  feed(wanted: Wanted): Feed | null {
    if (this.#watchers.size >= MAX_STREAMS) return null;
    return { start: (outlet) => this.#start(wanted, outlet) };
  }

  /** Watchers at this moment. */
  get size(): number {
    return this.#watchers.size;
  }

  #start(wanted: Wanted, outlet: Outlet): void {
    // Others may have come between question and answer.
    if (this.#watchers.size >= MAX_STREAMS) return outlet.end();
    const watcher = new Watcher(wanted, outlet, this.#host.clock);
    this.#watchers.add(watcher);
    outlet.onGone(() => {
      this.#watchers.delete(watcher);
      this.#newcomers.delete(watcher);
      if (this.#watchers.size === 0) this.#rest();
    });
    outlet.onRoom(() => {
      watcher.room((events) => this.#parcels.dropped(events));
    });
    this.#watch ??= this.#host.view.watch((event) => this.#collect(event));
    this.#tick ??= this.#every(STATUS_MS);
    if (wanted.events.has("status")) this.#tellStatus(watcher);
    else watcher.send(HEARTBEAT);
    if (wanted.events.has("frame")) {
      // With the next delivery: who comes and goes at once costs nothing.
      this.#newcomers.add(watcher);
      this.#deliverSoon();
    }
  }

  #collect(event: LiveEvent): void {
    if (this.#collected.length >= MAX_COLLECTED) {
      this.#left++;
      return;
    }
    this.#collected.push(event);
    this.#deliverSoon();
  }

  #deliverSoon(): void {
    this.#flush ??= this.#host.clock.after(COLLECT_MS, () => {
      this.#flush = null;
      this.#deliver();
    });
  }

  #deliver(): void {
    const events = this.#collected;
    const left = this.#left;
    this.#collected = [];
    this.#left = 0;
    if (this.#newcomers.size > 0) this.#welcome(events);
    const parcels: Parcel[] = [];
    for (const event of events) {
      // Decoded only here: what nobody sees costs nothing.
      if (!this.#wants(event.type === "line" ? "frame" : "reading")) continue;
      const parcel = this.#made(() =>
        event.type === "line"
          ? this.#parcels.line(event)
          : this.#parcels.reading(event.reading())
      );
      if (parcel !== null) parcels.push(parcel);
    }
    this.#sendAll(parcels);
    this.#newcomers.clear();
    if (left > 0) this.#tellLeft(left);
  }

  /** One piece for each watcher, and the same for all who want the same. */
  #sendAll(parcels: readonly Parcel[]): void {
    const pieces = new Map<string, { bytes: Uint8Array; events: number }>();
    for (const watcher of this.#watchers) {
      const { events, device } = watcher.wanted;
      const key = `${[...events].toSorted().join()} ${device}`;
      let piece = pieces.get(key);
      if (piece === undefined) {
        const mine = parcels.filter((parcel) => watcher.wants(parcel));
        piece = { bytes: joined(mine), events: mine.length };
        pieces.set(key, piece);
      }
      if (piece.events > 0) watcher.send(piece.bytes, piece.events);
    }
  }

  /** Sends newcomers the lines before those that are about to be sent to all. */
  #welcome(events: readonly LiveEvent[]): void {
    const first = events.find((event) => event.type === "line");
    const before = first?.type === "line" ? first.number : Infinity;
    const past = this.#made(() => this.#host.view.recentLines()) ?? [];
    const parcels: { readonly number: number; readonly parcel: Parcel }[] = [];
    for (const line of past) {
      if (line.number >= before) break;
      const parcel = this.#made(() => this.#parcels.line(line));
      if (parcel !== null) parcels.push({ number: line.number, parcel });
    }
    let room = MAX_PAST_BYTES;
    const from = 1 + parcels.findLastIndex(({ parcel }) => {
      room -= parcel.bytes.length;
      return room < 0;
    });
    for (const watcher of this.#newcomers) {
      const seen = this.#parcels.lineOf(watcher.wanted.lastId);
      const mine = parcels.slice(from)
        .filter(({ number }) => number > seen)
        .map(({ parcel }) => parcel)
        .filter((parcel) => watcher.wants(parcel));
      if (mine.length > 0) watcher.send(joined(mine), mine.length);
    }
  }

  #tellLeft(left: number): void {
    const bytes = this.#parcels.dropped(left);
    for (const watcher of this.#watchers) {
      const { events } = watcher.wanted;
      if (events.has("frame") || events.has("reading")) watcher.send(bytes);
    }
  }

  /** The live view is a guest: what it cannot show is told, and goes no further. */
  #made<T>(make: () => T): T | null {
    try {
      return make();
    } catch (error) {
      this.#host.log.error("Live view cannot show something", {
        reason: error instanceof Error ? error : String(error),
      });
      return null;
    }
  }

  #wants(event: StreamEvent): boolean {
    for (const { wanted } of this.#watchers) {
      if (wanted.events.has(event)) return true;
    }
    return false;
  }

  /** Sends a status that changed to all who want it, and any to `newcomer`. */
  #tellStatus(newcomer: Watcher | null): void {
    const { view, clock } = this.#host;
    const before = this.#status;
    const startMs = clock.monoMs();
    if (before === null || startMs >= before.staleMs) {
      const status = this.#made(() => view.status());
      if (status === null) return;
      const endMs = clock.monoMs();
      const text = steadyPart(status);
      const staleMs = endMs +
        Math.max(STATUS_MS, (endMs - startMs) / STATUS_SHARE);
      const changed = text !== before?.text ||
        endMs >= before.madeMs + REFRESH_MS;
      const parcel = changed ? this.#parcels.status(status) : before.parcel;
      const madeMs = changed ? endMs : before.madeMs;
      this.#status = { parcel, text, staleMs, madeMs };
      for (const watcher of changed ? this.#watchers : []) {
        if (watcher !== newcomer && watcher.wants(parcel)) watcher.tell(parcel);
      }
    }
    if (this.#status !== null) newcomer?.tell(this.#status.parcel);
  }

  /** Every second while somebody watches. */
  #every(ms: number): () => void {
    return this.#host.clock.after(ms, () => {
      this.#tick = this.#every(ms);
      for (const watcher of this.#watchers) watcher.beat();
      if (this.#wants("status")) this.#tellStatus(null);
    });
  }

  /** Nobody watches any longer. */
  #rest(): void {
    this.#watch?.[Symbol.dispose]();
    this.#watch = null;
    this.#flush?.();
    this.#flush = null;
    this.#tick?.();
    this.#tick = null;
    this.#collected = [];
    this.#left = 0;
  }

  [Symbol.dispose](): void {
    const outlets = [...this.#watchers].map(({ outlet }) => outlet);
    this.#watchers.clear();
    this.#newcomers.clear();
    this.#rest();
    for (const outlet of outlets) outlet.end();
  }
}
