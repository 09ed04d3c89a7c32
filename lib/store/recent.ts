/**
 * Readings by device and time, the newest first. There is no index by device:
 * every row says how far back the device's row before it stands, and that chain
 * is followed. Where it breaks (a row of an older layout, a damaged one) the
 * log is searched downwards for the next link.
 *
 * Answers come in slices of a few milliseconds. Between two of them anything may
 * happen to the log: new rows stand above where the answer began, pruned ones
 * are not found any more, and where a slice goes on is an id, not a statement
 * that is under way.
 *
 * @module
 */
import type { Clock } from "../clock.ts";
import type { Reading } from "../reading/reading.ts";
import { type Database, isFromSqlite, type Value } from "./database.ts";
import { Pace } from "./pace.ts";
import type { Readings } from "./readings.ts";
import { COLUMNS, intactRow, type StoredRow } from "./row.ts";

/** The log that is looked into. */
export interface ReadingLog {
  readonly db: Database;
  readonly readings: Readings;
  readonly clock: Pick<Clock, "monoMs">;
}

/** Which readings are asked for. */
export interface RecentQuery {
  readonly device?: string;
  /** Wall clock, milliseconds since 1970. */
  readonly sinceMs?: number;
  /** Wall clock, milliseconds since 1970; the moment itself included. */
  readonly untilMs?: number;
  /** Most readings given. */
  readonly limit: number;
}

/** A stretch of one device's past. */
export interface PastQuery {
  readonly device: string;
  readonly fileId: number;
  /** Wall clock, milliseconds since 1970. */
  readonly sinceMs: number;
  /** Wall clock, milliseconds since 1970; the moment itself included. */
  readonly untilMs: number;
  /** Most readings given; where there are more, every second, third, … one is. */
  readonly most: number;
}

const DOING = "read the outbox";
/** Readings interpreted in one slice. */
const INTERPRETED = 128;
/** Ids that are searched in one slice, for each row of its length: they stand side by side. */
const SEARCHED_PER_ROW = 16;
/** Most rows looked at for one question, so that it ends: some 0.2 s. */
const MOST_ROWS = 50_000;
/** How far the log is searched for the next link of a chain that broke, rows. */
const SEARCH_ROWS = 1_000_000;
/** How far {@link lastPushes} looks back, rows. */
const LOOK_BACK_PUSHES = 20_000;
/** A wall clock may have been set back by so much, milliseconds. */
const CLOCK_SLACK_MS = 3_600_000;

const CHAINED = COLUMNS.split(", ").map((name) => `reading.${name}`).join(", ");
const CHAIN = `WITH RECURSIVE chain (${COLUMNS}) AS (
    SELECT ${COLUMNS} FROM reading WHERE id = ?1 AND device = ?2
    UNION ALL
    SELECT ${CHAINED} FROM chain
      JOIN reading ON reading.id = chain.id - chain.back
      WHERE chain.back > 0 AND reading.device = ?2
    LIMIT ?3
  ) SELECT * FROM chain`;
const SEARCH = `SELECT ${COLUMNS} FROM reading
  WHERE id BETWEEN ?1 AND ?2 AND device = ?3 ORDER BY id DESC LIMIT ?4`;
const ALL =
  `SELECT ${COLUMNS} FROM reading WHERE id <= ?1 ORDER BY id DESC LIMIT ?2`;

/**
 * The newest readings first, slice by slice; a slice may be empty.
 *
 * @param newestId where to begin
 */
export function* recentSlices(
  log: ReadingLog,
  query: RecentQuery,
  newestId: number,
): Generator<readonly Reading[], void> {
  const { device, sinceMs = -Infinity, untilMs = Infinity, limit } = query;
  const slices = device === undefined
    ? slicesDown(log, newestId)
    : slicesOf(log, device, newestId);
  let left = limit;
  if (left <= 0) return;
  for (const rows of within(slices, sinceMs, untilMs)) {
    const found = rows.flatMap((row) => log.readings.reading(row) ?? [])
      .slice(0, left);
    left -= found.length;
    yield found;
    if (left <= 0) return;
  }
}

/**
 * A device's readings of one file, oldest first, slice by slice, and in the end
 * how many there are. The first slices are empty, while rows are looked for.
 *
 * @param newestId where to begin
 */
export function* pastSlices(
  log: ReadingLog,
  { device, fileId, sinceMs, untilMs, most }: PastQuery,
  newestId: number,
): Generator<readonly Reading[], number> {
  const rows: StoredRow[] = [];
  const slices = slicesOf(log, device, newestId);
  for (const slice of within(slices, sinceMs, untilMs)) {
    rows.push(...slice.filter(({ file }) => file === fileId));
    yield [];
  }
  const step = Math.ceil(rows.length / Math.max(1, most));
  // Only what is given is interpreted; the newest is always among it.
  const chosen = rows.filter((_, at) => at % step === 0).reverse();
  for (let at = 0; at < chosen.length; at += INTERPRETED) {
    yield chosen.slice(at, at + INTERPRETED)
      .flatMap((row) => log.readings.reading(row) ?? []);
  }
  return rows.length;
}

