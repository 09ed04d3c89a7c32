import assert from "node:assert/strict";
import fc from "fast-check";
import { type Point, thinned } from "../../lib/inspect/thin.ts";

const arbitraryPoint = fc.record({
  timeMs: fc.integer({ min: 0, max: 1_000_000 }),
  gap: fc.boolean(),
  current: fc.integer({ min: -100, max: 100 }),
}).map(({ timeMs, gap, current }): Point => ({
  timeMs,
  gap,
  values: gap ? { link: 80 } : { link: 80, current, energy: timeMs },
}));

function numbers(column: readonly (number | null)[] | undefined): number[] {
  return (column ?? []).filter((value) => value !== null);
}

Deno.test("thinned() gives points as they are while there are few", () => {
  const points: Point[] = [
    { timeMs: 1000, gap: false, values: { a: 1, b: 2 } },
    { timeMs: 2000, gap: true, values: { b: 3 } },
    { timeMs: 3000, gap: false, values: { a: 4, b: 5 } },
  ];
  assert.deepEqual(thinned(points, 3), {
    times: [1000, 2000, 3000],
    columns: { a: [1, null, 4], b: [2, 3, 5] },
  });
  assert.deepEqual(thinned([], 10), { times: [], columns: {} });
});

Deno.test("thinned() keeps the least and the greatest of every column, in the order they came", () => {
  const points = Array.from({ length: 100 }, (_, n): Point => ({
    timeMs: n * 1000,
    gap: false,
    values: {
      counter: n,
      peak: n === 33 ? 999 : 5,
      dip: n === 71 ? -999 : 5,
    },
  }));
  const { times, columns } = thinned(points, 10);
  assert.equal(times.length, 10);
  assert.deepEqual([times[0], times.at(-1)], [0, 99_000]);
  assert.deepEqual([columns.counter?.[0], columns.counter?.at(-1)], [0, 99]);
  assert.deepEqual(numbers(columns.peak).filter((value) => value !== 5), [999]);
  assert.deepEqual(numbers(columns.dip).filter((value) => value !== 5), [-999]);
});

Deno.test("thinned() shows that the meter was not readable, however short", () => {
  const points = Array.from({ length: 1000 }, (_, n): Point => ({
    timeMs: n * 1000,
    gap: n === 500,
    values: n === 500 ? { link: 80 } : { link: 80, current: n },
  }));
  const { times, columns } = thinned(points, 100);
  const at = columns.current?.indexOf(null) ?? -1;
  assert.equal(times[at], 500_000);
  assert.equal(columns.link?.[at], 80);
});

Deno.test("thinned() never gives more than was asked for, backwards time, or values that were not measured", () => {
  fc.assert(
    fc.property(
      fc.array(arbitraryPoint, { maxLength: 300 }),
      fc.integer({ min: 2, max: 100 }),
      (points, most) => {
        const { times, columns } = thinned(points, most);
        assert.ok(times.length <= Math.max(most, 2));
        assert.deepEqual(times, [...times].sort((a, b) => a - b));
        for (const [name, column] of Object.entries(columns)) {
          assert.equal(column.length, times.length);
          const known = new Set(points.map(({ values }) => values[name]));
          for (const value of numbers(column)) assert.ok(known.has(value));
        }
      },
    ),
  );
});
