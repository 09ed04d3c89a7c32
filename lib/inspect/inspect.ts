/**
 * What a running agent tells of itself: implements the {@link View} that HTTP,
 * the control socket and the page are served from. Nothing here changes
 * anything; nothing is decoded for a live view while nobody watches.
 *
 * @module
 */
import type { Instant } from "../clock.ts";
import type { DeframerItem } from "../frame/deframer.ts";
import type {
  DeviceJson,
  ExplainJson,
  HistoryJson,
  LineJson,
  ReadingJson,
  ReadyJson,
  StatusJson,
} from "../http/json.ts";
import type { LiveEvent, PastLine, ReadingsQuery, View } from "../http/view.ts";
import type { Reading } from "../reading/reading.ts";
import { deviceRows } from "./devices.ts";
import { explain } from "./explain.ts";
import { lineJson } from "./line.ts";
import { Metrics } from "./metrics.ts";
import type { Parts } from "./parts.ts";
import { historyJson, readingJson } from "./readings.ts";
import { readyOf, statusOf } from "./status.ts";
import { Watch } from "./watch.ts";

/** Lines that are kept for who begins to watch. */
const RECENT = 100;

/** The view of one agent. */
export class Inspection implements View, Disposable {
  readonly #parts: Parts;
  readonly #watch: Watch;
  readonly #metrics: Metrics;
  readonly #watchers = new Set<(event: LiveEvent) => void>();
  /** What came down the line last, as it came; decoded only for whoever looks. */
  readonly #recent: {
    readonly number: number;
    readonly item: DeframerItem;
    readonly received: Instant;
  }[] = [];
  #lines = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#watch = new Watch(parts);
    this.#metrics = new Metrics(parts, this.#watch);
  }

  /** A sink has acknowledged a reading, that many seconds after its receipt. */
  delivered(sink: string, seconds: number): void {
    this.#metrics.delivered(sink, seconds);
    this.#watch.delivered(sink);
  }

  /** Something came down the line. */
  item(item: DeframerItem, received: Instant): void {
    if (item.kind === "frame") this.#watch.frame(received);
    const number = ++this.#lines;
    this.#recent.push({ number, item, received });
    if (this.#recent.length > 2 * RECENT) this.#recent.splice(0, RECENT);
    this.#tell({
      type: "line",
      number,
      line: () => this.#lineJson(item, received),
    });
  }

  /** Readings were committed. */
  logged(readings: readonly Reading[]): void {
    this.#watch.logged(readings);
    if (this.#watchers.size === 0) return;
    for (const reading of readings) {
      this.#tell({ type: "reading", reading: () => this.#json(reading) });
    }
  }

  status(): StatusJson {
    return statusOf(this.#watch.snapshot());
  }

  ready(): ReadyJson {
    return readyOf(this.#watch.snapshot());
  }

  devices(): readonly DeviceJson[] {
    return deviceRows(this.#watch.snapshot().devices);
  }

  *readings(query: ReadingsQuery): Generator<readonly ReadingJson[], void> {
    for (const slice of this.#parts.store.recentSlices(query)) {
      yield slice.map((reading) => this.#json(reading));
    }
  }

  history(
    device: string,
    sinceMs: number,
    untilMs: number,
    points: number,
  ): Generator<void, HistoryJson> {
    return historyJson(this.#parts, device, sinceMs, untilMs, points);
  }

  explain(id: number): ExplainJson | null {
    return explain(this.#parts, id);
  }

  metrics(): Promise<string> {
    return this.#metrics.text();
  }

  watch(tell: (event: LiveEvent) => void): Disposable {
    this.#watchers.add(tell);
    return { [Symbol.dispose]: () => void this.#watchers.delete(tell) };
  }

  recentLines(): readonly PastLine[] {
    return this.#recent.slice(-RECENT).map(({ number, item, received }) => ({
      number,
      line: () => this.#lineJson(item, received),
    }));
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }

  #tell(event: LiveEvent): void {
    for (const tell of this.#watchers) tell(event);
  }

  #lineJson(item: DeframerItem, received: Instant): LineJson | null {
    return lineJson(item, received, (device) => this.#nameOf(device));
  }

  #json(reading: Reading): ReadingJson {
    return readingJson(reading, this.#nameOf(reading.device));
  }

  #nameOf(device: string): string | null {
    return this.#parts.config.devices[device]?.name ?? null;
  }
}
