/**
 * The agent's numbers for Prometheus: the table of `metric_rows.ts` behind the
 * one library that knows the format.
 *
 * A registry for each agent, so that two of them in one process do not add up.
 * Nothing runs between two scrapes but the histogram's own counting.
 *
 * @module
 */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import {
  DELIVERY,
  type ObservedRow,
  READ,
  type ReadRow,
  type Scrape,
} from "./metric_rows.ts";
import type { Parts } from "./parts.ts";
import { type ProcessFacts, processFacts } from "./process.ts";
import type { Watch } from "./watch.ts";

/** All metrics, for documentation: name, type, labels, meaning. */
export const METRICS: readonly (ReadRow | ObservedRow)[] = [...READ, DELIVERY];

/** From so much on a difference is a clock that was set and not the drift of two clocks, s. */
const CLOCK_SET_S = 5;

/** The metrics of one agent. */
export class Metrics {
  readonly #watch: Watch;
  readonly #registry = new Registry();
  readonly #rows: readonly ((scrape: Scrape) => void)[];
  readonly #delivery: Histogram;
  #startS: number | null = null;

  constructor(parts: Pick<Parts, "sinks">, watch: Watch) {
    this.#watch = watch;
    this.#rows = READ.map((row) => registered(row, this.#registry));
    const { name, help, labels, buckets } = DELIVERY;
    this.#delivery = new Histogram({
      name,
      help,
      labelNames: [...labels],
      buckets: [...buckets],
      registers: [this.#registry],
    });
    // Known from the start: a sink without a delivery has 0, not nothing.
    for (const { name } of parts.sinks) this.#delivery.zero({ sink: name });
  }

  /** A sink has acknowledged a reading, that many seconds after its receipt. */
  delivered(sink: string, seconds: number): void {
    this.#delivery.observe({ sink }, seconds);
  }

  /** Prometheus text, format 0.0.4. */
  text(): Promise<string> {
    const snapshot = this.#watch.snapshot();
    const scrape: Scrape = {
      snapshot,
      process: this.#steady(processFacts(snapshot.nowMs)),
      lateS: this.#watch.lateS(),
    };
    // All at once and without a pause: a scrape beside this one sees all or nothing of it.
    for (const set of this.#rows) set(scrape);
    return this.#registry.metrics();
  }

  /** A start that moves by a second would look like a restart. */
  #steady(facts: ProcessFacts): ProcessFacts {
    const driftS = Math.abs(facts.startS - (this.#startS ?? -Infinity));
    if (this.#startS === null || driftS > CLOCK_SET_S) {
      this.#startS = facts.startS;
    }
    return { ...facts, startS: this.#startS };
  }
}

/** Registers a row; the function gives it the values of a scrape, and no others. */
function registered(
  { name, type, labels, help, read }: ReadRow,
  registry: Registry,
): (scrape: Scrape) => void {
  const config = {
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
  };
  if (type === "counter") {
    const metric = new Counter(config);
    return (scrape) => {
      // The parts count; the library only writes down where they stand.
      metric.reset();
      for (const [labels, value] of read(scrape)) metric.inc(labels, value);
    };
  }
  const metric = new Gauge(config);
  return (scrape) => {
    metric.reset();
    const samples = read(scrape);
    // After a reset there is a 0 where nothing is known.
    if (labels.length === 0 && samples.length === 0) metric.remove();
    for (const [labels, value] of samples) metric.set(labels, value);
  };
}
