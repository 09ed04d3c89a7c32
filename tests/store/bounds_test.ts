import assert from "node:assert/strict";
import { Database, openFile, StoreError } from "../../lib/store/database.ts";
import { Journal } from "../../lib/store/journal.ts";
import { migrate } from "../../lib/store/migrations.ts";
import { Readings } from "../../lib/store/readings.ts";
import { recentSlices } from "../../lib/store/recent.ts";
import type { Store } from "../../lib/store/store.ts";
import { drain, entry, imbalance, restore, Site } from "./fixture.ts";

const DAY_MS = 86_400_000;

function fill(site: Site, store: Store, count: number): void {
  for (let at = 0; at < count; at += 100) {
    store.append(
      Array.from(
        { length: Math.min(100, count - at) },
        (_, n) => entry(site.clock, n % 7, at + n),
      ),
    );
  }
}

Deno.test("maintain() drops what is older than the limit, counts it and says so once", async () => {
  using site = new Site();
  using store = site.open({ max_age_days: 2 });
  const fast = store.lane("fast");
  const slow = store.lane("slow");
  fill(site, store, 1500);
  drain(fast);
  await site.clock.advance(1.5 * DAY_MS);
  fill(site, store, 10);
  assert.deepEqual(store.maintain(), { removed: 0, more: false });
  await site.clock.advance(DAY_MS);
  assert.deepEqual(store.maintain(), { removed: 1500, more: false });
  assert.deepEqual(fast.account().droppedBy, {});
  assert.deepEqual(slow.account().droppedBy, { age: 1500 });
  assert.equal(slow.account().pending, 10);
  assert.equal(imbalance(slow.account()), 0);
  assert.deepEqual(site.log.records.map(({ text, fields }) => [text, fields]), [
    ["warn Readings were dropped undelivered", {
      sink: "slow",
      reason: "age",
      count: 1500,
    }],
  ]);
});

Deno.test("maintain() does not take rows of an unset clock for old ones", async () => {
  using site = new Site();
  const { clock } = site;
  using store = site.open({ max_age_days: 2 });
  const lane = store.lane("cloud");
  const right = clock.nowMs();
  clock.setWall(0);
  clock.synced = false;
  clock.bootId = "first boot";
  fill(site, store, 5);
  clock.setWall(right);
  clock.synced = true;
  clock.bootId = "second boot";
  fill(site, store, 5);
  assert.equal(store.maintain().removed, 0);
  assert.equal(lane.account().pending, 10);
  // Once a later neighbour is old, they are, too.
  await clock.advance(3 * DAY_MS);
  assert.equal(store.maintain().removed, 10);
});

Deno.test("append() keeps the database below its size; ids go on", () => {
  using site = new Site();
  {
    using store = site.open({ max_mb: 1 });
    const lane = store.lane("cloud");
    fill(site, store, 3000);
    lane.lease(10);
    fill(site, store, 20_000);
    assert.ok(store.bytes() <= 1_100_000, `${store.bytes()} bytes`);
    lane.settle(1, "accepted");
    const { dropped, droppedBy, pending } = lane.account();
    assert.equal(imbalance(lane.account()), 0);
    assert.ok(dropped > 10_000 && pending > 3000);
    assert.deepEqual(droppedBy, { size: dropped });
    const ids = drain(lane);
    assert.equal(ids.at(0), dropped + 1);
    assert.equal(ids.at(-1), 23_000);
  }
  assert.ok(Deno.statSync(site.file).size < 1_500_000);
  using store = site.open({ max_mb: 1 });
  assert.equal(store.append([entry(site.clock, 1, 1)])[0]?.id, 23_001);
});

Deno.test("What stands beside the readings takes no waiting reading's place", () => {
  using site = new Site();
  using store = site.open({ max_mb: 1 });
  const lane = store.lane("cloud");
  for (let n = 0; n < 1100; n++) {
    store.kept("device").put(`${n}`, "x".repeat(1000));
  }
  store.flush();
  assert.ok(store.bytes() > 1_000_000);
  fill(site, store, 1000);
  const { pending, dropped } = lane.account();
  assert.ok(pending >= 256 && dropped > 0, `${pending}`);
  assert.equal(pending + dropped, 1000);
  assert.equal(drain(lane).at(-1), 1000);
});

