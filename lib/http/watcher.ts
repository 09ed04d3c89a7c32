/**
 * One client of the live view with what waits for it: what it does not take in
 * time is dropped and counted, a status only ever replaced by a newer one.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Outlet } from "./exchange.ts";
import type { Parcel, StreamEvent } from "./parcels.ts";

/** What one watcher wants. */
export interface Wanted {
  readonly events: ReadonlySet<StreamEvent>;
  /** Lines and readings of this device only; null for all. */
  readonly device: string | null;
  /** `Last-Event-ID`: what it has seen before its connection broke. */
  readonly lastId?: string | undefined;
}

const HEARTBEAT_MS = 15_000;
/** A watcher that takes nothing for so long is gone. */
const STALLED_MS = 30_000;
/** What waits for one watcher; more is dropped. The bytes are shared by all. */
const MAX_WAITING_BYTES = 262_144;

/** A comment: says that the connection lives. */
export const HEARTBEAT = new TextEncoder().encode(": here\n\n");

/** One client with what waits for it. */
export class Watcher {
  readonly wanted: Wanted;
  readonly outlet: Outlet;
  readonly #clock: Clock;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  /** The newest status that found no room; an older one is of no use. */
  #status: Uint8Array | null = null;
  #dropped = 0;
  #blocked = false;
  /** When it last took something. */
  #tookMs: number;

  constructor(wanted: Wanted, outlet: Outlet, clock: Clock) {
    this.wanted = wanted;
    this.outlet = outlet;
    this.#clock = clock;
    this.#tookMs = clock.monoMs();
  }

  /** Says whether an event is for this one. */
  wants({ event, device }: Parcel): boolean {
    const { events, device: only } = this.wanted;
    return events.has(event) &&
      (event === "status" || only === null || only === device);
  }

  /** Sends a status; one that finds no room waits until there is a newer one. */
  tell({ bytes }: Parcel): void {
    if (this.#blocked) this.#status = bytes;
    else this.#write(bytes);
  }

  /** Sends bytes that hold so many events; what finds no room is dropped and counted. */
  send(bytes: Uint8Array, events = 1): void {
    if (!this.#blocked) return this.#write(bytes);
    if (this.#queuedBytes + bytes.length > MAX_WAITING_BYTES) {
      this.#dropped += events;
      return;
    }
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
  }

  /** It takes some again. */
  room(told: (events: number) => Uint8Array): void {
    this.#blocked = false;
    this.#tookMs = this.#clock.monoMs();
    while (!this.#blocked) {
      const bytes = this.#queue.shift();
      if (bytes === undefined) break;
      this.#queuedBytes -= bytes.length;
      this.#write(bytes);
    }
    if (!this.#blocked && this.#dropped > 0) {
      const bytes = told(this.#dropped);
      this.#dropped = 0;
      this.#write(bytes);
    }
    if (!this.#blocked && this.#status !== null) {
      const bytes = this.#status;
      this.#status = null;
      this.#write(bytes);
    }
  }

  /** A word now and then, so that both sides notice a broken line. */
  beat(): void {
    const quietMs = this.#clock.monoMs() - this.#tookMs;
    if (this.#blocked) {
      if (quietMs >= STALLED_MS) this.outlet.end();
    } else if (quietMs >= HEARTBEAT_MS) this.#write(HEARTBEAT);
  }

  #write(bytes: Uint8Array): void {
    this.#blocked = !this.outlet.write(bytes);
    this.#tookMs = this.#clock.monoMs();
  }
}
