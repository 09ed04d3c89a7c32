/**
 * The composition root: builds store, sinks and modem from a configuration,
 * joins them, and closes them in reverse order.
 *
 * ```
 * modem ──heard──▶ interpret ──▶ ignored? duplicate? ──▶ outbox ──▶ a runner per sink
 *   ▲                  └──every frame, once committed──▶ devices ──watched by──▲
 *   └────────── downlinks ◀──contact──────────────────────┘
 * ```
 *
 * Longer than other files since it is the one place where all parts meet.
 *
 * @module
 */
import { decodeCommand } from "./alp/alp.ts";
import { FlightRecorder } from "./capture/flight.ts";
import type { Clock } from "./clock.ts";
import type { Config } from "./config/config.ts";
import { parseListen } from "./config/rules.ts";
import type { Devices } from "./device/device.ts";
import { Registry } from "./device/registry.ts";
import { TOLD_AGAIN } from "./device/shelf.ts";
import type { Downlinks } from "./downlink/downlink.ts";
import { type DownlinkKeep, DownlinkRunner } from "./downlink/runner.ts";
import { contentOf, interpret } from "./files/files.ts";
import { FlightWatch } from "./flight.ts";
import { type HttpSide, openHttp } from "./http/open.ts";
import { pageAssets } from "./http/page/page.ts";
import type { View } from "./http/view.ts";
import { Inspection } from "./inspect/inspect.ts";
import type { Parts } from "./inspect/parts.ts";
import { steering } from "./inspect/steering.ts";
import { Intake, type IntakeCounters } from "./intake.ts";
import type { Log } from "./log.ts";
import { Modem } from "./modem/modem.ts";
import type { Connect } from "./mqtt/mqtt.ts";
import type { Proof } from "./notify/watch.ts";
import type { Reading } from "./reading/reading.ts";
import type { OpenPort } from "./serial/serial.ts";
import { tapped } from "./serial/tap.ts";
import { openSink } from "./sink/kinds.ts";
import { runSink } from "./sink/runner.ts";
import type { Sink, SinkHost } from "./sink/sink.ts";
import type { Lane, Row } from "./store/outbox.ts";
import { openStore, type Store, StoreError } from "./store/store.ts";
import { keepUp } from "./upkeep.ts";

/** What an agent is built from. */
export interface AgentHost {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  readonly open: OpenPort;
  readonly connect: Connect;
  /** Of this program. */
  readonly version: string;
  /** Remembers the last minutes; the caller lets the log tell it, too. */
  readonly flight?: FlightRecorder;
  /**
   * The port is a recording and this its clock: what comes is heard at recorded
   * times, nothing is asked, and what the store knows makes nothing a repetition.
   */
  readonly lineClock?: Clock;
}

/** Parts that know each other only through the root, in the order they come to be. */
interface Joint {
  modem: Modem | null;
  intake: Intake | null;
  inspection: Inspection | null;
  http: HttpSide | null;
  flight: FlightWatch | null;
}

/** A running agent. */
export interface Agent extends AsyncDisposable {
  readonly modem: Modem;
  readonly store: Store;
  readonly counters: IntakeCounters;
  readonly devices: Devices;
  readonly downlinks: Downlinks;
  readonly sinks: readonly {
    readonly name: string;
    readonly type: string;
    readonly sink: Sink;
    readonly lane: Lane;
  }[];
  /** What people and programs may see of it. */
  readonly view: View;
  /** Where it is seen. */
  readonly http: Pick<HttpSide, "url" | "trouble">;
  /** What has to move for the agent to count as alive; a broker or port that is away is not among it. */
  readonly proofs: readonly Proof[];
  /** Resolves with the fault when a part ended that should never end. */
  readonly failed: Promise<unknown>;
}

/** Derives a reading from its row again; null when its bytes give no such reading. */
export function restore(row: Row): Reading | null {
  const { readings } = interpret(decodeCommand(row.command), row.received);
  const reading = readings[row.part];
  return reading === undefined ? null : { ...reading, id: row.id };
}

/**
 * Starts an agent: store, sinks, modem. Disposing it stops the same backwards:
 * stop hearing; settle what is in flight and publish deaths, all sinks at the
 * same time; close the store.
 *
 * @throws {StoreError} when the store cannot be opened
 */
