import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { VERSION } from "../../lib/store/migrations.ts";
import { drain, entry, imbalance, Site, uid, valueOf } from "./fixture.ts";
import { oldStore } from "./layouts.ts";

function versionIn(site: Site): unknown {
  using db = new DatabaseSync(site.file);
  return db.prepare("PRAGMA user_version").get()?.user_version;
}

for (const version of [1, 2] as const) {
  Deno.test(`A database of layout ${version} is brought to the present one and keeps everything`, () => {
    using site = new Site();
    oldStore(site, version, 500, 200);
    {
      using store = site.open();
      assert.deepEqual(site.log.records, []);
      const lane = store.lane("cloud");
      const { readings, delivered, pending } = lane.account();
      assert.deepEqual([readings, delivered, pending], [500, 200, 300]);
      store.kept("a").put("x", "1");
      assert.equal(drain(lane).length, 300);
      assert.equal(imbalance(lane.account()), 0);
    }
    assert.equal(versionIn(site), VERSION);
  });
}

Deno.test("Old and new rows of a device are one history", () => {
  using site = new Site();
  oldStore(site, 2, 500, 500);
  using store = site.open();
  store.lane("cloud");
  for (let n = 0; n < 30; n++) {
    store.append([{ ...entry(site.clock, n % 3, 501 + n), frameCounter: n }]);
  }
  const ids = store.recent({ device: uid(1), limit: 1000 }).map(({ id }) => id);
  assert.deepEqual(ids, [
    ...Array.from({ length: 10 }, (_, n) => 529 - 3 * n),
    ...Array.from({ length: 100 }, (_, n) => 496 - 5 * n),
  ]);
  const found = store.recent({ device: uid(1), limit: 1000 });
  assert.deepEqual(found.map(valueOf), ids);
  assert.equal(store.stored(10)?.frameCounter, null);
  assert.equal(store.stored(510)?.frameCounter, 9);
  // 501 is the first of device 0 after the old ones.
  const first = store.stored(501);
  assert.ok(first);
  assert.equal(store.previous(first.reading)?.id, 500);
});

Deno.test("What an older release has settled is said to be unknown, not guessed", () => {
  using site = new Site();
  oldStore(site, 2, 50, 20);
  using store = site.open();
  const lane = store.lane("cloud");
  const [next] = lane.lease(1);
  assert.ok(next);
  lane.settle(next.id, "accepted");
  assert.deepEqual(store.fate("cloud", 20), { is: "unknown" });
  assert.equal(store.fate("cloud", 21)?.is, "delivered");
  assert.equal(store.fate("cloud", 22)?.is, "pending");
  assert.equal(store.fate("elsewhere", 22), null);
});

Deno.test("A salvage saves rows of the old layout and of the new one, with their links", () => {
  using site = new Site();
  oldStore(site, 2, 300, 0);
  {
    using store = site.open();
    store.lane("cloud");
    for (let n = 0; n < 300; n++) {
      store.append([{
        ...entry(site.clock, n % 5, 301 + n),
        frameCounter: n % 256,
      }]);
    }
    for (const { id } of store.lane("cloud").lease(100)) {
      store.lane("cloud").settle(id, "accepted");
    }
  }
  {
    // The first page: SQLite refuses the file.
    using file = Deno.openSync(site.file, { write: true });
    file.writeSync(new Uint8Array(4096));
  }
  using store = site.open();
  assert.match(site.log.records[0]?.text ?? "", /^error Outbox was damaged/);
  assert.equal(site.log.records[0]?.fields.readings_saved, 600);
  const ids = store.recent({ device: uid(2), limit: 1000 }).map(({ id }) => id);
  assert.equal(ids.length, 120);
  assert.deepEqual(ids, [...ids].sort((a, b) => b - a));
  assert.equal(store.stored(600)?.frameCounter, 299 % 256);
  assert.equal(store.stored(300)?.frameCounter, null);
});

Deno.test("A salvage keeps what is known of settled readings", () => {
  using site = new Site();
  {
    using store = site.open();
    const lane = store.lane("cloud");
    for (let n = 0; n < 2000; n++) store.append([entry(site.clock, n % 5, n)]);
    for (let n = 0; n < 1000; n++) {
      for (const { id } of lane.lease(1)) lane.settle(id, "accepted");
      store.flush();
    }
  }
  {
    // A row that changed on some page of readings: the tree is broken there.
    const bytes = Deno.readFileSync(site.file);
    const page = 4096 * 20;
    bytes.fill(0, page, page + 4096);
    Deno.writeFileSync(site.file, bytes);
  }
  using store = site.open();
  store.lane("cloud");
  const delivered = Array.from({ length: 1000 }, (_, n) => n + 1)
    .filter((id) => store.fate("cloud", id)?.is === "delivered");
  assert.ok(delivered.length >= 900, `${delivered.length}`);
});
