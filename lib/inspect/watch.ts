/**
 * Watches a running agent: what a look at its parts alone does not show (rates,
 * since when, what grew lately), and takes snapshots.
 *
 * @module
 */
import { statfsSync } from "node:fs";
import process from "node:process";
import type { Instant } from "../clock.ts";
import type { Reading } from "../reading/reading.ts";
import { RATE_S } from "./facts.ts";
import type { Parts } from "./parts.ts";
import { Rhythm } from "./rhythm.ts";
import { Since } from "./since.ts";
import { SinkWatch } from "./sink_watch.ts";
import type { OutboxFacts, SerialFacts, Snapshot } from "./snapshot.ts";
import { Tally } from "./tally.ts";
import { isStoreError } from "./trouble.ts";

/** How often changes are looked for, ms: no moment is told more exactly. */
const TICK_MS = 2000;
const SECOND_MS = 1000;
const TEN_SECONDS_MS = 10_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const MB = 1_000_000;
/** What counts as lately on the line, minutes. */
const LINE_MINUTES = 5;
/** Lost frames are rarer, and worse. */
const LOST_MINUTES = 60;
/** Before so long the readings an hour are not told, s. */
const ENOUGH_S = 60;
/**
 * What a reading takes in the database besides the bytes of its file: the rest
 * of its ALP command and the columns; measured, and kept right by a test.
 */
export const ROW_BYTES = 88;
/** From so many waiting readings on their share of the database says more. */
const MANY = 1000;

/** What grows on the line. */
const LINE_COUNTS = [
  "frames",
  "badChecksums",
  "discardedBytes",
  "lostFrames",
] as const;
type LineCount = (typeof LINE_COUNTS)[number];

/** Watches as long as it is not disposed. */
export class Watch implements Disposable {
  readonly #parts: Parts;
  readonly #freeBytes: (dir: string) => number;
  readonly #start: Instant;
  readonly #rhythm: Rhythm;
  readonly #since = new Since();
  readonly #sinks: ReadonlyMap<string, SinkWatch>;
  readonly #lastHour: Tally;
  readonly #arrivals: Tally;
  readonly #line: Readonly<Record<LineCount, Tally>>;
  #lineBefore: Readonly<Record<LineCount, number>>;
  readonly #late: Tally;
  #lastFrameMs: number | null = null;
  /** Bytes of the files of recent readings, a running mean. */
  #fileBytes: number | null = null;
  /** The size known last. */
  #bytes = 0;
  #disarm: () => void;