export async function startAgent(host: AgentHost): Promise<Agent> {
  const { config, clock, log } = host;
  const replayed = host.lineClock !== undefined;
  const lineClock = host.lineClock ?? clock;
  const flight = host.flight ?? new FlightRecorder(clock);
  const { promise: failed, resolve: end } = Promise.withResolvers<unknown>();
  const fail = (error: unknown): void => {
    joint.flight?.anomaly("agent_failed");
    end(error);
  };
  await using stack = new AsyncDisposableStack();
  const store = stack.use(openStore({
    dir: config.agent.data_dir,
    config: config.outbox,
    clock,
    log: log.child({ part: "store" }),
    restore,
  }));
  const joint: Joint = {
    modem: null,
    intake: null,
    inspection: null,
    http: null,
    flight: null,
  };
  const registry = stack.use(
    new Registry({
      clock: lineClock,
      log: log.child({ part: "devices" }),
      keep: keepIn(store, "device"),
      decode: contentOf,
      logged: (wanted) =>
        replayed ? [] : store.newest(TOLD_AGAIN, wanted)
          .map(({ id: _id, ...reading }) => reading),
      admitted: (device) => !config.devices[device]?.ignore,
      rejected: () => rejectedBy(joint.modem),
    }),
  );
  stack.use(keepUp(store, registry, host));
  const downlinks = stack.use(
    openDownlinks(host, store, registry, joint),
  );
  const together = stack.use(new Together());
  const sinks = [];
  for (const [name, sinkConfig] of Object.entries(config.sinks)) {
    const lane = store.lane(name);
    const lent = sinkHost(host, name, { devices: registry, downlinks });
    const mine = together.add();
    const sink = mine.use(openSink(sinkConfig, lent));
    mine.use(background((signal) =>
      runSink({
        lane,
        sink,
        clock,
        random: host.random,
        log: lent.log,
        signal,
        onDelivered: (_reading, seconds) =>
          joint.inspection?.delivered(name, seconds),
      }), fail));
    sinks.push({ name, type: sinkConfig.type, sink, lane });
  }
  const intake = stack.use(
    new Intake(
      {
        ...host,
        onLogged: (readings) => joint.inspection?.logged(readings),
      },
      // A recording gives the readings that it gave, whatever came since.
      replayed ? { ...store, lastPushes: () => [] } : store,
      (frames) => {
        for (const { device, contact, ...frame } of frames) {
          registry.heard({ device, contact, ...frame });
          // Not every device that is heard is admitted.
          if (registry.get(device) !== undefined) {
            downlinks.heard(device, frame.readings, contact);
          }
        }
      },
      registry,
    ),
  );
  joint.intake = intake;
  const modem = joint.modem = new Modem({
    open: replayed ? host.open : tapped(host.open, flight),
    config: config.modem,
    silenceMs: config.serial.silence_ms,
    clock: lineClock,
    listenOnly: replayed,
    log: log.child({ part: "modem" }),
    onItem: (item, received) => joint.inspection?.item(item, received),
    onHeard: (heard) => intake.take(heard),
    onLink(up, uid) {
      joint.flight?.link(up);
      registry.modem(up, uid);
    },
  });
  const forget = (device: string): void => {
    downlinks.removed(device);
    registry.remove(device);
  };
  const parts: Parts = {
    config,
    version: host.version,
    clock,
    modem,
    store,
    counters: intake.counters,
    devices: registry,
    downlinks,
    sinks,
    http: () => joint.http?.trouble() ?? null,
  };
  const inspection = joint.inspection = stack.use(new Inspection(parts));
  if (!replayed) {
    joint.flight = stack.use(
      new FlightWatch({
        flight,
        config,
        version: host.version,
        clock,
        log: log.child({ part: "flight" }),
        modem,
        store,
      }),
    );
  }
  stack.use(background((signal) => modem.run(signal), fail));
  const http = joint.http = stack.use(
    await openHttp({
      ...host,
      log: log.child({ part: "http" }),
      view: inspection,
      steering: steering({
        parts,
        downlinks,
        forget,
        diag: () =>
          joint.flight?.write() ??
            Promise.reject(new Error("a replay has no flight recorder")),
      }),
      listen: parseListen(config.http.listen),
      socket: config.http.socket,
      token: config.http.token,
      page: pageAssets,
      names: namesIn(config),
    }),
  );
  const owned = stack.move();
  return {
    modem,
    store,
    counters: intake.counters,
    devices: registry,
    downlinks,
    sinks,
    view: inspection,
    http,
    proofs: [() => modem.stuck(), () => unwritable(store)],
    failed,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Why the outbox takes no commit; null when it does. */
function unwritable(store: Store): string | null {
  try {
    store.prove();
    return null;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    // A full disk is a state, not a standstill: readings are held in memory
    // meanwhile, and a restart would lose them and make no room.
    return error.fault === "full" ? null : error.message;
  }
}

/** Names of devices as configured, by UID. */
function namesIn(config: Config): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(config.devices).flatMap(([device, { name }]) =>
      name === undefined ? [] : [[device, name] as const]
    ),
  );
}

