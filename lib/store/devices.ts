/**
 * The device register: who was heard, when, how, and how often; and counters
 * that must survive a restart, such as Sparkplug's bdSeq. Both are held in
 * memory and written through.
 *
 * @module
 */
import type { Link, Reading } from "../reading/reading.ts";
import type { Database } from "./database.ts";

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
  /** Notes that a device was heard without a reading; written with the next commit. */
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

/** {@link Devices} over table `device`. */
export class DeviceRegister implements Devices {
  readonly #db: Database;
  readonly #devices = new Map<string, DeviceEntry>();
  readonly #unsaved = new Set<string>();
  readonly #changed: () => void;

  /** @param changed called when something waits for {@link save} */
  constructor(db: Database, changed: () => void) {
    this.#db = db;
    this.#changed = changed;
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
    }
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
    this.#changed();
  }

  /** By device, the id of its newest reading. */
  *lastIds(): Iterable<readonly [string, number]> {
    for (const entry of this.#devices.values()) {
      yield [entry.device, entry.lastId];
    }
  }

  /** The entries as they will be once `readings` are committed. */
  staged(readings: readonly Reading[]): Map<string, DeviceEntry> {
    const staged = new Map<string, DeviceEntry>();
    for (const reading of readings) {
      const { device, file, received, link, id } = reading;
      const before = staged.get(device) ?? this.#devices.get(device);
      staged.set(device, {
        device,
        firstSeenMs: before?.firstSeenMs ?? received.wallMs,
        lastSeenMs: received.wallMs,
        lastId: id,
        files: { ...before?.files, [file]: (before?.files[file] ?? 0) + 1 },
        link: link ?? before?.link ?? null,
      });
    }
    return staged;
  }

  /** Writes what waits and what is staged; inside a transaction. */
  save(staged: ReadonlyMap<string, DeviceEntry>): void {
    for (const device of this.#unsaved) {
      const entry = this.#devices.get(device);
      if (entry !== undefined && !staged.has(device)) this.#write(entry);
    }
    for (const entry of staged.values()) this.#write(entry);
  }

  /** Takes over what {@link save} has written; after the commit. */
  saved(staged: ReadonlyMap<string, DeviceEntry>): void {
    for (const [device, entry] of staged) this.#devices.set(device, entry);
    this.#unsaved.clear();
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
