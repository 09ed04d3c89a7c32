import assert from "node:assert/strict";
import {
  type Evidence,
  forbiddenAgain,
  judge,
  type WireEvent,
} from "./oracle.ts";

const at = (atMs: number, connection: number, run: number) => ({
  atMs,
  connection,
  run,
});
const publish = (
  reading: string,
  atMs: number,
  connection = 1,
  run = 1,
): WireEvent => ({ type: "publish", reading, ...at(atMs, connection, run) });
const ack = (
  reading: string,
  atMs: number,
  connection = 1,
  run = 1,
  code = 0,
): WireEvent => ({
  type: "acknowledged",
  reading,
  code,
  ...at(atMs, connection, run),
});
const end = (atMs: number, connection = 1): WireEvent => ({
  type: "ended",
  ...at(atMs, connection, 1),
});

const fine: Evidence = {
  sent: new Set(["A 1", "A 2"]),
  committed: new Set(["A 1", "A 2"]),
  destroyed: new Set(),
  rowsGo: false,
  delivered: new Set(["A 1", "A 2"]),
  received: ["A 1", "A 2"],
  events: [publish("A 1", 1), ack("A 1", 2), publish("A 2", 3), ack("A 2", 4)],
  books: { readings: 2, delivered: 2, pending: 0, rejected: 0, dropped: 0 },
};

Deno.test("judge() finds nothing wrong with a round where all came once", () => {
  assert.deepEqual(judge(fine), { violations: [], lost: 0, duplicates: 0 });
});

const wrong: readonly (readonly [string, Partial<Evidence>, RegExp])[] = [
  ["a loss", { delivered: new Set(["A 1"]) }, /not delivered/],
  ["an invention", { sent: new Set(["A 1"]) }, /no meter sent/],
  [
    "a publish before the commit",
    { committed: new Set(["A 1"]) },
    /not committed/,
  ],
  [
    "wrong order",
    { events: [publish("A 2", 1), publish("A 1", 2)] },
    /out of order/,
  ],
  ["a subscriber that misses one", { received: ["A 2"] }, /no subscriber got/],
  [
    "an account that does not add up",
    { books: { ...fine.books, delivered: 1 } },
    /add up/,
  ],
  [
    "readings that still wait",
    { books: { ...fine.books, delivered: 1, pending: 1 } },
    /still wait/,
  ],
];
for (const [name, change, words] of wrong) {
  Deno.test(`judge() tells ${name}`, () => {
    assert.match(judge({ ...fine, ...change }).violations.join("\n"), words);
  });
}

Deno.test("judge() takes what was dropped and told for no loss", () => {
  const books = { ...fine.books, delivered: 1, dropped: 1 };
  const { lost } = judge({ ...fine, delivered: new Set(["A 1"]), books });
  assert.equal(lost, 0);
});

Deno.test("forbiddenAgain() allows what MQTT allows, and nothing else", () => {
  const allowed: readonly WireEvent[][] = [
    // Never acknowledged, another connection.
    [publish("A 1", 1), end(2), publish("A 1", 3, 2)],
    // Acknowledged, but the process died.
    [publish("A 1", 1), ack("A 1", 2), publish("A 1", 9000, 2, 2)],
    // Acknowledged as the connection ended.
    [publish("A 1", 1), ack("A 1", 2), end(3), publish("A 1", 4, 2)],
    // Acknowledged long before the end, but behind half a packet.
    [
      publish("A 1", 1),
      {
        ...ack("A 1", 2),
        type: "acknowledged",
        reading: "A 1",
        code: 0,
        swallowed: true,
      },
      end(5000),
      publish("A 1", 6000, 2),
    ],
    // Refused for now.
    [publish("A 1", 1), ack("A 1", 2, 1, 1, 0x87), publish("A 1", 3)],
  ];
  for (const events of allowed) assert.deepEqual(forbiddenAgain(events), []);
  const forbidden: readonly WireEvent[][] = [
    [publish("A 1", 1), publish("A 1", 2)],
    [publish("A 1", 1), ack("A 1", 2), publish("A 1", 3)],
    [publish("A 1", 1), ack("A 1", 2), end(5000), publish("A 1", 6000, 2)],
  ];
  for (const events of forbidden) {
    assert.deepEqual(forbiddenAgain(events), ["A 1"]);
  }
  // On a machine that is slow enough even that acknowledgement was not read.
  assert.deepEqual(forbiddenAgain(forbidden[2] ?? [], 6000), []);
});
