/**
 * What the plug has to say, on its way to the broker: in order, a few at a time,
 * and bounded. A broker that takes nothing costs its own session, never memory.
 *
 * @module
 */
import type { Log } from "../../log.ts";
import {
  type MqttConnection,
  MqttError,
  type OutMessage,
} from "../../mqtt/mqtt.ts";

/** Messages handed to the connection and not yet written. */
const MOST_UNWRITTEN = 64;
/** Most that waits behind them, characters. */
const MOST_WAITING = 16 * 1024 * 1024;

/** The way out over one connection. */
export class Outlet {
  readonly #connection: MqttConnection;
  readonly #log: Log;
  #waiting: OutMessage[] = [];
  #next = 0;
  #size = 0;
  #unwritten = 0;
  #ended = false;
  #idle: (() => void)[] = [];

  constructor(connection: MqttConnection, log: Log) {
    this.#connection = connection;
    this.#log = log;
  }

  /** Sends; gives the connection up when too much waits. */
  send(message: OutMessage): void {
    if (this.#ended) return;
    this.#waiting.push(message);
    this.#size += message.payload.length;
    if (this.#size > MOST_WAITING) {
      this.#log.warn("Broker does not take what is sent, connection given up");
      this.end();
      void this.#connection[Symbol.asyncDispose]();
      return;
    }
    this.#pump();
  }

  /** Drops what waits. */
  end(): void {
    this.#ended = true;
    this.#waiting = [];
    this.#next = 0;
    this.#tellIdle();
  }

  /** Resolves when everything is written, or the connection is over. */
  written(): Promise<void> {
    if (this.#ended || this.#unwritten === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #pump(): void {
    while (this.#unwritten < MOST_UNWRITTEN) {
      const message = this.#waiting[this.#next];
      if (message === undefined) break;
      this.#next++;
      this.#unwritten++;
      this.#size -= message.payload.length;
      this.#connection.publish(message).then(
        () => this.#done(),
        (error) => {
          if (!(error instanceof MqttError)) {
            this.#log.error("Unexpected failure of a publish", { error });
          }
          this.#done();
        },
      );
    }
    if (this.#next > 0 && this.#next === this.#waiting.length) {
      this.#waiting = [];
      this.#next = 0;
    }
  }

  #done(): void {
    this.#unwritten--;
    if (this.#ended) return;
    this.#pump();
    if (this.#unwritten === 0) this.#tellIdle();
  }

  #tellIdle(): void {
    for (const wake of this.#idle.splice(0)) wake();
  }
}
