/**
 * Watches what a plug and its adapter say to each other, and notes in words
 * whatever breaks the document: grammar, schemas, states, order, arithmetic.
 * Pure; the requirements are cited as E-nnn.
 *
 * @module
 */
import { adapterTopic, commands, faultsOf, plugTopic } from "./sicon_schema.ts";
import { Answers, judgeError } from "./sicon_answers.ts";
import { Order } from "./sicon_order.ts";
import { type Blame, type Payload, Streams } from "./sicon_streams.ts";

/** A message on its way, as seen at the adapter. */
export interface Seen {
  readonly from: "adapter" | "plug";
  readonly topic: string;
  readonly payload: string;
  readonly retain?: boolean;
  readonly qos?: number;
  /** Any clock that does not go back. */
  readonly atMs?: number;
}

/** What the checker has to know. */
export interface CheckOptions {
  readonly uid?: string;
  readonly mode?: "onSite" | "onCloud";
  /** Whether the waits of E-121 are checked; needs `atMs`. */
  readonly timing?: boolean;
}

interface Sub {
  registered: boolean;
  bits: { readonly PDIn: number; readonly PDOut: number };
  streams: Streams;
  readonly answers: Answers;
}

const channels = ["Observation", "Reporting", "Replay"] as const;
const noBits = { PDIn: 0, PDOut: 0 };

/** The checker of one plug. */
export class SiconCheck {
  readonly violations: string[] = [];
  /** Ack and Nak of commands in the order they came, as `SUB COMMAND VALUE`. */
  readonly acks: string[] = [];
  readonly #options: CheckOptions;
  readonly #subs = new Map<string, Sub>();
  readonly #order: Order;
  #firmware = 0;

  constructor(options: CheckOptions = {}) {
    this.#options = options;
    this.#order = new Order(options.timing ?? true);
  }

  /** Commands that the plug still owes an answer. */
  unanswered(): string[] {
    return [...this.#subs].flatMap(([name, { answers }]) =>
      answers.list().map((debt) => `${name} ${debt}`)
    );
  }

  /** Whether a read waits for its answer, anywhere on the plug. [E-137] */
  reading(): boolean {
    return [...this.#subs.values()].some(({ answers }) => answers.reading);
  }

  registered(sub: string): boolean {
    return this.#subs.get(sub)?.registered ?? false;
  }

  /** Takes the next message, in the order of the wire. */
  take(seen: Seen): void {
    if (seen.from === "adapter") return this.#sent(seen);
    const topic = plugTopic(seen.topic);
    const place = seen.topic.split("/").slice(2).join("/");
    const blame = (fault: string): void => {
      this.violations.push(`${place} ${fault}: ${seen.payload.slice(0, 200)}`);
    };
    if (topic === null) return blame("breaks the topic grammar [E-022]");
    if (
      this.#options.uid !== undefined && topic.uid !== this.#options.uid
    ) return blame("is of another plug");
    if ((seen.qos ?? 0) !== 0) blame("has QoS above 0 [E-005]");
    const command = commands.get(topic.command);
    if (command === undefined) return blame("is no command of the document");
    if ((command.scope === "plug") !== (topic.sub === null)) {
      return blame("stands on the wrong level [E-024, E-025]");
    }
    if (seen.retain && topic.command === "status" && seen.payload === "") {
      return;
    }
    let payload: Payload;
    try {
      payload = JSON.parse(seen.payload);
    } catch {
      return blame("is no JSON [E-030]");
    }
    for (const fault of faultsOf(command, payload)) blame(fault);
    if (typeof payload !== "object" || payload === null) return;
    const gone = topic.command === "status" &&
      payload["Value"] === "Disconnected";
    if (seen.retain && !gone) blame("is retained [E-011]");
    if (topic.sub === null) {
      this.#plugSaid(topic.command, payload, blame);
    } else {
      this.#subSaid(topic.sub, topic.command, payload, seen, blame);
    }
  }

  #sub(name: string): Sub {
    const known = this.#subs.get(name);
    if (known !== undefined) return known;
    const sub: Sub = {
      registered: false,
      bits: noBits,
      streams: this.#streams(name),
      answers: new Answers(),
    };
    this.#subs.set(name, sub);
    return sub;
  }

