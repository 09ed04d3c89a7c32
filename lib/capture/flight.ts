/**
 * The flight recorder: the last minutes of a line and of the log in memory, in
 * a bounded space, written only when something has gone wrong or somebody asks.
 *
 * Bytes go into pieces of some kilobytes, unformatted. The newest pieces are
 * complete. Older ones are thinned where they are closest in time, so that a
 * flood of garbage loses most of itself and little of what was before it; what
 * is left out is told in the capture. Log records and events have a space of
 * their own. Past 300 lines since the bounds make sense only together.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import { type LogEntry, plain } from "../log.ts";
import type { CaptureHeader, CaptureRecord } from "./capture.ts";
import { LineRecorder } from "./recorder.ts";

/** Bounds of a {@link FlightRecorder}. */
export interface FlightLimits {
  readonly spanMs: number;
  /** The newest bytes of the line, complete. */
  readonly recentBytes: number;
  /** Bytes before those, thinned. */
  readonly olderBytes: number;
  /** Log records and events. */
  readonly noteBytes: number;
}

/** Ten minutes, one megabyte in all. */
export const FLIGHT_LIMITS: FlightLimits = {
  spanMs: 600_000,
  recentBytes: 512_000,
  olderBytes: 384_000,
  noteBytes: 128_000,
};

/** Bytes of one piece; a longer chunk gets a piece of its size. */
const PIECE_BYTES = 8192;
/** Chunks of one piece; what a chunk costs besides its bytes. */
const PIECE_CHUNKS = 512;
const CHUNK_COST = 24;
/** What a note costs besides its text. */
const NOTE_COST = 200;

/** Consecutive chunks. */
interface Piece {
  readonly bytes: Uint8Array;
  used: number;
  /** By chunk: when, its sequence number, where it ends. */
  readonly times: number[];
  readonly numbers: number[];
  readonly ends: number[];
  readonly written: boolean[];
  /** Bytes of the line before this piece, since the start. */
  readonly before: number;
}

interface Note {
  readonly number: number;
  readonly cost: number;
  readonly record: CaptureRecord;
}

/** What the recorder held at a moment. */
export interface Flight {
  readonly header: CaptureHeader;
  /** In order; may be iterated later, the recorder goes on meanwhile. */
  readonly records: Iterable<CaptureRecord>;
}

/** Remembers; fits the tap of a serial port, and the log's second destination. */
export class FlightRecorder extends LineRecorder {
  readonly #limits: FlightLimits;
  readonly #bytes: Space;
  #notes: Note[] = [];
  #noteBytes = 0;
  #number = 0;
  #port: string | null = null;
  /** Wall clock less monotonic time, as it was before the oldest note. */
  #offsetMs: number;
  #synced: boolean;

  constructor(
    clock: Pick<Clock, "instant">,
    limits: FlightLimits = FLIGHT_LIMITS,
  ) {
    super(clock, (record) => this.#keep(record));
    this.#limits = limits;
    this.#bytes = new Space(limits);
    this.#offsetMs = this.start.wallMs - this.start.monoMs;
    this.#synced = this.start.synced;
  }

  /** Takes a record of the log, whatever its level. */
  log({ level, message, always, fields }: LogEntry): void {
    // Made plain at once: a field may change, or keep something large alive.
    const kept: Record<string, unknown> = {};
    for (const from of [always, fields]) {
      for (const [key, value] of Object.entries(from)) {
        if (value !== undefined) kept[key] = fixed(value);
      }
    }
    this.#keep({ kind: "log", atMs: this.now(), level, message, fields: kept });
  }

  /** What is remembered now. */
  flight(version: string, baud: number | null): Flight {
    const atMs = this.now();
    this.#forget(atMs);
    const notes = [...this.#notes];
    const pieces = this.#bytes.pieces();
    const first = Math.min(
      notes[0]?.record.atMs ?? atMs,
      pieces[0]?.times[0] ?? atMs,
    );
    const monoMs = this.start.monoMs + first;
    return {
      header: {
        startedMs: monoMs + this.#offsetMs,
        monoMs,
        port: this.#port,
        baud,
        bootId: this.start.bootId,
        synced: this.#synced,
        version,
      },
      records: merged(notes, pieces, first),
    };
  }

  #keep(record: CaptureRecord): void {
    const number = ++this.#number;
    if (record.kind === "rx" || record.kind === "tx") {
      this.#bytes.add(record.atMs, number, record.bytes, record.kind === "tx");
    } else {
      if (record.kind === "event" && record.event === "opened") {
        this.#port = record.port;
      }
      const cost = NOTE_COST + costOf(record);
      this.#notes.push({ number, cost, record });
      this.#noteBytes += cost;
    }
    if (
      this.#noteBytes > this.#limits.noteBytes ||
      (number & 0xff) === 0
    ) this.#forget(record.atMs);
  }

  /** Drops what is too old, or too much. */
  #forget(nowMs: number): void {
    const { spanMs, noteBytes } = this.#limits;
    let gone = 0;
    for (const { record, cost } of this.#notes) {
      if (record.atMs >= nowMs - spanMs && this.#noteBytes <= noteBytes) break;
      this.#noteBytes -= cost;
      gone++;
      if (record.kind === "event" && record.event === "clock") {
        this.#offsetMs = record.wallMs - record.atMs - this.start.monoMs;
        this.#synced = record.synced;
      }
    }
    if (gone > 0) this.#notes = this.#notes.slice(gone);
    this.#bytes.forget(nowMs - spanMs);
  }
}

function fixed(value: unknown): unknown {
  const flat = plain(value);
  return typeof flat === "object" && flat !== null
    ? JSON.parse(JSON.stringify(flat, (_key, inner) => plain(inner)))
    : flat;
}

function costOf(record: CaptureRecord): number {
  if (record.kind !== "log") return 100;
  let cost = record.message.length;
  for (const [key, value] of Object.entries(record.fields)) {
    // What is not text is small, or at least not growing here.
    cost += key.length + (typeof value === "string" ? value.length : 50);
  }
  return cost;
}

/** The bytes of the line. */
class Space {
  readonly #limits: FlightLimits;
  #recent: Piece[] = [];
  #older: Piece[] = [];
  #recentBytes = 0;
  #olderBytes = 0;
  #total = 0;

