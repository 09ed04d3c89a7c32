/**
 * Time, passed in: the wall clock, a clock that never steps, sleeping, timers
 * and back-off delays. Everything that waits takes a {@link Clock}, so a test
 * never waits for wall time.
 *
 * @module
 */

/** One moment, with what is needed to trust it later. */
export interface Instant {
  /** Wall clock, milliseconds since 1970. */
  readonly wallMs: number;
  /** Milliseconds since this machine's boot; never steps. */
  readonly monoMs: number;
  /** Identity of the boot that {@link monoMs} counts from. */
  readonly bootId: string;
  /** Whether the wall clock was synchronised at that moment. */
  readonly synced: boolean;
}

/** The time as the parts of the agent see it. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  nowMs(): number;
  /** Milliseconds since boot; never steps. */
  monoMs(): number;
  /** Both clocks with boot and synchronisation, read together. */
  instant(): Instant;
  /** Calls `fire` once after `delayMs`; the returned function disarms it. */
  after(delayMs: number, fire: () => void): () => void;
  /** Resolves after `delayMs`, or at once when `signal` aborts; never rejects. */
  sleep(delayMs: number, options?: { signal?: AbortSignal }): Promise<void>;
}

/** What the machine knows about its boot and clock; read from the kernel by the composition root. */
export interface ClockSource {
  /** Identity of the present boot. */
  readonly bootId: string;
  /** Milliseconds since boot. */
  monoMs(): number;
  /** Whether the kernel says that the wall clock is synchronised. */
  synced(): boolean;
}

/** The machine's own clock. */
export function systemClock(source: ClockSource): Clock {
  const after = (delayMs: number, fire: () => void): () => void => {
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  };
  return {
    nowMs: () => Date.now(),
    monoMs: () => source.monoMs(),
    instant: () => ({
      wallMs: Date.now(),
      monoMs: source.monoMs(),
      bootId: source.bootId,
      synced: source.synced(),
    }),
    after,
    sleep: (delayMs, options) => sleepOn(after, delayMs, options?.signal),
  };
}

/** {@link Clock.sleep} for any clock that has timers. */
export function sleepOn(
  after: Clock["after"],
  delayMs: number,
  signal?: AbortSignal,
): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const wake = () => {
      disarm();
      signal?.removeEventListener("abort", wake);
      resolve();
    };
    const disarm = after(delayMs, wake);
    signal?.addEventListener("abort", wake);
  });
}

/**
 * Delay before try number `attempt` (0 is the first one after a failure):
 * exponential with full jitter, never below `minMs` and never above `maxMs`.
 *
 * @param random a number from 0 up to but not including 1
 */
export function backoffMs(
  attempt: number,
  random: number,
  minMs = 1000,
  maxMs = 60_000,
): number {
  const ceiling = Math.min(maxMs, minMs * 2 ** Math.min(attempt + 1, 30));
  return Math.round(minMs + random * (ceiling - minMs));
}

/**
 * The kernel's word on boot and uptime (Linux).
 *
 * @param synced asks the kernel whether the wall clock is synchronised; asked
 *   at most once a second
 */
export function kernelClock(synced: () => boolean): ClockSource {
  const uptimeS = parseFloat(Deno.readTextFileSync("/proc/uptime"));
  const offsetMs = uptimeS * 1000 - performance.now();
  let askedMs = -Infinity;
  let answer = false;
  return {
    bootId: Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim(),
    monoMs: () => Math.round(performance.now() + offsetMs),
    synced() {
      const now = performance.now();
      if (now - askedMs >= 1000) {
        askedMs = now;
        answer = synced();
      }
      return answer;
    },
  };
}
