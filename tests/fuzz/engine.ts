/**
 * The loop: make an input, run it, keep it when it reaches something new, stop
 * at the first that breaks a promise and make it small.
 *
 * Guided, it looks at V8's block counts after each batch of inputs and tells
 * the inputs of a batch apart only when it brought something new; that costs
 * little, and the pool grows all the same.
 *
 * @module
 */
import { cpuUsage } from "node:process";
import { type Counts, Coverage } from "./coverage.ts";
import { mutated } from "./mutate.ts";
import { Random } from "./random.ts";
import { joined, type Target } from "./target.ts";

/** What a run is given. */
export interface Plan {
  readonly seed: number;
  readonly inputs: number;
  /** What guides the run; null is blind, several times as fast and the same for the same seed. */
  readonly counts: Counts | null;
  /** No new input after this moment of {@link performance.now}. */
  readonly untilMs?: number;
  readonly corpus: readonly Uint8Array[];
}

/** An input that broke a promise, as small as it could be made. */
export interface Finding {
  readonly target: string;
  readonly seed: number;
  /** Which input of the run it was. */
  readonly number: number;
  readonly input: Uint8Array;
  readonly error: unknown;
}

/** What a run came to. */
export interface Outcome {
  readonly target: string;
  readonly inputs: number;
  readonly seconds: number;
  /** Characters of source in blocks that were reached; null when nobody looked. */
  readonly reached: number | null;
  /** Inputs that reached something new, smallest first. */
  readonly kept: readonly Uint8Array[];
  readonly slowestMs: number;
  readonly finding: Finding | null;
}

/** Inputs between two looks while there is something new, and when there is nothing for long. */
const LEAST_BATCH = 256;
const MOST_BATCH = 8192;
/** Where there is a grammar, one input in so many comes from it. */
const FROM_GRAMMAR = 3;
/** Tries that may be spent on making an input small. */
const SHRINKS = 3000;

/** What was thrown where nobody could catch it; in the agent it would be its end. */
let uncaught: unknown = null;

const note = (event: ErrorEvent | PromiseRejectionEvent) => {
  event.preventDefault();
  uncaught ??= "reason" in event ? event.reason : event.error;
};

/** The error of one input; null when all promises were kept. */
export async function errorOf(
  target: Target,
  input: Uint8Array,
): Promise<unknown> {
  try {
    const running = target.run(input);
    if (running === undefined) return null;
    globalThis.addEventListener("error", note);
    globalThis.addEventListener("unhandledrejection", note);
    await running;
    return uncaught;
  } catch (error) {
    return uncaught ?? error ?? new Error("nothing was thrown");
  } finally {
    uncaught = null;
    globalThis.removeEventListener("error", note);
    globalThis.removeEventListener("unhandledrejection", note);
  }
}

/** An input that takes too long, also when it is tried again and the machine is not to blame. */
async function slow(target: Target, input: Uint8Array): Promise<Error | null> {
  let leastMs = Infinity;
  for (let again = 0; again < 5; again++) {
    const startMs = performance.now();
    const before = cpuUsage();
    await errorOf(target, input);
    const { user, system } = cpuUsage(before);
    // Work is meant; on a busy machine it takes longer than it is.
    leastMs = Math.min(
      leastMs,
      performance.now() - startMs,
      (user + system) / 1000,
    );
  }
  return leastMs <= target.boundMs ? null : new Error(
    `took ${
      leastMs.toFixed(0)
    } ms for ${input.length} bytes, bound ${target.boundMs} ms`,
  );
}

/** What is wrong with an input; null when nothing is. */
export async function verdict(
  target: Target,
  input: Uint8Array,
): Promise<unknown> {
  const startMs = performance.now();
  const error = await errorOf(target, input);
  if (error !== null) return error;
  return performance.now() - startMs <= target.boundMs
    ? null
    : await slow(target, input);
}

