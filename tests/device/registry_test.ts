import assert from "node:assert/strict";
import fc from "fast-check";
import type { DeviceEvent } from "../../lib/device/device.ts";
import { silentLog } from "../../lib/log.ts";
import { fakeClock } from "../fakes/clock.ts";
import {
  buttonBytes,
  configBytes,
  DEVICE,
  energyBytes,
  memoryKeep,
  model,
} from "../fakes/devices.ts";

Deno.test("Registry keeps state, held values, counters, supervision and tags over a restart", async () => {
  const keep = memoryKeep();
  const before = model({ keep });
  const { registry, clock, hears } = before;
  hears([[62, configBytes(120)], [61, Uint8Array.of(1, 0, 1, 1)]]);
  hears([[52, energyBytes({ wh: 2n ** 60n })]]);
  hears([[52, energyBytes({ wh: 1n, valid: false })]], { linkBudgetDb: 101 });
  hears([[51, buttonBytes(1, true)]]);
  registry.setTag(DEVICE, "Halle 2 – Süd");
  registry.setTag(null, "main");
  const own = { silentAfterS: 1000, offlineAfterS: 2000, unregisterAfterS: 0 };
  registry.setSupervision(DEVICE, own);
  registry.setSupervision(null, { ...own, unregisterAfterS: 9000 });
  registry.downlinkEnded(DEVICE, { type: "downlink_failed", event: true });
  const was = registry.get(DEVICE);
  registry[Symbol.dispose]();

  const after = model({ keep, clock });
  const is = after.registry.get(DEVICE);
  // These two count since the agent's start.
  assert.deepEqual(is, { ...was, invalidCount: 0, failedDownlinks: 0 });
  assert.equal(is?.held?.measurements[0]?.value, 2n ** 60n);
  assert.equal(after.registry.gateway().tag, "main");
  assert.equal(
    after.registry.gateway().supervisionDefault?.unregisterAfterS,
    9000,
  );
  assert.deepEqual(after.changes, []);
  after.registry[Symbol.dispose]();
  await clock.advance(0);
});

Deno.test("E-146 Registry writes a new device and settings at once, frames within an hour, all else within a second, and at close", async () => {
  const keep = memoryKeep();
  const { clock, registry, hears } = model({ keep });
  hears([[52, energyBytes()]]);
  const heard = keep.texts.get(DEVICE);
  assert.ok(heard !== undefined);
  // Silence would be a change of its own.
  registry.setSupervision(DEVICE, {
    silentAfterS: 9000,
    offlineAfterS: 9999,
    unregisterAfterS: 0,
  });
  registry.setTag(DEVICE, "hall");
  const tagged = keep.texts.get(DEVICE);
  assert.notEqual(tagged, heard);
  registry.downlinkEnded(DEVICE, { type: "downlink_failed", event: true });
  assert.equal(keep.texts.get(DEVICE), tagged);
  await clock.advance(1000);
  const failed = keep.texts.get(DEVICE);
  assert.notEqual(failed, tagged);
  hears([[51, buttonBytes(0, true)]]);
  await clock.advance(3_599_999);
  assert.equal(keep.texts.get(DEVICE), failed);
  await clock.advance(1);
  const first = keep.texts.get(DEVICE);
  assert.notEqual(first, failed);
  hears([[51, buttonBytes(1, true)]]);
  registry[Symbol.dispose]();
  assert.notEqual(keep.texts.get(DEVICE), first);
});

Deno.test("Registry passes over what it cannot read, and says so", () => {
  const keep = memoryKeep();
  for (const text of ["", "{", "null", "{}", '{"lastHeard":{}}', "7"]) {
    keep.put(
      `00000000000000${keep.texts.size.toString(16).padStart(2, "0")}`,
      text,
    );
  }
  keep.put("gateway", "{");
  const warned: string[] = [];
  const log = { ...silentLog, warn: (text: string) => void warned.push(text) };
  const { registry } = model({ keep, log });
  assert.deepEqual(registry.list(), []);
  assert.equal(warned.length, 6);
  assert.equal(registry.gateway().tag, "***");
});

Deno.test("Registry logs a watcher that throws; the others and the next changes go on", () => {
  const errors: unknown[] = [];
  const log = {
    ...silentLog,
    error: (_: string, f?: object) => void errors.push(f),
  };
  const { registry, changes, hears } = model({ log });
  using _thrower = registry.watch(() => {
    throw new Error("no");
  });
  let later = 0;
  const watching = registry.watch(() => void later++);
  hears([[52, energyBytes()]]);
  hears([[52, energyBytes({ wh: 2n })]]);
  assert.equal(errors.length, 2);
  assert.equal(later, 2);
  assert.equal(changes.length, 2);
  watching[Symbol.dispose]();
  hears([[52, energyBytes({ wh: 3n })]]);
  assert.equal(later, 2);
});

Deno.test("Registry tells a change made by a watcher after the one it came from, to all", () => {
  const { registry, hears } = model();
  const seen: string[] = [];
  registry.watch(({ state, measured }) => {
    if (measured !== null) registry.setTag(DEVICE, "x");
    seen.push(`a ${state?.tag} ${measured !== null}`);
  });
  registry.watch(({ state, measured }) =>
    void seen.push(`b ${state?.tag} ${measured !== null}`)
  );
  hears([[52, energyBytes()]]);
  assert.deepEqual(seen, [
    "a *** true",
    "b *** true",
    "a x false",
    "b x false",
  ]);
});

