import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { REGISTER_BEHIND } from "../../lib/store/devices.ts";
import { salvage } from "../../lib/store/salvage.ts";
import type { Store } from "../../lib/store/store.ts";
import { entry, imbalance, Site, uid } from "./fixture.ts";

/** The frames and commits in the log of writes, which must not have been folded into the file since. */
function written(site: Site): { frames: number; commits: number } {
  const bytes = Deno.readFileSync(`${site.file}-wal`);
  const view = new DataView(bytes.buffer);
  const frameBytes = 24 + view.getUint32(8);
  let [frames, commits] = [0, 0];
  for (let at = 32; at + frameBytes <= bytes.length; at += frameBytes) {
    frames++;
    if (view.getUint32(at + 4) > 0) commits++;
  }
  return { frames, commits };
}

/** What a kill at this instant would leave, in a site of its own. */
function killed(site: Site): Site {
  const left = new Site();
  for (const name of ["outbox.db", "outbox.db-wal"]) {
    Deno.copyFileSync(`${site.dir}/${name}`, `${left.dir}/${name}`);
  }
  return left;
}

/** A sink's cursor as it is on disk. */
function cursorOnDisk(site: Site): number {
  const db = new DatabaseSync(site.file, { readOnly: true });
  try {
    const row = db.prepare("SELECT cursor FROM sink ORDER BY name").get();
    return Number(row?.cursor);
  } finally {
    db.close();
  }
}

/** Everything that waits is accepted. */
function deliver(store: Store, sink: string): void {
  const lane = store.lane(sink);
  for (const { id } of lane.lease(1e6)) lane.settle(id, "accepted");
}

Deno.test("A delivery is written with the next reading, or after 10 s without one", async () => {
  using site = new Site();
  using store = site.open();
  store.lane("cloud");
  store.append([entry(site.clock, 1, 1)]);
  deliver(store, "cloud");
  assert.equal(cursorOnDisk(site), 0);
  await site.clock.advance(5000);
  store.append([entry(site.clock, 1, 2)]);
  assert.equal(cursorOnDisk(site), 1);
  assert.equal(site.clock.armed(), 0);
  deliver(store, "cloud");
  await site.clock.advance(9999);
  assert.equal(cursorOnDisk(site), 1);
  await site.clock.advance(1);
  assert.equal(cursorOnDisk(site), 2);
  assert.equal(site.clock.armed(), 0);
});

Deno.test("32 deliveries wait for no other commit, nor does a rejection", async () => {
  using site = new Site();
  using store = site.open();
  const lane = store.lane("cloud");
  store.append(Array.from({ length: 40 }, (_, n) => entry(site.clock, n, n)));
  const leased = lane.lease(40);
  for (const { id } of leased.slice(0, 31)) lane.settle(id, "accepted");
  await site.clock.advance(100);
  assert.equal(cursorOnDisk(site), 0);
  for (const { id } of leased.slice(31, 32)) lane.settle(id, "accepted");
  await site.clock.advance(10);
  assert.equal(cursorOnDisk(site), 32);
  lane.settle(33, { rejected: "too large" });
  await site.clock.advance(10);
  assert.equal(cursorOnDisk(site), 33);
});

Deno.test("A kill repeats at most what was delivered since the last commit, and the account holds", () => {
  using site = new Site();
  using store = site.open();
  store.lane("cloud");
  for (let n = 0; n < 100; n++) {
    store.append([entry(site.clock, n % 7, n)]);
    deliver(store, "cloud");
  }
  using left = killed(site);
  using after = left.open();
  const lane = after.lane("cloud");
  assert.deepEqual(lane.lease(9).map(({ id }) => id), [100]);
  assert.equal(lane.account().delivered, 99);
  assert.equal(imbalance(lane.account()), 0);
});

