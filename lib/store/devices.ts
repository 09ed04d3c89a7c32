/**
 * The device register: who was heard, when, how, and how often; and counters
 * that must survive a restart, such as Sparkplug's bdSeq. Both are held in
 * memory. Counters are written through; the register now and then, since the log
 * of readings says what it misses: {@link DeviceRegister.catchUp}.
 *
 * @module
 */
import type { Link, Reading } from "../reading/reading.ts";
import type { Database } from "./database.ts";
import type { StoredRow } from "./row.ts";

/** What the register keeps of one device. */
export interface DeviceEntry {
  readonly device: string;
  /** Milliseconds since 1970. */
  readonly firstSeenMs: number;
  /** Milliseconds since 1970. */
  readonly lastSeenMs: number;
  /** Id of its newest reading; 0 before the first one. */
  readonly lastId: number;
  /** Readings by file name. */
  readonly files: Readonly<Record<string, number>>;
  /** How it was heard last; null before the first time. */
  readonly link: Link | null;
}

/** The register as other parts see it. */
export interface Devices {
  /** All devices, in no particular order. */
  list(): readonly DeviceEntry[];
  get(device: string): DeviceEntry | undefined;
  /** Notes that a device was heard without a reading; written at times. */
  seen(device: string, wallMs: number, link: Link | null): void;
}

/** A number that survives restarts. */
export interface Counter {
  /** The value; 0 before the first {@link set}. */
  get(): number;
  /** Sets and commits. @throws {StoreError} */
  set(value: number): void;
  /** Adds one, commits, and gives the new value. @throws {StoreError} */
  next(): number;
}

/**
 * Readings that the table may miss. So many of the newest rows are looked at
 * when the store is opened.
 */
export const REGISTER_BEHIND = 1024;

/** What readings that are being committed change in the register. */
export interface Staged {
  readonly entries: ReadonlyMap<string, DeviceEntry>;
  /** Id of the newest of them; 0 when there are none. */
  readonly lastId: number;
}

