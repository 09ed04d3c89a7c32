import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import type { Reading } from "../../lib/reading/reading.ts";
import { Pace } from "../../lib/store/pace.ts";
import type { PastQuery } from "../../lib/store/recent.ts";
import type { Store } from "../../lib/store/store.ts";
import { entry, Site, uid, valueOf } from "./fixture.ts";

const ENERGY = 64;
const BUTTON = 51;

interface Push {
  readonly device: number;
  readonly fileId: number;
  /** Since the push before, milliseconds. */
  readonly afterMs: number;
}

const push: fc.Arbitrary<Push> = fc.record({
  device: fc.integer({ min: 1, max: 4 }),
  fileId: fc.constantFrom(ENERGY, ENERGY, ENERGY, BUTTON),
  afterMs: fc.integer({ min: 0, max: 60_000 }),
});

interface Known extends Push {
  readonly id: number;
  readonly wallMs: number;
}

/** What a stretch of the past holds, all slices together. */
function pastOf(
  store: Store,
  query: PastQuery,
): { readonly found: number; readonly readings: readonly Reading[] } {
  const slices = store.pastSlices(query);
  const readings: Reading[] = [];
  for (;;) {
    const slice = slices.next();
    if (slice.done) return { found: slice.value, readings };
    readings.push(...slice.value);
  }
}

/** Logs pushes a few at a time. */
async function logged(
  site: Site,
  store: Store,
  pushes: readonly Push[],
): Promise<Known[]> {
  const known: Known[] = [];
  for (const [at, one] of pushes.entries()) {
    await site.clock.advance(one.afterMs);
    const [reading] = store.append([
      entry(site.clock, one.device, at, one.fileId),
    ]);
    assert.ok(reading);
    known.push({ ...one, id: reading.id, wallMs: reading.received.wallMs });
  }
  return known;
}

Deno.test("recent() and pastSlices() give what a filter over all readings gives, whatever rows are lost or damaged", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(push, { minLength: 1, maxLength: 120 }),
      fc.array(fc.nat(119), { maxLength: 4 }),
      fc.array(fc.nat(119), { maxLength: 4 }),
      fc.nat(119),
      fc.nat(119),
      fc.integer({ min: 1, max: 50 }),
      async (pushes, gone, broken, from, to, limit) => {
        using site = new Site();
        let known: Known[];
        {
          using store = site.open();
          known = await logged(site, store, pushes);
        }
        const lost = new Set([...gone, ...broken].map((at) => known[at]?.id));
        {
          using db = new DatabaseSync(site.file);
          for (const at of gone) {
            db.prepare("DELETE FROM reading WHERE id = ?")
              .run(known[at]?.id ?? 0);
          }
          for (const at of broken) {
            db.prepare(
              // Damage that shows by the check only, or by a number too large.
              `UPDATE reading SET back = 1, chk = 1, mono_ms = ${
                at % 2 === 0 ? "mono_ms" : "9223372036854775807"
              } WHERE id = ?`,
            ).run(known[at]?.id ?? 0);
          }
        }
        using store = site.open();
        const [sinceMs = 0, untilMs = 0] = [from, to].map((at) =>
          known[at % known.length]?.wallMs ?? 0
        ).sort((a, b) => a - b);
        const inTime = known.filter(({ id, wallMs }) =>
          !lost.has(id) && wallMs >= sinceMs && wallMs <= untilMs
        );
        assert.deepEqual(
          store.recent({ sinceMs, untilMs, limit }).map(({ id }) => id),
          inTime.map(({ id }) => id).reverse().slice(0, limit),
        );
        for (const device of [1, 2, 3, 4]) {
          const own = inTime.filter((one) => one.device === device);
          assert.deepEqual(
            store.recent({ device: uid(device), sinceMs, untilMs, limit })
              .map(({ id }) => id),
            own.map(({ id }) => id).reverse().slice(0, limit),
          );
          const energy = own.filter(({ fileId }) => fileId === ENERGY);
          const past = pastOf(store, {
            device: uid(device),
            fileId: ENERGY,
            sinceMs,
            untilMs,
            most: 1000,
          });
          assert.equal(past.found, energy.length);
          assert.deepEqual(
            past.readings.map(({ id }) => id),
            energy.map(({ id }) => id),
          );
        }
      },
    ),
    { numRuns: 40 },
  );
});

Deno.test("recent() goes on past readings of an unset clock", async () => {
  using site = new Site();
  using store = site.open();
  for (let n = 0; n < 9; n++) {
    const { reading, ...rest } = entry(site.clock, 1, n);
    const received = n >= 3 && n < 6
      ? { ...reading.received, wallMs: 5000 + n, synced: false }
      : reading.received;
    store.append([{ ...rest, reading: { ...reading, received } }]);
    await site.clock.advance(1000);
  }
  const sinceMs = site.clock.nowMs() - 60_000;
  for (const device of [{}, { device: uid(1) }]) {
    const found = store.recent({ ...device, sinceMs, limit: 100 });
    assert.deepEqual(found.map(valueOf), [8, 7, 6, 2, 1, 0]);
  }
  assert.deepEqual(store.recent({ device: uid(1), limit: 0 }), []);
  assert.deepEqual(store.recent({ device: uid(9), limit: 5 }), []);
});

Deno.test("pastSlices() gives every second, third, … reading where there are more than asked for, the newest among them", () => {
  using site = new Site();
  using store = site.open();
  for (let n = 0; n < 100; n++) store.append([entry(site.clock, n % 2, n)]);
  const query = {
    device: uid(1),
    fileId: ENERGY,
    sinceMs: 0,
    untilMs: Number.MAX_SAFE_INTEGER,
    most: 20,
  };
  const { found, readings } = pastOf(store, query);
  assert.equal(found, 50);
  assert.deepEqual(readings.map(valueOf), [
    ...Array.from({ length: 17 }, (_, n) => 3 + 6 * n),
  ]);
});

