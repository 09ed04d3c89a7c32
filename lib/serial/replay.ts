/**
 * A capture as a serial port, with a clock that follows it: the same chunks in
 * the same order at their recorded times, however fast they are played.
 *
 * The clock stands still until a chunk has been taken in full, then goes on to
 * the next record; timers fire as it passes them. So what depends on time (the
 * deframer's silence rule, times of receipt) comes out the same at any speed,
 * and a long silence at full speed costs nothing. What is written goes nowhere.
 *
 * @module
 */
import type { CaptureHeader, CaptureRecord } from "../capture/capture.ts";
import { type Clock, type Instant, sleepOn } from "../clock.ts";
import { type BytePort, type OpenPort, SerialError } from "./serial.ts";

/** What is played, and how. */
export interface ReplayOptions {
  readonly header: CaptureHeader;
  readonly records: AsyncIterable<CaptureRecord>;
  /** Recorded seconds a second; Infinity for as fast as it goes. */
  readonly speed: number;
  /** Time as it really passes. */
  readonly clock: Clock;
  /** Resolves when one more chunk may come; bounds what piles up behind the port. */
  readonly room?: () => Promise<void> | void;
  /** Told of each record before it is played. */
  readonly onRecord?: (record: CaptureRecord) => void;
}

/** After so much work without a pause, ms, the rest of the program gets its turn. */
const TURN_MS = 8;
/** Steps within which everything that waits for a promise only has gone on. */
const MICRO_STEPS = 50;
/** Timers that may fire until somebody reads again, where the capture goes on at once. */
const MAX_FORCED = 1000;

/** A capture being played. */
export class Replay {
  /** Recorded time; for whoever reads the port. */
  readonly clock: Clock;
  /** Opens the port; it is there while the recorded one was. */
  readonly open: OpenPort;
  readonly #options: ReplayOptions;
  readonly #line: LineClock;
  #port: ReplayPort | null = null;
  #turnMs: number;

  constructor(options: ReplayOptions) {
    this.#options = options;
    this.#turnMs = options.clock.monoMs();
    this.clock = this.#line = new LineClock(options.header);
    this.open = () => {
      const port = this.#port = new ReplayPort(options.header.port ?? "replay");
      return Promise.resolve(port);
    };
  }

  /**
   * Plays to the end, or until `signal` aborts; the port is closed then.
   *
   * @throws {Error} when nobody reads the port, or what reading the capture throws
   */
  async run(signal: AbortSignal): Promise<void> {
    const { records, clock, speed, room, onRecord } = this.#options;
    const startMs = clock.monoMs();
    /** Lets time pass up to a recorded moment, and fires what is due on the way. */
    const passTo = async (atMs: number): Promise<void> => {
      for (;;) {
        const dueMs = this.#line.dueMs();
        const next = Math.min(dueMs, atMs);
        const waitMs = startMs + next / speed - clock.monoMs();
        if (waitMs > 0) await clock.sleep(waitMs, { signal });
        if (signal.aborted) return;
        // At the same moment the bytes came first: a timer is late, never early.
        if (dueMs >= atMs) break;
        this.#line.fire();
        await settled();
      }
      this.#line.moveTo(atMs);
    };
    // A reader that has failed takes no more: nobody must wait for it then.
    const close = () => void this.#port?.[Symbol.asyncDispose]();
    signal.addEventListener("abort", close);
    for await (const record of records) {
      if (signal.aborted) break;
      onRecord?.(record);
      if (record.kind === "rx") await room?.();
      await passTo(record.atMs);
      if (signal.aborted) break;
      await this.#play(record);
      await this.#turn();
    }
    signal.removeEventListener("abort", close);
    this.#port?.end(null);
    await settled();
  }

  async #play(record: CaptureRecord): Promise<void> {
    if (record.kind === "rx") {
      const port = await this.#reader(record.atMs);
      await port.give(record.bytes);
    } else if (record.kind === "event") {
      switch (record.event) {
        case "clock":
          this.#line.setWall(record.wallMs, record.synced);
          break;
        case "lost":
          this.#port?.end(record.reason);
          await settled();
          break;
        case "closed":
          this.#port?.end(null);
          await settled();
      }
    }
  }

  /** The port, once somebody reads it; whoever waits to open it again gets the time it takes. */
  async #reader(atMs: number): Promise<ReplayPort> {
    for (let forced = 0; forced < MAX_FORCED; forced++) {
      await settled();
      if (this.#port?.reading === true) {
        this.#line.moveTo(atMs);
        return this.#port;
      }
      if (this.#line.dueMs() === Infinity) break;
      this.#line.fire();
    }
    throw new Error("Cannot replay: nobody reads the port");
  }

  async #turn(): Promise<void> {
    const { clock } = this.#options;
    if (clock.monoMs() - this.#turnMs < TURN_MS) return;
    await clock.sleep(0);
    this.#turnMs = clock.monoMs();
  }
}

