/**
 * A lane in memory: what the store promises, without the store.
 *
 * @module
 */
import type { Reading } from "../../lib/reading/reading.ts";
import type { Account, Lane } from "../../lib/store/outbox.ts";

/** A {@link Lane} the test can fill and look into. */
export interface FakeLane extends Lane {
  add(...readings: readonly Reading[]): void;
  readonly accepted: readonly number[];
  readonly rejected: ReadonlyMap<number, string>;
  /** How often the runner gave readings back. */
  releases(): number;
  /** How often the runner asked for readings. */
  leases(): number;
  /** Ids that are leased and not settled. */
  readonly leased: ReadonlySet<number>;
}

/** An empty lane. */
export function fakeLane(sink = "test"): FakeLane {
  let waiting: Reading[] = [];
  const leased = new Map<number, Reading>();
  const accepted: number[] = [];
  const rejected = new Map<number, string>();
  const waiters = new Set<() => void>();
  let releases = 0;
  let leases = 0;
  let readings = 0;
  return {
    sink,
    accepted,
    rejected,
    releases: () => releases,
    leases: () => leases,
    get leased() {
      return new Set(leased.keys());
    },
    add(...more) {
      waiting.push(...more);
      readings += more.length;
      for (const wake of [...waiters]) wake();
    },
    lease(max) {
      leases++;
      const taken = waiting.slice(0, max);
      waiting = waiting.slice(taken.length);
      for (const reading of taken) leased.set(reading.id, reading);
      return taken;
    },
    settle(id, outcome) {
      if (!leased.delete(id)) throw new Error(`reading ${id} is not leased`);
      if (outcome === "accepted") accepted.push(id);
      else rejected.set(id, outcome.rejected);
    },
    release() {
      releases++;
      waiting = [...leased.values(), ...waiting].sort((a, b) => a.id - b.id);
      leased.clear();
    },
    waiting: (signal) =>
      new Promise((resolve) => {
        const wake = () => {
          if (waiting.length === 0 && !signal.aborted) return;
          waiters.delete(wake);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        waiters.add(wake);
        signal.addEventListener("abort", wake);
        wake();
      }),
    account: (): Account => ({
      readings,
      delivered: accepted.length,
      pending: waiting.length + leased.size,
      rejected: rejected.size,
      dropped: 0,
      droppedBy: {},
    }),
  };
}
