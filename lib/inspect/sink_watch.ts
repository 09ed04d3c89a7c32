/**
 * Watches one sink: since when it is up or down, how fast it delivers, what it
 * rejected and what was dropped for it lately.
 *
 * @module
 */
import type { Instant } from "../clock.ts";
import { hideUserInfo } from "../config/secrets.ts";
import type { DropReason } from "../store/outbox.ts";
import type { Parts } from "./parts.ts";
import { RATE_S } from "./facts.ts";
import { Since } from "./since.ts";
import type { SinkFacts } from "./snapshot.ts";
import { Tally } from "./tally.ts";
import { read } from "./trouble.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** Drops that are a loss; a purge is what somebody wanted. */
const LOSSES = [
  "age",
  "size",
  "disk",
  "damaged",
] as const satisfies readonly DropReason[];

interface Drops {
  readonly reason: DropReason;
  readonly count: number;
  /** Of the last of them. */
  readonly monoMs: number;
}

/** Watches one sink. */
export class SinkWatch {
  readonly #part: Parts["sinks"][number];
  readonly #parts: Pick<Parts, "store" | "clock">;
  readonly #since = new Since();
  readonly #rate: Tally;
  #lastDeliveredMs: number | null = null;
  #rejected: number;
  #rejection: { readonly reason: string; readonly monoMs: number } | null =
    null;
  #droppedBy: Readonly<Partial<Record<DropReason, number>>>;
  readonly #drops: Drops[] = [];

  constructor(
    part: Parts["sinks"][number],
    parts: Pick<Parts, "store" | "clock">,
  ) {
    this.#part = part;
    this.#parts = parts;
    const now = parts.clock.instant();
    this.#rate = new Tally(SECOND_MS, RATE_S, now.monoMs);
    const { rejected, droppedBy } = part.lane.account();
    this.#rejected = rejected;
    this.#droppedBy = droppedBy;
    // From before the start only the time of receipt is known.
    if (rejected > 0) this.#lookAtRejected(now, (wallMs) => wallMs);
    this.#since.note("up", part.sink.state().up, now.monoMs);
  }

  /** It has acknowledged a reading. */
  delivered(): void {
    const monoMs = this.#parts.clock.monoMs();
    this.#rate.add(monoMs);
    this.#lastDeliveredMs = monoMs;
    // Whatever was noted before: a sink that delivers is up.
    if (this.#since.get("up") !== true) {
      this.#since.note("up", this.#part.sink.state().up, monoMs);
    }
  }

  /** Notes what has changed since the last look. */
  look(now: Instant): void {
    const { sink, lane } = this.#part;
    this.#since.note("up", sink.state().up, now.monoMs);
    const { rejected, droppedBy } = lane.account();
    if (rejected > this.#rejected) this.#lookAtRejected(now, () => now.wallMs);
    this.#rejected = rejected;
    this.#lookAtDropped(droppedBy, now.monoMs);
  }

  /**
   * What is known now.
   *
   * @param arrivalPerS readings that come to the log
   */
  facts(now: Instant, arrivalPerS: number): SinkFacts {
    const { name, type, sink, lane } = this.#part;
    const { up, detail } = sink.state();
    const wall = (monoMs: number) => now.wallMs - (now.monoMs - monoMs);
    const wallOrNull = (monoMs: number | undefined | null) =>
      monoMs === undefined || monoMs === null ? null : wall(monoMs);
    const rejection = this.#rejection;
    return {
      name,
      type,
      up,
      // A sink's own words may name its broker as it was configured.
      detail: hideUserInfo(detail),
      whileDown: sink.whileDown ?? null,
      sinceMs: wall(this.#since.note("up", up, now.monoMs)),
      account: lane.account(),
      oldestPendingMs:
        read(() => this.#parts.store.oldestPending(name), null)?.wallMs ?? null,
      lastDeliveredMs: wallOrNull(this.#lastDeliveredMs),
      ratePerS: this.#rate.perSecond(now.monoMs),
      arrivalPerS,
      lastRejection: rejection === null ||
          now.monoMs - rejection.monoMs > DAY_MS
        ? null
        : { reason: rejection.reason, atMs: wall(rejection.monoMs) },
      droppedToday: {
        count: this.#drops.reduce((sum, { count }) => sum + count, 0),
        reasons: [...new Set(this.#drops.map(({ reason }) => reason))],
        lastMs: wallOrNull(this.#drops.at(-1)?.monoMs),
      },
    };
  }

  /** The reason of the newest rejection; asked only when there is a new one. */
  #lookAtRejected(now: Instant, at: (wallMs: number) => number): void {
    const { name } = this.#part;
    const row = read(() => this.#parts.store.rejectedRows(name, 1), [])[0];
    if (row === undefined) return;
    const agoMs = Math.max(0, now.wallMs - at(row.wallMs));
    this.#rejection = {
      reason: hideUserInfo(row.reason),
      monoMs: now.monoMs - agoMs,
    };
  }

  #lookAtDropped(
    droppedBy: Readonly<Partial<Record<DropReason, number>>>,
    monoMs: number,
  ): void {
    for (const reason of LOSSES) {
      const count = (droppedBy[reason] ?? 0) - (this.#droppedBy[reason] ?? 0);
      if (count <= 0) continue;
      const last = this.#drops.at(-1);
      // An entry a minute and reason is enough to forget by.
      if (last?.reason === reason && monoMs - last.monoMs < MINUTE_MS) {
        this.#drops.splice(-1, 1, { ...last, count: last.count + count });
      } else this.#drops.push({ reason, count, monoMs });
    }
    this.#droppedBy = droppedBy;
    while ((this.#drops[0]?.monoMs ?? monoMs) < monoMs - DAY_MS) {
      this.#drops.shift();
    }
  }
}
