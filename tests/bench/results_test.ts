import assert from "node:assert/strict";
import { drawings } from "./drawings.ts";
import { flat, linear, memoryLinear } from "./growth_checks.ts";
import { resultsOf, textOf } from "./kept.ts";
import { kindsOf } from "./memory_map.ts";
import { grouped, percentile } from "./percentile.ts";
import { goThrough, type Piece } from "./pieces.ts";
import { plot } from "./plot.ts";
import {
  type Growth,
  type Measured,
  met,
  type Results,
  type Row,
  spread,
} from "./quantity.ts";
import { figuresTable, ratiosTable } from "./show.ts";
import { fromSource } from "./subject.ts";
import { Tally } from "./tally.ts";
import { joined } from "./write_docs.ts";

const runs = (...values: (number | null)[]) => ({
  values,
  othersBusy: 0.5,
  date: "2026-11-21",
});
const one: Measured = {
  key: "start",
  what: "start",
  unit: "ms",
  goal: 300,
  digits: 0,
  row: "start",
  by: {
    "from source": runs(350, 310, 320),
    "portable file": runs(290, 280, null),
  },
};
const growth: Growth = {
  name: "devices",
  what: "devices",
  program: "a <b>",
  date: "2026-11-21",
  othersBusy: 0,
  columns: ["CPU per reading, µs", "resident memory, MB"],
  points: [
    { size: 1, values: [10, 80], spread: [[9, 11], [80, 80]], runs: 3 },
    { size: 5000, values: [12, 90] },
  ],
  checks: [],
};
const results: Results = {
  machine: "m",
  runtime: "r",
  measured: [one],
  courses: { "backlog x": [[0, 70], [1, 90]] },
  growth: [growth],
  failed: [],
};

Deno.test("spread() has the median of odd and even numbers of runs, and leaves out what was not measured", () => {
  assert.deepEqual(spread([3, 1, null, 2]), {
    median: 2,
    least: 1,
    most: 3,
    runs: 3,
  });
  assert.equal(spread([1, 4])?.median, 2.5);
  assert.equal(spread([null]), null);
});

Deno.test("met() compares with the goal in the right direction", () => {
  assert.equal(met(one, 300), true);
  assert.equal(met(one, 301), false);
  assert.equal(met({ ...one, better: "more" }, 301), true);
  assert.equal(met(one, null), null);
});

Deno.test("percentile() and grouped() say what people expect", () => {
  const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);
  assert.equal(percentile(hundred, 0.5), 50);
  assert.equal(percentile(hundred, 0.99), 99);
  assert.equal(grouped(1_234_567.04, 1), "1 234 567.0");
});

Deno.test("figuresTable() names the program that misses a goal, marks a busy machine and a failed run", () => {
  const text = figuresTable([one]);
  assert.match(text, /320 ms \(310 to 350\) ¹/);
  assert.match(text, /≤ 300 ms/);
  assert.match(text, /\*\*missed\*\* from source/);
  const failed = [{
    name: "start",
    program: "portable file",
    reason: "no DDATA",
    date: "",
  }];
  assert.match(figuresTable([one], failed), /285 ms \(280 to 290\) ¹ ²/);
  const { "from source": by } = one.by;
  assert.ok(by);
  const half = [{ ...one, by: { "from source": by } }, {
    ...one,
    row: "other",
    by: { "portable file": by },
  }];
  assert.match(figuresTable(half, failed), /\| failed ² /);
});

Deno.test("ratiosTable() divides medians, program by program", () => {
  const text = ratiosTable(
    [one],
    (_, label) => label === "from source" ? runs(160) : undefined,
  );
  assert.match(text, /from source .* 2\.00/);
  assert.doesNotMatch(text, /portable file/);
});

Deno.test("textOf() has a line for each quantity, from which resultsOf() has the same", () => {
  const text = textOf(results);
  assert.deepEqual(text.trimEnd().split("\n").length, 4);
  assert.match(text, /"median":320,"min":310,"max":350,"n":3/);
  const read = resultsOf(text);
  assert.equal(textOf(read), text);
  assert.deepEqual(read.measured[0]?.by["portable file"]?.values, [
    290,
    280,
    null,
  ]);
  assert.deepEqual(read.growth, [growth]);
  assert.throws(() => resultsOf('{"kind":"else"}'), /Not a line of results/);
});

Deno.test("textOf() thins a long course and keeps its peak", () => {
  const points = Array.from(
    { length: 4000 },
    (_, n) => [n, n === 1777 ? 500 : 70] as const,
  );
  const { courses } = resultsOf(textOf({ ...results, courses: { c: points } }));
  assert.ok((courses["c"]?.length ?? 0) <= 150);
  assert.ok(courses["c"]?.some(([, y]) => y === 500));
});

Deno.test("joined() replaces the programs that were measured and keeps the others", () => {
  const now: Measured = { ...one, by: { "from source": runs(200) } };
  const failure = { program: "portable file", reason: "r", date: "" };
  const { measured, failed } = joined(
    {
      ...results,
      failed: [
        { ...failure, name: "start", program: "from source" },
        { ...failure, name: "start" },
        { ...failure, name: "a row of long ago" },
      ],
    },
    { ...results, measured: [now], growth: [] },
  );
  assert.deepEqual(measured[0]?.by, {
    ...one.by,
    "from source": runs(200),
  });
  assert.deepEqual(failed, [{ ...failure, name: "start" }]);
});

const row: Row = {
  name: "r",
  limitS: 1,
  needsBroker: false,
  quantities: [{ key: "k", what: "k of 1 000 000", whatQuick: "k", unit: "" }],
  measure: () => Promise.resolve({}),
};

