/**
 * The SQLite connection behind the outbox: pragmas, prepared statements,
 * transactions, and the one place where a SQLite code becomes a
 * {@link StoreError} or asks for healing.
 *
 * @module
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";

/** What kind of failure a {@link StoreError} is, for whoever must act. */
export type StoreFault =
  | "locked"
  | "version"
  | "full"
  | "io"
  | "damaged"
  | "closed";

/** The store cannot do what was asked; nothing was half done. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  /** What to do depends on it: `full` and `io` may be tried again. */
  readonly fault: StoreFault;

  constructor(fault: StoreFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}

/** Page size of the database file, bytes; salvage relies on it. */
export const PAGE_BYTES = 4096;

// Primary result codes [sqlite.org/rescode.html].
const READONLY = 8;
const FULL = 13;
const DAMAGED: ReadonlySet<number> = new Set([11, 26]);
/** Not the content's fault: permission, busy, locked, memory, read-only, I/O, full, cannot open. */
const OUTSIDE: ReadonlySet<number> = new Set([
  3,
  5,
  6,
  7,
  READONLY,
  10,
  FULL,
  14,
]);

function codeOf(error: unknown): number | null {
  if (!(error instanceof Error) || !("errcode" in error)) return null;
  return typeof error.errcode === "number" ? error.errcode & 0xff : null;
}

/** Whether SQLite says that the content of the file is broken. */
export function isDamage(error: unknown): boolean {
  const code = codeOf(error);
  return code !== null && DAMAGED.has(code);
}

/** Whether an error while opening is the file's fault: also a table that is not there. */
export function isUnfit(error: unknown): boolean {
  const code = codeOf(error);
  return code !== null && !OUTSIDE.has(code);
}

/** Whether the error came from SQLite at all, and not from converting a value. */
export function isFromSqlite(error: unknown): boolean {
  return codeOf(error) !== null;
}

/** Puts an error of SQLite into a {@link StoreError}; others pass unchanged. */
export function storeError(doing: string, error: unknown): unknown {
  const code = codeOf(error);
  if (code === null || !(error instanceof Error)) return error;
  const fault = code === FULL ? "full" : DAMAGED.has(code) ? "damaged" : "io";
  return new StoreError(fault, `Cannot ${doing}: ${error.message}`, {
    cause: error,
  });
}

/** Whether an error says that the file, or its disk, cannot be written. [SQLITE_READONLY] */
export function isReadOnly(error: unknown): boolean {
  return codeOf(error) === READONLY;
}

/** Page size and auto_vacuum only take effect on a new file. */
const PRAGMAS = [
  // First: whoever reads the file at this moment holds up the others, too.
  "busy_timeout = 2000",
  `page_size = ${PAGE_BYTES}`,
  "auto_vacuum = INCREMENTAL",
  "journal_mode = WAL",
  "synchronous = FULL",
  "wal_autocheckpoint = 1000",
  "journal_size_limit = 4194304",
  "temp_store = MEMORY",
];

/** Opens a database file with the outbox's pragmas; creates it when it is not there. */
export function openFile(file: string): DatabaseSync {
  const db = connect(file);
  try {
    // Prepared one by one: `exec` hides the code of an error and does not run a
    // statement that gives rows to its end.
    for (const pragma of PRAGMAS) db.prepare(`PRAGMA ${pragma}`).all();
  } catch (error) {
    db.close();
    throw error;
  }
  return db;
}

/** The connection; the runtime gives a refusal at this point no code. */
function connect(file: string): DatabaseSync {
  try {
    keepToOwner(file);
    return new DatabaseSync(file);
  } catch (error) {
    if (isFromSqlite(error) || !(error instanceof Error)) throw error;
    throw new StoreError("io", `Cannot open the outbox: ${error.message}`, {
      cause: error,
    });
  }
}

/**
 * Makes a database its owner's alone, whatever the mask of this process: SQLite
 * makes files that all may read, and gives the mode of the database to what it
 * makes beside it.
 */
function keepToOwner(file: string): void {
  const mode = 0o600;
  // No file: a database of tests.
  if (file === ":memory:") return;
  try {
    // Only a new file is opened here: closing a second descriptor of one that
    // is in use would give back SQLite's locks on it.
    Deno.openSync(file, { write: true, createNew: true, mode }).close();
  } catch {
    // It is there, or cannot be made: then SQLite says why.
  }
  for (const path of [file, `${file}-wal`, `${file}-shm`]) {
    try {
      if (((Deno.lstatSync(path).mode ?? 0) & 0o077) !== 0) {
        Deno.chmodSync(path, mode);
      }
    } catch {
      // Not there, or of another user who decides about it.
    }
  }
}

/** One value of a result row. */
export type Value = null | number | bigint | string | Uint8Array;

/** A connection that can be replaced underneath its users when the file is damaged. */
export class Database {
  #db: DatabaseSync | null;
  readonly #statements = new Map<string, StatementSync>();
  #heal: ((cause: unknown) => void) | null = null;
  /** The damage that could not be healed yet. */
  #sick: unknown = null;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Calls `heal` when the content turns out to be damaged; it must {@link replace} the connection. */
  onDamage(heal: (cause: unknown) => void): void {
    this.#heal = heal;
  }

  /** Continues on another connection. */
  replace(db: DatabaseSync): void {
    this.#statements.clear();
    this.#db = db;
  }

  /** The prepared statement for `text`, prepared once per connection. */
  sql(text: string): StatementSync {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const statement = this.#open().prepare(text);
    this.#statements.set(text, statement);
    return statement;
  }

  /** Runs one statement to its end. */
  exec(text: string): void {
    this.sql(text).all();
  }

  /** One number from a statement's first row and column; 0 when there is none. */
  number(text: string, ...values: (number | string)[]): number {
    const row = this.sql(text).get(...values);
    const value = row === undefined ? null : Object.values(row)[0];
    return typeof value === "number" ? value : 0;
  }

  /**
   * Runs `work` and, when the file turns out to be damaged, heals and runs it
   * once more. Not to be nested.
   *
   * @throws {StoreError}
   */
  read<T>(doing: string, work: () => T): T {
    const heal = this.#heal;
    try {
      // A healing that failed, say for want of space, is tried again.
      if (this.#sick !== null && heal !== null) throw this.#sick;
      return work();
    } catch (error) {
      if (heal === null || !(error === this.#sick || isDamage(error))) {
        throw storeError(doing, error);
      }
      this.#sick = error;
      this.#heal = null;
      try {
        heal(error);
        this.#sick = null;
        return work();
      } catch (again) {
        throw storeError(doing, again);
      } finally {
        this.#heal = heal;
      }
    }
  }

  /**
   * {@link read} in one transaction: all of `work` or nothing of it.
   *
   * @throws {StoreError}
   */
  write<T>(doing: string, work: () => T): T {
    return this.read(doing, () => this.transaction(work));
  }

  /** One transaction without healing; errors come as SQLite gives them. */
  transaction<T>(work: () => T): T {
    this.sql("BEGIN IMMEDIATE").run();
    try {
      const result = work();
      this.sql("COMMIT").run();
      return result;
    } catch (error) {
      // SQLite has rolled back by itself after some errors.
      if (this.#open().isTransaction) this.sql("ROLLBACK").run();
      throw error;
    }
  }

  /** Ends the connection; the log of writes is folded into the file. */
  close(): void {
    this.#statements.clear();
    const db = this.#db;
    this.#db = null;
    db?.close();
  }

  #open(): DatabaseSync {
    if (this.#db === null) {
      throw new StoreError("closed", "Cannot use the outbox: it is closed");
    }
    return this.#db;
  }
}
