import assert from "node:assert/strict";
import type { Io, Terminal } from "../../lib/cli/io.ts";
import { progress, progressLine } from "../../lib/cli/progress.ts";
import { type FakeClock, fakeClock } from "../fakes/clock.ts";
import { TERMINAL } from "./command_line.ts";

function screen(terminal?: Partial<Terminal>): Io & {
  readonly clock: FakeClock;
  readonly drawn: string[];
} {
  const drawn: string[] = [];
  return {
    drawn,
    out: () => assert.fail("progress is no data"),
    err: (text) => void drawn.push(text),
    stdin: new ReadableStream(),
    env: () => undefined,
    signal: new AbortController().signal,
    colors: false,
    clock: fakeClock(),
    ...(terminal === undefined
      ? {}
      : { terminal: { ...TERMINAL, ...terminal } }),
  };
}

const work = { what: "Exporting", unit: "readings", total: 40_000 };

Deno.test("progress() shows count, share, rate and remaining time in place", async () => {
  const io = screen({});
  const line = progress(io, work);
  await io.clock.advance(1000);
  line.at(3000);
  await io.clock.advance(1000);
  line.at(10_000);
  assert.deepEqual(io.drawn, [
    "\r\x1b[KExporting  3 000 of 40 000 readings  7 %  3 000/s  12 s left",
    "\r\x1b[KExporting  10 000 of 40 000 readings  25 %  5 000/s  6 s left",
  ]);
  line.done();
  assert.equal(io.drawn.at(-1), "\r\x1b[K");
  line.done();
  assert.equal(io.drawn.length, 3);
});

Deno.test("progress() redraws five times a second at most", async () => {
  const io = screen({});
  using line = progress(io, work);
  for (let ms = 0; ms < 2000; ms++) {
    await io.clock.advance(1);
    line.at(ms);
  }
  assert.ok(
    io.drawn.length >= 9 && io.drawn.length <= 10,
    `${io.drawn.length}`,
  );
});

Deno.test("progress() goes by the rate of the last ten seconds", async () => {
  const io = screen({});
  using line = progress(io, work);
  let done = 0;
  for (let s = 0; s < 60; s++) {
    await io.clock.advance(1000);
    line.at(done += s < 40 ? 10 : 1000);
  }
  assert.match(io.drawn.at(-1) ?? "", /1 000\/s {2}20 s left$/);
});

Deno.test("progress() shows nothing when piped, or on a terminal that cannot redraw", async () => {
  for (const io of [screen(), screen({ err: false })]) {
    using line = progress(io, work);
    await io.clock.advance(1000);
    line.at(10);
    line.done();
    assert.deepEqual(io.drawn, []);
  }
});

Deno.test("progress() never fills the last column of a narrow terminal", async () => {
  const io = screen({ columns: () => 30 });
  using line = progress(io, { ...work, what: "Élévation 冷蔵庫" });
  await io.clock.advance(1000);
  line.at(10);
  assert.equal(io.drawn[0], "\r\x1b[KÉlévation 冷蔵庫  10 of 40 0…");
});

Deno.test("progressLine() goes without a total, and without a rate", () => {
  const samples = [{ atMs: 0, done: 0 }, { atMs: 2000, done: 5 }];
  const { total: _, ...open } = work;
  assert.equal(
    progressLine(open, samples),
    "Exporting  5 readings  2.5/s",
  );
  assert.equal(
    progressLine(work, [{ atMs: 0, done: 0 }]),
    "Exporting  0 of 40 000 readings  0 %",
  );
  assert.equal(
    progressLine({ ...work, total: 0 }, samples),
    "Exporting  5 of 0 readings  2.5/s",
  );
});
