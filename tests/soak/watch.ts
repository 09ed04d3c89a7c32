/**
 * Looks at a world all through a soak: a sample every ten seconds, every row of
 * the outbox before it can be pruned, and no more kept of each message than
 * tells which reading it is.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import type { World } from "../chaos/world.ts";
import { clock } from "../system/harness.ts";
import { type Sample, sampleOf } from "./sample.ts";

/** Time between two looks, seconds; a short run looks more often. */
const SAMPLE_S = 10;
const LEAST_SAMPLES = 12;

/** What a watch looks at. */
export interface Watched {
  readonly world: World;
  readonly minutes: number;
  /** See {@link Sample.during}. */
  readonly during: () => string | null;
  /** Told of each sample as it is taken. */
  readonly onSample: (sample: Sample) => void;
}

/** A watch under way. */
export class Watch implements AsyncDisposable {
  readonly #watched: Watched;
  readonly fromMs = clock.monoMs();
  readonly samples: Sample[] = [];
  readonly violations: string[] = [];
  /** So many of the subscriber's messages are kept short. */
  #shortened = 0;
  /** The newest row that was looked at. */
  #seenId = 0;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;

  constructor(watched: Watched) {
    this.#watched = watched;
    this.#done = this.#run();
    // Who ends it is told.
    this.#done.catch(() => {});
  }

  /** Since it began, seconds. */
  get atS(): number {
    return (clock.monoMs() - this.fromMs) / 1000;
  }

  /** Takes a last sample, of the agent at rest. */
  async end(): Promise<void> {
    this.#stop.abort();
    await this.#done;
    await this.#take();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#done.catch(
      () => {/* told by end(), or something else was first */},
    );
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const everyMs = 1000 *
      Math.min(SAMPLE_S, this.#watched.minutes * 60 / LEAST_SAMPLES);
    while (!signal.aborted) {
      await this.#take();
      await clock.sleep(everyMs, { signal });
    }
  }

  async #take(): Promise<void> {
    const { world, during, onSample } = this.#watched;
    this.#shorten();
    const oldestId = this.#look();
    const { agent } = world;
    if (agent === null) return;
    const at = { atS: this.atS, life: world.proxy.run, during: during() };
    const seen = await sampleOf(agent, `${world.dataDir}/outbox.db`);
    if (seen === null) return;
    const sample = {
      ...at,
      ...seen,
      sent: world.sent.size,
      committed: world.committed.size,
      oldestId,
    };
    this.samples.push(sample);
    onSample(sample);
  }

  /** All payloads of an hour would fill the memory. */
  #shorten(): void {
    const { messages } = this.#watched.world.watch;
    for (; this.#shortened < messages.length; this.#shortened++) {
      const message = messages[this.#shortened];
      const number = /"value":(-?\d+)/.exec(message?.payload ?? "")?.[1];
      if (message === undefined || number === undefined) continue;
      // A part of a text holds the whole; a number does not.
      const payload = `"value":${BigInt(number)}`;
      messages[this.#shortened] = { ...message, payload };
    }
  }

  /** Notes the rows that are new in the outbox, before any of them can be pruned; gives the oldest id. */
  #look(): number {
    const { world } = this.#watched;
    const file = `${world.dataDir}/outbox.db`;
    using db = new DatabaseSync(file, { readOnly: true });
    const ids = db.prepare(
      "SELECT min(id) AS low, max(id) AS high, count(*) AS n FROM reading",
    ).get();
    const [low, high, count] = [ids?.low, ids?.high, ids?.n].map(Number);
    if (low === undefined || high === undefined || low === 0) return 1;
    if (low > this.#seenId + 1 || count !== high - low + 1) {
      this.violations.push(
        `rows went unseen: ${this.#seenId} was the last, now there are ` +
          `${count} from ${low} to ${high}`,
      );
    }
    for (const reading of world.rows(file, this.#seenId)) {
      world.committed.add(reading);
    }
    this.#seenId = high;
    return low;
  }
}
