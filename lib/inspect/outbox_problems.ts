/**
 * What is wrong with the outbox and the disk it is on. Pure.
 *
 * @module
 */
import type { ProblemJson } from "../http/json.ts";
import { oldestPendingAgeMs } from "./facts.ts";
import { timeOf } from "./parts.ts";
import type { SinkFacts, Snapshot } from "./snapshot.ts";
import { bare, megabytes, percent, sentence, several, span } from "./words.ts";

/** Share of the outbox from which on it is worth a warning, and an error. */
const FILLING = 0.5;
const NEARLY_FULL = 0.9;
/** Warned about from this multiple of the least free space on. */
const DISK_MARGIN = 1.5;

const DROP_FIXES: Readonly<Record<string, string>> = {
  age: "bring the sink up again, or raise [outbox] max_age_days",
  size: "bring the sink up again, or raise [outbox] max_mb",
  disk: "make room on the disk, or lower [outbox] min_free_mb",
  damaged: "check the disk or card: the database was damaged",
};

/** Nothing gets to disk. */
export function outboxUnwritable(
  { outbox, agent }: Snapshot,
): readonly ProblemJson[] {
  if (outbox.trouble === null) return [];
  const full = /no space|full/i.test(outbox.trouble) ? 1 : 0;
  return [{
    severity: "error",
    code: "outbox_unwritable",
    subject: agent.dataDir,
    text: `Readings cannot be written to disk: ${
      bare(outbox.trouble)
    }. They are held in memory and are lost if the agent ends.`,
    fix: full
      ? `Make room on the disk of ${agent.dataDir}; do not restart the agent before.`
      : `Check that the disk of ${agent.dataDir} is writable and sound (dmesg tells); do not restart the agent before.`,
    values: { data_dir: agent.dataDir, trouble: outbox.trouble, full },
    since: timeOf(outbox.troubleSinceMs),
  }];
}

/** The disk took none for too long. */
export function readingsLost(
  { intake, agent }: Snapshot,
): readonly ProblemJson[] {
  const { lost } = intake;
  if (lost === 0) return [];
  return [{
    severity: "error",
    code: "readings_lost",
    subject: null,
    text: `${
      several(lost, "reading")
    } lost since the start: the disk took none for too long.`,
    fix:
      `Find out why the disk of ${agent.dataDir} could not be written; the log of that time tells. The count ends with a restart.`,
    values: { lost, data_dir: agent.dataDir },
    since: null,
  }];
}

/** The bounds of the outbox took readings that waited. */
export function outboxDropped({ sinks }: Snapshot): readonly ProblemJson[] {
  return sinks.flatMap(({ name, droppedToday }): ProblemJson[] => {
    const { count, reasons, lastMs } = droppedToday;
    if (count === 0) return [];
    const fixes = reasons.map((reason) => DROP_FIXES[reason] ?? reason);
    return [{
      severity: "error",
      code: "outbox_dropped",
      subject: name,
      text: `${
        several(count, "reading")
      } dropped undelivered for sink ${name} in the last day (${
        reasons.join(", ")
      }).`,
      fix: sentence(fixes.join("; ")),
      values: { sink: name, dropped: count, reasons: reasons.join(", ") },
      since: lastMs === null ? null : timeOf(lastMs),
    }];
  });
}

/** Before the bounds take any there is time to act. */
export function outboxFilling(snapshot: Snapshot): readonly ProblemJson[] {
  const { outbox, sinks } = snapshot;
  const fullest = fullestOf(sinks);
  const ageMs = oldestPendingAgeMs(snapshot) ?? 0;
  const fill = Math.max(outbox.fill, ageMs / outbox.maxAgeMs);
  if (fill < FILLING || fullest === null) return [];
  const byAge = fill > outbox.fill ? 1 : 0;
  return [{
    severity: fill < NEARLY_FULL ? "warning" : "error",
    code: "outbox_filling",
    subject: fullest.name,
    text: byAge
      ? `Readings have waited for ${span(ageMs / 1000)}; after ${
        span(outbox.maxAgeMs / 1000)
      } they are dropped.`
      : `What waits for sink ${fullest.name} takes ${
        percent(fill)
      } of the outbox (${
        megabytes(outbox.maxBytes)
      }); when it is full the oldest readings are dropped.`,
    fix: `Bring sink ${fullest.name} up again, or raise [outbox] ${
      byAge ? "max_age_days" : "max_mb"
    } and restart the agent: what waits survives.`,
    values: {
      sink: fullest.name,
      by_age: byAge,
      percent: Math.round(fill * 100),
      max_bytes: outbox.maxBytes,
      oldest_s: Math.round(ageMs / 1000),
      max_age_s: Math.round(outbox.maxAgeMs / 1000),
      pending: fullest.account.pending,
    },
    since: null,
  }];
}

/** Free space is a bound, too. */
export function diskLow({ outbox, agent }: Snapshot): readonly ProblemJson[] {
  const { diskFreeBytes: free, minFreeBytes: least } = outbox;
  // Below the limit readings go; near it there is still time to act.
  if (free === null || least === 0 || free >= DISK_MARGIN * least) return [];
  const below = free < least ? 1 : 0;
  return [{
    severity: below ? "error" : "warning",
    code: "disk_low",
    subject: agent.dataDir,
    text: `${megabytes(free)} free on the disk of ${agent.dataDir}; below ${
      megabytes(least)
    } the oldest readings are dropped.`,
    fix:
      "Make room: old logs and packages first (journalctl --vacuum-size=50M, apt-get clean).",
    values: {
      data_dir: agent.dataDir,
      free_bytes: free,
      min_free_bytes: least,
      below,
    },
    since: null,
  }];
}

function fullestOf(sinks: readonly SinkFacts[]): SinkFacts | null {
  return sinks.reduce<SinkFacts | null>(
    (most, sink) =>
      sink.account.pending > (most?.account.pending ?? 0) ? sink : most,
    null,
  );
}
