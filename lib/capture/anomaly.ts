/**
 * ◆ Which moments are worth a flight capture: a short list, told from numbers
 * that the agent has anyway and that are looked at every few seconds.
 *
 * @module
 */

/** What can go wrong; stands in the capture's file name. */
export type Anomaly =
  | "alp_error"
  | "bad_checksums"
  | "modem_lost"
  | "modem_rebooted"
  | "port_lost"
  | "store"
  | "agent_failed"
  | "stuck";

/** How often {@link Anomalies.look} is to be called, milliseconds. */
export const LOOK_MS = 2000;

/** Bad checksums within {@link BURST_MS} that are a burst. */
const BURST = 10;
const BURST_MS = 10_000;
/** A look that comes this late says that nothing else moved either. */
const STUCK_MS = 5000;

/** The agent at a moment. */
export interface AgentFacts {
  /** A clock that never steps, milliseconds. */
  readonly nowMs: number;
  readonly portUp: boolean;
  /** The modem has said who it is. */
  readonly ready: boolean;
  /** The modem's link counts as up. */
  readonly linkUp: boolean;
  /** Since the start: commands that could not be decoded. */
  readonly alpErrors: number;
  readonly badChecksums: number;
  readonly reboots: number;
  /** The store cannot be written. */
  readonly storeTrouble: boolean;
}

/** Compares what is with what was. */
export class Anomalies {
  #last: AgentFacts | null = null;
  /** Bad checksums by look, within the time of a burst. */
  #bad: { readonly atMs: number; readonly count: number }[] = [];

  /** What has gone wrong since the last look. */
  look(facts: AgentFacts): readonly Anomaly[] {
    const last = this.#last;
    this.#last = facts;
    if (last === null) return [];
    const found: Anomaly[] = [];
    if (facts.nowMs - last.nowMs > LOOK_MS + STUCK_MS) found.push("stuck");
    if (facts.alpErrors > last.alpErrors) found.push("alp_error");
    if (this.#burst(facts.nowMs, facts.badChecksums - last.badChecksums)) {
      found.push("bad_checksums");
    }
    if (last.portUp && !facts.portUp) found.push("port_lost");
    else if (last.linkUp && !facts.linkUp) found.push("modem_lost");
    // The first word after a plug was put in is no surprise.
    if (last.ready && facts.reboots > last.reboots) {
      found.push("modem_rebooted");
    }
    if (!last.storeTrouble && facts.storeTrouble) found.push("store");
    return found;
  }

  #burst(nowMs: number, count: number): boolean {
    if (count > 0) this.#bad.push({ atMs: nowMs, count });
    this.#bad = this.#bad.filter(({ atMs }) => atMs > nowMs - BURST_MS);
    const sum = this.#bad.reduce((total, look) => total + look.count, 0);
    if (sum < BURST) return false;
    this.#bad = [];
    return true;
  }
}