Deno.test("Ids are not used again after all rows are gone", async () => {
  using site = new Site();
  {
    using store = site.open({ max_age_days: 1 });
    fill(site, store, 20);
    await site.clock.advance(2 * DAY_MS);
    assert.equal(store.maintain().removed, 20);
  }
  using store = site.open();
  assert.equal(store.append([entry(site.clock, 1, 1)])[0]?.id, 21);
});

Deno.test("maintain() gives space back to a full disk, but keeps the newest rows", () => {
  using site = new Site();
  using store = site.open({ min_free_mb: 50 });
  const lane = store.lane("cloud");
  fill(site, store, 10_000);
  const before = store.bytes();
  site.free = 49e6;
  while (store.maintain().more);
  assert.equal(lane.account().pending, 256);
  assert.deepEqual(lane.account().droppedBy, { disk: 9744 });
  assert.ok(store.bytes() < before / 10);
  assert.ok(Deno.statSync(site.file).size < before / 5);
  assert.equal(drain(lane).length, 256);
});

Deno.test("append() on a full disk throws, changes nothing, and works again later", () => {
  using site = new Site();
  const db = new Database(openFile(site.file));
  db.transaction(() => {});
  const plain = openFile(site.file);
  migrate(plain);
  plain.close();
  const readings = new Readings(db, restore);
  const journal = new Journal({
    db,
    readings,
    clock: site.clock,
    log: site.log,
    limits: { maxAgeMs: DAY_MS, maxBytes: 1e9, minFreeBytes: 0 },
    freeBytes: () => 0,
    salvage: () => assert.fail("nothing is damaged"),
  });
  journal.load(null);
  const log = { db, readings, clock: site.clock };
  const lane = journal.lane("cloud");
  db.exec("PRAGMA max_page_count = 40");
  let refused: unknown;
  let logged = 0;
  try {
    for (;;) {
      logged = journal.append(
        Array.from({ length: 10 }, (_, n) => entry(site.clock, n, n)),
      ).at(-1)?.id ?? 0;
    }
  } catch (error) {
    refused = error;
  }
  assert.ok(refused instanceof StoreError);
  assert.equal(refused.fault, "full");
  assert.match(journal.trouble() ?? "", /^Cannot append to the outbox: /);
  assert.equal(lane.account().readings, logged);
  assert.equal(
    [...recentSlices(log, { limit: 1 }, logged + 10)].flat()[0]?.id,
    logged,
  );
  db.exec("PRAGMA max_page_count = 4000");
  assert.equal(journal.append([entry(site.clock, 1, 1)])[0]?.id, logged + 1);
  assert.equal(journal.trouble(), null);
  assert.equal(drain(lane).length, logged + 1);
  journal.close();
});

Deno.test("maintain() and append() go on when the system does not say how much is free", () => {
  using site = new Site();
  const freeBytes = (dir: string): number => {
    throw Object.assign(new Error(`no such directory ${dir}`), {
      code: "ENOENT",
    });
  };
  using store = site.open({}, { freeBytes });
  const lane = store.lane("cloud");
  fill(site, store, 1000);
  assert.deepEqual(store.maintain(), { removed: 0, more: false });
  assert.match(store.trouble() ?? "", /free space.*no such directory/);
  assert.equal(drain(lane).length, 1000);
  assert.ok(site.log.records.length > 0);
});

Deno.test("openStore() says that the disk is full when SQLite only speaks of I/O", () => {
  using site = new Site();
  // A folder in its place: SQLite cannot begin here, either.
  Deno.mkdirSync(site.file);
  const refused = (fault: string, why: RegExp) => (error: unknown) =>
    error instanceof StoreError && error.fault === fault &&
    why.test(error.message);
  assert.throws(() => site.open(), refused("io", /unable to open/));
  site.free = 4096;
  assert.throws(() => site.open(), refused("full", /no space left/));
});
