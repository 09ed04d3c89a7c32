/**
 * A storm of connects worked out rather than run: the product's own back-off
 * machine for any number of gateways, in simulated time, against a broker that
 * is away for a while and then takes so many connections each second.
 *
 * @module
 */
import {
  idleLink,
  type LinkEvent,
  type LinkState,
  STABLE_MS,
  stepLink,
} from "../../lib/mqtt/supervisor.ts";
import { CONNECT_TIMEOUT_MS } from "../../lib/mqtt/mqttjs.ts";
import { MqttError } from "../../lib/mqtt/mqtt.ts";

/** What is worked out. */
export interface StormOptions {
  readonly gateways: number;
  /** How long nobody answers, ms; 0: other nodes of a cluster answer at once. */
  readonly awayMs: number;
  /** Connections that the broker takes each second once it is back; the rest wait in its queue. */
  readonly takesPerS: number;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  /** End of the simulation, ms, should not all be back before. */
  readonly untilMs: number;
}

/** How the storm went. */
export interface Storm {
  /** Tries to connect in each second after the loss. */
  readonly attempts: readonly number[];
  /** Gateways that came back in each second after the loss. */
  readonly connected: readonly number[];
  /** When the last gateway was back, ms after the loss; NaN when some were not. */
  readonly lastMs: number;
}

/** Slots of simulated time, ms. */
const SLOT_MS = 10;

/** Works a storm out. */
export function storm(options: StormOptions): Storm {
  const { gateways, awayMs, random, untilMs } = options;
  const away = new MqttError("away", "tcp");
  const states: LinkState[] = [];
  const due: number[][] = [];
  const attempts: number[] = [];
  const connected: number[] = [];
  const feed = (gateway: number, event: LinkEvent) => {
    const { state, effects } = stepLink(states[gateway] ?? idleLink, event);
    states[gateway] = state;
    for (const effect of effects) {
      if (effect.type !== "arm") continue;
      const nowMs = "nowMs" in event ? event.nowMs : 0;
      (due[Math.floor((nowMs + effect.delayMs) / SLOT_MS)] ??= []).push(
        gateway,
      );
    }
  };
  for (let gateway = 0; gateway < gateways; gateway++) {
    states[gateway] = { ...idleLink, phase: "up", upSinceMs: -STABLE_MS };
    feed(gateway, { type: "ended", error: away, nowMs: 0, random: random() });
  }
  /** Those whose connection waits to be taken, oldest first. */
  let queue: { readonly gateway: number; readonly sinceMs: number }[] = [];
  let credit = 0;
  let back = 0;
  let lastMs = NaN;
  for (let slot = 0; slot * SLOT_MS <= untilMs && back < gateways; slot++) {
    const nowMs = slot * SLOT_MS;
    const second = Math.floor(nowMs / 1000);
    const down = nowMs < awayMs;
    for (const gateway of due[slot] ?? []) {
      feed(gateway, { type: "due" });
      attempts[second] = (attempts[second] ?? 0) + 1;
      if (!down) queue.push({ gateway, sinceMs: nowMs });
      else fail(gateway, nowMs);
    }
    due[slot] = [];
    if (down) continue;
    const stale = queue.findIndex(({ sinceMs }) =>
      nowMs - sinceMs < CONNECT_TIMEOUT_MS
    );
    const given = queue.splice(0, stale < 0 ? queue.length : stale);
    for (const { gateway } of given) fail(gateway, nowMs);
    credit = Math.min(
      credit + options.takesPerS * SLOT_MS / 1000,
      Math.max(1, options.takesPerS),
    );
    const taken = queue.slice(0, Math.floor(credit));
    queue = queue.slice(taken.length);
    credit -= taken.length;
    for (const { gateway } of taken) {
      feed(gateway, { type: "opened", nowMs });
      connected[second] = (connected[second] ?? 0) + 1;
      back++;
      lastMs = nowMs;
    }
  }
  return {
    attempts: filled(attempts),
    connected: filled(connected),
    lastMs: back === gateways ? lastMs : NaN,
  };

  function fail(gateway: number, nowMs: number): void {
    feed(gateway, { type: "failed", error: away, nowMs, random: random() });
  }
}

/** The same without holes. */
function filled(counts: readonly number[]): readonly number[] {
  return Array.from(counts, (count) => count ?? 0);
}

/** Numbers from 0 up to 1 that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
