/**
 * The flight recorder of a running agent: looks every few seconds whether
 * something has gone wrong, and then, or when asked, writes what the recorder
 * remembers.
 *
 * @module
 */
import { Anomalies, type Anomaly, LOOK_MS } from "./capture/anomaly.ts";
import { FlightDumps } from "./capture/dumps.ts";
import type { FlightRecorder } from "./capture/flight.ts";
import type { Clock } from "./clock.ts";
import type { Config } from "./config/config.ts";
import { redactor } from "./config/redactor.ts";
import type { Log } from "./log.ts";
import type { Modem } from "./modem/modem.ts";
import type { Store } from "./store/store.ts";

/** What is recorded, and looked at. */
export interface FlightHost {
  readonly flight: FlightRecorder;
  readonly config: Config;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly modem: Pick<Modem, "state" | "counters">;
  readonly store: Pick<Store, "trouble">;
}

/** The recorder's keeper. Disposing waits for what is being written. */
export class FlightWatch implements AsyncDisposable {
  readonly #host: FlightHost;
  readonly #dumps: FlightDumps;
  readonly #anomalies = new Anomalies();
  #linkUp = false;
  #disarm: () => void = () => {};

  constructor(host: FlightHost) {
    const { config, flight, clock, log, version } = host;
    this.#host = host;
    this.#dumps = new FlightDumps({
      dir: `${config.agent.data_dir}/flight`,
      flight,
      clock,
      log,
      version,
      baud: config.serial.baud,
      minFreeBytes: config.outbox.min_free_mb * 1_000_000,
      redact: redactor(config).line,
    });
    this.#look();
  }

  /** The modem's link is up, or lost. */
  link(up: boolean): void {
    this.#linkUp = up;
  }

  /** Something has gone wrong that no look finds. */
  anomaly(kind: Anomaly): void {
    this.#dumps.anomaly(kind);
  }

  /** Writes the recorder because somebody asks, and gives the file's path. */
  write(): Promise<string> {
    return this.#dumps.write("diag");
  }

  #look(): void {
    const { clock, modem, store } = this.#host;
    const { portUp, phase } = modem.state();
    const { alpErrors, badChecksums, frames } = modem.counters;
    const found = this.#anomalies.look({
      nowMs: clock.monoMs(),
      portUp,
      ready: phase === "ready",
      linkUp: this.#linkUp,
      alpErrors: Object.values(alpErrors).reduce((sum, n) => sum + n, 0),
      badChecksums,
      reboots: frames.rebooted,
      storeTrouble: store.trouble() !== null,
    });
    for (const kind of found) this.#dumps.anomaly(kind);
    this.#disarm = clock.after(LOOK_MS, () => this.#look());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disarm();
    await this.#dumps[Symbol.asyncDispose]();
  }
}
