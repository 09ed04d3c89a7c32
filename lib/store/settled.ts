/**
 * How and when each reading of a sink ended, for who asks later: runs of
 * neighbouring ids with one end and one time, in a few bytes each. The newest
 * runs stand in the sink's own row, which every commit of settled readings
 * writes anyway; a full chunk of some hundred runs becomes a row of table
 * `settled`. So a reading costs about 4 bytes and no page of its own.
 *
 * @module
 */
import type { Database } from "./database.ts";

/** How a reading ended; `dropped`: by a purge, other drops leave no row to ask about. */
export type End = "accepted" | "rejected" | "dropped";

/** The end of a reading, as far as it is known. */
export interface Ended {
  readonly end: End;
  /** Wall clock, milliseconds since 1970. */
  readonly atMs: number;
  /** Whether that clock was synchronised. */
  readonly synced: boolean;
}

/** A moment, as the wall clock gave it. */
export type Moment = Omit<Ended, "end">;

interface Run extends Ended {
  readonly first: number;
  last: number;
}

/** The place in {@link ENDS} is what is stored; beyond them, the same without a synchronised clock. */
const ENDS: readonly End[] = ["accepted", "rejected", "dropped"];
const CODES = 2 * ENDS.length;
/** Full at this size: the rows of four sinks then stand on one page, without overflow. */
const CHUNK_BYTES = 480;
/** No date is later, milliseconds since 1970. */
const LATEST_MS = 8.64e15;

/** The ends of one sink's readings. */
export class SettledLog {
  readonly #db: Database;
  readonly #sink: string;
  readonly #now: () => Moment;
  #chunk: Chunk;
  /** What {@link save} has written; {@link saved} takes it over. */
  #written: Chunk | null = null;
  /** Not written yet. */
  #runs: Run[] = [];

  /**
   * @param bytes the newest runs, as they stand in the sink's row
   * @param now the wall clock; what ends at the same moment stands together
   */
  constructor(
    db: Database,
    sink: string,
    bytes: Uint8Array,
    now: () => Moment,
  ) {
    this.#db = db;
    this.#sink = sink;
    this.#now = now;
    this.#chunk = Chunk.of(bytes);
  }

  /** Notes an end, now; {@link save} writes it. */
  note(first: number, last: number, end: End): void {
    const newest = this.#runs.at(-1);
    const { atMs, synced } = this.#now();
    const whole = Math.max(0, Math.round(atMs));
    if (
      newest !== undefined && newest.last === first - 1 &&
      newest.end === end && newest.atMs === whole && newest.synced === synced
    ) newest.last = last;
    else this.#runs.push({ first, last, end, atMs: whole, synced });
  }

  /** Writes full chunks and gives what the sink's row is to hold; inside a transaction. */
  save(): Uint8Array {
    let chunk = this.#chunk;
    for (const run of this.#runs) {
      if (chunk.bytes.length >= CHUNK_BYTES) {
        this.#spill(chunk.bytes);
        chunk = Chunk.of(new Uint8Array());
      }
      chunk = chunk.with(run);
    }
    this.#written = chunk;
    return chunk.bytes;
  }

  /** Takes over that {@link save} was committed. */
  saved(): void {
    this.#chunk = this.#written ?? this.#chunk;
    this.#written = null;
    this.#runs = [];
  }

  /** How a settled reading ended; null when that was not kept. */
  find(id: number): Ended | null {
    const rows = this.#db.sql(
      "SELECT runs FROM settled WHERE first_id <= ?1 AND last_id >= ?1 AND sink = ?2 ORDER BY n",
    ).all(id, this.#sink);
    // A reading ends once. A purge may stand as one run over readings that ended before it.
    for (const { runs } of rows) {
      const found = runs instanceof Uint8Array ? endIn(runsIn(runs), id) : null;
      if (found !== null) return found;
    }
    return endIn(runsIn(this.#chunk.bytes), id) ?? endIn(this.#runs, id);
  }

  #spill(bytes: Uint8Array): void {
    let first = Infinity;
    let last = 0;
    for (const run of runsIn(bytes)) {
      first = Math.min(first, run.first);
      last = Math.max(last, run.last);
    }
    if (first > last) return;
    this.#db.sql(
      "INSERT INTO settled (sink, first_id, last_id, runs) VALUES (?, ?, ?, ?)",
    ).run(this.#sink, first, last, bytes);
  }
}

/** Deletes what is known of readings that are gone, a little at a time; inside a transaction. */
export function forgetSettled(db: Database, upTo: number): void {
  db.sql(
    `DELETE FROM settled WHERE last_id <= ?
     AND n IN (SELECT n FROM settled ORDER BY n LIMIT 32)`,
  ).run(upTo);
}

/** Runs in bytes, with what the next one is counted from. */
class Chunk {
  readonly bytes: Uint8Array;
  readonly #last: number;
  readonly #atMs: number;

  private constructor(bytes: Uint8Array, last: number, atMs: number) {
    this.bytes = bytes;
    this.#last = last;
    this.#atMs = atMs;
  }

  static of(bytes: Uint8Array): Chunk {
    let last = 0;
    let atMs = 0;
    for (const run of runsIn(bytes)) ({ last, atMs } = run);
    return new Chunk(bytes, last, atMs);
  }

  with({ first, last, end, atMs, synced }: Run): Chunk {
    const added: number[] = [];
    const code = ENDS.indexOf(end) + (synced ? 0 : ENDS.length);
    put(added, (last - first) * CODES + code);
    putSigned(added, first - this.#last - 1);
    putSigned(added, atMs - this.#atMs);
    const bytes = new Uint8Array(this.bytes.length + added.length);
    bytes.set(this.bytes);
    bytes.set(added, this.bytes.length);
    return new Chunk(bytes, last, atMs);
  }
}

function endIn(runs: Iterable<Run>, id: number): Ended | null {
  for (const { first, last, end, atMs, synced } of runs) {
    if (id >= first && id <= last) return { end, atMs, synced };
  }
  return null;
}

/** The runs in a chunk; damaged bytes give fewer or wrong ones, never an error. */
function* runsIn(bytes: Uint8Array): Generator<Run> {
  let at = 0;
  let last = 0;
  let atMs = 0;
  const next = (): number => {
    let value = 0;
    let scale = 1;
    for (; at < bytes.length; scale *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    return value;
  };
  const nextSigned = (): number => {
    const value = next();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  };
  while (at < bytes.length) {
    const head = next();
    const first = last + 1 + nextSigned();
    last = first + Math.floor(head / CODES);
    atMs += nextSigned();
    const whole = Number.isSafeInteger(first) && Number.isSafeInteger(last) &&
      atMs >= 0 && atMs <= LATEST_MS;
    if (!whole) return;
    yield {
      first,
      last,
      end: ENDS[head % ENDS.length] ?? "accepted",
      atMs,
      synced: head % CODES < ENDS.length,
    };
  }
}

/** Appends seven bits a byte, the lowest first. Not by shifts: those end at 32 bits. */
function put(into: number[], value: number): void {
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) {
    into.push(rest % 128 + 128);
  }
  into.push(rest);
}

function putSigned(into: number[], value: number): void {
  put(into, value >= 0 ? 2 * value : -2 * value - 1);
}
