/**
 * Tells a slow broker from a dead one: pings when the line is quiet, gives up
 * only after long silence. A broker that stands still for half a minute keeps
 * its connection, so nothing is delivered twice because of it.
 *
 * @module
 */
import type { Clock } from "../clock.ts";

/** Silence after which a broker counts as dead, ms. */
export const SILENCE_LIMIT_MS = 75_000;
/** Longest time without a packet in either direction, ms. */
const QUIET_MS = 20_000;
const MAX_TICK_MS = 5000;

/** Running watch over one connection. */
export interface SilenceWatch {
  /** A packet was sent. */
  sent(): void;
  /** A packet came in. */
  heard(): void;
  stop(): void;
}

/** Starts watching a connection that has just come up. */
export function watchSilence(options: {
  readonly clock: Clock;
  /** Agreed keep-alive: something is sent well within it [MQTT-3.1.2-20]; 0 is none. */
  readonly keepAliveS: number;
  /** Silence after which the broker counts as dead, ms. */
  readonly limitMs?: number;
  readonly ping: () => void;
  readonly onDead: (silentS: number) => void;
}): SilenceWatch {
  const { clock, keepAliveS, limitMs = SILENCE_LIMIT_MS } = options;
  const quietMs = keepAliveS === 0
    ? QUIET_MS
    : Math.min(QUIET_MS, (keepAliveS * 1000) / 3);
  const tickMs = Math.min(MAX_TICK_MS, quietMs / 2);
  // Ticks are counted, not the clock: a machine that slept has heard nothing
  // either, and what waits in its socket is read before the next tick.
  let silentMs = 0;
  let unsentMs = 0;
  let pinged = false;
  const tick = () => {
    silentMs += tickMs;
    unsentMs += tickMs;
    if (silentMs >= limitMs) {
      options.onDead(Math.round(silentMs / 1000));
      return;
    }
    disarm = clock.after(tickMs, tick);
    // Hearing nothing asks for a ping even if QoS 0 messages keep leaving.
    if (unsentMs >= quietMs || (silentMs >= quietMs && !pinged)) {
      pinged = true;
      options.ping();
    }
  };
  let disarm = clock.after(tickMs, tick);
  return {
    sent() {
      unsentMs = 0;
    },
    heard() {
      silentMs = 0;
      pinged = false;
    },
    stop() {
      disarm();
    },
  };
}
