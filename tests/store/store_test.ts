import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { StoreError } from "../../lib/store/store.ts";
import { settleMicrotasks } from "../fakes/clock.ts";
import { drain, entry, imbalance, Site, uid, valueOf } from "./fixture.ts";

Deno.test("append() gives ids from 1 on, and every lane its own way through", () => {
  using site = new Site();
  using store = site.open();
  const cloud = store.lane("cloud");
  const file = store.lane("file");
  const readings = store.append([
    entry(site.clock, 1, 10),
    entry(site.clock, 2, 20),
    entry(site.clock, 1, 11),
  ]);
  assert.deepEqual(readings.map(({ id }) => id), [1, 2, 3]);
  assert.deepEqual(cloud.lease(2).map(valueOf), [10, 20]);
  assert.deepEqual(cloud.lease(9).map(valueOf), [11]);
  assert.deepEqual(cloud.lease(9), []);
  cloud.settle(2, "accepted");
  cloud.settle(1, { rejected: "too large" });
  assert.deepEqual(cloud.account(), {
    readings: 3,
    delivered: 1,
    pending: 1,
    rejected: 1,
    dropped: 0,
    droppedBy: {},
  });
  assert.equal(file.account().pending, 3);
  assert.deepEqual(drain(file), [1, 2, 3]);
  assert.deepEqual([...store.accounts().keys()], ["cloud", "file"]);
});

Deno.test("settle() counts once, whatever comes late or twice", () => {
  using site = new Site();
  using store = site.open();
  const lane = store.lane("cloud");
  store.append([entry(site.clock, 1, 1), entry(site.clock, 1, 2)]);
  lane.settle(1, "accepted");
  assert.equal(lane.account().delivered, 0);
  lane.lease(1);
  lane.settle(1, "accepted");
  lane.settle(1, "accepted");
  lane.lease(1);
  lane.release();
  lane.settle(2, "accepted");
  assert.equal(lane.account().delivered, 1);
  assert.equal(lane.account().pending, 1);
  assert.deepEqual(lane.lease(5).map(({ id }) => id), [2]);
});

Deno.test("lease() gives live readings of other devices before the backlog after release()", () => {
  using site = new Site();
  using store = site.open();
  const lane = store.lane("cloud");
  const { clock } = site;
  store.append([1, 2, 1, 2].map((device, at) => entry(clock, device, at)));
  lane.lease(3);
  lane.release();
  store.append([entry(clock, 1, 4), entry(clock, 3, 5), entry(clock, 3, 6)]);
  assert.deepEqual(lane.lease(1).map(({ id }) => id), [6]);
  assert.deepEqual(lane.lease(4).map(({ id }) => id), [7, 1, 2, 3]);
  // Device 1 has only reading 5 waiting now, which is backlog; device 2 has 4.
  store.append([entry(clock, 2, 7), entry(clock, 4, 8)]);
  assert.deepEqual(lane.lease(9).map(({ id }) => id), [9, 4, 5, 8]);
});

Deno.test("waiting() resolves when a reading is logged, released, or the signal aborts", async () => {
  using site = new Site();
  using store = site.open();
  const lane = store.lane("cloud");
  const stop = new AbortController();
  let woken = 0;
  const wait = () => void lane.waiting(stop.signal).then(() => woken++);
  wait();
  await settleMicrotasks();
  assert.equal(woken, 0);
  store.append([entry(site.clock, 1, 1)]);
  await settleMicrotasks();
  assert.equal(woken, 1);
  lane.lease(1);
  wait();
  await settleMicrotasks();
  assert.equal(woken, 1);
  lane.release();
  await settleMicrotasks();
  assert.equal(woken, 2);
  lane.lease(1);
  wait();
  stop.abort();
  await settleMicrotasks();
  assert.equal(woken, 3);
});

Deno.test("A restart keeps cursors, what was settled ahead of them, and the account", () => {
  using site = new Site();
  {
    using store = site.open();
    const lane = store.lane("cloud");
    store.append([1, 2, 3, 4, 5].map((n) => entry(site.clock, n, n)));
    lane.lease(5);
    for (const id of [1, 3, 4]) lane.settle(id, "accepted");
  }
  using store = site.open();
  const lane = store.lane("cloud");
  assert.deepEqual(lane.account(), {
    readings: 5,
    delivered: 3,
    pending: 2,
    rejected: 0,
    dropped: 0,
    droppedBy: {},
  });
  assert.deepEqual(drain(lane), [2, 5]);
});

