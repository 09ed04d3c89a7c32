/**
 * The composition root: builds store, sinks and modem from a configuration,
 * joins them, and closes them in reverse order.
 *
 * ```
 * modem ──heard──▶ interpret ──▶ ignored? duplicate? ──▶ outbox ──▶ a runner per sink
 * ```
 *
 * @module
 */
import { decodeCommand } from "./alp/alp.ts";
import type { Clock } from "./clock.ts";
import type { Config } from "./config/config.ts";
import {
  type FileProblem,
  type FileProblemKind,
  interpret,
} from "./files/files.ts";
import { type Log, sparing } from "./log.ts";
import { type Heard, Modem } from "./modem/modem.ts";
import type { Connect } from "./mqtt/mqtt.ts";
import { Duplicates } from "./reading/duplicates.ts";
import type { FileName, Reading } from "./reading/reading.ts";
import type { OpenPort } from "./serial/serial.ts";
import { openSink } from "./sink/kinds.ts";
import { runSink } from "./sink/runner.ts";
import type { Sink, SinkHost } from "./sink/sink.ts";
import type { Entry, Lane, Row } from "./store/outbox.ts";
import { PatientAppender } from "./store/patient.ts";
import { openStore, type Store, StoreError } from "./store/store.ts";

/** What an agent is built from. */
export interface AgentHost {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  readonly open: OpenPort;
  readonly connect: Connect;
}

/** Numbers of the intake, for status and metrics. */
export interface IntakeCounters {
  readonly readings: Partial<Record<FileName, number>>;
  duplicates: number;
  ignored: number;
  /** Device files that gave no reading, by kind of problem. */
  readonly problems: Partial<Record<FileProblemKind, number>>;
  /** Readings given up because the store refused them for too long. */
  lost: number;
}

/** A running agent. */
export interface Agent extends AsyncDisposable {
  readonly modem: Modem;
  readonly store: Store;
  readonly counters: IntakeCounters;
  readonly sinks: readonly {
    readonly name: string;
    readonly sink: Sink;
    readonly lane: Lane;
  }[];
  /** Resolves with the fault when a part ended that should never end. */
  readonly failed: Promise<unknown>;
}

/** How often the store is brought back into its bounds. */
const MAINTAIN_MS = 60_000;
/** Pause between two slices of that work, so that readings get in between. */
const MAINTAIN_PAUSE_MS = 100;
/** How often the clock is looked at until it is synchronised. */
const SYNC_CHECK_MS = 5000;

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
  const { promise: failed, resolve: fail } = Promise.withResolvers<unknown>();
  await using stack = new AsyncDisposableStack();
  const store = stack.use(openStore({
    dir: config.agent.data_dir,
    config: config.outbox,
    clock,
    log: log.child({ part: "store" }),
    restore,
  }));
  stack.use(keepTime(store, host));
  const together = stack.use(new Together());
  const sinks = [];
  for (const [name, sinkConfig] of Object.entries(config.sinks)) {
    const lane = store.lane(name);
    const lent = sinkHost(host, name);
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
      }), fail));
    sinks.push({ name, sink, lane });
  }
  const intake = stack.use(new Intake(host, store));
  const modem = new Modem({
    open: host.open,
    config: config.modem,
    silenceMs: config.serial.silence_ms,
    clock,
    log: log.child({ part: "modem" }),
    onHeard: (heard) => intake.take(heard),
  });
  stack.use(background((signal) => modem.run(signal), fail));
  const owned = stack.move();
  return {
    modem,
    store,
    counters: intake.counters,
    sinks,
    failed,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What the sink of that name is lent. */
export function sinkHost(host: AgentHost, name: string): SinkHost {
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

/** Keeps the store in bounds, and re-stamps what waits once the clock is set. */
function keepTime(store: Store, { clock, log }: AgentHost): Disposable {
  let disarmMaintain = () => {};
  const maintain = () => {
    const { more } = store.maintain();
    disarmMaintain = clock.after(
      more ? MAINTAIN_PAUSE_MS : MAINTAIN_MS,
      maintain,
    );
  };
  let disarmSync = () => {};
  const sync = () => {
    const now = clock.instant();
    if (!now.synced) {
      disarmSync = clock.after(SYNC_CHECK_MS, sync);
      return;
    }
    try {
      const count = store.restamp(now.bootId, now.wallMs - now.monoMs);
      if (count > 0) {
        log.info("Clock set, waiting readings of this boot re-stamped", {
          count,
        });
      }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      log.warn("Readings not re-stamped yet", { reason: error.message });
      disarmSync = clock.after(SYNC_CHECK_MS, sync);
    }
  };
  sync();
  disarmMaintain = clock.after(MAINTAIN_MS, maintain);
  return {
    [Symbol.dispose]() {
      disarmMaintain();
      disarmSync();
    },
  };
}

/** Turns what the modem heard into rows of the log. */
class Intake implements Disposable {
  readonly counters: IntakeCounters = {
    readings: {},
    duplicates: 0,
    ignored: 0,
    problems: {},
    lost: 0,
  };
  readonly #host: AgentHost;
  readonly #store: Store;
  readonly #noise: Log;
  readonly #duplicates: Duplicates;
  readonly #intoLog: PatientAppender;

  constructor(host: AgentHost, store: Store) {
    this.#host = host;
    this.#store = store;
    this.#noise = sparing(host.log, () => host.clock.monoMs());
    const windowMs = host.config.readings.duplicate_window_s * 1000;
    this.#duplicates = new Duplicates(windowMs);
    this.#intoLog = new PatientAppender(
      store,
      host.clock,
      host.log,
      (count) => this.counters.lost += count,
    );
    // A restart must not make a repetition look new.
    const since = host.clock.nowMs() - windowMs;
    for (const reading of windowMs > 0 ? store.lastPushes(since) : []) {
      this.#duplicates.seen(reading);
    }
  }

  take(heard: readonly Heard[]): void {
    const entries: Entry[] = [];
    for (const { command, payload, received } of heard) {
      const { readings, problems } = interpret(command, received);
      for (const problem of problems) this.#tell(problem);
      for (const [part, reading] of readings.entries()) {
        const { file } = reading;
        this.counters.readings[file] = (this.counters.readings[file] ?? 0) + 1;
        const ignored = this.#host.config.devices[reading.device]?.ignore;
        const repeated = this.#duplicates.seen(reading);
        if (!ignored && !repeated) {
          entries.push({ reading, command: payload, part });
          continue;
        }
        if (ignored) this.counters.ignored++;
        else this.counters.duplicates++;
        // It goes nowhere, but the device was heard.
        this.#store.devices.seen(
          reading.device,
          reading.received.wallMs,
          reading.link,
        );
      }
    }
    if (entries.length > 0) this.#intoLog.append(entries);
  }

  [Symbol.dispose](): void {
    this.#intoLog[Symbol.dispose]();
  }

  #tell(problem: FileProblem): void {
    this.counters.problems[problem.kind] =
      (this.counters.problems[problem.kind] ?? 0) + 1;
    this.#noise.warn("Device file gives no reading, kept here as bytes", {
      reason: problem.kind,
      device: problem.device ?? undefined,
      file: problem.fileId,
      data: problem.data,
    });
  }
}
