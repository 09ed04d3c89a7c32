import assert from "node:assert/strict";
import { decodeCommand } from "../../../lib/alp/alp.ts";
import { interpret } from "../../../lib/files/files.ts";
import type { Entry } from "../../../lib/store/outbox.ts";
import { energyBytes } from "../../fakes/devices.ts";
import { Plant, push } from "../../fakes/plant.ts";
import { type Bounded, late, slowed } from "./slowed.ts";

const DEVICES = 200;
const READINGS = 1_000_000;
const BATCH = 2000;
/** Between two readings, of whichever device. */
const STEP_MS = 100;

/** Milliseconds that the middle one of many runs takes. */
async function middleMs(work: () => unknown): Promise<number> {
  const all: number[] = [];
  for (let n = 0; n < 21; n++) {
    const began = performance.now();
    await work();
    all.push(performance.now() - began);
  }
  return all.sort((a, b) => a - b)[10] ?? Infinity;
}

/** A million readings of 200 devices, written past the line. */
function fill(plant: Plant): void {
  const now = plant.clock.instant();
  const templates = Array.from({ length: DEVICES }, (_, n) => {
    const command = push(uid(n), 52, energyBytes({ wh: BigInt(n) }));
    const [reading] = interpret(decodeCommand(command), now).readings;
    return { command, reading: reading ?? assert.fail("no reading") };
  });
  const entry = (n: number): Entry => {
    const { command, reading } = templates[n % DEVICES] ??
      assert.fail("no such device");
    const backMs = (READINGS - n) * STEP_MS;
    const received = {
      ...now,
      wallMs: now.wallMs - backMs,
      monoMs: now.monoMs - backMs,
    };
    return { reading: { ...reading, received }, command, part: 0 };
  };
  for (let n = 0; n < READINGS; n += BATCH) {
    plant.agent.store.append(
      Array.from({ length: BATCH }, (_, at) => entry(n + at)),
    );
  }
}

function uid(n: number): string {
  return (0x3266363000390000n + BigInt(n)).toString(16).toUpperCase();
}

Deno.test("status, devices and metrics of 200 devices and a million readings are told at once", async () => {
  await using plant = await Plant.open("[outbox]\nmax_mb = 4000");
  for (let n = 0; n < DEVICES; n += 20) {
    await plant.hear(
      ...Array.from(
        { length: 20 },
        (_, at) => push(uid(n + at), 52, energyBytes()),
      ),
    );
  }
  await plant.cut("one");
  fill(plant);
  await plant.stop();
  await plant.start();
  const { view } = plant.agent;
  // The first answer of a run counts as much as the next ones.
  const began = performance.now();
  const { devices, sinks } = view.status();
  const first = performance.now() - began;
  assert.equal(devices.known, DEVICES);
  assert.ok((sinks[0]?.pending ?? 0) >= READINGS);
  const measured: Bounded[] = [];
  const note = (what: string, ms: number, limitMs: number): void => {
    measured.push({ what, ms, limitMs, slowed: slowed() });
  };
  note("the first status", first, 50);
  note("status", await middleMs(() => view.status()), 50);
  note("ready", await middleMs(() => view.ready()), 50);
  note("devices", await middleMs(() => view.devices()), 50);
  note("metrics", await middleMs(() => view.metrics()), 100);
  assert.deepEqual(late(measured), [], JSON.stringify(measured));
  // What each device's cadence was is known soon after the start.
  await plant.clock.advance(5000);
  const cadences = new Set(view.devices().map(({ cadence_s }) => cadence_s));
  assert.deepEqual([...cadences], [DEVICES * STEP_MS / 1000]);
});