/** Frames that the line or the decoder refused. */
function rejectedBy(modem: Modem | null): number {
  if (modem === null) return 0;
  const { badChecksums, alpErrors } = modem.counters;
  return Object.values(alpErrors).reduce((sum, n) => sum + n, badChecksums);
}

/** An area of the store with what makes it durable. */
function keepIn(store: Store, area: string): DownlinkKeep {
  const kept = store.kept(area);
  return {
    entries: () => kept.entries(),
    put: (key, text) => kept.put(key, text),
    flush: () => store.flush(),
  };
}

/** Downlinks over the agent's modem; what comes back goes through its intake. */
function openDownlinks(
  { clock, log }: AgentHost,
  store: Store,
  registry: Registry,
  joint: Readonly<Joint>,
): DownlinkRunner {
  return new DownlinkRunner({
    clock,
    log: log.child({ part: "downlink" }),
    keep: keepIn(store, "downlink"),
    request: (actions) =>
      joint.modem?.request(actions, { remote: true }) ??
        Promise.resolve({ ok: false, reason: "closed", actions: [] }),
    ready: () => joint.modem?.state().phase === "ready",
    online: (device) => {
      const state = registry.get(device);
      return state !== undefined && state.offline === null &&
        !state.unregistered;
    },
    onAnswer: (actions) => joint.intake?.takeAnswer(actions),
    onWaiting: (device, waiting) => registry.downlinkQueued(device, waiting),
    onEnded: (device, ask, { end }, mode) =>
      registry.downlinkEnded(
        device,
        end === "confirmed"
          ? { type: "downlink_done", write: ask.what === "write" ? ask : null }
          : {
            type: "downlink_failed",
            event: ask.what === "write" && mode === "contact",
          },
      ),
  });
}

/** Devices and downlinks of an agent that does not run, for a sink that is only tried. */
function noDevices(
  { clock, log }: AgentHost,
): Pick<SinkHost, "devices" | "downlinks"> {
  const downlinks: Downlinks = {
    write: () => Promise.resolve({ end: "offline" }),
    read: () => Promise.resolve({ end: "offline" }),
    queued: () => [],
  };
  return {
    devices: new Registry({ clock, log, decode: contentOf }),
    downlinks,
  };
}

/** What the sink of that name is lent. */
export function sinkHost(
  host: AgentHost,
  name: string,
  lent: Pick<SinkHost, "devices" | "downlinks"> = noDevices(host),
): SinkHost {
  const { config, clock, random, connect } = host;
  return {
    name,
    log: host.log.child({ sink: name }),
    clock,
    random,
    connect,
    agentName: config.agent.name,
    deviceName: (device) => config.devices[device]?.name,
    dataDir: config.agent.data_dir,
    version: host.version,
    ...lent,
  };
}

/** Runs a task until disposed; disposing waits for its end. */
function background(
  task: (signal: AbortSignal) => Promise<void>,
  onFailure: (error: unknown) => void,
): AsyncDisposable {
  const stop = new AbortController();
  const done = task(stop.signal).catch(onFailure);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
    },
  };
}

/** Stacks that are disposed at the same time: one that takes its time adds nothing to another's. */
class Together implements AsyncDisposable {
  readonly #stacks: AsyncDisposableStack[] = [];

  add(): AsyncDisposableStack {
    const stack = new AsyncDisposableStack();
    this.#stacks.push(stack);
    return stack;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ends = await Promise.allSettled(
      this.#stacks.map((stack) => stack.disposeAsync()),
    );
    const faults = ends.flatMap((end) =>
      end.status === "rejected" ? [end.reason] : []
    );
    if (faults.length > 0) {
      throw new AggregateError(faults, "Cannot close every sink");
    }
  }
}