  /** @param freeBytes free bytes on the disk of a directory; asks the system by default */
  constructor(parts: Parts, freeBytes: (dir: string) => number = freeOnDisk) {
    this.#parts = parts;
    this.#freeBytes = freeBytes;
    this.#start = parts.clock.instant();
    const { monoMs } = this.#start;
    this.#rhythm = new Rhythm(parts);
    this.#sinks = new Map(
      parts.sinks.map((part) => [part.name, new SinkWatch(part, parts)]),
    );
    this.#lastHour = new Tally(MINUTE_MS, 60, monoMs);
    this.#arrivals = new Tally(SECOND_MS, RATE_S, monoMs);
    this.#late = new Tally(TICK_MS, MINUTE_MS / TICK_MS, monoMs);
    const line = (minutes: number) =>
      new Tally(TEN_SECONDS_MS, minutes * 6, monoMs);
    this.#line = {
      frames: line(LINE_MINUTES),
      badChecksums: line(LINE_MINUTES),
      discardedBytes: line(LINE_MINUTES),
      lostFrames: line(LOST_MINUTES),
    };
    this.#lineBefore = lineCounts(parts);
    this.#look(this.#start);
    this.#disarm = this.#arm(monoMs);
  }

  /** A sink has acknowledged a reading. */
  delivered(sink: string): void {
    this.#sinks.get(sink)?.delivered();
  }

  /** A frame came down the line. */
  frame({ monoMs }: Instant): void {
    this.#lastFrameMs = monoMs;
  }

  /** Readings were committed. */
  logged(readings: readonly Reading[]): void {
    const monoMs = this.#parts.clock.monoMs();
    this.#lastHour.add(monoMs, readings.length);
    this.#arrivals.add(monoMs, readings.length);
    for (const { data } of readings) {
      const mean = this.#fileBytes ?? data.length;
      this.#fileBytes = mean + (data.length - mean) / 100;
    }
  }

  /** The longest that the agent's own timer came late in the last minute, s. */
  lateS(): number {
    return this.#late.max(this.#parts.clock.monoMs()) / 1000;
  }

  /** Everything known now. What the store cannot say is told as its trouble. */
  snapshot(): Snapshot {
    const { clock, config, counters, version } = this.#parts;
    const now = clock.instant();
    this.#look(now);
    const { monoMs } = now;
    const wall = wallOf(now);
    const arrivalPerS = this.#arrivals.perSecond(monoMs);
    return {
      nowMs: now.wallMs,
      synced: now.synced,
      syncedSinceMs: wall(this.#since.note("synced", now.synced, monoMs)),
      agent: {
        name: config.agent.name,
        version,
        startedMs: wall(this.#start.monoMs),
        uptimeS: (monoMs - this.#start.monoMs) / 1000,
        pid: process.pid,
        dataDir: config.agent.data_dir,
      },
      serial: this.#serial(now),
      intake: counters,
      readingsPerHour: this.#lastHour.spanS(monoMs) < ENOUGH_S
        ? null
        : this.#lastHour.perSecond(monoMs) * 3600,
      outbox: this.#outbox(now),
      sinks: [...this.#sinks.values()].map((sink) =>
        sink.facts(now, arrivalPerS)
      ),
      devices: this.#rhythm.devices(),
      http: this.#parts.http?.() ?? null,
    };
  }

  [Symbol.dispose](): void {
    this.#disarm();
    this.#rhythm[Symbol.dispose]();
  }

  #arm(beganMs: number): () => void {
    return this.#parts.clock.after(TICK_MS, () => {
      const now = this.#parts.clock.instant();
      const lateMs = now.monoMs - beganMs - TICK_MS;
      // A tick falls into a slot of its own, give or take.
      if (lateMs > 0) this.#late.add(now.monoMs, lateMs);
      this.#look(now);
      this.#disarm = this.#arm(now.monoMs);
    });
  }

  /** Notes what has changed since the last look. */
  #look(now: Instant): void {
    const { modem, store } = this.#parts;
    const { monoMs } = now;
    const { portUp, phase, detail } = modem.state();
    this.#since.note("port", portUp, monoMs);
    this.#since.note("modem", modemWord(phase, detail), monoMs);
    this.#since.note("synced", now.synced, monoMs);
    this.#since.note("outbox", store.trouble() === null, monoMs);
    const line = lineCounts(this.#parts);
    for (const count of LINE_COUNTS) {
      const grown = line[count] - this.#lineBefore[count];
      if (grown > 0) this.#line[count].add(monoMs, grown);
    }
    this.#lineBefore = line;
    for (const sink of this.#sinks.values()) sink.look(now);
  }

  #serial(now: Instant): SerialFacts {
    const { config, modem } = this.#parts;
    const { monoMs } = now;
    const wall = wallOf(now);
    const state = modem.state();
    const modemNow = modemWord(state.phase, state.detail);
    return {
      port: config.serial.port,
      state,
      portSinceMs: wall(this.#since.note("port", state.portUp, monoMs)),
      modemSinceMs: wall(this.#since.note("modem", modemNow, monoMs)),
      counters: modem.counters,
      lastFrameMs: this.#lastFrameMs === null ? null : wall(this.#lastFrameMs),
      recent: {
        minutes: LINE_MINUTES,
        frames: this.#line.frames.sum(monoMs),
        badChecksums: this.#line.badChecksums.sum(monoMs),
        discardedBytes: this.#line.discardedBytes.sum(monoMs),
        lostMinutes: LOST_MINUTES,
        lostFrames: this.#line.lostFrames.sum(monoMs),
      },
    };
  }

  #outbox(now: Instant): OutboxFacts {
    const { config, sinks, store } = this.#parts;
    let trouble = store.trouble();
    const asked = <T>(look: () => T, otherwise: T): T => {
      try {
        return look();
      } catch (error) {
        if (!isStoreError(error)) throw error;
        trouble ??= error.message;
        return otherwise;
      }
    };
    this.#bytes = asked(() => store.bytes(), this.#bytes);
    const fill = asked(() => store.fill(), 0);
    const maxBytes = config.outbox.max_mb * MB;
    const waiting = Math.max(
      0,
      ...sinks.map(({ lane }) => lane.account().pending),
    );
    const { monoMs } = now;
    return {
      bytes: this.#bytes,
      maxBytes,
      maxAgeMs: config.outbox.max_age_days * DAY_MS,
      diskFreeBytes: this.#diskFree(),
      minFreeBytes: config.outbox.min_free_mb * MB,
      oldestMs: asked(() => store.oldest(), null)?.wallMs ?? null,
      fill,
      bytesPerReading: waiting >= MANY && fill > 0
        ? fill * maxBytes / waiting
        : this.#fileBytes === null
        ? null
        : this.#fileBytes + ROW_BYTES,
      trouble,
      troubleSinceMs: wallOf(now)(
        this.#since.note("outbox", trouble === null, monoMs),
      ),
    };
  }

  /** Null where the system does not say: the directory may be gone. */
  #diskFree(): number | null {
    try {
      return this.#freeBytes(this.#parts.config.agent.data_dir);
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
      return null;
    }
  }
}

/** What the modem does, without the numbers in the words about it: they change all the time. */
function modemWord(phase: string, detail: string): string {
  return `${phase} ${detail.replaceAll(/\d+/g, "")}`;
}

function lineCounts({ modem }: Parts): Record<LineCount, number> {
  const { frames, badChecksums, discardedBytes, lostFrames } = modem.counters;
  return {
    frames: Object.values(frames).reduce((sum, n) => sum + n, 0),
    badChecksums,
    discardedBytes,
    lostFrames,
  };
}

/** Turns monotonic times into wall times of the clock as it is set now. */
function wallOf(now: Instant): (monoMs: number) => number {
  return (monoMs) => now.wallMs - (now.monoMs - monoMs);
}

function freeOnDisk(dir: string): number {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize;
}
