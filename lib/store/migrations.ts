/**
 * The layout of the database as numbered steps. A step, once released, is never
 * changed; a new layout is a new step at the end.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { StoreError } from "./database.ts";

/**
 * Step n brings version n to n + 1. The device stands in every reading, so that
 * a row can be salvaged without any other table. `carve.ts` reads the columns of
 * `reading` in this order: new ones may only be added at the end.
 */
const STEPS: readonly (readonly string[])[] = [[
  `CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID`,
  `CREATE TABLE boot (n INTEGER PRIMARY KEY, boot TEXT NOT NULL UNIQUE, first_seen_ms INTEGER NOT NULL)`,
  `CREATE TABLE device ( uid TEXT PRIMARY KEY, first_seen_ms INTEGER NOT NULL, last_seen_ms INTEGER NOT NULL, last_id INTEGER NOT NULL, files TEXT NOT NULL, link TEXT ) WITHOUT ROWID`,
  `CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID`,
  `CREATE TABLE reading ( id INTEGER PRIMARY KEY, device TEXT NOT NULL, file INTEGER NOT NULL, wall_ms INTEGER NOT NULL, mono_ms INTEGER NOT NULL, boot INTEGER NOT NULL, synced INTEGER NOT NULL, part INTEGER NOT NULL, chk INTEGER NOT NULL, command BLOB NOT NULL )`,
  `CREATE TABLE sink ( name TEXT PRIMARY KEY, start_id INTEGER NOT NULL, cursor INTEGER NOT NULL, delivered INTEGER NOT NULL, rejected INTEGER NOT NULL, dropped TEXT NOT NULL ) WITHOUT ROWID`,
  `CREATE TABLE ahead ( sink TEXT NOT NULL, first_id INTEGER NOT NULL, last_id INTEGER NOT NULL, PRIMARY KEY (sink, first_id) ) WITHOUT ROWID`,
  `CREATE TABLE rejected ( n INTEGER PRIMARY KEY, sink TEXT NOT NULL, id INTEGER NOT NULL, reason TEXT NOT NULL, device TEXT NOT NULL, file INTEGER NOT NULL, wall_ms INTEGER NOT NULL, command BLOB )`,
  `CREATE INDEX rejected_sink ON rejected (sink, n)`,
], [
  `CREATE TABLE IF NOT EXISTS kept ( area TEXT NOT NULL, key TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (area, key) ) WITHOUT ROWID`,
], [
  // No index by device: it would cost a page of the log of writes for every
  // reading. `back` leads from a device's reading to the one before instead.
  `ALTER TABLE reading ADD COLUMN back INTEGER`,
  `ALTER TABLE reading ADD COLUMN frame_counter INTEGER`,
  `ALTER TABLE sink ADD COLUMN settled BLOB`,
  `CREATE TABLE IF NOT EXISTS settled ( n INTEGER PRIMARY KEY, sink TEXT NOT NULL, first_id INTEGER NOT NULL, last_id INTEGER NOT NULL, runs BLOB NOT NULL )`,
]];

/** Version of the layout that this release writes. */
export const VERSION = STEPS.length;

/** The number kept in the file for its version. */
export function versionOf(db: DatabaseSync): number {
  const row = db.prepare("PRAGMA user_version").get();
  return typeof row?.user_version === "number" ? row.user_version : 0;
}

/**
 * Brings a database to {@link VERSION}, each step in its own transaction.
 *
 * @throws {StoreError} with fault `version` when a newer release wrote the file
 */
export function migrate(
  db: DatabaseSync,
  steps: typeof STEPS = STEPS,
): void {
  const found = versionOf(db);
  if (found > steps.length) {
    throw new StoreError(
      "version",
      `Cannot open the outbox: its version is ${found}, this release knows up to ${steps.length}`,
    );
  }
  for (const [at, step] of steps.entries()) {
    if (at < found) continue;
    const version = `PRAGMA user_version = ${at + 1}`;
    for (const text of ["BEGIN IMMEDIATE", ...step, version, "COMMIT"]) {
      db.prepare(text).all();
    }
  }
}
