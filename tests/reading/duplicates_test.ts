import assert from "node:assert/strict";
import { Duplicates } from "../../lib/reading/duplicates.ts";
import type { FileName, NewReading } from "../../lib/reading/reading.ts";

function push(
  monoMs: number,
  byte: number,
  { device = "326636300039004C", file = "energy" as FileName, bootId = "a" } =
    {},
): NewReading {
  return {
    device,
    file,
    fileId: 52,
    measurements: [],
    valid: true,
    link: null,
    received: { wallMs: 0, monoMs, bootId, synced: true },
    data: Uint8Array.of(byte),
  };
}

Deno.test("Duplicates finds the bytes of the previous push within the window", () => {
  const duplicates = new Duplicates(60_000);
  assert.equal(duplicates.seen(push(0, 1)), false);
  assert.equal(duplicates.seen(push(60_000, 1)), true);
  // The window runs from the previous push, itself a duplicate.
  assert.equal(duplicates.seen(push(120_000, 1)), true);
  assert.equal(duplicates.seen(push(180_001, 1)), false);
});

Deno.test("Duplicates compares with the previous push only", () => {
  const duplicates = new Duplicates(60_000);
  assert.equal(duplicates.seen(push(0, 1)), false);
  assert.equal(duplicates.seen(push(1, 2)), false);
  assert.equal(duplicates.seen(push(2, 1)), false);
});

Deno.test("Duplicates keeps devices apart", () => {
  const duplicates = new Duplicates(60_000);
  assert.equal(duplicates.seen(push(0, 1)), false);
  assert.equal(
    duplicates.seen(push(0, 1, { device: "0000000000000001" })),
    false,
  );
});

Deno.test("Duplicates never finds a button, nor anything with window 0", () => {
  const duplicates = new Duplicates(60_000);
  assert.equal(duplicates.seen(push(0, 1, { file: "button" })), false);
  assert.equal(duplicates.seen(push(0, 1, { file: "button" })), false);
  const off = new Duplicates(0);
  assert.equal(off.seen(push(0, 1)), false);
  assert.equal(off.seen(push(0, 1)), false);
});

Deno.test("Duplicates does not compare times of different boots", () => {
  const duplicates = new Duplicates(60_000);
  assert.equal(duplicates.seen(push(0, 1)), false);
  assert.equal(duplicates.seen(push(1, 1, { bootId: "b" })), false);
});
