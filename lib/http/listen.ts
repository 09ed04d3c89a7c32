/**
 * Keeps the agent's two doors open: TCP for the page and programs, the control
 * socket for verbs of the command line. A door that cannot be opened is told
 * once and tried again; it never stops the agent.
 *
 * @module
 */
import { backoffMs, type Clock } from "../clock.ts";
import { type Log, sparing } from "../log.ts";
import type { Ask, Entrance, Reply } from "./exchange.ts";
import { type Place, serve, type Served } from "./server.ts";

/** What the doors work with. */
export interface DoorHost {
  readonly clock: Clock;
  readonly log: Log;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  readonly answer: (ask: Ask) => Promise<Reply>;
  readonly turn: <T>(work: () => T | Promise<T>) => Promise<T>;
}

/** What stands in the log about a door. */
interface Words {
  readonly open: string;
  readonly shut: string;
  /** Name of the field that says where. */
  readonly where: "url" | "socket";
}

const WORDS: Readonly<Record<Entrance, Words>> = {
  tcp: {
    open: "Dashboard open",
    shut: "Dashboard not open, trying again",
    where: "url",
  },
  control: {
    open: "Control socket open",
    shut: "Control socket not open, trying again; verbs cannot ask this agent",
    where: "socket",
  },
};

/** Why a door is shut. */
export interface Trouble {
  /** Address or path as configured. */
  readonly where: string;
  readonly reason: string;
  /** What would do. */
  readonly fix: string;
  /** Wall clock, milliseconds since 1970. */
  readonly sinceMs: number;
}

/** One door: open, or tried again and again. */
export class Door implements AsyncDisposable {
  readonly #host: DoorHost;
  readonly #entrance: Entrance;
  readonly #place: Place;
  readonly #stop = new AbortController();
  #served: Served | null = null;
  #trouble: Trouble | null = null;
  #retry: Promise<void> | null = null;

  private constructor(host: DoorHost, entrance: Entrance, place: Place) {
    this.#host = host;
    this.#entrance = entrance;
    this.#place = place;
  }

  /** Tries once at once; if that fails, goes on trying in the background. */
  static async open(
    host: DoorHost,
    entrance: Entrance,
    place: Place,
  ): Promise<Door> {
    const door = new Door(host, entrance, place);
    if (!await door.#try()) door.#retry = door.#tryAgain();
    return door;
  }

  /** Why it is not open; null when it is. */
  trouble(): Trouble | null {
    return this.#trouble;
  }

  /** Where it can be reached; null while it cannot. */
  url(): string | null {
    return this.#served?.url ?? null;
  }

  /** Open connections. */
  connections(): number {
    return this.#served?.connections() ?? 0;
  }

  async #try(): Promise<boolean> {
    const { log, answer, turn, clock } = this.#host;
    const place = this.#place;
    const words = WORDS[this.#entrance];
    try {
      if ("path" in place) await makeRoom(place.path);
      this.#served = await serve({
        entrance: this.#entrance,
        answer,
        turn,
        log: sparing(log, () => clock.monoMs()),
        // A direct write may take as long as its caller allows.
        limits: this.#entrance === "control" ? { stalledMs: 0 } : {},
      }, place);
      this.#trouble = null;
      log.info(words.open, { [words.where]: this.#served.url });
      return true;
    } catch (error) {
      const reason = reasonOf(error);
      const { reason: told } = this.#trouble ?? {};
      const where = "path" in place
        ? place.path
        : `${place.hostname}:${place.port}`;
      this.#trouble = {
        where,
        reason,
        fix: fixOf(error, this.#entrance),
        sinceMs: this.#trouble?.sinceMs ?? clock.nowMs(),
      };
      if (told !== reason) {
        log.warn(words.shut, { where, reason, fix: this.#trouble.fix });
      }
      return false;
    }
  }

  async #tryAgain(): Promise<void> {
    const { clock, random } = this.#host;
    const { signal } = this.#stop;
    for (let attempt = 0;; attempt++) {
      await clock.sleep(backoffMs(attempt, random()), { signal });
      if (signal.aborted || await this.#try()) return;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#retry;
    await this.#served?.[Symbol.asyncDispose]();
  }
}

/** Removes a socket that an agent left behind when it was killed. */
async function makeRoom(path: string): Promise<void> {
  const there = await Deno.lstat(path).catch(() => null);
  if (there === null) {
    const dir = path.replace(/[^/]*$/, "") || ".";
    // Who may write there could put a socket of its own in this place.
    await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
    return;
  }
  if (!there.isSocket) throw new Error(`${path} is taken by something else`);
  const alive = await Deno.connect({ path, transport: "unix" })
    .then((connection) => (connection.close(), true), () => false);
  if (alive) throw new Error("another agent has it");
  await Deno.remove(path);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function reasonOf(error: unknown): string {
  const code = codeOf(error);
  if (code === "EADDRINUSE") return "another program has this address";
  // Which of the two depends on the runtime.
  if (code === "EADDRNOTAVAIL" || code === "EINVAL") {
    return "this machine has no such address";
  }
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return "this name has no address";
  }
  if (code === "EACCES") return "this user may not listen there";
  return error instanceof Error ? error.message : String(error);
}

function fixOf(error: unknown, entrance: Entrance): string {
  if (entrance === "control") {
    return "remove what is there, or set [http] socket to another path";
  }
  return codeOf(error) === "EACCES"
    ? "set [http] listen to a port above 1023"
    : "end the other program, or set [http] listen to an address and port of this machine that are free";
}
