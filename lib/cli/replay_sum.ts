/**
 * What a replay has brought: frames, readings, and how far they have come in
 * each sink. An outbox may have held readings before; they are not counted.
 *
 * @module
 */
import type { Agent } from "../agent.ts";
import { count, several } from "./words.ts";

/** What was played. */
export interface Played {
  /** Lines of kinds that this version does not know. */
  skipped: number;
  /** Bytes that the capture says it lacks. */
  omittedBytes: number;
}

/** Readings that a sink still has to take. */
export interface Left {
  readonly name: string;
  readonly count: number;
  /** How the sink is. */
  readonly detail: string;
}

/** Counts from when it is made. */
export class ReplaySum {
  readonly #agent: Agent;
  readonly #before: ReadonlyMap<string, ReturnType<typeof accountOf>>;

  constructor(agent: Agent) {
    this.#agent = agent;
    this.#before = new Map(
      agent.sinks.map((sink) => [sink.name, accountOf(sink)]),
    );
  }

  /** What still has to be delivered, sinks that have taken everything left out. */
  left(): readonly Left[] {
    const due = this.#readings();
    return this.#agent.sinks.flatMap((sink) => {
      const { pending, readings } = accountOf(sink);
      const logged = readings - (this.#before.get(sink.name)?.readings ?? 0);
      // What the outbox could not take yet waits in memory.
      const left = pending + Math.max(0, due - logged);
      return left === 0
        ? []
        : [{ name: sink.name, count: left, detail: sink.sink.state().detail }];
    });
  }

  /** Whether every reading has reached every sink. */
  whole(): boolean {
    return this.left().length === 0 && this.#agent.counters.lost === 0 &&
      this.#agent.sinks.every((sink) => {
        const now = accountOf(sink);
        const before = this.#before.get(sink.name);
        return now.rejected === before?.rejected &&
          now.dropped === before.dropped;
      });
  }

  /** Lines for people. */
  text({ skipped, omittedBytes }: Played): string {
    const { modem, counters, sinks } = this.#agent;
    const frames = Object.values(modem.counters.frames)
      .reduce((sum, n) => sum + n, 0);
    const { badChecksums, discardedBytes } = modem.counters;
    const rows = [
      `${several(frames, "frame")}, ${several(badChecksums, "bad checksum")}, ${
        several(discardedBytes, "byte")
      } discarded`,
      `${several(this.#readings(), "reading")}, ${
        several(counters.duplicates, "duplicate")
      }${counters.ignored > 0 ? `, ${count(counters.ignored)} ignored` : ""}${
        counters.lost > 0 ? `, ${count(counters.lost)} lost` : ""
      }`,
      ...sinks.map((sink) => {
        const now = accountOf(sink);
        const before = this.#before.get(sink.name);
        const since = (key: "delivered" | "rejected" | "dropped") =>
          count(now[key] - (before?.[key] ?? 0));
        return `${sink.name}: ${since("delivered")} delivered, ${
          count(now.pending)
        } pending, ${since("rejected")} rejected${
          now.dropped === before?.dropped ? "" : `, ${since("dropped")} dropped`
        }`;
      }),
    ];
    if (omittedBytes > 0) {
      rows.push(
        `The capture lacks ${
          several(omittedBytes, "byte")
        } of the line, for which the recorder had no room`,
      );
    }
    if (skipped > 0) {
      rows.push(
        `${
          several(skipped, "line")
        } of the capture are of a later version, skipped`,
      );
    }
    return rows.map((row) => `${row}\n`).join("");
  }

  /** Readings that went on their way: no duplicates, none of ignored devices. */
  #readings(): number {
    const { readings, duplicates, ignored, lost } = this.#agent.counters;
    return Object.values(readings).reduce((sum, n) => sum + n, 0) -
      duplicates - ignored - lost;
  }
}

function accountOf({ lane }: Agent["sinks"][number]) {
  return lane.account();
}
