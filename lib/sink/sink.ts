/**
 * The contract between the outbox and a platform. A sink is one folder and one
 * row in `kinds.ts`; the runner is the only caller of {@link Sink.deliver}.
 *
 * Obligations of a sink:
 * 1. `accepted` only after the platform has acknowledged the reading.
 * 2. Readings go on the wire in the order given; at most {@link Sink.window}
 *    are unsettled at a time (the runner sees to it).
 * 3. A promise of `deliver` never rejects and always settles: a lost connection
 *    or an aborted signal settles what is in flight as `kept`.
 * 4. `rejected` is for a reading that no later try can deliver; everything else
 *    that fails is `kept`.
 * 5. Disposing ends connections and timers, publishes deaths where the platform
 *    has them, and takes at most 3 s: with what the runner waits for before, the
 *    agent ends within 10 s.
 *
 * @module
 */
import type * as z from "zod";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Devices } from "../device/device.ts";
import type { Downlinks } from "../downlink/downlink.ts";
import type { Connect, ConnectOptions, OutMessage } from "../mqtt/mqtt.ts";
import type { Reading } from "../reading/reading.ts";

/** How the delivery of one reading ended. */
export type Outcome = "accepted" | "kept" | { readonly rejected: string };

/** What a sink says about itself; shown in status and metrics. */
export interface SinkState {
  readonly up: boolean;
  /** One line for a technician: what it does, or which step failed and why. */
  readonly detail: string;
}

/** What a sink publishes because of a reading. */
export interface Preview {
  readonly messages: readonly {
    /** An MQTT topic, or the path of a file. */
    readonly topic: string;
    /** Null where there is no broker. */
    readonly qos: 0 | 1 | 2 | null;
    readonly retain: boolean;
    readonly payload: string;
  }[];
  /** What the messages alone do not say, in whole sentences. */
  readonly note?: string;
}

/** A place readings are delivered to. */
export interface Sink extends AsyncDisposable {
  /** Most readings that may be unsettled at a time, as of now. */
  window(): number;
  /** Resolves when {@link deliver} may be called, or `signal` aborts; never rejects. */
  ready(signal: AbortSignal): Promise<void>;
  /**
   * Hands readings over; synchronous, one promise per reading, in order.
   *
   * @param signal aborts what is in flight: it settles as `kept`
   */
  deliver(
    readings: readonly Reading[],
    signal: AbortSignal,
  ): readonly Promise<Outcome>[];
  state(): SinkState;
  /**
   * What becomes of readings that come while it is down, as the end of a
   * sentence; for a sink that settles them at once. Without it they wait.
   */
  readonly whileDown?: string;
  /** What it publishes for a reading with its present configuration; publishes nothing. */
  preview(reading: Reading): Preview;
}

/** What the composition root lends to a sink. */
export interface SinkHost {
  /** The sink's name in the configuration. */
  readonly name: string;
  readonly log: Log;
  readonly clock: Clock;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  /** Opens a connection to a broker. */
  readonly connect: Connect;
  /** Name of the gateway (`[agent] name`). */
  readonly agentName: string;
  /** Configured name of a device, if any. */
  readonly deviceName: (device: string) => string | undefined;
  /** Directory where a sink may keep what must survive a restart. */
  readonly dataDir: string;
  /** What is known of the devices and of the modem; shared by all sinks. */
  readonly devices: Devices;
  readonly downlinks: Downlinks;
  /** Version of the agent. */
  readonly version: string;
}

/**
 * A place that a sink talks to, described so that `doctor` can go there step by
 * step and say which one fails.
 */
export type Endpoint =
  | {
    readonly kind: "broker";
    /** How the sink logs in, but with a client id of its own: the sink's would end its connection. */
    readonly login: Omit<ConnectOptions, "signal">;
    /** A message that shows the right to publish and that nobody takes for a reading, or why there is none. */
    readonly trial:
      | {
        readonly message: OutMessage;
        /** The topics that the sink must be allowed to write, as a filter. */
        readonly pattern: string;
      }
      | { readonly none: string };
  }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "stdout" }
  | {
    readonly kind: "listener";
    readonly hostname: string;
    readonly port: number;
    /** Key of the configuration that sets it. */
    readonly key: string;
  }
  /** Someone else has to come first. */
  | { readonly kind: "awaited"; readonly reason: string };

/** One row of the table of kinds. */
export interface SinkKind<S extends z.ZodType = z.ZodType> {
  /** Schema of the sink's table in the configuration, `type` included. */
  readonly config: S;
  /** Opens the sink; connections are made behind the scenes, failures heal there. */
  open(config: z.output<S>, host: SinkHost): Sink;
  /** What the sink talks to, in the order it does; without it `doctor` only probes. */
  endpoints?(config: z.output<S>, host: SinkHost): readonly Endpoint[];
  /**
   * Tries once whether the platform can be reached with this configuration, and
   * says in one line what was reached. Delivers nothing.
   *
   * @throws {Error} naming the step that failed
   */
  probe(
    config: z.output<S>,
    host: SinkHost,
    signal: AbortSignal,
  ): Promise<string>;
}
