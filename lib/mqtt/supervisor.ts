/**
 * Stays connected to one broker: opens, notices the end, waits with back-off,
 * opens again. A pure machine decides, a shell opens and waits.
 *
 * @module
 */
import { backoffMs, type Clock } from "../clock.ts";
import type { Fields, Log } from "../log.ts";
import { type MqttConnection, MqttError } from "./mqtt.ts";

/** A connection that lasted this long, ms, was a good one: back-off starts anew after it. */
export const STABLE_MS = 10_000;

/** What the machine knows. */
export interface LinkState {
  readonly phase: "idle" | "connecting" | "up" | "waiting" | "stopped";
  /** Failures since the last good connection. */
  readonly failures: number;
  readonly upSinceMs: number;
  /** Failed step, or `session`; null while all is well. */
  readonly failed: MqttError["step"] | null;
  /** One line for a technician. */
  readonly detail: string;
}

/** What happens to the machine; times are those of a clock that never steps. */
export type LinkEvent =
  | { readonly type: "start" }
  | { readonly type: "opened"; readonly nowMs: number }
  | {
    readonly type: "failed" | "ended";
    readonly error: MqttError;
    readonly nowMs: number;
    readonly random: number;
  }
  | { readonly type: "due" }
  | { readonly type: "stop" };

/** What the machine asks for. */
export type LinkEffect =
  | { readonly type: "open" }
  | { readonly type: "arm"; readonly delayMs: number }
  | {
    readonly type: "log";
    readonly level: "info" | "warn" | "debug";
    readonly message: string;
    readonly fields: Fields;
  };

/** What one event does to the machine. */
export interface LinkStep {
  readonly state: LinkState;
  readonly effects: readonly LinkEffect[];
}

/** The machine before `start`. */
export const idleLink: LinkState = {
  phase: "idle",
  failures: 0,
  upSinceMs: 0,
  failed: null,
  detail: "Not connected yet",
};

/** Decides when to open and how long to wait. */
export function stepLink(state: LinkState, event: LinkEvent): LinkStep {
  const stay = { state, effects: [] };
  if (state.phase === "stopped") return stay;
  switch (event.type) {
    case "start":
    case "due":
      if (state.phase !== "idle" && state.phase !== "waiting") return stay;
      return {
        state: {
          ...state,
          phase: "connecting",
          detail: state.failed === null ? "Connecting" : state.detail,
        },
        effects: [{ type: "open" }],
      };
    case "opened":
      return {
        state: {
          ...state,
          phase: "up",
          upSinceMs: event.nowMs,
          failed: null,
          detail: "Connected",
        },
        effects: [{
          type: "log",
          level: "info",
          message: "Broker connected",
          fields: {},
        }],
      };
    case "failed":
    case "ended":
      return lost(state, event);
    case "stop":
      return {
        state: { ...state, phase: "stopped", failed: null, detail: "Closed" },
        effects: [],
      };
  }
}

function lost(
  state: LinkState,
  event: Extract<LinkEvent, { error: MqttError }>,
): LinkStep {
  // A broker that accepts and at once hangs up is no better than one that refuses.
  const good = state.phase === "up" &&
    event.nowMs - state.upSinceMs >= STABLE_MS;
  const failures = good ? 0 : state.failures;
  const delayMs = backoffMs(failures, event.random);
  const changed = state.failed !== event.error.step;
  return {
    state: {
      ...state,
      phase: "waiting",
      failures: failures + 1,
      failed: event.error.step,
      detail: event.error.message,
    },
    effects: [
      {
        type: "log",
        level: changed ? "warn" : "debug",
        message: event.type === "ended" ? "Broker lost" : "Broker not reached",
        fields: {
          step: event.error.step,
          error: event.error.message,
          retry_in_s: Math.round(delayMs / 100) / 10,
        },
      },
      { type: "arm", delayMs },
    ],
  };
}

/** A link that stays up by itself; disposing it closes the connection. */
export interface Supervised extends AsyncDisposable {
  /** The connection, once {@link SuperviseOptions.onConnected} is through with it. */
  connection(): MqttConnection | null;
  /** Resolves when there is a connection, or `signal` aborts; never rejects. */
  ready(signal: AbortSignal): Promise<void>;
  /** Whether it is up, and one line for a technician. */
  state(): { readonly up: boolean; readonly detail: string };
}

