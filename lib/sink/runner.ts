/**
 * Moves readings from a sink's lane to the sink: lease, deliver, settle, with
 * back-off when the sink keeps what it was given. The only caller of
 * {@link Sink.deliver}.
 *
 * @module
 */
import { backoffMs, type Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Reading } from "../reading/reading.ts";
import type { Lane } from "../store/outbox.ts";
import type { Outcome, Sink } from "./sink.ts";

/** How long readings in flight may take to settle after the stop signal, ms. */
export const GRACE_MS = 5000;
/** How long a sink may take to give up what is in flight once told to, ms. */
const GIVE_UP_MS = 1000;
/** Pause when a lane says it has something and then gives nothing, ms. */
const EMPTY_PAUSE_MS = 50;

/** What {@link runSink} moves, and between what. */
export interface RunnerOptions {
  readonly lane: Lane;
  readonly sink: Sink;
  readonly clock: Clock;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  readonly log: Log;
  /** Ends the run: what is in flight may settle for {@link GRACE_MS}. */
  readonly signal: AbortSignal;
  /** Told of each accepted reading, with the seconds since it was received. */
  readonly onDelivered?: (reading: Reading, seconds: number) => void;
}

/** Delivers until the signal aborts; resolves once nothing is in flight. Never rejects. */
export async function runSink(options: RunnerOptions): Promise<void> {
  const { lane, clock, log, signal } = options;
  const grace = new AbortController();
  const flight = new Flight(options, grace.signal);
  let disarmGrace = () => {};
  const startGrace = () => {
    disarmGrace = clock.after(GRACE_MS, () => grace.abort());
  };
  if (signal.aborted) return;
  signal.addEventListener("abort", startGrace, { once: true });

  giveBack(lane, log);
  for (let failures = 0; !signal.aborted;) {
    try {
      await deliverUntilTrouble(options, flight);
    } catch (error) {
      log.error("Cannot move readings to the sink", { error });
    }
    await flight.empty(signal);
    if (signal.aborted) break;
    giveBack(lane, log);
    if (flight.takeAccepted() > 0) failures = 0;
    await clock.sleep(backoffMs(failures++, options.random()), { signal });
  }
  await flight.settledWithin(grace.signal);
  disarmGrace();
  giveBack(lane, log);
}

/** One stretch of deliveries: until something is kept, or the signal aborts. */
async function deliverUntilTrouble(
  { lane, sink, clock, log, signal }: RunnerOptions,
  flight: Flight,
): Promise<void> {
  using stretch = flight.begin(signal);
  let empty = 0;
  while (!stretch.signal.aborted) {
    const down = !sink.state().up;
    await sink.ready(stretch.signal);
    if (stretch.signal.aborted) break;
    // After an outage what has piled up is the backlog, and live readings go first.
    if (down && flight.size === 0) giveBack(lane, log);
    const window = Math.max(1, sink.window());
    const free = window - flight.size;
    // Leasing in bites, not one by one: each lease asks the database.
    if (free < Math.ceil(window / 4)) {
      await flight.change(stretch.signal);
      continue;
    }
    const readings = lane.lease(free);
    if (readings.length > 0) {
      empty = 0;
      flight.launch(readings);
      continue;
    }
    // A lane that says "something" and gives nothing must not make this spin.
    if (empty++ > 0) {
      await clock.sleep(EMPTY_PAUSE_MS, { signal: stretch.signal });
    }
    await lane.waiting(stretch.signal);
  }
}

function giveBack(lane: Lane, log: Log): void {
  try {
    lane.release();
  } catch (error) {
    log.error("Cannot give readings back to the outbox", { error });
  }
}

/** What has been handed to the sink and has not settled. */
class Flight {
  size = 0;
  readonly #options: RunnerOptions;
  readonly #graceSignal: AbortSignal;
  readonly #bootId: string;
  readonly #waiters = new Set<() => void>();
  #accepted = 0;
  #stretch = new AbortController();

  /** @param graceSignal aborts what is in flight */
  constructor(options: RunnerOptions, graceSignal: AbortSignal) {
    this.#options = options;
    this.#graceSignal = graceSignal;
    this.#bootId = options.clock.instant().bootId;
  }

  /** Starts a stretch: its signal aborts with `signal`, or at the first reading kept. */
  begin(signal: AbortSignal): Disposable & { readonly signal: AbortSignal } {
    const stretch = this.#stretch = new AbortController();
    const abort = () => stretch.abort();
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    return {
      signal: stretch.signal,
      [Symbol.dispose]: () => signal.removeEventListener("abort", abort),
    };
  }

  launch(readings: readonly Reading[]): void {
    const { sink, log } = this.#options;
    let outcomes: readonly Promise<Outcome>[];
    try {
      outcomes = sink.deliver(readings, this.#graceSignal);
    } catch (error) {
      log.error("Sink failed to deliver", { error });
      this.#stretch.abort();
      return;
    }
    readings.forEach((reading, index) => {
      this.size++;
      const outcome = outcomes[index] ?? Promise.resolve<Outcome>("kept");
      outcome.catch((error): Outcome => {
        log.error("Sink failed to deliver", { error });
        return "kept";
      }).then((outcome) => this.#settle(reading, outcome));
    });
  }

  /** Readings accepted since this was last asked. */
  takeAccepted(): number {
    const accepted = this.#accepted;
    this.#accepted = 0;
    return accepted;
  }

  /** Resolves at the next reading that settles, or when `signal` aborts. */
  change(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiters.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#waiters.add(wake);
      signal.addEventListener("abort", wake);
    });
  }

  /** Resolves when nothing is in flight, or `signal` aborts. */
  async empty(signal: AbortSignal): Promise<void> {
    while (this.size > 0 && !signal.aborted) await this.change(signal);
  }

  /** Waits for the rest: until `grace` aborts and the sink has given up. */
  async settledWithin(grace: AbortSignal): Promise<void> {
    await this.empty(grace);
    if (this.size === 0) return;
    const patience = new AbortController();
    const disarm = this.#options.clock.after(
      GIVE_UP_MS,
      () => patience.abort(),
    );
    await this.empty(patience.signal);
    disarm();
  }

  #settle(reading: Reading, outcome: Outcome): void {
    const { lane, log, onDelivered } = this.#options;
    this.size--;
    try {
      if (outcome === "kept") this.#stretch.abort();
      else lane.settle(reading.id, outcome);
      if (outcome === "accepted") {
        this.#accepted++;
        onDelivered?.(reading, this.#ageS(reading));
      }
    } catch (error) {
      log.error("Cannot record a delivery in the outbox", { error });
      this.#stretch.abort();
    }
    for (const wake of [...this.#waiters]) wake();
  }

  #ageS({ received }: Reading): number {
    const { clock } = this.#options;
    const ms = received.bootId === this.#bootId
      ? clock.monoMs() - received.monoMs
      : clock.nowMs() - received.wallMs;
    return Math.max(0, ms / 1000);
  }
}