Deno.test("goThrough() tells a piece that fails or hangs, and goes on; without time it begins nothing", async () => {
  const tally = new Tally({ machine: "", runtime: "" }, [row], [], true);
  const done: string[] = [];
  const piece = (name: string, work: () => Promise<void>): Piece => ({
    ...{ name, told: name, limitS: 0.02, needsBroker: false },
    subject: fromSource(),
    work: () => {
      done.push(name);
      return work();
    },
  });
  const never = Promise.withResolvers<void>();
  const pieces = [
    piece("fails", () => Promise.reject(new Error("no"))),
    piece("hangs", () => never.promise),
    piece("works", () => Promise.resolve()),
  ];
  let kept = 0;
  const go = (left: number) =>
    goThrough(pieces, {
      ...{ runs: 1, leftMs: () => left, tally, progress: () => {} },
      busy: () => Promise.resolve(0),
      keep: () => Promise.resolve(void kept++),
    });
  await go(Infinity);
  await go(0);
  never.resolve();
  assert.deepEqual(done, ["fails", "hangs", "works"]);
  assert.equal(kept, 3);
  assert.deepEqual(tally.results().failed.map(({ reason }) => reason), [
    "fails: Error: no",
    "hangs: Error: given up after 0.02 s",
    ...Array.from({ length: 3 }, () => "no time was left"),
  ]);
});

Deno.test("Tally has the runs of each program, says what is smaller when quick, and shows a row that failed", () => {
  const about = { machine: "", runtime: "" };
  const tally = new Tally(about, [row], [], true);
  tally.add(row, "a", { k: 1 }, 0.2);
  tally.add(row, "a", { k: NaN }, 0.4);
  const [measured] = tally.results().measured;
  assert.equal(measured?.what, "k");
  assert.deepEqual(measured?.by["a"]?.values, [1, null]);
  const failing = new Tally(about, [row], [], false);
  assert.deepEqual(failing.results().measured, []);
  failing.fail("r", "a", "why");
  assert.deepEqual(failing.results().measured[0]?.by, {});
});

Deno.test("drawings() gives pictures with every size, escaped, for light and dark", () => {
  const pictures = drawings(results);
  assert.deepEqual([...pictures.keys()], [
    "growth-cpu.svg",
    "growth-memory.svg",
    "drain-memory.svg",
  ]);
  const cpu = pictures.get("growth-cpu.svg") ?? "";
  assert.match(cpu, /prefers-color-scheme: dark/);
  assert.match(cpu, />5 000</);
  assert.match(cpu, /a &lt;b>/);
  assert.doesNotMatch([...pictures.values()].join(""), /NaN/);
});

Deno.test("plot() stands a curve of zeros", () => {
  const text = plot("zeros", [{
    title: "t",
    xLabel: "x",
    yLabel: "y",
    steps: false,
    curves: [{ label: "c", points: [[0, 0]] }],
  }]);
  assert.doesNotMatch(text, /NaN|Infinity/);
});

Deno.test("kindsOf() tells the mappings of a runtime apart and counts each page once", () => {
  const mapping = (head: string, [rss, anonymous, referenced]: number[]) =>
    `${head}\nRss: ${rss} kB\nReferenced: ${referenced} kB\nAnonymous: ${anonymous} kB\n`;
  const text = [
    mapping("55a0-55b0 r-xp 01 fe:00 2    /opt/run time", [800, 0, 100]),
    mapping("55b0-55c0 rw-p 01 fe:00 2    /opt/run time", [40, 30, 0]),
    mapping("60000-61000 rw-p 00 00:00 0    [heap]", [200, 200, 50]),
    mapping("80000-c0000 rw-p 00 00:00 0 ", [256, 256, 0]),
    mapping("c1000-c2000 r-xp 00 00:00 0 ", [4, 4, 0]),
    mapping("7f0000000000-7f0000042000 rw-p 00 00:00 0 ", [64, 64, 0]),
    mapping("7f0000042000-7f0004000000 ---p 00 00:00 0 ", [0, 0, 0]),
    mapping("7f0005001000-7f0005002000 rw-p 00 00:00 0 ", [8, 8, 0]),
    mapping("7f0006000000-7f0006001000 r--p 00 fe:00 3    /lib/c", [16, 0, 0]),
    mapping("7fff00000000-7fff00001000 rw-p 00 00:00 0    [stack]", [
      12,
      12,
      0,
    ]),
  ].join("");
  const kb = Object.fromEntries(
    Object.entries(kindsOf(text, "/opt/run time"))
      .map(([kind, bytes]) => [kind, bytes / 1024]),
  );
  assert.deepEqual(kb, {
    program: 810,
    files: 16,
    heap: 256,
    code: 4,
    malloc: 264,
    other: 50,
    touched: 150,
  });
});

Deno.test("flat() fails when the largest size costs half as much again as the cheapest", () => {
  const of = (last: number) =>
    flat("x", [
      { size: 0, values: [10] },
      { size: 10, values: [12] },
      { size: 100, values: [last] },
    ], 0).holds;
  assert.equal(of(15), true);
  assert.equal(of(15.1), false);
});

Deno.test("linear() and memoryLinear() fail what grows with the square", () => {
  const of = (cost: number, mb: number) => {
    const points = [
      { size: 1, values: [0, 10, 100] },
      { size: 5000, values: [0, cost, mb] },
    ];
    return [linear("x", points, 1).holds, memoryLinear(points).holds];
  };
  assert.deepEqual(of(20, 160), [true, true]);
  assert.deepEqual(of(50_000, 25_000), [false, false]);
});
