import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { Database, openFile } from "../../lib/store/database.ts";
import { migrate } from "../../lib/store/migrations.ts";
import { type End, type Ended, SettledLog } from "../../lib/store/settled.ts";
import { entry, Site } from "./fixture.ts";

/** An empty database of the present layout, in memory. */
function empty(): Database {
  const file = openFile(":memory:");
  migrate(file);
  return new Database(file);
}

const now = () => ({ atMs: 1000, synced: true });

const note = fc.record({
  /** From the id noted before. */
  skip: fc.integer({ min: -50, max: 50 }),
  count: fc.oneof(
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 1, max: 5_000_000 }),
  ),
  end: fc.constantFrom<End>("accepted", "rejected", "dropped"),
  afterMs: fc.integer({ min: -3_600_000, max: 86_400_000 }),
  synced: fc.boolean(),
  commit: fc.boolean(),
});

Deno.test("SettledLog tells how every reading ended, over full chunks and restarts; the first word counts", () => {
  fc.assert(
    fc.property(fc.array(note, { maxLength: 400 }), (notes) => {
      const db = empty();
      let bytes = new Uint8Array();
      let moment = { atMs: 0, synced: false };
      const open = () => new SettledLog(db, "cloud", bytes, () => moment);
      let log = open();
      const runs: (Ended & { first: number; last: number })[] = [];
      let id = 3_000_000_000;
      let nowMs = 1_700_000_000_000;
      // Those that are written together share one time.
      let fresh = true;
      for (const { skip, count, end, afterMs, synced, commit } of notes) {
        nowMs += afterMs;
        if (fresh) moment = { atMs: nowMs, synced };
        fresh = commit;
        const first = id + skip;
        const last = first + count - 1;
        log.note(first, last, end);
        runs.push({ first, last, end, ...moment });
        id = last + 1;
        if (!commit) continue;
        bytes = new Uint8Array(log.save());
        log.saved();
        log = open();
        assert.ok(bytes.length < 512);
      }
      for (const { first, last } of runs) {
        for (const wanted of [first, last]) {
          const found = log.find(wanted);
          const word = runs.find((run) =>
            run.first <= wanted && wanted <= run.last
          );
          assert.ok(word);
          const { end, atMs, synced } = word;
          assert.deepEqual(found, { end, atMs, synced });
        }
      }
      assert.equal(log.find(1), null);
      db.close();
    }),
    { numRuns: 60 },
  );
});

Deno.test("SettledLog takes over nothing that was not committed", () => {
  const db = empty();
  const log = new SettledLog(db, "cloud", new Uint8Array(), now);
  for (let n = 0; n < 1000; n++) log.note(2 * n, 2 * n, "accepted");
  assert.throws(() =>
    db.transaction(() => {
      log.save();
      throw new Error("no space");
    })
  );
  assert.equal(db.number("SELECT count(*) FROM settled"), 0);
  db.transaction(() => log.save());
  log.saved();
  assert.ok(db.number("SELECT count(*) FROM settled") > 3);
  for (let n = 0; n < 1000; n++) {
    assert.equal(log.find(2 * n)?.end, "accepted");
    assert.equal(log.find(2 * n + 1), null);
  }
  db.close();
});

const damaged = fc.oneof(
  fc.uint8Array({ maxLength: 600 }),
  // Numbers without an end.
  fc.integer({ min: 1, max: 600 }).map((length) =>
    new Uint8Array(length).fill(0xff)
  ),
);

Deno.test("SettledLog reads damaged bytes without an error", () => {
  fc.assert(
    fc.property(damaged, fc.nat(), (bytes, id) => {
      const db = empty();
      const log = new SettledLog(db, "cloud", bytes, now);
      log.find(id);
      log.note(5, 5, "accepted");
      log.save();
      log.saved();
      db.close();
    }),
    { numRuns: 50 },
  );
});

Deno.test("fate() tells what became of a reading at each sink, over a restart", async () => {
  using site = new Site();
  const t0 = site.clock.nowMs();
  {
    using store = site.open();
    const [before] = store.append([entry(site.clock, 1, 0)]);
    assert.ok(before);
    const lane = store.lane("cloud");
    store.lane("file");
    store.append([1, 2, 3, 4].map((n) => entry(site.clock, n, n)));
    const [a = 0, b = 0] = lane.lease(2).map(({ id }) => id);
    await site.clock.advance(1000);
    lane.settle(a, "accepted");
    assert.deepEqual(store.fate("cloud", a), {
      is: "delivered",
      at: { atMs: t0 + 1000, synced: true },
    });
    await site.clock.advance(1000);
    lane.settle(b, { rejected: "no such device" });
    const rejected = {
      is: "rejected",
      reason: "no such device",
      at: { atMs: t0 + 2000, synced: true },
    };
    // Before it is written, and after.
    assert.deepEqual(store.fate("cloud", b), rejected);
    store.flush();
    assert.deepEqual(store.fate("cloud", b), rejected);
    await site.clock.advance(1000);
    assert.equal(store.purge("file"), 4);
  }
  using store = site.open();
  store.lane("cloud");
  store.lane("file");
  const fates = (sink: string) =>
    [1, 2, 3, 4, 5].map((id) => store.fate(sink, id)?.is);
  assert.deepEqual(fates("cloud"), [
    "before_sink",
    "delivered",
    "rejected",
    "pending",
    "pending",
  ]);
  assert.deepEqual(fates("file"), [
    "before_sink",
    "dropped",
    "dropped",
    "dropped",
    "dropped",
  ]);
  assert.deepEqual(store.fate("cloud", 2), {
    is: "delivered",
    at: { atMs: t0 + 1000, synced: true },
  });
  assert.deepEqual(store.fate("file", 5), {
    is: "dropped",
    at: { atMs: t0 + 3000, synced: true },
  });
});

Deno.test("What is known of settled readings takes a few bytes and goes with them", async () => {
  using site = new Site();
  const rows = () => {
    using db = new DatabaseSync(site.file);
    const row = db.prepare(
      "SELECT count(*) AS n, sum(length(runs)) AS bytes FROM settled",
    ).get();
    return { n: Number(row?.n), bytes: Number(row?.bytes) };
  };
  using store = site.open({ max_age_days: 1 });
  const lane = store.lane("cloud");
  for (let n = 0; n < 3000; n++) {
    store.append([entry(site.clock, n % 20, n)]);
    await site.clock.advance(3000);
    for (const { id } of lane.lease(10)) lane.settle(id, "accepted");
  }
  const { n, bytes } = rows();
  assert.ok(n >= 15 && n <= 40, `${n} rows`);
  assert.ok(bytes <= 5 * 3000, `${bytes} bytes`);
  await site.clock.advance(2 * 86_400_000);
  while (store.maintain().more);
  assert.equal(store.oldest(), null);
  // The newest runs stand in the sink's row.
  assert.equal(rows().n, 0);
});
