import assert from "node:assert/strict";
import { heardFrom } from "../../lib/http/page/heard.js";
import { linkWord } from "../../lib/http/page/mark.js";
import { found, ordered } from "../../lib/http/page/order.js";
import { routeOf } from "../../lib/http/page/route.js";
import { LINK_LIMIT_DB } from "../../lib/device/hearing.ts";
import { device, reading } from "./made_up.ts";

const DEVICES = Array.from(
  { length: 30 },
  (_, n) => device(n, 1_700_000_000_000),
);

Deno.test("ordered() puts the worst first: gone, offline, silent, no meter, weak link", () => {
  const states = ordered(DEVICES, "worst").filter(({ ignored }) => !ignored)
    .map(({ state }) => state);
  assert.deepEqual(
    states.filter((state, at) => state !== states[at - 1]),
    ["unregistered", "offline", "silent", "ok"],
  );
  assert.equal(ordered(DEVICES, "worst").at(-1)?.ignored, true);
});

Deno.test("ordered() counts numbers in names, those without a name last", () => {
  const names = ordered(DEVICES, "name").map(({ name }) => name);
  const ovens = names.filter((name) => name?.startsWith("Oven"));
  assert.deepEqual(
    ovens,
    ovens.toSorted((a, b) => Number(a?.slice(5)) - Number(b?.slice(5))),
  );
  assert.equal(names.at(-1), null);
  assert.notEqual(names[0], null);
});

Deno.test("ordered() by link puts the weakest first, the larger budget", () => {
  const budgets = ordered(DEVICES, "link").map((one) =>
    one.link_budget_db ?? -1
  );
  assert.deepEqual(budgets, budgets.toSorted((a, b) => b - a));
});

Deno.test("found() wants every word, in name, UID or tag, in any case", () => {
  const one = { ...device(0, 0), name: "Hall Compressor", tag: "North 7" };
  for (const search of ["", "compressor", "comp hall", "NORTH", "326636"]) {
    assert.ok(found(one, search), search);
  }
  assert.ok(!found(one, "hall oven"));
});

Deno.test("linkWord() calls a larger budget weaker, and agrees with the agent's limit", () => {
  assert.deepEqual(
    [80, 100, 115, 125, 140].map(linkWord),
    ["strong", "good", "fair", "weak", "poor"],
  );
  assert.equal(linkWord(LINK_LIMIT_DB), "weak");
  assert.equal(linkWord(LINK_LIMIT_DB + 1), "poor");
});

Deno.test("routeOf() knows the views and takes nothing else for one", () => {
  assert.deepEqual(routeOf(""), { view: "overview" });
  assert.deepEqual(routeOf("#/"), { view: "overview" });
  assert.deepEqual(routeOf("#/live"), { view: "live" });
  assert.deepEqual(routeOf("#/explain/17"), { view: "explain", id: 17 });
  assert.deepEqual(
    routeOf("#/devices/326636300039004c"),
    { view: "device", device: "326636300039004C" },
  );
  for (const hash of ["#/devices/x", "#/explain/-1", "#/explain", "#/else"]) {
    assert.deepEqual(routeOf(hash), { view: "nowhere" }, hash);
  }
});

Deno.test("heardFrom() takes over link and values, and keeps the last valid ones", () => {
  const before = device(3, 1_700_000_000_000);
  const good = { ...reading(14 * 7 + 1, 3, 1_700_000_100_000), valid: true };
  const after = heardFrom(before, good);
  assert.equal(after.state, "ok");
  assert.equal(after.last_heard_at, good.received_at);
  assert.equal(after.link_budget_db, good.link?.link_budget_db);
  assert.equal(after.last, good.measurements);
  const stale = heardFrom(after, { ...good, valid: false, link: null });
  assert.equal(stale.valid, false);
  assert.equal(stale.last, good.measurements);
  assert.equal(stale.link_budget_db, good.link?.link_budget_db);
  const button = heardFrom(stale, {
    ...good,
    file: "button",
    measurements: [],
  });
  assert.equal(button.valid, false, "a button says nothing of the meter");
});
