/**
 * Databases as earlier layouts have left them, for tests of what a newer
 * release makes of them. The steps are those of their time and never change.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { commandOf, type Site, uid } from "./fixture.ts";

const FIRST = [
  "CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
  "CREATE TABLE boot (n INTEGER PRIMARY KEY, boot TEXT NOT NULL UNIQUE, first_seen_ms INTEGER NOT NULL)",
  "CREATE TABLE device ( uid TEXT PRIMARY KEY, first_seen_ms INTEGER NOT NULL, last_seen_ms INTEGER NOT NULL, last_id INTEGER NOT NULL, files TEXT NOT NULL, link TEXT ) WITHOUT ROWID",
  "CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
  "CREATE TABLE reading ( id INTEGER PRIMARY KEY, device TEXT NOT NULL, file INTEGER NOT NULL, wall_ms INTEGER NOT NULL, mono_ms INTEGER NOT NULL, boot INTEGER NOT NULL, synced INTEGER NOT NULL, part INTEGER NOT NULL, chk INTEGER NOT NULL, command BLOB NOT NULL )",
  "CREATE TABLE sink ( name TEXT PRIMARY KEY, start_id INTEGER NOT NULL, cursor INTEGER NOT NULL, delivered INTEGER NOT NULL, rejected INTEGER NOT NULL, dropped TEXT NOT NULL ) WITHOUT ROWID",
  "CREATE TABLE ahead ( sink TEXT NOT NULL, first_id INTEGER NOT NULL, last_id INTEGER NOT NULL, PRIMARY KEY (sink, first_id) ) WITHOUT ROWID",
  "CREATE TABLE rejected ( n INTEGER PRIMARY KEY, sink TEXT NOT NULL, id INTEGER NOT NULL, reason TEXT NOT NULL, device TEXT NOT NULL, file INTEGER NOT NULL, wall_ms INTEGER NOT NULL, command BLOB )",
  "CREATE INDEX rejected_sink ON rejected (sink, n)",
];
const SECOND = [
  "CREATE TABLE kept ( area TEXT NOT NULL, key TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (area, key) ) WITHOUT ROWID",
];
const PRAGMAS = [
  "page_size = 4096",
  "auto_vacuum = INCREMENTAL",
  "journal_mode = WAL",
];

/**
 * Leaves a database of version 1 or 2 in the site's directory: `count` readings
 * of five devices, one a second until the site's present; sink `cloud` has
 * delivered the first `delivered`.
 */
export function oldStore(
  site: Site,
  version: 1 | 2,
  count: number,
  delivered: number,
): void {
  const db = new DatabaseSync(site.file);
  for (const pragma of PRAGMAS) db.prepare(`PRAGMA ${pragma}`).all();
  for (const step of version === 1 ? FIRST : [...FIRST, ...SECOND]) {
    db.exec(step);
  }
  db.exec(`PRAGMA user_version = ${version}`);
  const { wallMs, monoMs, bootId } = site.clock.instant();
  db.prepare("INSERT INTO boot VALUES (1, ?, ?)").run(bootId, wallMs);
  const insert = db.prepare(
    "INSERT INTO reading VALUES (?, ?, 64, ?, ?, 1, 1, 0, ?, ?)",
  );
  db.exec("BEGIN");
  for (let id = 1; id <= count; id++) {
    const backMs = (count - id) * 1000;
    const device = uid(id % 5);
    const command = commandOf(id);
    const head = `${id} ${device} 64 ${wallMs - backMs} ${
      monoMs - backMs
    } 1 1 0 `;
    const check = crc32(command, crc32(head));
    insert.run(id, device, wallMs - backMs, monoMs - backMs, check, command);
  }
  const known = db.prepare(
    "INSERT INTO device VALUES (?, ?, ?, ?, '{\"energy\":1}', NULL)",
  );
  for (let id = Math.max(1, count - 4); id <= count; id++) {
    known.run(uid(id % 5), wallMs, wallMs, id);
  }
  db.prepare("INSERT INTO sink VALUES ('cloud', 0, ?, ?, 0, '{}')")
    .run(delivered, delivered);
  db.exec("COMMIT");
  db.close();
}
