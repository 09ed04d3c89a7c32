/**
 * Turns what the modem heard into rows of the log, and tells the devices.
 *
 * ```
 * heard ──▶ interpret ──▶ ignored? duplicate? ──▶ outbox
 *               └──every frame, once committed──▶ devices
 * ```
 *
 * @module
 */
import type { Action } from "./alp/action.ts";
import { encodeCommand } from "./alp/alp.ts";
import type { Clock } from "./clock.ts";
import type { Config } from "./config/config.ts";
import {
  type FileProblem,
  type FileProblemKind,
  interpret,
  originsOf,
} from "./files/files.ts";
import { type Log, sparing } from "./log.ts";
import type { Heard } from "./modem/modem.ts";
import { Duplicates } from "./reading/duplicates.ts";
import type { FileName, NewReading, Reading } from "./reading/reading.ts";
import type { Entry } from "./store/outbox.ts";
import { PatientAppender } from "./store/patient.ts";
import type { Store } from "./store/store.ts";

/** What the intake works with. */
export interface IntakeHost {
  readonly config: Pick<Config, "devices" | "readings">;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of readings once they are committed; must not throw. */
  readonly onLogged?: (readings: readonly Reading[]) => void;
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

/** Counts of the gateway that the intake adds to. */
export interface FrameCounts {
  /** A frame with a command was received. */
  frame(): void;
  /** A frame of an unknown file, or of a device that is not admitted. */
  foreign(device: string | null): void;
}

/** A frame of a device, with what it says. */
export interface DeviceFrame {
  readonly device: string;
  readonly link: NewReading["link"];
  readonly received: NewReading["received"];
  readonly readings: readonly NewReading[];
  readonly contact: boolean;
  readonly known: boolean;
  /** The log has all that it says. */
  readonly logged: boolean;
}

/** Turns what the modem heard into rows of the log, then tells the devices. */
export class Intake implements Disposable {
  readonly counters: IntakeCounters = {
    readings: {},
    duplicates: 0,
    ignored: 0,
    problems: {},
    lost: 0,
  };
  readonly #host: IntakeHost;
  readonly #store: Store;
  readonly #noise: Log;
  readonly #duplicates: Duplicates;
  readonly #onFrames: (frames: readonly DeviceFrame[]) => void;
  readonly #registry: FrameCounts;
  readonly #intoLog: PatientAppender;

  constructor(
    host: IntakeHost,
    store: Store,
    onFrames: (frames: readonly DeviceFrame[]) => void,
    registry: FrameCounts,
  ) {
    this.#host = host;
    this.#store = store;
    this.#onFrames = onFrames;
    this.#registry = registry;
    this.#noise = sparing(host.log, () => host.clock.monoMs());
    const windowMs = host.config.readings.duplicate_window_s * 1000;
    this.#duplicates = new Duplicates(windowMs);
    this.#intoLog = new PatientAppender(
      {
        append(entries) {
          const readings = store.append(entries);
          host.onLogged?.(readings);
          return readings;
        },
      },
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

  /** What devices sent unasked. */
  take(heard: readonly Heard[]): void {
    for (let n = heard.length; n > 0; n--) this.#registry.frame();
    this.#take(heard, true);
  }

  /** What a device sent as an answer over the air. */
  takeAnswer(actions: readonly Action[]): void {
    this.#take([{
      command: { actions, error: null },
      payload: encodeCommand(actions),
      received: this.#host.clock.instant(),
      counter: null,
    }], false);
  }

  #take(heard: readonly Heard[], contact: boolean): void {
    const entries: Entry[] = [];
    const frames: DeviceFrame[] = [];
    for (const { command, payload, received, counter } of heard) {
      const { readings, problems } = interpret(command, received);
      for (const problem of problems) this.#tell(problem);
      const logged = new Set<NewReading>();
      for (const [part, reading] of readings.entries()) {
        const { file } = reading;
        this.counters.readings[file] = (this.counters.readings[file] ?? 0) + 1;
        const ignored = this.#host.config.devices[reading.device]?.ignore;
        const repeated = this.#duplicates.seen(reading);
        if (!ignored && !repeated) {
          logged.add(reading);
          entries.push({
            reading,
            command: payload,
            part,
            frameCounter: counter,
          });
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
      for (const [device, link] of originsOf(command)) {
        const own = readings.filter((reading) => reading.device === device);
        frames.push({
          device,
          link,
          received,
          readings: own,
          contact,
          known: own.length > 0,
          logged: own.length > 0 && own.every((reading) => logged.has(reading)),
        });
      }
    }
    if (entries.length > 0) this.#intoLog.append(entries);
    this.#onFrames(frames);
  }

  [Symbol.dispose](): void {
    this.#intoLog[Symbol.dispose]();
  }

  #tell(problem: FileProblem): void {
    this.counters.problems[problem.kind] =
      (this.counters.problems[problem.kind] ?? 0) + 1;
    if (problem.kind === "unknown_file") this.#registry.foreign(null);
    this.#noise.warn("Device file gives no reading, kept here as bytes", {
      reason: problem.kind,
      device: problem.device ?? undefined,
      file: problem.fileId,
      data: problem.data,
    });
  }
}
