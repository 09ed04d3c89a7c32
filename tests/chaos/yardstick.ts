/**
 * A piece of work like the agent's that shares nothing with it: a process
 * starts, computes, and commits to a database that has to reach the disk. How
 * long it takes says how slow this machine is now, see `patience.ts`.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";

/** Commits, each synced. */
const COMMITS = 20;
/** Steps of a generator of numbers, some tenths of a second of computing. */
const STEPS = 300_000_000;

let state = 1;
for (let n = 0; n < STEPS; n++) {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
}

using db = new DatabaseSync(`${Deno.args[0]}/yardstick.db`);
db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
db.exec("CREATE TABLE line (text TEXT)");
const insert = db.prepare("INSERT INTO line VALUES (?)");
for (let n = 0; n < COMMITS; n++) insert.run(`${state} ${n}`);
