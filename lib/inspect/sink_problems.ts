/**
 * What is wrong with sinks. Pure.
 *
 * @module
 */
import type { ProblemJson } from "../http/json.ts";
import { timeOf } from "./parts.ts";
import type { Snapshot } from "./snapshot.ts";
import { bare, several, span } from "./words.ts";

/** After the start things may take so long to come up before they are told, s. */
const START_S = 5;
/** A sink that is up and still has readings older than this does not keep up, s. */
const SLOW_S = 900;

/** Readings go nowhere. */
export function noSinks({ sinks }: Snapshot): readonly ProblemJson[] {
  if (sinks.length > 0) return [];
  return [{
    severity: "warning",
    code: "no_sinks",
    subject: null,
    text: "No sink is configured: readings are kept and go nowhere.",
    fix: "Add a [sinks.NAME] table to the configuration and restart the agent.",
    values: {},
    since: null,
  }];
}

/** One for each sink that is down. */
export function sinksDown(
  { sinks, agent, nowMs }: Snapshot,
): readonly ProblemJson[] {
  if (agent.uptimeS < START_S) return [];
  return sinks.filter(({ up }) => !up).map((sink): ProblemJson => {
    const { name, type, detail, account: { pending } } = sink;
    const down_s = Math.round((nowMs - sink.sinceMs) / 1000);
    return {
      severity: "error",
      code: "sink_down",
      subject: name,
      text: `Sink ${name} has been down for ${span(down_s)}: ${bare(detail)}. ${
        pending === 0
          ? "Nothing waits"
          : `${several(pending, "reading")} wait${pending === 1 ? "s" : ""}`
      }; ${sink.whileDown ?? "what comes is kept and delivered later"}.`,
      fix:
        `Run dash7-edge doctor: it tries name, network, certificate and login of ${name} step by step.`,
      values: { sink: name, type, detail, pending, down_s },
      since: timeOf(sink.sinceMs),
    };
  });
}

/** One for each sink that has rejected a reading lately. */
export function sinksReject({ sinks }: Snapshot): readonly ProblemJson[] {
  return sinks.flatMap(({ name, account, lastRejection }): ProblemJson[] => {
    if (lastRejection === null) return [];
    const { rejected } = account;
    return [{
      severity: "error",
      code: "sink_rejects",
      subject: name,
      text: `Sink ${name} has rejected ${
        several(rejected, "reading")
      }, the last one because: ${bare(lastRejection.reason)}.`,
      fix:
        `Rejected readings are set aside and not tried again. Ask whoever runs the platform behind ${name} with this reason; a right to publish or a wrong topic is the usual cause.`,
      values: { sink: name, rejected, reason: lastRejection.reason },
      since: timeOf(lastRejection.atMs),
    }];
  });
}

/** Up, and yet what waits gets older. */
export function sinksSlow({ sinks, nowMs }: Snapshot): readonly ProblemJson[] {
  return sinks.flatMap((sink): ProblemJson[] => {
    const { name, up, sinceMs, oldestPendingMs, account: { pending } } = sink;
    if (!up || oldestPendingMs === null || pending === 0) return [];
    if (nowMs - sinceMs < SLOW_S * 1000) return [];
    const oldest_s = Math.round((nowMs - oldestPendingMs) / 1000);
    const shrinks = sink.ratePerS > sink.arrivalPerS;
    if (oldest_s < SLOW_S || shrinks) return [];
    return [{
      severity: "warning",
      code: "sink_slow",
      subject: name,
      text: `Sink ${name} is up but does not keep up: ${
        several(pending, "reading")
      } wait, the oldest for ${span(oldest_s)}.`,
      fix:
        `The broker of ${name} or the way to it is slow: look at its load and at the network. Nothing is lost while the outbox has room.`,
      values: { sink: name, pending, oldest_s },
      since: null,
    }];
  });
}