/** {@link Devices} over table `device`. */
export class DeviceRegister implements Devices {
  readonly #db: Database;
  readonly #devices = new Map<string, DeviceEntry>();
  readonly #unsaved = new Set<string>();
  /** The table knows all readings up to this id. */
  #savedTo = 0;
  /** The newest reading that the entries know. */
  #lastId = 0;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Reads the table. */
  load(): void {
    const rows = this.#db.sql("SELECT * FROM device").all();
    for (const row of rows) {
      if (typeof row.uid !== "string") continue;
      this.#devices.set(row.uid, {
        device: row.uid,
        firstSeenMs: Number(row.first_seen_ms),
        lastSeenMs: Number(row.last_seen_ms),
        lastId: Number(row.last_id),
        files: parsed<Record<string, number>>(row.files) ?? {},
        link: parsed<Link>(row.link),
      });
      // It is always written as a whole.
      this.#savedTo = Math.max(this.#savedTo, Number(row.last_id));
    }
    this.#lastId = this.#savedTo;
  }

  list(): readonly DeviceEntry[] {
    return [...this.#devices.values()];
  }

  get(device: string): DeviceEntry | undefined {
    return this.#devices.get(device);
  }

  seen(device: string, wallMs: number, link: Link | null): void {
    const before = this.#devices.get(device);
    this.#devices.set(device, {
      device,
      firstSeenMs: before?.firstSeenMs ?? wallMs,
      lastSeenMs: wallMs,
      lastId: before?.lastId ?? 0,
      files: before?.files ?? {},
      link: link ?? before?.link ?? null,
    });
    this.#unsaved.add(device);
  }

  /**
   * Takes over rows of the log that the table misses, in their order.
   *
   * @param reading what a row says; null when it says nothing
   */
  catchUp(
    rows: readonly StoredRow[],
    reading: (row: StoredRow) => Reading | null,
  ): void {
    for (const row of rows) {
      const before = this.#devices.get(row.device);
      if (row.id <= (before?.lastId ?? 0)) continue;
      const found = reading(row);
      this.#devices.set(row.device, {
        device: row.device,
        firstSeenMs: before?.firstSeenMs ?? row.wall_ms,
        lastSeenMs: row.wall_ms,
        lastId: row.id,
        files: found === null
          ? before?.files ?? {}
          : counted(before?.files, found.file),
        link: found?.link ?? before?.link ?? null,
      });
      this.#unsaved.add(row.device);
      this.#lastId = Math.max(this.#lastId, row.id);
    }
  }

  /** By device, the id of its newest reading. */
  *lastIds(): Iterable<readonly [string, number]> {
    for (const entry of this.#devices.values()) {
      yield [entry.device, entry.lastId];
    }
  }

  /** The entries as they will be once `readings` are committed. */
  staged(readings: readonly Reading[]): Staged {
    const staged = new Map<string, DeviceEntry>();
    for (const reading of readings) {
      const { device, file, received, link, id } = reading;
      const before = staged.get(device) ?? this.#devices.get(device);
      staged.set(device, {
        device,
        firstSeenMs: before?.firstSeenMs ?? received.wallMs,
        lastSeenMs: received.wallMs,
        lastId: id,
        files: counted(before?.files, file),
        link: link ?? before?.link ?? null,
      });
    }
    return { entries: staged, lastId: readings.at(-1)?.id ?? 0 };
  }

  /** Writes what waits and what is staged; inside a transaction. */
  save(staged: ReadonlyMap<string, DeviceEntry>): void {
    for (const device of this.#unsaved) {
      const entry = this.#devices.get(device);
      if (entry !== undefined && !staged.has(device)) this.#write(entry);
    }
    for (const entry of staged.values()) this.#write(entry);
  }

  /** Takes over what was committed with its readings; {@link save} need not have written it. */
  committed({ entries, lastId }: Staged): void {
    for (const [device, entry] of entries) {
      this.#devices.set(device, entry);
      this.#unsaved.add(device);
    }
    this.#lastId = Math.max(this.#lastId, lastId);
  }

  /** All of it is in the table; after {@link committed}. */
  saved(): void {
    this.#unsaved.clear();
    this.#savedTo = this.#lastId;
  }

  /** Whether the table would miss more than may be if these were not written. */
  full({ lastId }: Staged): boolean {
    return Math.max(this.#lastId, lastId) - this.#savedTo > REGISTER_BEHIND;
  }

  /** Whether the table misses a reading that has an id up to this one. */
  misses(upTo: number): boolean {
    return this.#lastId > this.#savedTo && upTo > this.#savedTo;
  }

  /** Whether something waits for {@link save}. */
  get dirty(): boolean {
    return this.#unsaved.size > 0;
  }

  /** Lets everything be written again: the database has lost it. */
  touchAll(): void {
    for (const device of this.#devices.keys()) this.#unsaved.add(device);
  }

  #write(entry: DeviceEntry): void {
    this.#db.sql("INSERT OR REPLACE INTO device VALUES (?, ?, ?, ?, ?, ?)").run(
      entry.device,
      entry.firstSeenMs,
      entry.lastSeenMs,
      entry.lastId,
      JSON.stringify(entry.files),
      entry.link === null ? null : JSON.stringify(entry.link),
    );
  }
}

/** Counters over table `counter`. */
export class Counters {
  readonly #db: Database;
  readonly #values = new Map<string, number>();

  constructor(db: Database) {
    this.#db = db;
  }

  /** Reads the table. */
  load(): void {
    for (const row of this.#db.sql("SELECT * FROM counter").all()) {
      this.#values.set(String(row.name), Number(row.value));
    }
  }

  /** The counter of that name; made at its first {@link Counter.set}. */
  counter(name: string): Counter {
    const get = (): number => this.#values.get(name) ?? 0;
    const set = (value: number): void => {
      this.#db.write("write a counter", () => this.#write(name, value));
      this.#values.set(name, value);
    };
    const next = (): number => {
      set(get() + 1);
      return get();
    };
    return { get, set, next };
  }

  /** Writes all again; inside a transaction. */
  saveAll(): void {
    for (const [name, value] of this.#values) this.#write(name, value);
  }

  #write(name: string, value: number): void {
    this.#db.sql("INSERT OR REPLACE INTO counter VALUES (?, ?)")
      .run(name, value);
  }
}

function counted(
  files: Readonly<Record<string, number>> = {},
  file: string,
): Readonly<Record<string, number>> {
  return { ...files, [file]: (files[file] ?? 0) + 1 };
}

/** JSON that this file wrote, or null when there is none or it was damaged. */
function parsed<T extends object>(text: unknown): T | null {
  if (typeof text !== "string") return null;
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
