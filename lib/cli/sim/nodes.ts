/**
 * The devices' side of downlinks: who hears a forwarded command, what it does
 * to a device's files, and how a device may be told to misbehave.
 *
 * @module
 */
import type { Action, ForwardConfig } from "../../alp/action.ts";
import type { Clock } from "../../clock.ts";
import type { Meters } from "./meters.ts";
import type { Air } from "./modem.ts";

/**
 * What a device does with a write: takes it, refuses it with an ALP status,
 * lets it vanish without a word, or does not acknowledge it.
 */
export type Manner =
  | "accept"
  | { readonly refuse: number }
  | "swallow"
  | "fail";

/** How devices listen. */
export interface NodesOptions {
  /**
   * `contact`: a device hears a write only within a short time after its own
   * uplink, as the firmware does; `direct`: always.
   *
   * @default "direct"
   */
  readonly listen?: "contact" | "direct";
  /** What all devices do with writes. @default "accept" */
  readonly manner?: Manner;
}

/** How long a device listens after its own uplink, ms. */
export const LISTEN_MS = 2000;
/** A changed configuration file is pushed after this, ms. */
const RETURN_MS = 50;

/** A write that came to a device. */
export interface SeenWrite {
  readonly device: string;
  readonly fileId: number;
  readonly offset: number;
  readonly data: Uint8Array;
}

/** Devices in reach of a virtual modem. */
export class Nodes implements Disposable {
  /** Every write that a device heard, whatever it did with it. */
  readonly writes: SeenWrite[] = [];
  readonly #meters: Meters;
  readonly #clock: Clock;
  readonly #listen: "contact" | "direct";
  readonly #manner: Manner;
  readonly #manners = new Map<string, Manner>();
  readonly #uplinks = new Map<number, number>();
  readonly #pushes = new Set<() => void>();
  readonly #push: (command: Uint8Array) => void;

  /** @param push sends a device's command to the modem */
  constructor(
    meters: Meters,
    clock: Clock,
    options: NodesOptions,
    push: (command: Uint8Array) => void,
  ) {
    this.#meters = meters;
    this.#clock = clock;
    this.#listen = options.listen ?? "direct";
    this.#manner = options.manner ?? "accept";
    this.#push = push;
  }

  /** Tells one device what to do with writes from now on. */
  behave(device: string, manner: Manner): void {
    this.#manners.set(device, manner);
  }

  /** A device sends something: it listens for a short time. */
  uplink(index: number): void {
    this.#uplinks.set(index, this.#clock.monoMs());
  }

  /** The devices answer: the one addressed, or all to a broadcast. */
  readonly air: Air = (actions, config) => {
    const asked = this.#addressed(config);
    const writes = actions.some(({ op }) => op === "write_file_data");
    const hearing = writes
      ? asked.filter(({ index }) => this.#hears(index))
      : asked;
    if (hearing.length === 0) return null;
    const answers: (readonly Action[])[] = [];
    for (const { uid, index } of hearing) {
      const answer = writes
        ? this.#write(uid, index, actions)
        : this.#read(index, actions);
      if (answer === "nothing" || answer === null) return answer;
      if (answer.length > 0) answers.push(answer);
    }
    return answers;
  };

  [Symbol.dispose](): void {
    for (const disarm of this.#pushes) disarm();
    this.#pushes.clear();
  }

  #addressed(
    config: ForwardConfig,
  ): readonly { readonly uid: string; readonly index: number }[] {
    const addressee = config !== null && "addressee" in config
      ? config.addressee
      : null;
    // To a UID, or to whoever hears it; no device here has a VID.
    const toAll = addressee?.idType === "nbid" || addressee?.idType === "noid";
    return this.#meters.uids
      .map((uid, index) => ({ uid, index }))
      .filter(({ uid }) => toAll || addressee?.id === uid);
  }

  #hears(index: number): boolean {
    if (this.#listen === "direct") return true;
    const sentMs = this.#uplinks.get(index);
    return sentMs !== undefined && this.#clock.monoMs() - sentMs <= LISTEN_MS;
  }

  #read(index: number, actions: readonly Action[]): readonly Action[] {
    const answers = actions.map((action) =>
      action.op === "read_file_data"
        ? this.#meters.answerRead(index, action.fileId, this.#clock.monoMs())
        : null
    ).filter((answer) => answer !== null);
    // One status at the end, as the modem attaches it.
    const data = answers.flatMap((answer) => answer.slice(0, -1));
    const status = answers.at(-1)?.slice(-1) ?? [];
    return [...data, ...status];
  }

  #write(
    uid: string,
    index: number,
    actions: readonly Action[],
  ): readonly Action[] | "nothing" | null {
    const manner = this.#manners.get(uid) ?? this.#manner;
    const changed = new Set<number>();
    for (const action of actions) {
      if (action.op !== "write_file_data") continue;
      const { fileId, offset, data } = action;
      this.writes.push({ device: uid, fileId, offset, data: data.slice() });
      if (manner === "swallow") return "nothing";
      if (manner === "fail") return null;
      if (manner !== "accept") {
        return this.#meters.answerStatus(index, manner.refuse);
      }
      const code = this.#meters.write(index, fileId, offset, data);
      if (code !== 0) return this.#meters.answerStatus(index, code);
      changed.add(fileId);
    }
    // The firmware sends a changed file by itself.
    for (const fileId of changed) {
      const disarm = this.#clock.after(RETURN_MS, () => {
        this.#pushes.delete(disarm);
        this.uplink(index);
        this.#push(this.#meters.pushFile(index, fileId));
      });
      this.#pushes.add(disarm);
    }
    return [];
  }
}
