import assert from "node:assert/strict";
import {
  type Course,
  judgeCourse,
  judgeFile,
  misbooked,
  slope,
} from "./judge.ts";
import type { Account, Sample } from "./sample.ts";

const MB = 1e6;
const MINUTES = 60;

const account: Account = {
  sink: "cloud",
  readings: 10,
  delivered: 7,
  pending: 2,
  rejected: 1,
  dropped: 0,
};

const calm: Sample = {
  atS: 0,
  life: 1,
  during: null,
  memory: {},
  residentBytes: 120 * MB,
  descriptors: 34,
  threads: 9,
  cpuS: 0,
  writtenBytes: 0,
  databaseBytes: 4 * MB,
  walBytes: 4 * MB,
  told: {
    heapUsedBytes: 30 * MB,
    heapTotalBytes: 40 * MB,
    externalBytes: MB,
    accounts: [account],
  },
  sent: 0,
  committed: 0,
  oldestId: 100,
};

/** An hour of samples, each as `of` has it. */
function hour(of: (atS: number) => Partial<Sample>): Sample[] {
  return Array.from({ length: 360 }, (_, n) => {
    const atS = n * 10;
    const life = atS < 3240 ? 1 : 2;
    return { ...calm, atS, life, ...of(atS) };
  });
}

const violated = ({ violations }: Course): string => violations.join("\n");

Deno.test("judgeCourse() finds nothing wrong with an hour without growth", () => {
  const course = judgeCourse(hour(() => ({})), MINUTES);
  assert.deepEqual(course.violations, []);
  assert.ok(course.figures.every(({ judged }) => judged));
});

Deno.test("judgeCourse() takes growth while it warms up, and peaks, for none", () => {
  const samples = hour((atS) => ({
    residentBytes: (atS < 600 ? 60 + atS / 10 : atS % 100 === 0 ? 200 : 120) *
      MB,
  }));
  assert.deepEqual(judgeCourse(samples, MINUTES).violations, []);
});

const wrong: readonly (readonly [
  string,
  (atS: number) => Partial<Sample>,
  RegExp,
])[] = [
  [
    "memory that creeps",
    (atS) => ({ residentBytes: (120 + atS / 80) * MB }),
    /growth of the median[^]*slope/,
  ],
  [
    "a leak of descriptors",
    (atS) => ({ descriptors: 34 + Math.floor(atS / 600) }),
    /descriptors/,
  ],
  [
    "a database that grows",
    (atS) => ({ databaseBytes: (4 + atS / 600) * MB }),
    /database/,
  ],
  [
    "a log of writes that grows",
    (atS) => ({ walBytes: (4 + atS / 600) * MB }),
    /database/,
  ],
  ["an outbox that never pruned", () => ({ oldestId: 1 }), /pruned/],
  ["an agent that does not answer", () => ({ told: null }), /answered/],
];
for (const [what, of, told] of wrong) {
  Deno.test(`judgeCourse() notices ${what}`, () => {
    assert.match(violated(judgeCourse(hour(of), MINUTES)), told);
  });
}

Deno.test("judgeCourse() does not count descriptors while a fault goes on", () => {
  const samples = hour((atS) =>
    atS % 100 === 0 ? { descriptors: 20, during: "wire_cut" } : {}
  );
  assert.deepEqual(judgeCourse(samples, MINUTES).violations, []);
});

Deno.test("judgeCourse() does not judge growth in a run that is too short", () => {
  const samples = hour((atS) => ({ residentBytes: (120 + atS) * MB }))
    .slice(0, 6);
  const course = judgeCourse(samples, 1);
  assert.deepEqual(course.violations, []);
  assert.ok(!course.figures.some(({ judged }) => judged));
});

Deno.test("misbooked() notices an account that does not add up, or has forgotten readings", () => {
  const told = (changed: Partial<Account>): Sample => ({
    ...calm,
    told: {
      heapUsedBytes: 0,
      heapTotalBytes: 0,
      externalBytes: 0,
      accounts: [{ ...account, ...changed }],
    },
  });
  const more = { readings: 12, delivered: 9 };
  assert.deepEqual(misbooked([calm, told(more)]), []);
  assert.equal(misbooked([calm, told({ delivered: 8 })]).length, 1);
  assert.equal(misbooked([told(more), calm]).length, 1);
  assert.equal(
    misbooked([told({ delivered: 10, pending: -1 })]).length,
    1,
  );
});

Deno.test("judgeFile() wants every committed reading, none else, in order; counts copies", () => {
  const committed = new Set(["A 1", "A 2", "B 1"]);
  const good = ["A 1", "B 1", "A 2", "A 2"];
  assert.deepEqual(judgeFile(good, committed), { violations: [], copies: 1 });
  const { violations } = judgeFile(["A 2", "A 1", "C 1"], committed);
  assert.deepEqual(violations, [
    "1 committed readings not in the file: B 1",
    "1 readings in the file that were not committed: C 1",
    "1 readings in the file out of order: A 1",
  ]);
});

Deno.test("slope() is that of the straight line", () => {
  assert.equal(slope([[0, 1], [1, 3], [2, 5]]), 2);
  assert.equal(slope([[0, 1], [1, 3], [2, 1]]), 0);
  assert.ok(Number.isNaN(slope([])));
});
