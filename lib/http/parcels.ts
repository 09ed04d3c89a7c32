/**
 * ◆ Events of the live view as bytes, each made once however many watch.
 *
 * @module
 */
import type { ReadingJson, StatusJson } from "./json.ts";
import type { PastLine } from "./view.ts";

/** What can be asked for. */
export const STREAM_EVENTS = ["frame", "reading", "status"] as const;

/** Kind of event. */
export type StreamEvent = typeof STREAM_EVENTS[number];

/** One event, made once for all. */
export interface Parcel {
  readonly bytes: Uint8Array;
  readonly event: StreamEvent;
  readonly device: string | null;
}

/** Lines that are kept as bytes. */
const MAX_PAST = 100;

/** Makes events of one run of the agent, each with an id of its own. */
export class Parcels {
  readonly #run: string;
  #number = 0;
  #lastLine = 0;
  /** The last lines as they were made, by number. */
  readonly #past = new Map<number, Parcel | null>();

  /** @param run tells this run's ids from those of another */
  constructor(run: string) {
    this.#run = run;
  }

  /** A line, decoded when it is first asked for; null when it is told elsewhere. */
  line({ number, line }: PastLine): Parcel | null {
    const known = this.#past.get(number);
    if (known !== undefined) return known;
    const data = line();
    this.#lastLine = Math.max(this.#lastLine, number);
    const parcel: Parcel | null = data === null ? null : {
      event: "frame",
      device: data.kind === "frame" ? data.device : null,
      bytes: this.#bytes("frame", data, number),
    };
    this.#past.set(number, parcel);
    if (this.#past.size > MAX_PAST) {
      const [oldest = number] = this.#past.keys();
      this.#past.delete(oldest);
    }
    return parcel;
  }

  /** A reading. */
  reading(reading: ReadingJson): Parcel {
    const { device } = reading;
    return { event: "reading", device, bytes: this.#bytes("reading", reading) };
  }

  /** A status. */
  status(status: StatusJson): Parcel {
    return {
      event: "status",
      device: null,
      bytes: this.#bytes("status", status),
    };
  }

  /** Word of events that were left out. */
  dropped(events: number): Uint8Array {
    return this.#bytes("dropped", { events });
  }

  /** Number of the last line that a client with this `Last-Event-ID` has seen; 0 when it knows another run, or none. */
  lineOf(lastId: string | undefined): number {
    const [run, line] = lastId?.split("-") ?? [];
    return run === this.#run ? Number(line) || 0 : 0;
  }

  /** An event; its id tells what to go on with when the connection breaks. */
  #bytes(event: string, data: unknown, line = this.#lastLine): Uint8Array {
    const id = `${this.#run}-${line}-${++this.#number}`;
    return new TextEncoder().encode(
      `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`,
    );
  }
}

/** Parcels as one piece. */
export function joined(parcels: readonly Parcel[]): Uint8Array {
  const length = parcels.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const all = new Uint8Array(length);
  let at = 0;
  for (const { bytes } of parcels) {
    all.set(bytes, at);
    at += bytes.length;
  }
  return all;
}

/** What of a status tells that something has changed: without what moves by itself. */
export function steadyPart({ agent, outbox, ...rest }: StatusJson): string {
  const { disk_free_bytes: _free, lasts_s: _lasts, ...kept } = outbox;
  return JSON.stringify({ ...rest, kept, synced: agent.clock_synchronised });
}