Deno.test("recentSlices() and pastSlices() tell of the moment they were asked, whatever is logged and pruned in between", () => {
  using site = new Site();
  // Some 500 of these rows fill it.
  using store = site.open({ max_mb: 1 });
  const append = (from: number, count: number) =>
    store.append(
      Array.from(
        { length: count },
        (_, n) => entry(site.clock, (from + n) % 2, from + n),
      ),
    );
  append(0, 2000);
  const { lastId = 0 } = store.devices.get(uid(1)) ?? {};
  const time = { sinceMs: 0, untilMs: Number.MAX_SAFE_INTEGER };
  const asked = [
    store.recentSlices({ limit: 5000 }),
    store.recentSlices({ device: uid(1), limit: 5000 }),
    store.pastSlices({ device: uid(1), fileId: ENERGY, most: 5000, ...time }),
  ];
  const found: Reading[][] = asked.map(() => []);
  let number = 2000;
  for (let going = true; going;) {
    going = false;
    for (const [at, slices] of asked.entries()) {
      const slice = slices.next();
      if (slice.done) continue;
      going = true;
      found[at]?.push(...slice.value);
    }
    append(number, 300);
    number += 300;
    while (store.maintain().more);
  }
  // What was asked for first is what went first.
  assert.equal(store.stored(1), null);
  for (const [at, readings] of found.entries()) {
    const ids = readings.map(({ id }) => id);
    if (at === 2) ids.reverse();
    assert.ok(ids.length > 100, String(ids.length));
    assert.equal(ids[0], at === 0 ? 2000 : lastId);
    const apart = at === 0 ? 1 : 2;
    assert.deepEqual(ids, ids.map((_, n) => (ids[0] ?? 0) - apart * n));
  }
});

Deno.test("Pace reads fewer rows at a time from a slow disk, and more again from a quick one", () => {
  let nowMs = 0;
  const pace = new Pace({ monoMs: () => nowMs });
  const read = (msPerRow: number) =>
    pace.timed(() => {
      nowMs += msPerRow * pace.rows;
      return pace.rows;
    });
  assert.deepEqual([0.01, 0.01, 0.01, 0.01, 0.01].map(read), [
    16,
    32,
    64,
    128,
    128,
  ]);
  assert.deepEqual([0.5, 0.5, 0.5, 5, 5].map(read), [128, 10, 10, 10, 8]);
  assert.deepEqual([0.01, 0.01].map(read), [8, 16]);
});

Deno.test("previous() is the reading of the same device and file before", () => {
  using site = new Site();
  using store = site.open();
  store.append([
    entry(site.clock, 1, 1),
    entry(site.clock, 1, 2, BUTTON),
    entry(site.clock, 2, 3),
    entry(site.clock, 1, 4),
    entry(site.clock, 1, 5, BUTTON),
  ]);
  const before = (id: number) => {
    const stored = store.stored(id);
    assert.ok(stored);
    return store.previous(stored.reading)?.id ?? null;
  };
  assert.deepEqual([1, 2, 3, 4, 5].map(before), [null, null, null, 1, 2]);
});

Deno.test("oldest() passes over damaged rows", () => {
  using site = new Site();
  {
    using store = site.open();
    for (let n = 0; n < 5; n++) store.append([entry(site.clock, n, n)]);
  }
  {
    using db = new DatabaseSync(site.file);
    db.exec("UPDATE reading SET wall_ms = 9223372036854775807 WHERE id = 1");
    db.exec("UPDATE reading SET wall_ms = 77 WHERE id = 2");
  }
  using store = site.open();
  assert.equal(
    store.oldest()?.wallMs,
    store.stored(3)?.reading.received.wallMs,
  );
  assert.equal(store.stored(1), null);
  assert.equal(store.stored(2), null);
});

Deno.test("oldest() and oldestPending() tell when those were received", async () => {
  using site = new Site();
  using store = site.open();
  const lane = store.lane("cloud");
  assert.equal(store.oldest(), null);
  assert.equal(store.oldestPending("cloud"), null);
  const times: number[] = [];
  for (let n = 0; n < 5; n++) {
    times.push(site.clock.nowMs());
    store.append([entry(site.clock, n, n)]);
    await site.clock.advance(1000);
  }
  assert.equal(store.oldest()?.wallMs, times[0]);
  const ids = lane.lease(3).map(({ id }) => id);
  lane.settle(ids[0] ?? 0, "accepted");
  lane.settle(ids[1] ?? 0, "accepted");
  // What is in flight still waits.
  assert.equal(store.oldestPending("cloud")?.wallMs, times[2]);
  assert.equal(store.oldestPending("elsewhere"), null);
  store.purge("cloud");
  assert.equal(store.oldestPending("cloud"), null);
  assert.equal(store.oldest()?.wallMs, times[0]);
});

Deno.test("peek() pages through what waits, however it was settled", () => {
  using site = new Site();
  using store = site.open();
  const lane = store.lane("cloud");
  for (let at = 0; at < 3000; at += 100) {
    store.append(
      Array.from({ length: 100 }, (_, n) => entry(site.clock, n, at + n)),
    );
  }
  const waiting: number[] = [];
  for (const { id } of lane.lease(3000)) {
    if (id % 7 === 0 || (id > 1000 && id < 1400)) waiting.push(id);
    else lane.settle(id, "accepted");
  }
  const seen: number[] = [];
  for (;;) {
    const page = store.peek("cloud", 50, seen.at(-1) ?? 0);
    if (page.length === 0) break;
    seen.push(...page.map(({ id }) => id));
  }
  assert.deepEqual(seen, waiting);
});
