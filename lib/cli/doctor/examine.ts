/**
 * Runs groups of checks at the same time and sees to it that none of them holds
 * up the rest for ever.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import { type Finding, tell } from "./finding.ts";
import type { Timed } from "./show.ts";

/** From here on a group's steps are told to end, ms. */
const LIMIT_MS = 11_000;
/** What has not ended here is left behind, ms. */
const LAST_MS = 13_000;
/** Somebody who gives up waits this long for steps to end properly, ms. */
const GRACE_MS = 1000;

/** Checks of one subject, in their order. */
export interface Group {
  /** As scripts name it: `machine`, `sinks.cloud`. */
  readonly subject: string;
  /** As people read it. */
  readonly title: string;
  readonly run: (signal: AbortSignal) => AsyncIterable<Finding>;
}

/** All findings of a group; always comes to an end. */
export async function examine(
  group: Group,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly Timed[]> {
  const findings: Timed[] = [];
  const done = new AbortController();
  const limit = new AbortController();
  const disarm = clock.after(LIMIT_MS, () => limit.abort());
  const work = async () => {
    let sinceMs = clock.monoMs();
    try {
      const both = AbortSignal.any([signal, limit.signal]);
      for await (const finding of group.run(both)) {
        const nowMs = clock.monoMs();
        findings.push({ ...finding, tookMs: nowMs - sinceMs });
        sinceMs = nowMs;
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const tookMs = clock.monoMs() - sinceMs;
      findings.push({
        ...tell("check_failed", group.title, { reason }),
        tookMs,
      });
    }
    done.abort();
  };
  void work();
  const patience = new AbortController();
  let calm = () => {};
  const abort = () => {
    calm = clock.after(GRACE_MS, () => patience.abort());
  };
  signal.addEventListener("abort", abort);
  await clock.sleep(LAST_MS, {
    signal: AbortSignal.any([done.signal, patience.signal]),
  });
  signal.removeEventListener("abort", abort);
  calm();
  disarm();
  if (done.signal.aborted) return findings;
  limit.abort();
  const limit_s = LAST_MS / 1000;
  return [...findings, {
    ...tell("check_late", group.title, { limit_s }),
    tookMs: LAST_MS,
  }];
}
