import assert from "node:assert/strict";
import { Pace } from "../../lib/serial/pace.ts";

/** Reads of `bytes` every `everyMs` for `forMs`; gives the pause at the end. */
function after(bytes: number, everyMs: number, forMs: number): number {
  const pace = new Pace();
  for (let nowMs = 1000; nowMs < 1000 + forMs; nowMs += everyMs) {
    pace.read(bytes, nowMs);
  }
  return pace.pauseMs;
}

Deno.test("Pace reads a frame a second at once, whole or in chunks", () => {
  assert.equal(after(102, 1000, 60_000), 0);
  const pace = new Pace();
  for (let frame = 0; frame < 60; frame++) {
    for (let chunk = 0; chunk < 7; chunk++) {
      pace.read(16, frame * 1000 + chunk * 1.39);
      assert.equal(pace.pauseMs, 0);
    }
  }
});

Deno.test("Pace lets three frames gather at the full rate of the line", () => {
  assert.equal(after(16, 1.39, 1000), 30);
  assert.equal(after(102, 10, 1000), 30);
});

Deno.test("Pace does not slow a line that is faster than any UART", () => {
  assert.equal(after(4095, 1, 1000), 0);
});

Deno.test("Pace reads at once again after a pause in which nothing came", () => {
  const pace = new Pace();
  for (let nowMs = 0; nowMs < 1000; nowMs += 10) pace.read(102, nowMs);
  assert.equal(pace.pauseMs, 30);
  pace.idle();
  assert.equal(pace.pauseMs, 0);
});

Deno.test("Pace reads at once again when the line has calmed down", () => {
  const pace = new Pace();
  for (let nowMs = 0; nowMs < 1000; nowMs += 10) pace.read(102, nowMs);
  pace.read(102, 3000);
  assert.equal(pace.pauseMs, 0);
});