Deno.test("A new sink starts at now, a known one where it was", () => {
  using site = new Site();
  {
    using store = site.open();
    store.lane("old");
    store.append([entry(site.clock, 1, 1)]);
    assert.equal(store.lane("new").account().readings, 0);
    store.append([entry(site.clock, 1, 2)]);
  }
  using store = site.open();
  assert.deepEqual(drain(store.lane("new")), [2]);
  assert.deepEqual(drain(store.lane("old")), [1, 2]);
});

Deno.test("Rejected readings are set aside with reason and command", () => {
  using site = new Site();
  {
    using store = site.open();
    const lane = store.lane("cloud");
    store.append([entry(site.clock, 7, 1), entry(site.clock, 7, 2)]);
    lane.lease(2);
    lane.settle(1, { rejected: "not authorised" });
    lane.settle(2, { rejected: "too large" });
  }
  using store = site.open();
  const rows = store.rejectedRows("cloud", 10);
  assert.deepEqual(rows.map(({ id, reason }) => [id, reason]), [
    [2, "too large"],
    [1, "not authorised"],
  ]);
  assert.equal(rows[0]?.device, uid(7));
  assert.equal(rows[0]?.command?.length, 95);
  assert.deepEqual(store.rejectedRows("other", 10), []);
});

Deno.test("restamp() gives waiting readings of the boot their time, in memory and on disk", () => {
  using site = new Site();
  const { clock } = site;
  const right = clock.nowMs();
  clock.setWall(0);
  clock.synced = false;
  {
    using store = site.open();
    const lane = store.lane("cloud");
    store.append([1, 2, 3].map((n) => entry(clock, n, n)));
    lane.lease(1);
    lane.settle(1, "accepted");
    clock.bootId = "another boot";
    store.append([entry(clock, 4, 4)]);
    assert.equal(store.restamp("fake-boot", right - clock.monoMs()), 2);
    assert.equal(store.restamp("fake-boot", right - clock.monoMs()), 0);
    assert.deepEqual(
      store.peek("cloud", 9).map(({ received }) => received.wallMs),
      [right, right, 0],
    );
  }
  using store = site.open();
  const [first, , last] = store.lane("cloud").lease(9);
  assert.deepEqual(first?.received, {
    wallMs: right,
    monoMs: clock.monoMs(),
    bootId: "fake-boot",
    synced: true,
  });
  assert.equal(last?.received.synced, false);
  assert.equal(last?.received.bootId, "another boot");
});

Deno.test("recent(), lastPushes(), peek() and purge() answer without moving a lane", () => {
  using site = new Site();
  using store = site.open();
  const { clock } = site;
  const lane = store.lane("cloud");
  store.append([entry(clock, 1, 1), entry(clock, 2, 2)]);
  const later = clock.nowMs() + 5000;
  clock.setWall(later);
  store.append([entry(clock, 1, 3), entry(clock, 1, 4, 65)]);
  const ids = (readings: readonly { id: number }[]) =>
    readings.map(({ id }) => id);
  assert.deepEqual(ids(store.recent({ limit: 3 })), [4, 3, 2]);
  assert.deepEqual(ids(store.recent({ limit: 9, device: uid(1) })), [4, 3, 1]);
  assert.deepEqual(ids(store.recent({ limit: 9, sinceMs: later })), [4, 3]);
  assert.deepEqual(ids(store.lastPushes(0)), [2, 3, 4]);
  assert.deepEqual(ids(store.lastPushes(later)), [3, 4]);
  assert.deepEqual(ids(store.peek("cloud", 2)), [1, 2]);
  assert.deepEqual(ids(store.peek("cloud", 9, 2)), [3, 4]);
  assert.deepEqual(ids(lane.lease(1)), [1]);
  assert.equal(store.purge("cloud"), 4);
  lane.settle(1, "accepted");
  assert.deepEqual(lane.account().droppedBy, { purged: 4 });
  assert.equal(imbalance(lane.account()), 0);
  assert.deepEqual(lane.lease(9), []);
});

