/**
 * Decisions as values: a machine takes an event and gives its next state and
 * the effects it asks for; a shell performs them. Machines own no timer and no
 * clock: time arrives in events, timers leave as effects.
 *
 * @module
 */

/** What one event does to a machine. */
export interface Stepped<S, F> {
  readonly state: S;
  readonly effects: readonly F[];
}

/** A machine: pure, total, without I/O. */
export type Step<S, E, F> = (state: S, event: E) => Stepped<S, F>;

/** A machine that is running: feed it events, ask for its state. */
export interface Running<S, E> {
  /** The state after the last event that was handled. */
  state(): S;
  /** Handles an event and performs its effects, in order, before returning. */
  feed(event: E): void;
}

/**
 * Runs a machine. Events fed while effects are being performed (an effect that
 * answers at once) wait their turn, so steps never nest.
 */
export function run<S, E, F>(
  step: Step<S, E, F>,
  initial: S,
  perform: (effect: F) => void,
): Running<S, E> {
  let state = initial;
  let busy = false;
  const queue: E[] = [];
  return {
    state: () => state,
    feed(event) {
      queue.push(event);
      if (busy) return;
      busy = true;
      try {
        for (
          let next = queue.shift();
          next !== undefined;
          next = queue.shift()
        ) {
          const stepped = step(state, next);
          state = stepped.state;
          for (const effect of stepped.effects) perform(effect);
        }
      } finally {
        busy = false;
      }
    },
  };
}
