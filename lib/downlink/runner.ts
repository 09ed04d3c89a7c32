/**
 * Downlinks at work: performs what `queue.ts` asks for over the modem and a
 * durable place, and sends direct ones at once.
 *
 * @module
 */
import type { Action } from "../alp/action.ts";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import { run, type Running } from "../machine.ts";
import type { NewReading } from "../reading/reading.ts";
import {
  actionsOf,
  canAsk,
  fromAir,
  itemOf,
  itemText,
  type RequestEnd,
  sentOf,
} from "./command.ts";
import type {
  DownlinkEnd,
  DownlinkMode,
  Downlinks,
  FieldWrite,
  QueuedWrite,
  WriteEnd,
} from "./downlink.ts";
import type { Ask, Item, Queue, QueueEffect, QueueEvent } from "./events.ts";
import { emptyQueue, step } from "./queue.ts";

/** Where what waits is kept. */
export interface DownlinkKeep {
  entries(): Iterable<readonly [string, string]>;
  /** Writes soon; null removes. Must not throw. */
  put(key: string, text: string | null): void;
  /** Makes all that was put durable. @throws {Error} when it cannot */
  flush(): void;
}

/** What a {@link DownlinkRunner} works with. */
export interface DownlinkHost {
  readonly clock: Clock;
  readonly log: Log;
  readonly keep: DownlinkKeep;
  /** Sends actions over the air by way of the modem. */
  readonly request: (actions: readonly Action[]) => Promise<RequestEnd>;
  /** Whether the modem can send now. */
  readonly ready: () => boolean;
  /** Whether a device is known and not offline. */
  readonly online: (device: string) => boolean;
  /** What a device sent in an answer. */
  readonly onAnswer: (actions: readonly Action[]) => void;
  /** Whether writes wait for a device has changed. */
  readonly onWaiting: (device: string, waiting: boolean) => void;
  /** A downlink has ended for good. */
  readonly onEnded: (
    device: string,
    ask: Ask,
    end: DownlinkEnd,
    mode: DownlinkMode,
  ) => void;
}

interface Direct {
  readonly device: string;
  readonly ask: Ask;
  readonly settle: (end: WriteEnd) => void;
}

/** {@link Downlinks} over a modem. */
export class DownlinkRunner implements Downlinks, Disposable {
  readonly #host: DownlinkHost;
  readonly #queue: Running<Queue, QueueEvent>;
  readonly #direct = new Set<Direct>();
  #closed = false;