/** What {@link supervise} needs. */
export interface SuperviseOptions {
  /** Opens one connection; rejects with {@link MqttError}. */
  readonly open: (signal: AbortSignal) => Promise<MqttConnection>;
  readonly clock: Clock;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  readonly log: Log;
  /** Called on each new connection before others may use it; a rejection counts as its failure. */
  readonly onConnected?: (connection: MqttConnection) => void | Promise<void>;
  /** Called when the connection has ended, before the next is opened. */
  readonly onEnded?: (error: MqttError) => void;
  /** Ends the supervision, as disposing does. */
  readonly signal?: AbortSignal;
}

/** Starts connecting, and stays connected until disposed or aborted. */
export function supervise(options: SuperviseOptions): Supervised {
  const { clock, log } = options;
  const stopping = new AbortController();
  const waiters = new Set<() => void>();
  let current: MqttConnection | null = null;
  let session: Promise<void> = Promise.resolve();
  let disarm = () => {};

  let state = idleLink;
  const feed = (event: LinkEvent) => {
    const stepped = stepLink(state, event);
    state = stepped.state;
    for (const effect of stepped.effects) perform(effect);
  };
  const perform = (effect: LinkEffect) => {
    switch (effect.type) {
      case "open":
        session = hold();
        return;
      case "arm":
        disarm = clock.after(effect.delayMs, () => feed({ type: "due" }));
        return;
      case "log":
        log[effect.level](effect.message, effect.fields);
    }
  };
  const tell = (type: "failed" | "ended", error: unknown) => {
    const known = error instanceof MqttError ? error : new MqttError(
      `Connection was given up: ${
        error instanceof Error ? error.message : String(error)
      }`,
      "session",
      { cause: error },
    );
    if (!(error instanceof MqttError)) {
      log.error("Unexpected failure of a connection", { error });
    }
    feed({
      type,
      error: known,
      nowMs: clock.monoMs(),
      random: options.random(),
    });
  };

  /** One connection from its opening to its end; never rejects. */
  async function hold(): Promise<void> {
    let opened = false;
    try {
      await using connection = await options.open(stopping.signal);
      const stop = stopped(stopping.signal);
      try {
        const early = await Promise.race([
          Promise.resolve(options.onConnected?.(connection)),
          connection.ended,
          stop.promise,
        ]);
        if (early instanceof MqttError) throw early;
        if (stopping.signal.aborted) return;
        opened = true;
        current = connection;
        feed({ type: "opened", nowMs: clock.monoMs() });
        for (const wake of [...waiters]) wake();
        const end = await Promise.race([connection.ended, stop.promise]);
        current = null;
        if (end === undefined) return;
        options.onEnded?.(end);
        throw end;
      } finally {
        stop.forget();
      }
    } catch (error) {
      if (!stopping.signal.aborted) tell(opened ? "ended" : "failed", error);
    } finally {
      current = null;
    }
  }

  const stop = () => {
    feed({ type: "stop" });
    disarm();
    stopping.abort();
    for (const wake of [...waiters]) wake();
  };
  options.signal?.addEventListener("abort", stop, { once: true });
  feed(options.signal?.aborted ? { type: "stop" } : { type: "start" });

  return {
    connection: () => current,
    ready(signal) {
      if (current !== null || signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const wake = () => {
          // A stopped link never comes up: whoever waits has a signal of its own.
          if (current === null && !signal.aborted) return;
          waiters.delete(wake);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        waiters.add(wake);
        signal.addEventListener("abort", wake);
      });
    },
    state: () => ({ up: state.phase === "up", detail: state.detail }),
    async [Symbol.asyncDispose]() {
      options.signal?.removeEventListener("abort", stop);
      stop();
      await session;
    },
  };
}

/** A promise of the abort that can be let go of. */
function stopped(
  signal: AbortSignal,
): { readonly promise: Promise<undefined>; readonly forget: () => void } {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const wake = () => resolve(undefined);
  signal.addEventListener("abort", wake);
  if (signal.aborted) wake();
  return { promise, forget: () => signal.removeEventListener("abort", wake) };
}