Deno.test("Registry resets the counters of a device and of the gateway", () => {
  let rejected = 5;
  const { registry, hears } = model({ rejected: () => rejected });
  registry.frame();
  registry.foreign(null);
  hears([[52, energyBytes({ valid: false })]]);
  registry.resetCounters(null);
  rejected = 7;
  const { framesReceived, framesForeign, framesRejected } = registry.gateway();
  assert.deepEqual([framesReceived, framesForeign, framesRejected], [0, 0, 2]);
  registry.resetCounters(DEVICE);
  assert.equal(registry.get(DEVICE)?.invalidCount, 0);
  assert.equal(registry.get(DEVICE)?.measurementCounter, 1);
});

Deno.test("Registry re-stamps what this boot received before its clock was set", () => {
  const clock = fakeClock(0);
  clock.synced = false;
  const { registry, hears } = model({ clock });
  hears([[52, energyBytes()]]);
  const wallMs = Date.UTC(2026, 0, 1);
  registry.restamp("fake-boot", wallMs - clock.monoMs());
  assert.equal(registry.get(DEVICE)?.lastHeard.wallMs, wallMs);
  assert.equal(registry.get(DEVICE)?.held?.received.wallMs, wallMs);
  assert.equal(registry.get(DEVICE)?.held?.received.synced, true);
});

Deno.test("Registry leaves no timer behind", async () => {
  const { clock, registry, hears } = model({ keep: memoryKeep() });
  hears([[52, energyBytes()]]);
  await clock.advance(10_000);
  registry.modem(false, null);
  registry[Symbol.dispose]();
  assert.equal(clock.armed(), 0);
});

type Happening =
  | { readonly type: "wait"; readonly ms: number }
  | { readonly type: "modem"; readonly up: boolean }
  | { readonly type: "energy"; readonly wh: number; readonly valid: boolean }
  | { readonly type: "frame"; readonly budget: number }
  | { readonly type: "config"; readonly interval: number }
  | { readonly type: "restart" };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({
    type: fc.constant("wait" as const),
    ms: fc.integer({ min: 0, max: 90_000_000 }),
  }),
  fc.record({ type: fc.constant("modem" as const), up: fc.boolean() }),
  fc.record({
    type: fc.constant("energy" as const),
    wh: fc.integer({ min: 0, max: 3 }),
    valid: fc.boolean(),
  }),
  fc.record({
    type: fc.constant("frame" as const),
    budget: fc.integer({ min: 120, max: 135 }),
  }),
  fc.record({
    type: fc.constant("config" as const),
    interval: fc.integer({ min: 0, max: 100_000 }),
  }),
  fc.constant({ type: "restart" as const }),
);

Deno.test("M-37 M-39 events alternate per condition, agree with the state, and grow in time, whatever happens", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { maxLength: 40 }), async (script) => {
      const keep = memoryKeep();
      const clock = fakeClock();
      let { registry, changes, hears } = model({ keep, clock });
      const holding = new Map<number, DeviceEvent>();
      const settle = () => {
        for (const { events, gone, state } of changes.splice(0)) {
          for (const event of events) {
            const { code, mode } = event;
            if (mode === "Singleshot") {
              assert.equal(event.type, "Notification");
              continue;
            }
            assert.notEqual(event.type, "Notification");
            assert.equal(holding.has(code), mode === "Disappears", `${code}`);
            if (mode === "Appears") holding.set(code, event);
            else holding.delete(code);
            assert.ok(event.at.monoMs <= clock.monoMs());
          }
          if (gone) {
            assert.equal(state?.unregistered, true);
            // What lasted ended with the registration.
            for (const code of [6240, 6241, 6242, 6243]) holding.delete(code);
          }
        }
        const state = registry.get(DEVICE);
        if (state === undefined || state.unregistered) return;
        assert.equal(state.silent !== null, holding.has(6241));
        assert.equal(state.offline !== null, holding.has(6242));
        assert.equal(state.modbusLost !== null, holding.has(6240));
        assert.equal(state.linkHigh !== null, holding.has(6243));
        assert.ok(state.offline === null || state.silent !== null);
      };
      for (const what of script) {
        switch (what.type) {
          case "wait":
            await clock.advance(what.ms);
            break;
          case "modem":
            registry.modem(what.up, null);
            break;
          case "energy":
            hears([[
              52,
              energyBytes({ wh: BigInt(what.wh), valid: what.valid }),
            ]]);
            break;
          case "frame":
            hears([], { linkBudgetDb: what.budget });
            break;
          case "config":
            hears([[62, configBytes(what.interval)]]);
            break;
          case "restart":
            settle();
            registry[Symbol.dispose]();
            ({ registry, changes, hears } = model({ keep, clock }));
            // The modem's link begins anew; a device away too long is gone,
            // and its conditions with it.
            holding.delete(6256);
            if (registry.get(DEVICE)?.unregistered) {
              for (const code of [6240, 6241, 6242, 6243]) holding.delete(code);
            }
            break;
        }
        settle();
      }
      registry[Symbol.dispose]();
      assert.equal(clock.armed(), 0);
    }),
    { numRuns: 150 },
  );
});
