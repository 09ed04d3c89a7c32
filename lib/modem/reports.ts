/**
 * What a session reports, put where people and programs look: log records,
 * counters, and a word on what is wrong.
 *
 * @module
 */
import type { MessageType } from "../frame/frame.ts";
import type { Fields, Log } from "../log.ts";
import type { Identity, Report } from "./events.ts";

/** What the line has seen since the start; numbers for status and metrics. */
export interface LineCounters {
  readonly frames: Record<MessageType | "unknown", number>;
  discardedBytes: number;
  badChecksums: number;
  /** Frames that the modem's counter says were lost on the cable. */
  lostFrames: number;
  /** Commands that could not be decoded to their end, by error code. */
  readonly alpErrors: Record<string, number>;
}

/** Takes the reports of one modem's sessions. */
export class Reports {
  readonly counters: LineCounters = {
    frames: {
      alp_data: 0,
      ping_request: 0,
      ping_response: 0,
      logging: 0,
      rebooted: 0,
      unknown: 0,
    },
    discardedBytes: 0,
    badChecksums: 0,
    lostFrames: 0,
    alpErrors: {},
  };
  /** What is wrong with the modem, for people; null while nothing is. */
  trouble: string | null = null;
  /** The modem does not answer pings. */
  silent = false;
  /** Whether this session has had a frame before the one at hand. */
  spoken = false;
  readonly #log: Log;
  /** For what a noisy line may cause any number of times. */
  readonly #noise: Log;

  constructor(log: Log, noise: Log) {
    this.#log = log;
    this.#noise = noise;
  }

  take(report: Report): void {
    switch (report.about) {
      case "identified":
        this.trouble = null;
        this.#noise.info("Modem identified", identityFields(report.identity));
        break;
      case "identify_failed":
        if (this.trouble === null) {
          this.#log.warn(
            "Modem does not say who it is, will be asked again; what devices send is kept",
            { reason: report.reason },
          );
        }
        this.trouble = `Modem does not identify itself: ${report.reason}`;
        break;
      case "rebooted":
        // Power comes with the plug: that is how a session usually begins.
        this.#noise[
          report.reasonName === "power_on" && !this.spoken ? "info" : "warn"
        ]("Modem rebooted", {
          reason: report.reasonName,
          code: report.reason,
        });
        break;
      case "gap":
        this.counters.lostFrames += report.lost;
        this.#noise.warn("Counter gap, frames were lost on the cable", {
          lost: report.lost,
          counter: report.counter,
        });
        break;
      case "logging":
        this.#noise.info("Modem says", { text: report.text });
        break;
      case "unknown_frame":
        this.#noise.warn("Frame of unknown type ignored", {
          type: report.typeCode,
          payload: report.payload,
        });
        break;
      case "alp_error":
        this.counters.alpErrors[report.code] =
          (this.counters.alpErrors[report.code] ?? 0) + 1;
        this.#noise.warn("ALP command not understood to its end", {
          error: report.code,
          reason: report.message,
          payload: report.payload,
        });
        break;
      case "silent":
        if (this.trouble === null) {
          this.#log.warn("Modem silent, does not answer pings", {
            for_s: report.silentS,
          });
        }
        this.trouble = `Modem silent for ${report.silentS} s`;
        this.silent = true;
        break;
      case "alive":
        if (this.trouble !== null) this.#log.info("Modem answers again");
        this.trouble = null;
        this.silent = false;
        break;
    }
  }
}

function identityFields({ uid, firmware }: Identity): Fields {
  const { applicationName, gitSha1, d7apMajor, d7apMinor } = firmware;
  return {
    uid,
    application: applicationName,
    git: gitSha1,
    d7ap: `${d7apMajor}.${d7apMinor}`,
  };
}
