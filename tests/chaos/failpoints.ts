/**
 * Put into the agent's process before its own code: what `CHAOS_POINT` names
 * kills the process or refuses the write; `CHAOS_CLOCK` names a file with what
 * the wall clock is wrong by and whether it is synchronised, read again at
 * SIGUSR2. Nothing of this is in the program: it wraps what the runtime gives.
 *
 * @module
 */
import { Socket } from "node:net";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { CODES, type Phase, POINTS, REFUSED, type Trap } from "./points.ts";

const text = Deno.env.get("CHAOS_POINT");
const trap: Trap | null = text === undefined ? null : JSON.parse(text);
let passed = 0;

/** The process comes by a point. */
function at(point: string, phase: Phase): void {
  if (trap === null || point !== trap.point || phase !== trap.phase) return;
  passed++;
  if (passed < trap.hit) return;
  if (trap.act === "kill") Deno.kill(Deno.pid, "SIGKILL");
  else if (passed < trap.hit + REFUSED) {
    throw Object.assign(new Error(`refused at ${point}`), {
      code: "ERR_SQLITE_ERROR",
      errcode: CODES[trap.act],
    });
  }
}

/** Calls with a point before and one after. */
function around<T>(point: string, work: () => T): T {
  at(point, "before");
  const result = work();
  at(point, "after");
  return result;
}

function watchStatements(): void {
  const prepare = DatabaseSync.prototype.prepare;
  DatabaseSync.prototype.prepare = function (...args): StatementSync {
    const statement = prepare.apply(this, args);
    const point = POINTS.find(({ sql }) => sql?.test(args[0].trim()));
    if (point === undefined) return statement;
    const run = statement.run;
    const all = statement.all;
    const watched = statement as {
      run: (...values: never[]) => unknown;
      all: (...values: never[]) => unknown;
    };
    watched.run = (...values) =>
      around(point.name, () => Reflect.apply(run, statement, values));
    watched.all = (...values) =>
      around(point.name, () => Reflect.apply(all, statement, values));
    return statement;
  };
  const close = DatabaseSync.prototype.close;
  DatabaseSync.prototype.close = function (): void {
    around("checkpoint_at_close", () => close.call(this));
  };
}

function watchFiles(): void {
  const { renameSync, removeSync } = Deno;
  const ours = (path: string | URL) => String(path).includes("outbox.db");
  Deno.renameSync = (from, to) => {
    if (!ours(from)) return renameSync(from, to);
    around("salvage_move", () => renameSync(from, to));
  };
  Deno.removeSync = (path, options) => {
    if (!ours(path)) return removeSync(path, options);
    around("salvage_remove", () => removeSync(path, options));
  };
}

function watchPublishes(): void {
  const write = Socket.prototype.write;
  const watched: { write: (...args: never[]) => boolean } = Socket.prototype;
  watched.write = function (this: Socket, ...args: unknown[]): boolean {
    const [bytes] = args;
    const put = () => Reflect.apply(write, this, args);
    const publish = bytes instanceof Uint8Array && (bytes[0] ?? 0) >> 4 === 3;
    return publish ? around("publish", put) : put();
  };
}

/** TIME_ERROR: the wall clock is not synchronised [adjtimex(2)]. */
const UNSYNCHRONISED = 5;

function bendClock(file: string): void {
  const now = Date.now;
  let clock = { offsetMs: 0, synced: true };
  const read = () => clock = JSON.parse(Deno.readTextFileSync(file));
  read();
  Deno.addSignalListener("SIGUSR2", read);
  Date.now = () => now() + clock.offsetMs;
  const open = Deno.dlopen;
  const wrapped: { dlopen: (...args: never[]) => unknown } = Deno;
  wrapped.dlopen = (...args: never[]) => {
    const library = Reflect.apply(open, Deno, args);
    return {
      close: () => library.close(),
      symbols: {
        ...library.symbols,
        // The answer is in memory that the caller has filled with zeros: no bit says "not synchronised".
        adjtimex: () => clock.synced ? 0 : UNSYNCHRONISED,
      },
    };
  };
}

if (trap !== null) {
  watchStatements();
  watchFiles();
  watchPublishes();
}
const clockFile = Deno.env.get("CHAOS_CLOCK");
if (clockFile !== undefined) bendClock(clockFile);