async function settled(): Promise<void> {
  for (let step = 0; step < MICRO_STEPS; step++) await Promise.resolve();
}

/** A port whose other end is a capture. */
class ReplayPort implements BytePort {
  readonly name: string;
  #reader: PromiseWithResolvers<Uint8Array | null> | null = null;
  /** Resolves when the chunk at hand has been taken. */
  #taken: (() => void) | null = null;
  #closed = false;
  #lost: SerialError | null = null;

  constructor(name: string) {
    this.name = name;
  }

  get reading(): boolean {
    return this.#reader !== null;
  }

  read(): Promise<Uint8Array | null> {
    this.#release();
    if (this.#lost !== null) return Promise.reject(this.#lost);
    if (this.#closed) return Promise.resolve(null);
    this.#reader = Promise.withResolvers();
    return this.#reader.promise;
  }

  /** Hands over a chunk; resolves when the next one is asked for, or the port is closed. */
  give(bytes: Uint8Array): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#taken = resolve;
    const reader = this.#reader;
    this.#reader = null;
    reader?.resolve(bytes);
    return promise;
  }

  /** The recorded port went away; null: the capture is through. */
  end(reason: string | null): void {
    if (reason === null) this.#closed = true;
    else this.#lost = new SerialError(reason, "lost");
    const reader = this.#reader;
    this.#reader = null;
    if (this.#lost !== null) reader?.reject(this.#lost);
    else reader?.resolve(null);
  }

  /** Nobody is there to be written to. */
  write(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (this.#lost === null) this.end(null);
    this.#release();
    return Promise.resolve();
  }

  #release(): void {
    this.#taken?.();
    this.#taken = null;
  }
}

interface Timer {
  readonly dueMs: number;
  readonly number: number;
  readonly fire: () => void;
}

/** Recorded time: moves when it is moved. */
class LineClock implements Clock {
  readonly #header: CaptureHeader;
  readonly #timers = new Set<Timer>();
  #number = 0;
  /** Since the start of the capture. */
  #atMs = 0;
  /** Wall clock at the start, as the newest word has it. */
  #wallMs: number;
  #synced: boolean;

  constructor(header: CaptureHeader) {
    this.#header = header;
    this.#wallMs = header.startedMs;
    this.#synced = header.synced;
  }

  nowMs(): number {
    return Math.round(this.#wallMs + this.#atMs);
  }

  monoMs(): number {
    return Math.round(this.#header.monoMs + this.#atMs);
  }

  instant(): Instant {
    return {
      wallMs: this.nowMs(),
      monoMs: this.monoMs(),
      bootId: this.#header.bootId,
      synced: this.#synced,
    };
  }

  after(delayMs: number, fire: () => void): () => void {
    const dueMs = this.#atMs + Math.max(0, delayMs);
    const timer = { dueMs, number: this.#number++, fire };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  sleep(
    delayMs: number,
    options?: { signal?: AbortSignal },
  ): Promise<void> {
    return sleepOn(
      (ms, fire) => this.after(ms, fire),
      delayMs,
      options?.signal,
    );
  }

  /** When the next timer fires; Infinity without one. */
  dueMs(): number {
    return this.#next()?.dueMs ?? Infinity;
  }

  /** Fires the next timer, at its time. */
  fire(): void {
    const timer = this.#next();
    if (timer === null) return;
    this.#timers.delete(timer);
    this.#atMs = Math.max(this.#atMs, timer.dueMs);
    timer.fire();
  }

  moveTo(atMs: number): void {
    this.#atMs = atMs;
  }

  setWall(wallMs: number, synced: boolean): void {
    this.#wallMs = wallMs - this.#atMs;
    this.#synced = synced;
  }

  /** A handful are armed at a time: looking at each is quicker than order. */
  #next(): Timer | null {
    let next: Timer | null = null;
    for (const timer of this.#timers) {
      if (
        next === null || timer.dueMs < next.dueMs ||
        (timer.dueMs === next.dueMs && timer.number < next.number)
      ) next = timer;
    }
    return next;
  }
}