Deno.test("A reading in the field costs one commit and two pages, whatever number of sinks there is", async () => {
  using site = new Site();
  using store = site.open();
  for (const sink of ["a", "b", "c"]) store.lane(sink);
  const readings = 200;
  const push = async (count: number) => {
    for (let n = 0; n < count; n++) {
      store.append([entry(site.clock, n % 50, n)]);
      for (const sink of ["a", "b", "c"]) deliver(store, sink);
      await site.clock.advance(3000);
    }
  };
  await push(50);
  const before = written(site);
  await push(readings);
  const after = written(site);
  // The register's turn, after an hour, and pages that are new come on top.
  assert.ok(after.commits - before.commits <= readings + 1);
  assert.ok(after.frames - before.frames <= 2.3 * readings);
});

Deno.test("The register is whole after a kill, whatever the table has missed", async () => {
  using site = new Site();
  using store = site.open();
  store.lane("cloud");
  const check = (why: string) => {
    using left = killed(site);
    using after = left.open();
    const all = (of: Store) =>
      [...of.devices.list()].sort((a, b) => a.device < b.device ? -1 : 1);
    assert.deepEqual(all(after), all(store), why);
    // The chain of a device's readings goes on where it ended.
    const [next] = after.append([entry(left.clock, 1, 9)]);
    assert.ok(next);
    const past = after.recent({ device: uid(1), limit: 1e6 });
    const seen = store.recent({ device: uid(1), limit: 1e6 });
    assert.deepEqual(
      past.slice(1).map(({ id }) => id),
      seen.map(({ id }) => id),
    );
    assert.equal(after.previous(next)?.id ?? null, seen[0]?.id ?? null);
  };
  check("empty");
  store.append([entry(site.clock, 1, 1), entry(site.clock, 2, 2, 65)]);
  check("two readings");
  for (let n = 0; n < REGISTER_BEHIND + 10; n++) {
    store.append([entry(site.clock, 1 + n % 3, n)]);
  }
  check("more readings than the table may miss");
  store.append(
    Array.from({ length: 3000 }, (_, n) => entry(site.clock, 1 + n % 5, n)),
  );
  check("more of them in one commit");
  await site.clock.advance(3_600_000);
  store.append([entry(site.clock, 4, 4)]);
  check("its time has come");
});

Deno.test("The register loses nothing to a prune that takes what it has missed", () => {
  using site = new Site();
  using store = site.open({ min_free_mb: 50 });
  store.lane("cloud");
  for (let n = 0; n < 600; n++) {
    store.append([entry(site.clock, n < 2 ? n : 2, n)]);
  }
  site.free = 49e6;
  assert.ok(store.maintain().removed > 2);
  using left = killed(site);
  using after = left.open();
  assert.equal(after.devices.list().length, 3);
  assert.equal(after.devices.get(uid(1))?.lastId, 2);
});

Deno.test("A prune of what the register knows does not write it", async () => {
  using site = new Site();
  using store = site.open({ max_age_days: 1 });
  store.lane("cloud");
  const inTable = () => {
    using db = new DatabaseSync(site.file, { readOnly: true });
    return db.prepare("SELECT max(last_id) AS id FROM device").get()?.id;
  };
  for (let n = 0; n < 20; n++) store.append([entry(site.clock, n % 3, n)]);
  await site.clock.advance(2 * 86_400_000);
  store.append([entry(site.clock, 1, 20)]);
  assert.equal(inTable(), 21);
  store.append([entry(site.clock, 1, 21)]);
  assert.equal(store.maintain().removed, 20);
  assert.equal(inTable(), 21);
  await site.clock.advance(2 * 86_400_000);
  assert.equal(store.maintain().removed, 2);
  assert.equal(inTable(), 22);
});