/** Runs one target until its plan is done or a promise is broken. */
export async function fuzz(target: Target, plan: Plan): Promise<Outcome> {
  const startMs = performance.now();
  const first = [...plan.corpus, ...target.seeds];
  const run = new Run(target, plan, first);
  for (const input of first) {
    if (run.over) break;
    await run.take(input);
  }
  if (plan.counts === null) await run.blind();
  else await run.guided(new Coverage(plan.counts, target.sources));
  return {
    target: target.name,
    inputs: run.done,
    seconds: (performance.now() - startMs) / 1000,
    reached: run.reached,
    kept: run.kept.toSorted((a, b) => a.length - b.length),
    slowestMs: run.slowestMs,
    finding: run.failure === null ? null : {
      target: target.name,
      seed: plan.seed,
      number: run.done,
      ...await smallest(target, run.failure.input, run.failure.error),
    },
  };
}

/** The state of a run. */
class Run {
  readonly #target: Target;
  readonly #plan: Plan;
  readonly #random: Random;
  readonly #pool: Uint8Array[];
  readonly kept: Uint8Array[] = [];
  done = 0;
  slowestMs = 0;
  reached: number | null = null;
  failure: { readonly input: Uint8Array; readonly error: unknown } | null =
    null;

  constructor(target: Target, plan: Plan, first: readonly Uint8Array[]) {
    this.#target = target;
    this.#plan = plan;
    this.#random = new Random(plan.seed, target.name);
    this.#pool = first.filter(({ length }) => length > 0);
    if (this.#pool.length === 0) this.#pool.push(new Uint8Array(1));
  }

  get over(): boolean {
    return this.failure !== null || this.done >= this.#plan.inputs ||
      performance.now() >= (this.#plan.untilMs ?? Infinity);
  }

  /** Runs one input and judges it. */
  async take(input: Uint8Array): Promise<void> {
    const startMs = performance.now();
    let error = await errorOf(this.#target, input);
    const tookMs = performance.now() - startMs;
    this.done++;
    if (error === null && tookMs > this.#target.boundMs) {
      error = await slow(this.#target, input);
    } else this.slowestMs = Math.max(this.slowestMs, tookMs);
    if (error !== null) this.failure = { input, error };
  }

  /** Makes inputs without looking. */
  async blind(): Promise<void> {
    while (!this.over) await this.take(this.#make());
  }

  /** Makes inputs and keeps those that reach something new. */
  async guided(coverage: Coverage): Promise<void> {
    await coverage.look(true);
    for (let size = LEAST_BATCH; !this.over;) {
      const batch: Uint8Array[] = [];
      while (batch.length < size && !this.over) {
        const input = this.#make();
        batch.push(input);
        await this.take(input);
      }
      if (!await coverage.look(false)) {
        size = Math.min(2 * size, MOST_BATCH);
        continue;
      }
      size = LEAST_BATCH;
      for (const input of batch) {
        await errorOf(this.#target, input);
        if (!await coverage.look(true)) continue;
        this.#pool.push(input);
        this.kept.push(input);
      }
    }
    this.reached = coverage.chars;
  }

  #make(): Uint8Array {
    const { grammar } = this.#target;
    return grammar !== undefined && this.#random.oneIn(FROM_GRAMMAR)
      ? grammar(this.#random)
      : mutated(this.#random, this.#target, this.#pool);
  }
}

/** Cuts pieces out of an input as long as the same goes wrong. */
async function smallest(
  target: Target,
  input: Uint8Array,
  error: unknown,
): Promise<{ readonly input: Uint8Array; readonly error: unknown }> {
  const kind = kindOf(error);
  let small = input;
  let last = error;
  let tries = 0;
  for (let size = input.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at < small.length && tries < SHRINKS;) {
      const shorter = joined([
        small.subarray(0, at),
        small.subarray(at + size),
      ]);
      tries++;
      const found = await verdict(target, shorter);
      if (found !== null && kindOf(found) === kind) {
        small = shorter;
        last = found;
      } else at += size;
    }
  }
  return { input: small, error: last };
}

/** What makes two errors the same: the words without the numbers. */
function kindOf(error: unknown): string {
  return error instanceof Error
    ? `${error.name} ${error.message.split(/["\d]/)[0]}`
    : String(error);
}
