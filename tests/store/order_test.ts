import assert from "node:assert/strict";
import type { Reading } from "../../lib/reading/reading.ts";
import { backlogOrder, pick, type View } from "../../lib/store/order.ts";
import { entry } from "./fixture.ts";
import { fakeClock } from "../fakes/clock.ts";

/** A log of readings of the given devices, ids from 1 on; `missing` have no row. */
function logOf(devices: readonly number[], missing: readonly number[] = []) {
  const clock = fakeClock();
  const taken = new Set<number>();
  const view: View = {
    nextFree(id) {
      let at = id;
      while (taken.has(at)) at++;
      return at;
    },
    at(id): Reading | null {
      const device = devices[id - 1];
      if (device === undefined || missing.includes(id)) return null;
      return { ...entry(clock, device, id).reading, id };
    },
    take: ({ id }) => void taken.add(id),
    lost: (id) => void taken.add(id),
  };
  const lastOf = (until: number): [string, number][] =>
    devices.slice(0, until).map((_, at) => [
      view.at(at + 1)?.device ?? "",
      at + 1,
    ]);
  return { view, lastOf };
}

const ids = (readings: readonly Reading[]) => readings.map(({ id }) => id);

Deno.test("pick() lets live readings pass the backlog, but none of its devices", () => {
  const { view, lastOf } = logOf([1, 2, 1, /* live */ 3, 1, 2, 3]);
  const order = backlogOrder(0, 3, lastOf(3));
  assert.deepEqual(ids(pick(order, 3, 7, true, view)), [4, 7, 1]);
  assert.deepEqual(ids(pick(order, 9, 7, true, view)), [2, 3, 5, 6]);
  assert.equal(order.low, order.high);
});

Deno.test("pick() keeps to the order of the log when nothing may overtake", () => {
  const { view, lastOf } = logOf([1, 2, 1, 3, 1]);
  const order = backlogOrder(0, 3, lastOf(3));
  assert.deepEqual(ids(pick(order, 9, 5, false, view)), [1, 2, 3]);
  assert.deepEqual(ids(pick(order, 9, 5, false, view)), [4, 5]);
});

Deno.test("pick() lets a device pass again once its backlog is leased", () => {
  const { view, lastOf } = logOf([1, 2, /* live */ 1]);
  const order = backlogOrder(0, 2, lastOf(2));
  assert.deepEqual(ids(pick(order, 1, 2, true, view)), [1]);
  assert.deepEqual(ids(pick(order, 1, 3, true, view)), [3]);
  assert.deepEqual(ids(pick(order, 1, 3, true, view)), [2]);
});

Deno.test("pick() passes over what has no row, and reports it", () => {
  const { view, lastOf } = logOf([1, 1, 1, 1], [2, 4]);
  const order = backlogOrder(0, 2, lastOf(2));
  assert.deepEqual(ids(pick(order, 9, 4, true, view)), [1, 3]);
  assert.deepEqual(ids(pick(order, 9, 4, true, view)), []);
  assert.equal(view.nextFree(1), 5);
});
