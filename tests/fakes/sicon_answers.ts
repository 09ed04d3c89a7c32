/**
 * What a plug owes its adapter on one topic pair: acknowledges in the order of
 * the commands, one answer for each index read or written. Pure.
 *
 * @module
 */
import { dataErrors } from "./sicon_schema.ts";
import {
  type Blame,
  indicesOf,
  lenient,
  type Payload,
} from "./sicon_streams.ts";

/** A command that waits for its acknowledge. */
export interface Owed {
  readonly name: string;
  readonly payload: Payload;
  /** Whether it has to be answered at all. */
  readonly must: boolean;
}

/** Blames a number in the place of data that is no error code. [E-040] */
export function judgeError(value: unknown, blame: Blame): void {
  if (typeof value === "number" && !dataErrors.has(value)) {
    blame(`${value} is no error code of this plug [E-040]`);
  }
}

/** Debts towards the adapter, oldest first. */
export class Answers {
  #owed: Owed[] = [];
  /** Keys still to be answered. */
  #reads: string[] = [];
  #writes: { readonly key: string; readonly value: string }[] = [];
  #outputs = 0;

  get reading(): boolean {
    return this.#reads.length > 0;
  }

  /** All debts in words. */
  list(): string[] {
    return [
      ...this.#owed.filter(({ must }) => must).map(({ name }) => name),
      ...this.#reads.map((key) => `getStatData ${key}`),
      ...this.#writes.map(({ key }) => `putStatData ${key}`),
    ];
  }

  /** The connection was lost, and with it what was on the way. */
  forget(): void {
    this.#owed = [];
    this.#reads = [];
    this.#writes = [];
    this.#outputs = 0;
  }

  /** The plug has come to a later command: what it did not have to answer, it did not. */
  settle(): void {
    this.#owed = this.#owed.filter(({ must }) => must);
  }

  owe(owed: Owed): void {
    this.#owed.push(owed);
  }

  /** A request for data. */
  asked(command: string, payload: Payload): void {
    if (command === "getStatData") {
      const list = lenient(payload, "Indices");
      const keys = Array.isArray(list)
        ? list.map(String)
        : indicesOf(payload, "Indices").map(String);
      this.#reads.push(...new Set(keys));
    } else if (command === "putStatData") {
      for (const [key, value] of Object.entries(payload)) {
        this.#writes.push({ key, value: String(value) });
      }
    } else if (command === "putCyclicData") this.#outputs++;
  }

  /** Data come back. */
  answered(command: string, payload: Payload, blame: Blame): void {
    if (command === "putCyclicData") {
      if (this.#outputs-- <= 0) blame("was not asked for");
      return judgeError(payload["Value"], blame);
    }
    for (const [key, value] of Object.entries(payload)) {
      judgeError(value, blame);
      if (command === "getStatData") {
        const at = this.#reads.indexOf(key);
        if (at < 0) blame(`index ${key} was not asked for [E-139]`);
        else {
          if (at > 0) blame(`index ${key} is out of order [E-140]`);
          this.#reads.splice(at, 1);
        }
        continue;
      }
      const at = this.#writes.findIndex((write) => write.key === key);
      const [write] = at < 0 ? [] : this.#writes.splice(at, 1);
      if (write === undefined) blame(`index ${key} was not written`);
      else if (
        typeof value === "string" && value !== write.value.toUpperCase()
      ) blame(`does not echo ${write.value} [E-145]`);
    }
  }

  /** An acknowledge; the command it answers, if there is one. */
  acknowledged(command: string, blame: Blame): Owed | null {
    const due = this.#owed.findIndex(({ name, must }) =>
      must && name === command
    );
    const at = due >= 0
      ? due
      : this.#owed.findIndex(({ name }) => name === command);
    if (at < 0) {
      blame("acknowledges what was not sent [E-055]");
      return null;
    }
    const skipped = this.#owed.splice(0, at + 1);
    const answered = skipped.pop() ?? null;
    for (const { name, must } of skipped) {
      if (must) blame(`comes before the answer to ${name} [E-056]`);
    }
    return answered;
  }
}
