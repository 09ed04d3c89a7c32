/**
 * Off and On, and the order in which a plug announces its devices. Pure.
 *
 * @module
 */
import type { Blame, Payload } from "./sicon_streams.ts";

/** What the adapter has asked for, and how far the plug has come with it. */
export class Order {
  readonly #timing: boolean;
  /** What the plug has said last. */
  state: "Off" | "On" = "Off";
  /** Where the adapter's commands lead it. */
  bound: "Off" | "On" = "Off";
  #stops = 0;
  /** Starts that have no status On yet, and whether startDevices followed. */
  #starts: { devices: boolean }[] = [];
  #cycle: { devices: boolean } | null = null;
  #main: "none" | "pre" | "full" = "none";
  /** The device whose registration is under way. */
  #current: { sub: string; lastMs: number; over: boolean } | null = null;

  constructor(timing: boolean) {
    this.#timing = timing;
  }

  /** The adapter manages the plug. */
  sent(command: string): void {
    if (command === "startPlug") {
      this.bound = "On";
      this.#starts.push({ devices: false });
    } else if (command === "stopPlug") {
      this.bound = "Off";
      this.#stops++;
    } else if (command === "startDevices") {
      const cycle = this.#starts.at(-1) ?? this.#cycle;
      if (cycle !== null) cycle.devices = true;
    }
  }

  /** The adapter asks something of a device: its registration goes on, if it has not ended. */
  asked(sub: string, command: string, atMs: number, busy: boolean): void {
    const current = this.#current;
    if (current?.sub !== sub) return;
    if (command === "regDevice" || ended(current.lastMs, atMs, busy)) {
      current.over = true;
    }
    current.lastMs = atMs;
  }

  /** A device has gone: its registration does not hold up the next. */
  left(sub: string): void {
    if (this.#current?.sub === sub) this.#current.over = true;
  }

  /** The plug says its state; true if it has begun a new connection. */
  status(value: unknown, blame: Blame): boolean {
    const stopped = value === "Off" && this.#stops > 0;
    if (value === "On") {
      const start = this.#starts.shift();
      if (start === undefined) blame("without startPlug [E-079]");
      this.#cycle = start ?? { devices: false };
      this.state = "On";
    } else {
      if (stopped) this.#stops--;
      else {
        this.#stops = 0;
        this.#starts = [];
        this.bound = "Off";
      }
      this.#cycle = null;
      this.state = "Off";
    }
    this.#main = "none";
    this.#current = null;
    return value !== "On" && !stopped;
  }

  /**
   * A device is announced.
   *
   * @param registered whether a subinterface is, as of now
   * @param busy whether a device has its events on: it waits 500 ms, not 10 s
   */
  announced(
    name: string,
    payload: Payload,
    atMs: number,
    registered: (sub: string) => boolean,
    busy: (sub: string) => boolean,
    blame: Blame,
  ): void {
    const uid = payload["UID"];
    if (typeof uid === "string" && uid.length % 2 !== 0) {
      blame("UID has an odd number of digits [E-113]");
    }
    if (/^p[1-9][0-9]{0,2}$/.test(name)) blame("id of a port [E-107]");
    if (payload["Prereg"] === true) {
      if (name !== "main") blame("Prereg of a child [E-112]");
      if (this.#main !== "none") blame("Prereg again [E-084]");
      this.#main = "pre";
      return;
    }
    if (this.#cycle?.devices !== true) blame("before startDevices [E-086]");
    if (this.#main === "none") blame("before the pre-registration [E-087]");
    if (name === "main") this.#main = "full";
    else {
      if (this.#main !== "full") blame("before main [E-115]");
      const parent = String(payload["ParentSubinterface"] ?? "main");
      if (!registered(parent)) blame(`before its parent ${parent} [E-115]`);
      this.#inTurn(atMs, busy, blame);
    }
    this.#current = { sub: name, lastMs: atMs, over: false };
  }

  /** One device at a time. [E-121] */
  #inTurn(atMs: number, busy: (sub: string) => boolean, blame: Blame): void {
    const before = this.#current;
    if (!this.#timing || before === null || before.over) return;
    if (ended(before.lastMs, atMs, busy(before.sub))) return;
    const quietMs = Math.round(atMs - before.lastMs);
    blame(`${quietMs} ms after ${before.sub} was busy [E-121]`);
  }
}

/** Whether a registration had its quiet time: 500 ms or 10 s, less what timers and the way over a broker may take. */
function ended(lastMs: number, atMs: number, busy: boolean): boolean {
  return atMs - lastMs >= (busy ? 400 : 9_500);
}
