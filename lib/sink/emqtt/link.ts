/**
 * The plug's MQTT link: one broker at a time, kept up by the supervisor, with
 * the plug's own topics subscribed before anybody hears of a connection.
 *
 * @module
 */
import {
  type ConnectOptions,
  type InMessage,
  type MqttConnection,
  MqttError,
} from "../../mqtt/mqtt.ts";
import { supervise, type Supervised } from "../../mqtt/supervisor.ts";
import type { SinkHost } from "../sink.ts";
import { Outlet } from "./outlet.ts";

/** How long the last messages may take to be written, ms. */
const FLUSH_MS = 1000;

/** What {@link PlugLink} needs. */
export interface LinkOptions {
  readonly host: SinkHost;
  /** How to log in, but for the broker. */
  readonly login: Omit<ConnectOptions, "broker" | "signal">;
  /** Subscribed at once on each connection. */
  readonly filter: string;
  readonly onConnected: (localAddress: string) => void;
  readonly onEnded: () => void;
  readonly onMessage: (message: InMessage) => void;
}

interface Live {
  readonly connection: MqttConnection;
  readonly outlet: Outlet;
}

/** The link; idle until told a broker. */
export class PlugLink {
  readonly #options: LinkOptions;
  #supervised: Supervised | null = null;
  #live: Live | null = null;
  /** Resolves when the link before is closed. */
  #closed: Promise<void> = Promise.resolve();

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Connects to a broker and stays connected. */
  connect(broker: string): void {
    const { host, login, filter } = this.#options;
    const closed = this.#closed;
    const self: { supervised: Supervised | null } = { supervised: null };
    self.supervised = this.#supervised = supervise({
      clock: host.clock,
      random: host.random,
      log: host.log,
      open: async (signal) => {
        // A client id is taken over: the old connection must be gone.
        await closed;
        return await host.connect({ ...login, broker, signal });
      },
      onConnected: async (connection) => {
        connection.onMessage = (message) => {
          if (this.#live?.connection === connection) {
            this.#options.onMessage(message);
          }
        };
        await connection.subscribe([filter], 0);
        if (this.#supervised !== self.supervised) return;
        const outlet = new Outlet(connection, host.log);
        this.#live = { connection, outlet };
        void connection.ended.then(() => {
          outlet.end();
          if (this.#live?.connection !== connection) return;
          this.#live = null;
          this.#options.onEnded();
        });
        this.#options.onConnected(connection.localAddress ?? "");
      },
    });
  }

  /** Ends the connection after what was published has left. */
  disconnect(): void {
    const supervised = this.#supervised;
    const live = this.#live;
    if (supervised === null) return;
    this.#supervised = null;
    this.#live = null;
    const { clock } = this.#options.host;
    const before = this.#closed;
    this.#closed = (async () => {
      await before;
      if (live !== null) {
        const patience = new AbortController();
        const flushed = live.outlet.written().then(() => patience.abort());
        await clock.sleep(FLUSH_MS, { signal: patience.signal });
        live.outlet.end();
        await flushed;
      }
      await supervised[Symbol.asyncDispose]();
    })();
  }

  publish(topic: string, payload: string, retain: boolean): void {
    this.#live?.outlet.send({ topic, payload, qos: 0, retain });
  }

  /** On the wire before what is published after it. [E-028] */
  subscribe(filter: string): void {
    const { log } = this.#options.host;
    this.#live?.connection.subscribe([filter], 0).catch((error) => {
      if (error instanceof MqttError) {
        log.warn("Subscription failed", { filter, error: error.message });
      } else log.error("Unexpected failure of a subscription", { error });
    });
  }

  /** Whether it is up, and one line for a technician. */
  state(): { readonly up: boolean; readonly detail: string } {
    return this.#supervised?.state() ?? { up: false, detail: "Not connected" };
  }

  /** Resolves when everything is closed. */
  closed(): Promise<void> {
    return this.#closed;
  }
}
