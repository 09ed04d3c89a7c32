import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { drain, entry, Site } from "./fixture.ts";

/** What a second reader of the file sees: what is committed. */
function committed(site: Site): string[] {
  const db = new DatabaseSync(site.file, { readOnly: true });
  try {
    return db.prepare("SELECT * FROM kept ORDER BY area, key").all()
      .map(({ area, key, text }) => `${area} ${key} ${text}`);
  } finally {
    db.close();
  }
}

Deno.test("kept() holds texts by area over a restart", () => {
  using site = new Site();
  {
    using store = site.open();
    store.kept("a").put("x", "1");
    store.kept("a").put("y", "2");
    store.kept("b").put("x", "3");
    store.kept("a").put("x", null);
  }
  using store = site.open();
  assert.deepEqual([...store.kept("a").entries()], [["y", "2"]]);
  assert.deepEqual([...store.kept("b").entries()], [["x", "3"]]);
  assert.deepEqual([...store.kept("c").entries()], []);
});

Deno.test("kept() is durable after flush(), with the next reading, or by itself", async () => {
  using site = new Site();
  using store = site.open();
  const kept = store.kept("a");
  kept.put("x", "1");
  assert.deepEqual(committed(site), []);
  store.flush();
  assert.deepEqual(committed(site), ["a x 1"]);
  kept.put("x", "2");
  store.append([entry(site.clock, 1, 1)]);
  assert.deepEqual(committed(site), ["a x 2"]);
  kept.put("x", null);
  await site.clock.advance(10);
  assert.deepEqual(committed(site), []);
});

Deno.test("kept() survives a file that breaks while in use", () => {
  using site = new Site();
  {
    using store = site.open();
    store.lane("cloud");
    for (let at = 0; at < 20_000; at += 200) {
      store.append(
        Array.from({ length: 200 }, (_, n) => entry(site.clock, 1, at + n)),
      );
    }
    store.kept("a").put("x", "1");
  }
  {
    using store = site.open();
    const lane = store.lane("cloud");
    store.kept("a").put("y", "2");
    using file = Deno.openSync(site.file, { write: true });
    // Readings in the middle; the last pages are in the cache.
    file.seekSync(200 * 4096, Deno.SeekMode.Start);
    file.writeSync(new Uint8Array(10 * 4096));
    assert.ok(drain(lane, 500).length < 20_000);
    assert.deepEqual([...store.kept("a").entries()], [["x", "1"], ["y", "2"]]);
  }
  assert.deepEqual(committed(site), ["a x 1", "a y 2"]);
});

Deno.test("fill() is the share of the allowed size that waits for the fullest sink", () => {
  using site = new Site();
  using store = site.open({ max_mb: 1 });
  assert.equal(store.fill(), 0);
  const lane = store.lane("cloud");
  for (let n = 0; n < 20; n++) {
    store.append(
      Array.from({ length: 100 }, (_, i) => entry(site.clock, 1, n * 100 + i)),
    );
  }
  const full = store.fill();
  assert.ok(full > 0.2 && full < 0.6, `${full}`);
  for (const { id } of lane.lease(1000)) lane.settle(id, "accepted");
  assert.ok(Math.abs(store.fill() - full / 2) < 0.02);
});
