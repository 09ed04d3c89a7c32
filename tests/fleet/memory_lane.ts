/**
 * A log in memory with the product's own lane on it: which reading is leased
 * next, what is in flight and the account are those of a gateway. Only the disk
 * is left out: hundreds of gateways in one process would measure its commits.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../lib/clock.ts";
import type { Reading } from "../../lib/reading/reading.ts";
import { Database } from "../../lib/store/database.ts";
import { StoredLane } from "../../lib/store/lane.ts";
import { Ranges } from "../../lib/store/ranges.ts";

/** One reading of the log, kept small: there are many. */
export interface Slot {
  /** Place of the device among the gateway's. */
  readonly device: number;
  /** The meter's counter. */
  readonly number: number;
  readonly monoMs: number;
  readonly wallMs: number;
}

/** Readings of a gateway and its sink's way through them. */
export class MemoryLane {
  readonly lane: StoredLane;
  readonly #slots: Slot[] = [];
  readonly #lastOf = new Map<string, number>();
  readonly #templates: readonly Reading[];

  /**
   * @param templates a reading of each device; only counter, id and time change
   * @param unused a database that is asked for nothing
   */
  constructor(
    templates: readonly Reading[],
    clock: Clock,
    unused: Database,
  ) {
    this.#templates = templates;
    const nothing = {
      startId: 0,
      cursor: 0,
      delivered: 0,
      rejected: 0,
      droppedBy: {},
      settled: new Uint8Array(),
    };
    this.lane = new StoredLane("cloud", nothing, new Ranges(), {
      db: unused,
      lastId: () => this.#slots.length,
      lastIds: () => this.#lastOf,
      inMemory: (id) => this.#at(id),
      fetch: () => [],
      now: () => ({ atMs: clock.nowMs(), synced: true }),
      changed: () => this.lane.saved(),
      dropped: () => {},
    });
  }

  /** Logs one reading and wakes the lane, as a commit does. */
  append(slot: Slot): void {
    this.#slots.push(slot);
    const device = this.#templates[slot.device]?.device;
    if (device !== undefined) this.#lastOf.set(device, this.#slots.length);
    this.lane.wake();
  }

  /** What was logged under an id. */
  slot(id: number): Slot | undefined {
    return this.#slots[id - 1];
  }

  #at(id: number): Reading | undefined {
    const slot = this.#slots[id - 1];
    const template = slot && this.#templates[slot.device];
    if (slot === undefined || template === undefined) return undefined;
    const [counter, ...others] = template.measurements;
    if (counter === undefined) return undefined;
    return {
      ...template,
      id,
      measurements: [{ ...counter, value: BigInt(slot.number) }, ...others],
      received: {
        ...template.received,
        monoMs: slot.monoMs,
        wallMs: slot.wallMs,
      },
    };
  }
}

/** A database for lanes that never write. */
export function unusedDatabase(): { readonly db: Database } & Disposable {
  const file = new DatabaseSync(":memory:");
  return { db: new Database(file), [Symbol.dispose]: () => file.close() };
}