/** The newest reading of every device and file since a moment, milliseconds since 1970. */
export function lastPushes(
  db: Database,
  readings: Readings,
  sinceWallMs: number,
): readonly Reading[] {
  // SQLite takes the other columns from the row that has the maximum.
  const rows = db.sql(
    `SELECT max(id) AS newest, ${COLUMNS} FROM reading
     WHERE id > ? AND wall_ms >= ? GROUP BY device, file ORDER BY id`,
  ).all(readings.lastId - LOOK_BACK_PUSHES, sinceWallMs);
  return rows.flatMap((row) => {
    const whole = intactRow(row);
    return whole === null ? [] : readings.reading(whole) ?? [];
  });
}

/** The rows of a time, of rows that go back in it. */
function* within(
  slices: Iterable<readonly StoredRow[]>,
  sinceMs: number,
  untilMs: number,
): Generator<readonly StoredRow[]> {
  let left = MOST_ROWS;
  for (const rows of slices) {
    // A clock that was not synchronised says nothing about what stands before.
    const end = rows.findIndex(({ synced, wall_ms }) =>
      synced === 1 && wall_ms < sinceMs - CLOCK_SLACK_MS
    );
    const looked = rows.slice(0, Math.min(left, end < 0 ? rows.length : end));
    yield looked.filter(({ wall_ms }) =>
      wall_ms >= sinceMs && wall_ms <= untilMs
    );
    left -= looked.length;
    if (looked.length < rows.length || left <= 0) return;
  }
}

/** The rows of the log from `newestId` on downwards. */
function* slicesDown(
  log: ReadingLog,
  newestId: number,
): Generator<readonly StoredRow[]> {
  const pace = new Pace(log.clock);
  for (let at = newestId;;) {
    const size = pace.rows;
    const rows = pace.timed(() =>
      selected(log, () => log.db.sql(ALL).all(at, size))
    );
    if (rows === null) {
      yield near(log, at - size + 1, at);
      at -= size;
      continue;
    }
    yield rows.flatMap((row) => intactRow(row) ?? []);
    if (rows.length < size) return;
    at = idOf(rows.at(-1)) - 1;
  }
}

/** The rows of one device from its newest on downwards. */
export function* slicesOf(
  log: ReadingLog,
  device: string,
  newestId: number,
): Generator<readonly StoredRow[]> {
  const { db } = log;
  const pace = new Pace(log.clock);
  let at = newestId;
  let linked = true;
  let floor: number | null = null;
  for (;;) {
    const size = pace.rows;
    if (!linked) floor ??= Math.max(0, at - SEARCH_ROWS);
    if (floor !== null && !linked && at <= floor) return;
    const low = Math.max(floor ?? 0, at - SEARCHED_PER_ROW * size) + 1;
    const rows = pace.timed(() =>
      selected(
        log,
        () =>
          linked
            ? db.sql(CHAIN).all(at, device, size)
            : db.sql(SEARCH).all(low, at, device, size),
      )
    );
    if (rows === null) {
      yield near(log, at - size + 1, at).filter((row) => row.device === device);
      at -= size;
      linked = false;
      continue;
    }
    if (rows.length === 0) {
      if (!linked) at = low - 1;
      linked = false;
      yield [];
      continue;
    }
    const whole = intact(rows);
    yield whole;
    const last = whole.at(-1);
    if (whole.length < rows.length || last === undefined) {
      // The damaged row leads nowhere.
      at = idOf(rows[whole.length]) - 1;
      linked = false;
      continue;
    }
    if (last.back === 0) return;
    at = last.id - (last.back ?? 1);
    linked = last.back !== null;
  }
}

/** Rows one by one where they cannot be selected together, the newest first. */
function near(
  { db, readings }: ReadingLog,
  from: number,
  to: number,
): StoredRow[] {
  return db.read(DOING, () => readings.rows(from, to)).toReversed();
}

/** What was selected; null when there is a damaged value in it that no number can hold. */
function selected<T>({ db }: ReadingLog, select: () => T): T | null {
  try {
    return db.read(DOING, select);
  } catch (error) {
    if (isFromSqlite(error) || !(error instanceof RangeError)) throw error;
    return null;
  }
}

/** The rows before the first damaged one. */
function intact(
  rows: readonly Readonly<Record<string, Value>>[],
): readonly StoredRow[] {
  const whole: StoredRow[] = [];
  for (const row of rows) {
    const stored = intactRow(row);
    if (stored === null) break;
    whole.push(stored);
  }
  return whole;
}

function idOf(row: Readonly<Record<string, Value>> | undefined): number {
  return Number(row?.id);
}
