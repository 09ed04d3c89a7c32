/**
 * How much others slow this process down at the moment. A limit in milliseconds
 * holds on a machine that has time for us; a test multiplies it by this.
 *
 * @module
 */
const PIECES = 200;
/** About half a millisecond; makes no garbage. */
const STEPS = 300_000;

/**
 * The mean time of many equal pieces of work over that of the fastest, which
 * nobody has interrupted: 1 on a machine at rest, 3 where two others want the
 * same core. Takes about 0.1 s at rest.
 */
export function slowed(): number {
  const times = Array.from({ length: PIECES }, () => {
    const startMs = performance.now();
    let state = 1;
    for (let n = 0; n < STEPS; n++) state = Math.imul(state, 48_271) ^ n;
    // What nobody reads would be left out by the compiler.
    return performance.now() - startMs + (state === 0.5 ? 1 : 0);
  });
  const fastest = Math.min(...times);
  const mean = times.reduce((sum, ms) => sum + ms, 0) / PIECES;
  return mean / fastest;
}

/** A figure, and what it may be at most on a machine at rest. */
export interface Bounded {
  readonly what: string;
  readonly ms: number;
  readonly limitMs: number;
  /** How slowed down the machine was meanwhile, at the most. */
  readonly slowed: number;
}

/** Those that are past their limit, slowed down as they were. */
export function late(measured: readonly Bounded[]): readonly Bounded[] {
  return measured.filter(({ ms, limitMs, slowed }) =>
    ms > limitMs * Math.max(1, slowed)
  );
}
