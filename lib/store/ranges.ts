/**
 * ◆ A set of ids kept as sorted, disjoint ranges: what a lane has settled
 * beyond its cursor. Also remembers which ranges changed since they were saved.
 *
 * @module
 */

/** A range that changed; `last` is null when no range begins at `first` any more. */
export interface RangeChange {
  readonly first: number;
  readonly last: number | null;
}

/** Ids in ranges; adding at the end and folding at the start are cheap. */
export class Ranges {
  readonly #firsts: number[] = [];
  readonly #lasts: number[] = [];
  readonly #touched = new Set<number>();
  #size = 0;

  /** How many ids are in the set. */
  get size(): number {
    return this.#size;
  }

  /** How many ranges hold them. */
  get pieces(): number {
    return this.#firsts.length;
  }

  /** The last id of the range that holds `id`, or null when none does. */
  lastFrom(id: number): number | null {
    const at = this.#at(id);
    const first = this.#firsts[at];
    return first !== undefined && first <= id ? this.#lasts[at] ?? null : null;
  }

  /** Where the first range begins that holds `id` or lies behind it; null when there is none. */
  firstFrom(id: number): number | null {
    return this.#firsts[this.#at(id)] ?? null;
  }

  /** Adds `first` to `last`, both included, and says how many ids were new. */
  add(first: number, last: number): number {
    // A range that only touches the new one is joined with it, too.
    const from = this.#at(first - 1);
    let to = from;
    let begin = first;
    let end = last;
    let known = 0;
    for (;; to++) {
      const otherFirst = this.#firsts[to];
      const otherLast = this.#lasts[to];
      if (otherFirst === undefined || otherLast === undefined) break;
      if (otherFirst > last + 1) break;
      const inBoth = Math.min(otherLast, last) - Math.max(otherFirst, first);
      known += Math.max(0, inBoth + 1);
      begin = Math.min(begin, otherFirst);
      end = Math.max(end, otherLast);
      this.#touched.add(otherFirst);
    }
    this.#firsts.splice(from, to - from, begin);
    this.#lasts.splice(from, to - from, end);
    this.#touched.add(begin);
    const added = last - first + 1 - known;
    this.#size += added;
    return added;
  }

  /** Takes out what follows `cursor` without a gap and gives the cursor behind it. */
  fold(cursor: number): number {
    let at = cursor;
    for (;;) {
      const first = this.#firsts[0];
      const last = this.#lasts[0];
      if (first === undefined || last === undefined || first > at + 1) {
        return at;
      }
      this.#firsts.shift();
      this.#lasts.shift();
      this.#touched.add(first);
      this.#size -= last - first + 1;
      at = Math.max(at, last);
    }
  }

  /** What changed since {@link saved}. */
  changes(): readonly RangeChange[] {
    return [...this.#touched].map((first) => {
      const at = this.#at(first);
      const here = this.#firsts[at] === first;
      return { first, last: here ? this.#lasts[at] ?? null : null };
    });
  }

  /** Forgets the changes: they are in the database. */
  saved(): void {
    this.#touched.clear();
  }

  /** Makes every range a change: the database has none of them. */
  touchAll(): void {
    for (const first of this.#firsts) this.#touched.add(first);
  }

  /** Index of the first range that ends at `id` or behind it. */
  #at(id: number): number {
    let low = 0;
    let high = this.#lasts.length;
    // Ids mostly come in order: the end is looked at first.
    if (high === 0 || (this.#lasts[high - 1] ?? 0) < id) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#lasts[middle] ?? 0) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