  #streams(name: string): Streams {
    return new Streams((fault) => this.violations.push(`${name}: ${fault}`));
  }

  #sent({ topic, payload: text, retain, atMs = 0 }: Seen): void {
    const to = adapterTopic(topic);
    if (to === null || retain || text === "") return;
    if (this.#options.uid !== undefined && to.uid !== this.#options.uid) return;
    const command = commands.get(to.command);
    if (
      command === undefined || (command.scope === "plug") !== (to.sub === null)
    ) return;
    let payload: Payload | null = null;
    try {
      const parsed: unknown = JSON.parse(text);
      if (
        typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)
      ) payload = parsed as Payload;
    } catch {
      // It counts as missing data. [E-019]
    }
    if (to.sub === null) this.#plugSent(to.command, payload);
    else this.#subSent(to.sub, to.command, payload, atMs);
    if (!command.ack) return;
    const sub = this.#sub(to.sub ?? "");
    const must = to.sub === null || (this.#order.bound === "On" &&
      (to.sub === "main" || sub.registered));
    sub.answers.owe({ name: to.command, payload: payload ?? {}, must });
  }

  #plugSent(command: string, payload: Payload | null): void {
    if (payload === null) return;
    this.#order.sent(command);
    if (command === "updateFirmware") this.#firmware++;
  }

  #subSent(
    name: string,
    command: string,
    payload: Payload | null,
    atMs: number,
  ): void {
    const sub = this.#sub(name);
    this.#order.asked(name, command, atMs, sub.streams.hadEvents);
    if (payload === null) return;
    const served = sub.registered ||
      (name === "main" && this.#order.bound === "On");
    if (!served) return;
    sub.answers.asked(command, payload);
    if (command === "triggerReplay") sub.streams.triggered(payload);
  }

  #plugSaid(
    command: string,
    payload: Payload,
    blame: Blame,
  ): void {
    switch (command) {
      case "regPlug":
        if (this.#options.mode === "onSite") blame("on site [E-072]");
        if (this.#order.state === "On") blame("though the plug is On [E-070]");
        return;
      case "status":
        return this.#status(payload["Value"], blame);
      case "updateFirmware":
        if (this.#firmware === 0) blame("was not asked for");
        if (payload["Status"] !== "InProgress") this.#firmware--;
        if (payload["Status"] === "Ok" && "ErrorCode" in payload) {
          blame("has an ErrorCode with Ok [E-228]");
        }
        return;
      default:
        this.#acknowledged("", this.#sub(""), command, payload, blame);
    }
  }

  #status(value: unknown, blame: Blame): void {
    const anew = this.#order.status(value, blame);
    if (anew) this.#firmware = 0;
    for (const [name, sub] of this.#subs) {
      sub.registered = false;
      sub.streams = this.#streams(name);
      sub.answers.settle();
      if (!anew) continue;
      // What was on the way when the connection was lost, is lost.
      sub.answers.forget();
    }
  }

  #subSaid(
    name: string,
    command: string,
    payload: Payload,
    seen: Seen,
    blame: Blame,
  ): void {
    if (this.#order.state === "Off") {
      return blame("though the plug is Off [E-076]");
    }
    if (command === "regDevice") {
      return this.#announced(name, payload, seen.atMs ?? 0, blame);
    }
    const sub = this.#sub(name);
    if (!sub.registered) return blame("though not registered");
    switch (command) {
      case "disDevice":
        if (name === "main") blame("main never goes");
        sub.registered = false;
        sub.streams = this.#streams(name);
        this.#order.left(name);
        return;
      case "getStatData":
      case "putStatData":
      case "putCyclicData":
        return sub.answers.answered(command, payload, blame);
      default:
        if (!command.startsWith("post")) {
          return this.#acknowledged(name, sub, command, payload, blame);
        }
        for (
          const value of command === "postObservation"
            ? Object.values(payload)
            : [payload["XValues"], payload["YValues"]].flat()
        ) judgeError(value, blame);
        sub.streams.posted(command, payload, seen.payload.length, sub.bits);
    }
  }

  #acknowledged(
    name: string,
    sub: Sub,
    command: string,
    payload: Payload,
    blame: Blame,
  ): void {
    const answered = sub.answers.acknowledged(command, blame);
    if (answered === null) return;
    this.acks.push(`${name} ${command} ${payload["Value"]}`);
    if (payload["Value"] === "Ack") {
      sub.streams.accepted(command, answered.payload);
      if (command === "dateUpdate") {
        for (const one of this.#subs.values()) one.streams.rebased();
      }
    }
    const kind = channels.find((one) =>
      command === `start${one}` || command === `stop${one}`
    );
    const { Active: active, Max: max } = payload;
    if (kind === undefined) {
      if (active !== undefined || max !== undefined) {
        blame("has Active or Max [E-051]");
      }
      return;
    }
    const count =
      [...this.#subs.values()].filter(({ streams }) => streams.holds(kind))
        .length;
    if (active !== count) {
      blame(`Active is ${active}, counted ${count} [E-051]`);
    }
    if (Number(active) > Number(max)) blame("Active exceeds Max [E-052]");
  }

  #announced(
    name: string,
    payload: Payload,
    atMs: number,
    blame: Blame,
  ): void {
    const sub = this.#sub(name);
    const bits = payload["CyclicDataBitLength"] as Sub["bits"] | undefined;
    sub.bits = bits ?? noBits;
    sub.registered = true;
    this.#order.announced(
      name,
      payload,
      atMs,
      (other) => this.registered(other),
      (other) => this.#sub(other).streams.hadEvents,
      blame,
    );
  }
}