  constructor(host: DownlinkHost) {
    this.#host = host;
    this.#queue = run(
      step,
      emptyQueue(),
      (effect: QueueEffect) => this.#perform(effect),
    );
    const items: Item[] = [];
    for (const [key, text] of [...host.keep.entries()]) {
      const item = itemOf(key, text);
      if (item !== null) items.push(item);
      else {
        host.log.warn("Queued downlink cannot be read, dropped", { key });
        host.keep.put(key, null);
      }
    }
    if (items.length > 0) this.#queue.feed({ type: "restored", items });
  }

  write(
    device: string,
    write: FieldWrite,
    mode: DownlinkMode,
    timeoutMs: number,
  ): Promise<WriteEnd> {
    return this.#ask(device, { what: "write", ...write }, mode, timeoutMs);
  }

  read(
    device: string,
    fileIds: readonly number[],
    mode: DownlinkMode,
    timeoutMs: number,
  ): Promise<WriteEnd> {
    return this.#ask(device, { what: "read", fileIds }, mode, timeoutMs);
  }

  queued(device?: string): readonly QueuedWrite[] {
    return this.#queue.state().items.flatMap((item) => {
      const { ask, tries, queuedWallMs } = item;
      if (ask.what !== "write") return [];
      if (device !== undefined && item.device !== device) return [];
      const { fileId, offset, data } = ask;
      return [{
        device: item.device,
        fileId,
        offset,
        data,
        tries,
        queuedWallMs,
      }];
    });
  }

  /**
   * A frame of a device came, with what it says.
   *
   * @param contact it came unasked: the device listens now
   */
  heard(
    device: string,
    readings: readonly NewReading[],
    contact: boolean,
  ): void {
    for (const { fileId, data } of readings) {
      this.#queue.feed({ type: "file", device, fileId, data });
      for (const direct of this.#direct) {
        if (direct.device === device && holds(direct.ask, fileId, data)) {
          direct.settle({ end: "confirmed" });
        }
      }
    }
    if (contact && this.#host.ready()) {
      const nowMs = this.#host.clock.monoMs();
      this.#queue.feed({ type: "contact", device, nowMs });
    }
  }

  /** Forgets what waits for a device. */
  removed(device: string): void {
    this.#queue.feed({ type: "removed", device });
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    for (const { settle } of this.#direct) settle({ end: "timeout" });
  }

  #ask(
    device: string,
    ask: Ask,
    mode: DownlinkMode,
    timeoutMs: number,
  ): Promise<WriteEnd> {
    if (!canAsk(ask)) {
      return Promise.resolve({ end: "refused", status: null });
    }
    if (!this.#host.online(device)) return Promise.resolve({ end: "offline" });
    return mode === "contact"
      ? Promise.resolve(this.#enqueue(device, ask))
      : this.#sendNow(device, ask, timeoutMs);
  }

  #enqueue(device: string, ask: Ask): WriteEnd {
    const wallMs = this.#host.clock.nowMs();
    this.#queue.feed({ type: "asked", device, ask, wallMs });
    try {
      this.#host.keep.flush();
      return { end: "queued" };
    } catch (error) {
      // Not durable is not queued: the caller must not believe it.
      this.#host.log.error("Downlink cannot be queued", { device, error });
      if (ask.what === "write") {
        this.#queue.feed({ type: "overtaken", device, write: ask });
      }
      return { end: "refused", status: null };
    }
  }

  async #sendNow(
    device: string,
    ask: Ask,
    timeoutMs: number,
  ): Promise<WriteEnd> {
    const { promise, resolve } = Promise.withResolvers<WriteEnd>();
    const direct = { device, ask, settle: resolve };
    this.#direct.add(direct);
    const disarm = this.#host.clock.after(
      timeoutMs,
      () => resolve({ end: "timeout" }),
    );
    if (ask.what === "write") {
      this.#queue.feed({ type: "overtaken", device, write: ask });
    }
    const send = async () => {
      const answer = await this.#host.request(actionsOf(device, ask));
      if (this.#closed) return;
      const sent = sentOf(answer);
      switch (sent.end) {
        case "confirmed":
        case "refused":
          resolve(sent);
          break;
        case "silent":
          resolve({ end: "timeout" });
          break;
        case "unsent":
          // The modem is away: nobody can be reached. (eMQTT 54)
          resolve({ end: "offline" });
          break;
      }
      this.#pass(answer);
    };
    void send();
    const end = await promise;
    disarm();
    this.#direct.delete(direct);
    if (!this.#closed && end.end !== "queued" && end.end !== "offline") {
      this.#host.onEnded(device, ask, end, "direct");
    }
    return end;
  }

  #perform(effect: QueueEffect): void {
    const { keep, log } = this.#host;
    switch (effect.type) {
      case "keep":
        keep.put(
          String(effect.id),
          effect.item === null ? null : itemText(effect.item),
        );
        break;
      case "send":
        void this.#send(effect.item);
        break;
      case "ended": {
        const { device, ask, tries } = effect.item;
        if (effect.end.end === "confirmed") {
          log.info("Downlink confirmed", { device, what: ask.what });
        } else {
          log.warn("Downlink given up", { device, ...effect.end, tries });
        }
        this.#host.onEnded(device, ask, effect.end, "contact");
        break;
      }
      case "waiting":
        this.#host.onWaiting(effect.device, effect.waiting);
        break;
    }
  }

  async #send({ device, ask }: Item): Promise<void> {
    const answer = await this.#host.request(actionsOf(device, ask));
    if (this.#closed) return;
    const nowMs = this.#host.clock.monoMs();
    // A config file in the answer confirms by itself; the end comes behind it.
    this.#pass(answer);
    this.#queue.feed({ type: "sent", sent: sentOf(answer), nowMs });
  }

  #pass(answer: RequestEnd): void {
    const actions = fromAir(answer);
    if (actions !== null) this.#host.onAnswer(actions);
  }
}

function holds(ask: Ask, fileId: number, data: Uint8Array): boolean {
  return ask.what === "write" && ask.fileId === fileId &&
    ask.offset + ask.data.length <= data.length &&
    ask.data.every((byte, i) => data[ask.offset + i] === byte);
}
