/**
 * What is wrong, the worst first, in words a technician can act on, each with
 * what would do. Pure.
 *
 * One function per kind of problem, in the order in which a technician would
 * look: without a port there are no readings, without a sink they go nowhere.
 * {@link ProblemJson.values} hold all that stands in the sentences, so that a
 * translation needs neither of them.
 *
 * @module
 */
import type { ProblemJson } from "../http/json.ts";
import { deviceProblems } from "./device_problems.ts";
import {
  framesLost,
  lineNoise,
  modemSilent,
  modemUnidentified,
  portDown,
} from "./line_problems.ts";
import {
  diskLow,
  outboxDropped,
  outboxFilling,
  outboxUnwritable,
  readingsLost,
} from "./outbox_problems.ts";
import { timeOf } from "./parts.ts";
import { noSinks, sinksDown, sinksReject, sinksSlow } from "./sink_problems.ts";
import type { Snapshot } from "./snapshot.ts";
import { bare, sentence } from "./words.ts";

/** Finds problems of one kind. */
type Finder = (snapshot: Snapshot) => readonly ProblemJson[];

/** All kinds, in the order they are told among equals. */
const FINDERS: readonly Finder[] = [
  portDown,
  modemSilent,
  modemUnidentified,
  outboxUnwritable,
  readingsLost,
  outboxDropped,
  noSinks,
  sinksDown,
  sinksReject,
  sinksSlow,
  outboxFilling,
  diskLow,
  clockUnsynchronised,
  lineNoise,
  framesLost,
  httpDown,
  deviceProblems,
];

/** All problems: errors first, then warnings, each in the order of the kinds. */
export function problemsOf(snapshot: Snapshot): readonly ProblemJson[] {
  const found = FINDERS.flatMap((find) => find(snapshot));
  return [
    ...found.filter(({ severity }) => severity === "error"),
    ...found.filter(({ severity }) => severity === "warning"),
  ];
}

function clockUnsynchronised(
  { synced, syncedSinceMs, nowMs }: Snapshot,
): readonly ProblemJson[] {
  if (synced) return [];
  // To the minute: it is there to be held against a watch, not to tick.
  const now = `${timeOf(nowMs).slice(0, 16).replace("T", " ")} UTC`;
  return [{
    severity: "warning",
    code: "clock_unsynchronised",
    subject: null,
    text:
      `The clock of this gateway is not synchronised; it says ${now}. Times of readings may be wrong, and certificates may seem expired.`,
    fix:
      "Let it reach a time server: timedatectl set-ntp true, and check DNS and the firewall (UDP port 123). Waiting readings get the right time by themselves.",
    values: { now },
    since: timeOf(syncedSinceMs),
  }];
}

function httpDown({ http }: Snapshot): readonly ProblemJson[] {
  if (http === null) return [];
  const { where, reason, fix } = http;
  return [{
    severity: "warning",
    code: "http_down",
    subject: where,
    text: `Dashboard and metrics are not served on ${where}: ${bare(reason)}.`,
    fix: `${sentence(fix)} Readings are delivered all the same.`,
    values: { where, reason, fix },
    since: timeOf(http.sinceMs),
  }];
}
