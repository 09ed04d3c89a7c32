/**
 * Which blocks of the program an input reaches, as V8 counts them in this very
 * process. A look costs milliseconds, so the engine looks after many inputs and
 * asks again, one by one, only when there was something new.
 *
 * @module
 */
import { Session } from "node:inspector";

/** Characters of a script, and how often they ran. */
export interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

/** One file of the program. */
export interface Script {
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly Range[] }[];
}

/**
 * Counts of this process. V8 puts counters only into functions that it compiles
 * later, which it does when they are first called: begin before anything of what
 * is to be counted has run, and do not end in between.
 */
export class Counts implements AsyncDisposable {
  readonly #session = new Session();

  private constructor() {
    this.#session.connect();
  }

  /** Begins to count. */
  static async begin(): Promise<Counts> {
    const counts = new Counts();
    await counts.#post("Profiler.enable");
    await counts.#post("Profiler.startPreciseCoverage", {
      callCount: true,
      detailed: true,
    });
    return counts;
  }

  /** What ran since the last time. */
  async take(): Promise<readonly Script[]> {
    const answer = await this.#post("Profiler.takePreciseCoverage");
    return (answer as { readonly result: readonly Script[] }).result;
  }

  #post(method: string, params: object = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#session.post(method, params, (error: unknown, result: unknown) => {
        if (error !== null) reject(error);
        else resolve(result);
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#post("Profiler.stopPreciseCoverage");
    this.#session.disconnect();
  }
}

/** Blocks of some files that were reached so far. */
export class Coverage {
  readonly #counts: Counts;
  readonly #sources: RegExp;
  /** By function; a 1 for each character of it that was reached. */
  readonly #reached = new Map<string, Uint8Array>();
  #chars = 0;

  /** @param sources files that count */
  constructor(counts: Counts, sources: RegExp) {
    this.#counts = counts;
    this.#sources = sources;
  }

  /** Characters of source in blocks that were reached. */
  get chars(): number {
    return this.#chars;
  }

  /**
   * Whether something was reached since the last look that never was before.
   *
   * @param keep false only asks: the next look may find the same new
   */
  async look(keep: boolean): Promise<boolean> {
    let fresh = false;
    for (const { url, functions } of await this.#counts.take()) {
      if (!this.#sources.test(url)) continue;
      for (const { ranges } of functions) {
        if (this.#add(url, ranges, keep)) fresh = true;
      }
    }
    return fresh;
  }

  /** Ranges go from the whole function inwards; the innermost says what holds. */
  #add(url: string, ranges: readonly Range[], keep: boolean): boolean {
    const [whole] = ranges;
    if (whole === undefined || whole.count === 0) return false;
    const { startOffset, endOffset } = whole;
    const key = `${url}:${startOffset}`;
    let reached = this.#reached.get(key);
    if (reached === undefined) {
      if (!keep) return true;
      reached = new Uint8Array(endOffset - startOffset);
      this.#reached.set(key, reached);
    }
    const now = new Uint8Array(reached.length);
    for (const { startOffset: start, endOffset: end, count } of ranges) {
      now.fill(count > 0 ? 1 : 0, start - startOffset, end - startOffset);
    }
    let fresh = 0;
    for (let at = 0; at < now.length; at++) {
      if (now[at] !== 1 || reached[at] === 1) continue;
      if (!keep) return true;
      reached[at] = 1;
      fresh++;
    }
    this.#chars += fresh;
    return fresh > 0;
  }
}
