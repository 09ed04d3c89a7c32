/**
 * ◆ Thins a device's past out to what a chart can show. Time is cut into equal
 * slots; each gives two rows, at the times of its first and last point, with
 * the least and the greatest value of every column in the order they came. So
 * no peak gets lost and counters keep their ends. A slot in which the meter was
 * not readable gives a row of gaps as well, and its last values.
 *
 * @module
 */

/** What was measured at one moment. */
export interface Point {
  /** Wall clock, milliseconds since 1970. */
  readonly timeMs: number;
  /** Whether the measured values are missing since the meter was not readable. */
  readonly gap: boolean;
  readonly values: Readonly<Record<string, number>>;
}

/** Rows for a chart, oldest first. */
export interface Columns {
  /** Milliseconds since 1970. */
  readonly times: readonly number[];
  /** As long as {@link times}; null where there is no value. */
  readonly columns: Readonly<Record<string, readonly (number | null)[]>>;
}

type Row = Omit<Point, "gap">;

/** The points as columns, in about `most` rows. */
export function thinned(points: readonly Point[], most: number): Columns {
  // A clock that was set back must not make a chart run backwards.
  const sorted = points.toSorted((a, b) => a.timeMs - b.timeMs);
  const rows = sorted.length <= most
    ? sorted
    : slots(sorted, Math.max(1, Math.floor(most / 2))).flatMap(rowsOf);
  const columns: Record<string, (number | null)[]> = {};
  for (const [at, { values }] of rows.entries()) {
    for (const [name, value] of Object.entries(values)) {
      const column = columns[name] ??= new Array(rows.length).fill(null);
      column[at] = value;
    }
  }
  return { times: rows.map(({ timeMs }) => timeMs), columns };
}

/** The points in `count` slots of equal length; empty ones are left out. */
function slots(points: readonly Point[], count: number): readonly Point[][] {
  const startMs = points[0]?.timeMs ?? 0;
  const lengthMs = ((points.at(-1)?.timeMs ?? 0) - startMs) / count || 1;
  const filled: Point[][] = [];
  let current = -1;
  for (const point of points) {
    const slot = Math.min(
      count - 1,
      Math.floor((point.timeMs - startMs) / lengthMs),
    );
    if (slot !== current) filled.push([]);
    current = slot;
    filled.at(-1)?.push(point);
  }
  return filled;
}

/** What a slot shows. */
function rowsOf(points: readonly Point[]): readonly Row[] {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined) return [];
  const gap = points.findLast((point) => point.gap);
  if (gap !== undefined) {
    const read = points.findLast((point) => !point.gap);
    if (read === undefined) return [gap];
    return read.timeMs < gap.timeMs ? [read, gap] : [gap, read];
  }
  if (points.length === 1) return [first];
  const ends: [Record<string, number>, Record<string, number>] = [{}, {}];
  for (const name of Object.keys(last.values)) {
    let least = first;
    let most = first;
    for (const point of points) {
      const value = point.values[name];
      if (value === undefined) continue;
      if (value < (least.values[name] ?? Infinity)) least = point;
      if (value > (most.values[name] ?? -Infinity)) most = point;
    }
    const [early, late] = least.timeMs <= most.timeMs
      ? [least, most]
      : [most, least];
    const [from, to] = [early.values[name], late.values[name]];
    if (from !== undefined) ends[0][name] = from;
    if (to !== undefined) ends[1][name] = to;
  }
  return [
    { timeMs: first.timeMs, values: ends[0] },
    { timeMs: last.timeMs, values: ends[1] },
  ];
}