  constructor(limits: FlightLimits) {
    this.#limits = limits;
  }

  add(atMs: number, number: number, bytes: Uint8Array, written: boolean): void {
    let piece = this.#recent.at(-1);
    if (
      piece === undefined || piece.times.length >= PIECE_CHUNKS ||
      piece.used + bytes.length > piece.bytes.length
    ) piece = this.#begin(bytes.length);
    piece.bytes.set(bytes, piece.used);
    piece.used += bytes.length;
    piece.times.push(atMs);
    piece.numbers.push(number);
    piece.ends.push(piece.used);
    piece.written.push(written);
    this.#total += bytes.length;
  }

  #begin(length: number): Piece {
    const last = this.#recent.at(-1);
    if (last !== undefined) this.#recentBytes += costOfPiece(last);
    const piece: Piece = {
      bytes: new Uint8Array(Math.max(PIECE_BYTES, length)),
      used: 0,
      times: [],
      numbers: [],
      ends: [],
      written: [],
      before: this.#total,
    };
    this.#recent.push(piece);
    while (this.#recentBytes + PIECE_BYTES > this.#limits.recentBytes) {
      const oldest = this.#recent.shift();
      if (oldest === undefined) break;
      this.#recentBytes -= costOfPiece(oldest);
      this.#older.push(oldest);
      this.#olderBytes += costOfPiece(oldest);
    }
    while (this.#olderBytes > this.#limits.olderBytes) this.#thin();
    return piece;
  }

  /** Drops the older piece whose place in time is covered best by its neighbours. */
  #thin(): void {
    let victim = 0;
    let least = Infinity;
    for (let i = 1; i < this.#older.length; i++) {
      const gap = endOf(this.#older[i]) - endOf(this.#older[i - 1]);
      if (gap < least) {
        least = gap;
        victim = i;
      }
    }
    const [piece] = this.#older.splice(victim, 1);
    if (piece !== undefined) this.#olderBytes -= costOfPiece(piece);
  }

  forget(beforeMs: number): void {
    while (this.#older.length > 0 && endOf(this.#older[0]) < beforeMs) {
      const piece = this.#older.shift();
      if (piece !== undefined) this.#olderBytes -= costOfPiece(piece);
    }
    while (this.#recent.length > 1 && endOf(this.#recent[0]) < beforeMs) {
      const piece = this.#recent.shift();
      if (piece !== undefined) this.#recentBytes -= costOfPiece(piece);
    }
  }

  /** All pieces, as they are now. */
  pieces(): readonly Piece[] {
    const all = [...this.#older, ...this.#recent];
    const last = all.at(-1);
    return last === undefined ? all : [
      ...all.slice(0, -1),
      // It grows on; bytes that are written already stay what they are.
      { ...last, times: [...last.times], ends: [...last.ends] },
    ];
  }
}

function endOf(piece: Piece | undefined): number {
  return piece?.times.at(-1) ?? 0;
}

function costOfPiece({ bytes, times }: Piece): number {
  return bytes.length + times.length * CHUNK_COST;
}

/** Notes and chunks in the order in which they came. */
function* merged(
  notes: readonly Note[],
  pieces: readonly Piece[],
  startMs: number,
): Iterable<CaptureRecord> {
  let next = 0;
  const note = function* (before: number): Iterable<CaptureRecord> {
    for (;;) {
      const found = notes[next];
      if (found === undefined || found.number >= before) return;
      next++;
      yield { ...found.record, atMs: found.record.atMs - startMs };
    }
  };
  let expected = pieces[0]?.before ?? 0;
  for (const piece of pieces) {
    const { bytes, times, numbers, ends, written, before } = piece;
    for (let i = 0; i < times.length; i++) {
      yield* note(numbers[i] ?? 0);
      const atMs = (times[i] ?? 0) - startMs;
      if (i === 0 && before > expected) {
        const missing = before - expected;
        yield { kind: "event", atMs, event: "omitted", bytes: missing };
      }
      yield {
        kind: written[i] ? "tx" : "rx",
        atMs,
        bytes: bytes.subarray(ends[i - 1] ?? 0, ends[i]),
      };
    }
    expected = before + (ends[times.length - 1] ?? 0);
  }
  yield* note(Infinity);
}
