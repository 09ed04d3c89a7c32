/**
 * One gateway of the fleet: the product's lane, runner, SCorp-io sink,
 * supervisor and MQTT connection, with readings given to it instead of a modem.
 *
 * @module
 */
import { decodeCommand } from "../../lib/alp/alp.ts";
import type { Clock } from "../../lib/clock.ts";
import { interpret } from "../../lib/files/files.ts";
import { silentLog } from "../../lib/log.ts";
import { mqttjs } from "../../lib/mqtt/mqttjs.ts";
import { type Connect, MqttError } from "../../lib/mqtt/mqtt.ts";
import type { Reading } from "../../lib/reading/reading.ts";
import { runSink } from "../../lib/sink/runner.ts";
import { scorpio } from "../../lib/sink/scorpio/scorpio.ts";
import type { Sink, SinkHost } from "../../lib/sink/sink.ts";
import type { Database } from "../../lib/store/database.ts";
import { sinkHost } from "../fakes/host.ts";
import { energyCommand } from "../system/harness.ts";
import { MemoryLane, type Slot } from "./memory_lane.ts";

/** What all gateways of a fleet share. */
export interface FleetHost {
  readonly clock: Clock;
  /** `mqtt://` or `mqtts://`, on this machine. */
  readonly broker: string;
  /** Certificate authority of the broker, for `mqtts://`. */
  readonly caFile?: string;
  /** From 0 up to but not including 1; a constant takes the jitter away. */
  readonly random: () => number;
  readonly templates: readonly Reading[];
  readonly unused: Database;
  /** False while every try to connect is refused, as by a closed port. */
  readonly reachable: () => boolean;
  /** Told of each try to connect, and of each that succeeded. */
  readonly onAttempt: (atMs: number) => void;
  readonly onConnected: (gateway: number, atMs: number) => void;
  /** Told of each acknowledged reading, with the seconds since its receipt. */
  readonly onDelivered: (
    gateway: number,
    slot: Slot,
    seconds: number,
  ) => void;
}

/** A reading of each of `count` meters. */
export function templatesOf(count: number, clock: Clock): readonly Reading[] {
  return Array.from({ length: count }, (_, n) => {
    const device = `32663630${(n + 0x390000).toString(16).padStart(8, "0")}`;
    const command = energyCommand(device.toUpperCase(), 1n);
    const [reading] =
      interpret(decodeCommand(command), clock.instant()).readings;
    if (reading === undefined) throw new Error("The command gives no reading");
    return { ...reading, id: 1 };
  });
}

/** A gateway that delivers what is pushed to it until it is disposed. */
export class Gateway implements AsyncDisposable {
  readonly #host: FleetHost;
  readonly #log: MemoryLane;
  readonly #sink: Sink;
  readonly #stop = new AbortController();
  readonly #run: Promise<void>;
  readonly #next = new Map<number, number>();

  constructor(host: FleetHost, number: number) {
    const { clock, random, broker, caFile } = host;
    this.#host = host;
    this.#log = new MemoryLane(host.templates, clock, host.unused);
    const config = scorpio.config.parse({
      type: "scorpio",
      broker,
      project_id: "fleet",
      edge_node_id: `gw-${String(number).padStart(6, "0")}`,
      ...(caFile === undefined ? {} : { tls: { ca_file: caFile } }),
    });
    const open = mqttjs(clock);
    const connect: Connect = async (options) => {
      host.onAttempt(performance.now());
      if (!host.reachable()) throw new MqttError("Nothing listens", "tcp");
      const connection = await open(options);
      host.onConnected(number, performance.now());
      return connection;
    };
    const lent: SinkHost = sinkHost({ clock, random, connect });
    this.#sink = scorpio.open(config, lent);
    this.#run = runSink({
      lane: this.#log.lane,
      sink: this.#sink,
      clock,
      random,
      log: silentLog,
      signal: this.#stop.signal,
      onDelivered: (reading, seconds) => {
        const slot = this.#log.slot(reading.id);
        if (slot !== undefined) host.onDelivered(number, slot, seconds);
      },
    });
  }

  /** Whether it is connected. */
  get up(): boolean {
    return this.#sink.state().up;
  }

  /** Readings that wait or are in flight. */
  get pending(): number {
    return this.#log.lane.account().pending;
  }

  /** Logs the next reading of a meter; gives the meter's counter. */
  push(device: number): number {
    const { clock } = this.#host;
    const number = (this.#next.get(device) ?? 0) + 1;
    this.#next.set(device, number);
    this.#log.append({
      device,
      number,
      monoMs: clock.monoMs(),
      wallMs: clock.nowMs(),
    });
    return number;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#run;
    await this.#sink[Symbol.asyncDispose]();
  }
}
