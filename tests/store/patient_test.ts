import assert from "node:assert/strict";
import type { Entry } from "../../lib/store/outbox.ts";
import { PatientAppender } from "../../lib/store/patient.ts";
import { StoreError } from "../../lib/store/store.ts";
import { fakeClock } from "../fakes/clock.ts";
import { memoryLog } from "../fakes/log.ts";
import { entry } from "./fixture.ts";

/** An appender in front of a log that refuses while it is full. */
function bench() {
  const clock = fakeClock();
  const log = memoryLog();
  const rows: Entry[] = [];
  const disk = { full: false, tries: 0 };
  let lost = 0;
  const appender = new PatientAppender(
    {
      append(entries) {
        disk.tries++;
        if (disk.full) throw new StoreError("full", "Cannot append: disk full");
        rows.push(...entries);
        return [];
      },
    },
    clock,
    log,
    (count) => lost += count,
  );
  const entries = (from: number, count: number) =>
    Array.from({ length: count }, (_, n) => entry(clock, 1, from + n));
  const values = () =>
    rows.map(({ command }) => new DataView(command.buffer).getUint32(90));
  return { clock, log, disk, appender, entries, values, lost: () => lost };
}

Deno.test("PatientAppender keeps order when the store refuses and takes again", async () => {
  const { clock, log, disk, appender, entries, values, lost } = bench();
  appender.append(entries(0, 2));
  disk.full = true;
  appender.append(entries(2, 2));
  // Nothing is tried for each reading while the disk is full.
  const { tries } = disk;
  for (let n = 4; n < 3000; n++) appender.append(entries(n, 1));
  assert.equal(disk.tries, tries);
  await clock.advance(3000);
  assert.equal(disk.tries, tries + 3);
  disk.full = false;
  appender.append(entries(3000, 1));
  await clock.advance(1000);
  assert.deepEqual(values(), Array.from({ length: 3001 }, (_, n) => n));
  assert.deepEqual(
    log.records.map(({ level, fields }) => [level, fields["count"]]),
    [["error", undefined], ["info", 2999]],
  );
  assert.deepEqual([lost(), clock.armed()], [0, 0]);
});

Deno.test("PatientAppender gives the oldest up when memory is the limit, and counts them", () => {
  const { clock, log, disk, appender, entries, values, lost } = bench();
  disk.full = true;
  for (let n = 0; n < 101; n++) appender.append(entries(n * 1000, 1000));
  assert.equal(lost(), 1000);
  assert.equal(log.about("oldest are lost").length, 1);
  disk.full = false;
  appender[Symbol.dispose]();
  assert.deepEqual([values().length, values()[0]], [100_000, 1000]);
  assert.equal(clock.armed(), 0);
});