Deno.test("What waits is tried again when a flush by hand has failed", async () => {
  using site = new Site();
  using store = site.open();
  const kept = store.kept("area");
  kept.put("key", "one");
  store.flush();
  {
    using other = new DatabaseSync(site.file);
    // The store waits 2 s for it.
    other.exec("BEGIN IMMEDIATE");
    kept.put("key", "two");
    assert.throws(() => store.flush(), { name: "StoreError" });
    other.exec("ROLLBACK");
  }
  await site.clock.advance(1000);
  assert.equal(store.trouble(), null);
  using db = new DatabaseSync(site.file, { readOnly: true });
  assert.equal(db.prepare("SELECT text FROM kept").get()?.text, "two");
});

Deno.test("Deliveries that cannot be written are told once, tried every second, and written in the end", async () => {
  using site = new Site();
  using store = site.open();
  const lane = store.lane("cloud");
  store.append([entry(site.clock, 1, 1), entry(site.clock, 1, 2)]);
  {
    using other = new DatabaseSync(site.file);
    other.exec("BEGIN IMMEDIATE");
    for (const { id } of lane.lease(1)) lane.settle(id, "accepted");
    await site.clock.advance(10_000);
    assert.notEqual(store.trouble(), null);
    await site.clock.advance(1000);
    for (const { id } of lane.lease(1)) lane.settle(id, "accepted");
    assert.equal(site.clock.armed(), 1);
    other.exec("ROLLBACK");
  }
  assert.equal(imbalance(lane.account()), 0);
  await site.clock.advance(1000);
  assert.equal(store.trouble(), null);
  assert.equal(cursorOnDisk(site), 2);
  assert.deepEqual(site.log.records.map(({ text }) => text), [
    "error Outbox cannot be written",
  ]);
});

Deno.test("A store that could not be written at its end leaves no timer", () => {
  using site = new Site();
  const store = site.open();
  using other = new DatabaseSync(site.file);
  // The store waits 2 s for it.
  other.exec("BEGIN IMMEDIATE");
  store.kept("area").put("key", "one");
  store.close();
  other.exec("ROLLBACK");
  assert.equal(site.clock.armed(), 0);
  assert.match(site.log.records.at(-1)?.text ?? "", /at close/);
});

Deno.test("No reading ends before it was received", async () => {
  using site = new Site();
  using store = site.open();
  store.lane("cloud");
  for (let n = 0; n < 5; n++) {
    const [reading] = store.append([entry(site.clock, 1, n)]);
    assert.ok(reading);
    deliver(store, "cloud");
    const fate = store.fate("cloud", reading.id);
    assert.ok(fate?.is === "delivered");
    assert.ok(fate.at.atMs >= reading.received.wallMs);
    await site.clock.advance(3);
  }
});

Deno.test("A salvage knows when a device was heard last, whatever the table has missed", async () => {
  using site = new Site();
  using store = site.open();
  store.append([entry(site.clock, 1, 1)]);
  await site.clock.advance(3_600_000);
  store.append([entry(site.clock, 1, 2)]);
  await site.clock.advance(1000);
  store.append([entry(site.clock, 1, 3)]);
  using left = killed(site);
  salvage(left.dir, 0);
  using after = left.open();
  const { lastId, lastSeenMs } = after.devices.get(uid(1)) ?? {};
  assert.equal(lastId, 3);
  assert.equal(lastSeenMs, site.clock.nowMs());
});

Deno.test("What has become too old goes many at a time, or an hour late", async () => {
  using site = new Site();
  using store = site.open({ max_age_days: 1 });
  const push = async (count: number) => {
    for (let n = 0; n < count; n++) {
      store.append([entry(site.clock, n % 3, n)]);
      await site.clock.advance(6000);
    }
  };
  await push(1000);
  await site.clock.advance(86_400_000 - 1000 * 6000);
  const removed: number[] = [];
  for (let minute = 0; minute < 180; minute++) {
    await site.clock.advance(60_000);
    const gone = store.maintain().removed;
    if (gone > 0) removed.push(gone);
  }
  assert.equal(removed.reduce((sum, n) => sum + n, 0), 1000);
  assert.ok(removed.length <= 1000 / 256 + 1, `${removed}`);
});
