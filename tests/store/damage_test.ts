import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { isReadOnly, StoreError } from "../../lib/store/database.ts";
import { drain, entry, imbalance, Site, uid, valueOf } from "./fixture.ts";

const PAGE = 4096;

/** Logs `count` readings of five devices, of which the first `settled` are delivered, and closes. */
function filled(site: Site, count: number, settled: number): void {
  using store = site.open();
  const lane = store.lane("cloud");
  for (let at = 0; at < count; at += 100) {
    store.append(
      Array.from(
        { length: Math.min(100, count - at) },
        (_, n) => entry(site.clock, n % 5, at + n + 1),
      ),
    );
  }
  for (const { id } of lane.lease(settled)) lane.settle(id, "accepted");
}

/** Overwrites bytes of the database. */
function overwrite(site: Site, at: number, bytes: Uint8Array): void {
  using file = Deno.openSync(site.file, { write: true });
  file.seekSync(at, Deno.SeekMode.Start);
  file.writeSync(bytes);
}

function setAside(site: Site): string[] {
  return [...Deno.readDirSync(site.dir)].map(({ name }) => name)
    .filter((name) => /^outbox\.db\.damaged-[^w]*(?<!-wal|-shm)$/.test(name));
}

/** Opens a damaged store, drains it, and checks what must hold in any case. */
function survivors(site: Site, count: number): number[] {
  using store = site.open();
  const lane = store.lane("cloud");
  assert.equal(imbalance(lane.account()), 0);
  const readings = store.peek("cloud", count);
  for (const reading of readings) assert.equal(valueOf(reading), reading.id);
  const ids = drain(lane);
  assert.equal(new Set(ids).size, ids.length);
  for (let device = 0; device < 5; device++) {
    const own = ids.filter((id) => (id - 1) % 5 === device);
    assert.deepEqual(own, [...own].sort((a, b) => a - b));
  }
  const [next] = store.append([entry(site.clock, 1, 77)]);
  assert.ok(next && next.id > Math.max(0, ...ids));
  assert.deepEqual(lane.lease(1).map(valueOf), [77]);
  lane.settle(next.id, "accepted");
  assert.equal(imbalance(lane.account()), 0);
  assert.equal(lane.account().pending, 0);
  return ids;
}

Deno.test("openStore() survives every single page being zeroed", () => {
  const count = 300;
  let pages = 1;
  for (let page = 0; page < pages; page++) {
    using site = new Site();
    filled(site, count, 100);
    pages = Deno.statSync(site.file).size / PAGE;
    overwrite(site, page * PAGE, new Uint8Array(PAGE));
    const ids = survivors(site, count);
    const pending = ids.filter((id) => id > 100);
    // About 26 rows stand on a page.
    assert.ok(pending.length >= 200 - 40, `page ${page}: ${pending.length}`);
    using store = site.open();
    assert.ok(store.lane("cloud").account().readings > 0);
  }
  assert.ok(pages > 15);
});

Deno.test("openStore() survives random damage, and says what became of the file", () => {
  const hole = fc.record({
    page: fc.integer({ min: 1, max: 60 }),
    at: fc.integer({ min: 0, max: PAGE - 64 }),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 64 }),
  });
  fc.assert(
    fc.property(fc.array(hole, { minLength: 1, maxLength: 4 }), (holes) => {
      using site = new Site();
      filled(site, 1500, 200);
      for (const { page, at, bytes } of holes) {
        overwrite(site, page * PAGE + at, bytes);
      }
      const ids = survivors(site, 1500);
      const pending = ids.filter((id) => id > 200);
      assert.ok(pending.length >= 1300 - 40 * holes.length);
      const lost = 1300 - pending.length;
      const told = site.log.records.some(({ text }) =>
        text.startsWith("error") || text.startsWith("warn")
      );
      assert.ok(lost === 0 || told);
    }),
    { numRuns: 40 },
  );
});

Deno.test("openStore() salvages what a truncated file still has", () => {
  using site = new Site();
  filled(site, 2000, 0);
  const { size } = Deno.statSync(site.file);
  Deno.truncateSync(site.file, Math.floor(size * 0.6 / PAGE) * PAGE);
  const ids = survivors(site, 2000);
  assert.ok(ids.length > 1000 && ids.length < 1900, `${ids.length}`);
  assert.equal(setAside(site).length, 1);
  const [record, drops] = site.log.records;
  assert.match(record?.text ?? "", /^error Outbox was damaged/);
  assert.equal(record?.fields.readings_saved, ids.length);
  assert.deepEqual(drops?.fields, {
    sink: "cloud",
    reason: "damaged",
    count: 2000 - ids.length,
  });
});

Deno.test("openStore() goes on with a new file when the old one is garbage", () => {
  using site = new Site();
  Deno.writeFileSync(site.file, new Uint8Array(50_000).fill(0x5a));
  assert.deepEqual(survivors(site, 10), []);
  assert.equal(setAside(site).length, 1);
  assert.equal(site.log.records[0]?.fields.readings_saved, 0);
});

Deno.test("openStore() says when the old file holds nothing at all", () => {
  using site = new Site();
  filled(site, 10, 0);
  Deno.truncateSync(site.file, 0);
  site.open().close();
  assert.match(
    site.log.records[0]?.text ?? "",
    /^warn Outbox holds nothing at all/,
  );
});

