/**
 * The numbered commit points of the outbox: every statement that writes, every
 * move of a file while a damaged database is replaced, and the first byte of a
 * PUBLISH. At each a process can be killed, before and after, or refused by the
 * disk. They are found by their text, from outside: the program has no code for
 * them, so there is nothing to take out of a release. Pure.
 *
 * @module
 */

/** What has to go on for a point to be reached. */
export type Scene =
  | "steady"
  | "first"
  | "late"
  | "prune"
  | "restamp"
  | "damage"
  | "reject"
  | "close";

/** One place where state is written. */
export interface Point {
  readonly name: string;
  /** The statement, for those of SQLite. */
  readonly sql?: RegExp;
  /** The function of the runtime, for those of files. */
  readonly file?: "renameSync" | "removeSync";
  readonly scene: Scene;
}

/** All places, in order of a reading's life; the number is the place in this list. */
export const POINTS: readonly Point[] = [
  { name: "begin", sql: /^BEGIN/, scene: "steady" },
  { name: "boot", sql: /^INSERT INTO boot/, scene: "first" },
  { name: "reading", sql: /^INSERT INTO reading[^]*\?\)$/, scene: "steady" },
  { name: "device", sql: /^INSERT OR REPLACE INTO device/, scene: "close" },
  { name: "kept", sql: /^INSERT OR REPLACE INTO kept/, scene: "first" },
  { name: "commit", sql: /^COMMIT/, scene: "steady" },
  { name: "publish", scene: "steady" },
  { name: "sink", sql: /^INSERT OR REPLACE INTO sink/, scene: "steady" },
  {
    name: "settled_chunk",
    sql: /^INSERT INTO settled/,
    scene: "late",
  },
  { name: "ahead", sql: /^INSERT OR REPLACE INTO ahead/, scene: "late" },
  { name: "ahead_gone", sql: /^DELETE FROM ahead WHERE/, scene: "late" },
  { name: "rejected", sql: /^INSERT INTO rejected/, scene: "reject" },
  {
    name: "prune",
    sql: /^DELETE FROM reading WHERE id <= /,
    scene: "prune",
  },
  { name: "prune_settled", sql: /^DELETE FROM settled/, scene: "prune" },
  {
    name: "last_id",
    sql: /^INSERT OR REPLACE INTO meta VALUES \('last_id'/,
    scene: "prune",
  },
  { name: "restamp", sql: /^UPDATE reading/, scene: "restamp" },
  {
    name: "salvage_row",
    sql: /^INSERT INTO reading[^]*ON CONFLICT/,
    scene: "damage",
  },
  {
    name: "salvage_repair",
    sql: /^INSERT INTO device \(uid/,
    scene: "damage",
  },
  { name: "salvage_move", file: "renameSync", scene: "damage" },
  { name: "salvage_remove", file: "removeSync", scene: "damage" },
  { name: "checkpoint_at_close", scene: "close" },
];

/** Before the write, or after it and before anybody hears of it. */
export const PHASES = ["before", "after"] as const;

/** See {@link PHASES}. */
export type Phase = typeof PHASES[number];

/** What a point does to the process. */
export const ACTS = ["kill", "full", "read_only", "io"] as const;

/** See {@link ACTS}. */
export type Act = typeof ACTS[number];

/** A point with what is to happen there; given to the agent as `CHAOS_POINT`. */
export interface Trap {
  readonly point: string;
  readonly phase: Phase;
  readonly act: Act;
  /** The time it is passed at which it strikes, from 1. */
  readonly hit: number;
}

/** The result codes with which SQLite says it [sqlite.org/rescode.html]. */
export const CODES: Readonly<Record<Exclude<Act, "kill">, number>> = {
  full: 13,
  read_only: 8,
  io: 10,
};

/** Writes of the disk that are refused in a row. */
export const REFUSED = 40;
