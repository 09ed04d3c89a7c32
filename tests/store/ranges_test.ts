import assert from "node:assert/strict";
import fc from "fast-check";
import { Ranges } from "../../lib/store/ranges.ts";

Deno.test("Ranges hold what a plain set holds, and tell what changed", () => {
  const step = fc.record({
    first: fc.integer({ min: 1, max: 60 }),
    length: fc.integer({ min: 1, max: 8 }),
    fold: fc.boolean(),
    save: fc.boolean(),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
    const ranges = new Ranges();
    const plain = new Set<number>();
    const table = new Map<number, number>();
    let cursor = 0;
    for (const { first, length, fold, save } of steps) {
      const from = Math.max(first, cursor + 1);
      const last = from + length - 1;
      const before = plain.size;
      for (let id = from; id <= last; id++) plain.add(id);
      assert.equal(ranges.add(from, last), plain.size - before);
      if (fold) {
        cursor = ranges.fold(cursor);
        let expected = 0;
        for (const id of plain) if (id <= cursor) expected += 1;
        assert.ok(!plain.has(cursor + 1));
        for (const id of [...plain]) if (id <= cursor) plain.delete(id);
        assert.ok(expected >= 0);
      }
      assert.equal(ranges.size, plain.size);
      for (let id = 1; id < 75; id++) {
        const end = ranges.lastFrom(id);
        assert.equal(end !== null, plain.has(id));
        if (end !== null) assert.ok(plain.has(end) && !plain.has(end + 1));
      }
      if (save) {
        for (const change of ranges.changes()) {
          if (change.last === null) table.delete(change.first);
          else table.set(change.first, change.last);
        }
        ranges.saved();
        const stored = [...table].flatMap(([a, b]) =>
          Array.from({ length: b - a + 1 }, (_, at) => a + at)
        );
        assert.deepEqual(
          stored.sort((a, b) => a - b),
          [...plain].sort((a, b) => a - b),
        );
      }
    }
  }));
});