Deno.test("A row that changed without breaking the file is dropped as damaged", () => {
  using site = new Site();
  filled(site, 10, 0);
  const bytes = Deno.readFileSync(site.file);
  // The command of reading 4 ends in its value.
  const needle = [0xa5, 0xa5, 0, 0, 0, 4];
  const at = bytes.findIndex((_, i) =>
    needle.every((b, n) => bytes[i + n] === b)
  );
  overwrite(site, at, Uint8Array.of(0xa4));
  using store = site.open();
  const lane = store.lane("cloud");
  assert.deepEqual(drain(lane), [1, 2, 3, 5, 6, 7, 8, 9, 10]);
  assert.deepEqual(lane.account().droppedBy, { damaged: 1 });
  assert.equal(imbalance(lane.account()), 0);
  store.flush();
  assert.deepEqual(site.log.records.map(({ text }) => text), [
    "warn Readings were dropped undelivered",
  ]);
});

Deno.test("A file that breaks while in use is healed by the call that finds it", () => {
  using site = new Site();
  filled(site, 30_000, 0);
  using store = site.open();
  const lane = store.lane("cloud");
  assert.equal(store.counter("bdSeq").next(), 1);
  // The last pages are the ones that the check at start has left in the cache.
  for (let page = 200; page < 210; page++) {
    overwrite(site, page * PAGE, new Uint8Array(PAGE));
  }
  const ids = drain(lane, 500);
  assert.ok(ids.length > 29_000 && ids.length < 30_000, `${ids.length}`);
  assert.deepEqual(lane.account().droppedBy, { damaged: 30_000 - ids.length });
  assert.equal(imbalance(lane.account()), 0);
  assert.equal(store.append([entry(site.clock, 1, 1)])[0]?.id, 30_001);
  assert.equal(store.counter("bdSeq").next(), 2);
  assert.equal(store.devices.get(uid(2))?.files.energy, 6000);
  assert.equal(setAside(site).length, 1);
});

Deno.test("A salvage that was killed is finished or begun again", () => {
  using site = new Site();
  filled(site, 20, 0);
  Deno.writeFileSync(`${site.file}.salvage`, new Uint8Array(100));
  assert.equal(survivors(site, 20).length, 20);
  // Killed between the two moves: the finished file has not its name yet.
  Deno.renameSync(site.file, `${site.file}.salvage`);
  Deno.writeFileSync(`${site.file}-wal`, new Uint8Array(100));
  using store = site.open();
  assert.equal(store.lane("cloud").account().delivered, 21);
});

Deno.test("openStore() refuses the file of a newer release and leaves it alone", () => {
  using site = new Site();
  filled(site, 3, 0);
  overwrite(site, 60, Uint8Array.of(0, 0, 0, 99));
  assert.throws(
    () => site.open(),
    (error) =>
      error instanceof StoreError && error.fault === "version" &&
      /version is 99, this release knows up to \d+$/.test(error.message),
  );
  assert.deepEqual(setAside(site), []);
  overwrite(site, 60, Uint8Array.of(0, 0, 0, 1));
  assert.equal(survivors(site, 3).length, 3);
});

Deno.test("What stands in the log of writes only is salvaged, too", () => {
  using site = new Site();
  using copy = new Site();
  filled(site, 500, 0);
  {
    using store = site.open();
    const lane = store.lane("cloud");
    store.append(
      Array.from({ length: 60 }, (_, n) => entry(site.clock, n % 5, 501 + n)),
    );
    for (const { id } of lane.lease(20)) lane.settle(id, "accepted");
    store.flush();
    // As after a kill, with the file itself broken from its third page on.
    Deno.copyFileSync(`${site.file}-wal`, `${copy.file}-wal`);
    Deno.copyFileSync(site.file, copy.file);
  }
  const { size } = Deno.statSync(copy.file);
  overwrite(copy, 2 * PAGE, new Uint8Array(size - 2 * PAGE).fill(0xee));
  const ids = survivors(copy, 560);
  assert.equal(setAside(copy).length, 1);
  for (let id = 531; id <= 560; id++) assert.ok(ids.includes(id), `${id}`);
});

Deno.test("A salvage that the system refuses is an error of the store, and healed later", () => {
  using site = new Site();
  filled(site, 30_000, 0);
  const refused = (error: unknown) =>
    error instanceof StoreError && error.fault === "io";
  // A folder that is not empty, where the new database is to be.
  const obstacle = `${site.dir}/outbox.db.salvage`;
  const obstruct = () =>
    Deno.mkdirSync(`${obstacle}/in the way`, { recursive: true });
  {
    using store = site.open();
    const lane = store.lane("cloud");
    for (let page = 200; page < 210; page++) {
      overwrite(site, page * PAGE, new Uint8Array(PAGE));
    }
    obstruct();
    assert.throws(() => drain(lane, 500), refused);
    assert.throws(() => store.append([entry(site.clock, 1, 1)]), refused);
    Deno.removeSync(obstacle, { recursive: true });
    lane.release();
    assert.equal(store.append([entry(site.clock, 1, 1)])[0]?.id, 30_001);
    assert.ok(drain(lane, 500).includes(30_001));
    assert.equal(imbalance(lane.account()), 0);
  }
  overwrite(site, 0, new Uint8Array(PAGE));
  obstruct();
  assert.throws(() => site.open(), refused);
  Deno.removeSync(obstacle, { recursive: true });
  site.open().close();
});

Deno.test("isReadOnly() knows what SQLite says of a file that cannot be written", () => {
  using site = new Site();
  site.open().close();
  const db = new DatabaseSync(site.file, { readOnly: true });
  try {
    db.prepare("DELETE FROM reading").run();
    assert.fail("written");
  } catch (error) {
    assert.ok(isReadOnly(error), String(error));
  } finally {
    db.close();
  }
  assert.ok(!isReadOnly(new Error("attempt to write a readonly database")));
});