Deno.test("The register and the counters survive a restart", () => {
  using site = new Site();
  const link = {
    rxLevelDbm: -70,
    linkBudgetDb: 84,
    band: "868",
    channelIndex: 0,
    fifoToken: 1,
    seqNr: 2,
    secured: true,
  };
  {
    using store = site.open();
    store.append([entry(site.clock, 1, 1), entry(site.clock, 1, 2, 65)]);
    store.devices.seen(uid(2), site.clock.nowMs(), link);
    assert.equal(store.counter("bdSeq cloud").next(), 1);
    store.counter("bdSeq cloud").set(255);
  }
  using store = site.open();
  assert.equal(store.counter("bdSeq cloud").get(), 255);
  assert.equal(store.counter("other").get(), 0);
  assert.deepEqual(store.devices.get(uid(1)), {
    device: uid(1),
    firstSeenMs: site.clock.nowMs(),
    lastSeenMs: site.clock.nowMs(),
    lastId: 2,
    files: { energy: 1, button: 1 },
    link: null,
  });
  assert.deepEqual(store.devices.get(uid(2))?.link, link);
  assert.equal(store.devices.list().length, 2);
});

Deno.test("A long backlog comes in order per device with live readings ahead of it", () => {
  using site = new Site();
  const { clock } = site;
  const count = 6000;
  {
    using store = site.open();
    store.lane("cloud");
    for (let at = 0; at < count; at += 500) {
      store.append(
        Array.from({ length: 500 }, (_, n) => entry(clock, n % 40, at + n)),
      );
    }
  }
  using store = site.open();
  const lane = store.lane("cloud");
  lane.release();
  const last = new Map<string, number>();
  let live = 0;
  let taken = 0;
  while (lane.account().pending > 0) {
    if (taken < count) {
      store.append([entry(clock, taken % 40, 1), entry(clock, 99, 1)]);
      live++;
    }
    const leased = lane.lease(100);
    if (taken < count) assert.equal(leased[0]?.device, uid(99));
    // Acknowledged backwards: the cursor waits for the first of them.
    for (const { id, device } of [...leased].reverse()) {
      lane.settle(id, "accepted");
      assert.ok(id > (last.get(device) ?? 0));
    }
    for (const { id, device } of leased) {
      assert.ok(id > (last.get(device) ?? 0), `${device} overtaken`);
      last.set(device, id);
    }
    taken += leased.length;
  }
  assert.equal(taken, count + 2 * live);
  assert.equal(imbalance(lane.account()), 0);
});

Deno.test("openStore() makes its directory, closed to others, or says why not", () => {
  using site = new Site();
  const dir = `${site.dir}/state/edge`;
  site.open({}, { dir }).close();
  assert.equal((Deno.statSync(dir).mode ?? 0) & 0o777, 0o700);
  Deno.writeTextFileSync(`${site.dir}/file`, "");
  assert.throws(
    () => site.open({}, { dir: `${site.dir}/file` }),
    (error) => error instanceof StoreError && error.fault === "io",
  );
});

Deno.test("A closed store refuses, and closing twice is nothing", () => {
  using site = new Site();
  const store = site.open();
  const lane = store.lane("cloud");
  store.append([entry(site.clock, 1, 1)]);
  lane.lease(1);
  store.close();
  store.close();
  lane.settle(1, "accepted");
  lane.release();
  assert.equal(site.clock.armed(), 0);
  assert.throws(
    () => store.append([entry(site.clock, 1, 1)]),
    (error) => error instanceof StoreError && error.fault === "closed",
  );
});

Deno.test("prove() commits only what no other commit has proved, and throws when none is taken", () => {
  using site = new Site();
  using store = site.open();
  const file = `${site.dir}/outbox.db`;
  const proofs = (): unknown => {
    using db = new DatabaseSync(file);
    return db.prepare("SELECT value FROM meta WHERE key = 'proofs'").get()
      ?.value;
  };
  store.prove();
  store.prove();
  const before = proofs();
  store.append([entry(site.clock, 1, 1)]);
  store.prove();
  assert.equal(proofs(), before);
  store.prove();
  assert.equal(proofs(), Number(before) + 1);
  const other = new DatabaseSync(file);
  other.exec("BEGIN IMMEDIATE");
  assert.throws(() => store.prove(), StoreError);
  other.exec("ROLLBACK");
  other.close();
  store.prove();
});
