/**
 * The capture format, both ways and under attack.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  CaptureError,
  type CaptureHeader,
  type CaptureRecord,
  headerLine,
  MAX_LINE,
  parseHeader,
  parseRecord,
  recordLine,
} from "../../lib/capture/capture.ts";
import { openCapture } from "../../lib/capture/read.ts";

const header: CaptureHeader = {
  startedMs: Date.UTC(2026, 2, 1, 8),
  monoMs: 123_456,
  port: "/dev/ttyACM0",
  baud: 115_200,
  bootId: "boot",
  synced: true,
  version: "0.2.0",
};

const atMs = fc.double({ min: 0, max: 1e12, noNaN: true })
  // JSON has no -0.
  .map((value) => value + 0);
const bytes = fc.uint8Array({ maxLength: 300 });
const wallMs = fc.integer({ min: 0, max: 4e12 });

/** Plain objects, as JSON gives them. */
const plain = { noNullPrototype: true } as const;

const record: fc.Arbitrary<CaptureRecord> = fc.oneof(
  fc.record({
    kind: fc.constantFrom("rx" as const, "tx" as const),
    atMs,
    bytes,
  }, plain),
  fc.record({
    kind: fc.constant("event" as const),
    atMs,
    event: fc.constant("opened" as const),
    port: fc.string(),
  }, plain),
  fc.record({
    kind: fc.constant("event" as const),
    atMs,
    event: fc.constant("closed" as const),
  }, plain),
  fc.record({
    kind: fc.constant("event" as const),
    atMs,
    event: fc.constantFrom("lost" as const, "refused" as const),
    reason: fc.string({ unit: "binary" }),
  }, plain),
  fc.record({
    kind: fc.constant("event" as const),
    atMs,
    event: fc.constant("omitted" as const),
    bytes: fc.nat(),
  }, plain),
  fc.record({
    kind: fc.constant("event" as const),
    atMs,
    event: fc.constant("clock" as const),
    wallMs,
    synced: fc.boolean(),
  }, plain),
  fc.record({
    kind: fc.constant("log" as const),
    atMs,
    level: fc.constantFrom(
      "debug" as const,
      "info" as const,
      "warn" as const,
      "error" as const,
    ),
    message: fc.string(),
    fields: fc.dictionary(
      fc.string().filter((key) => key !== "__proto__"),
      fc.oneof(fc.string(), fc.integer(), fc.boolean()),
      { noNullPrototype: true },
    ),
  }, plain),
);

Deno.test("recordLine() and parseRecord() are each other's way back", () => {
  fc.assert(fc.property(record, (value) => {
    const line = recordLine(value);
    assert.equal(line.indexOf("\n"), line.length - 1);
    assert.deepEqual(parseRecord(line, 2), value);
  }));
});

Deno.test("headerLine() and parseHeader() are each other's way back", () => {
  const some = fc.record({
    startedMs: wallMs,
    monoMs: atMs,
    port: fc.option(fc.string()),
    baud: fc.option(fc.nat()),
    bootId: fc.string(),
    synced: fc.boolean(),
    version: fc.string(),
  }, plain);
  fc.assert(fc.property(some, (value) => {
    assert.deepEqual(parseHeader(headerLine(value)), value);
  }));
});

Deno.test("parseRecord() and parseHeader() refuse anything else with line and reason", () => {
  const lines = fc.oneof(fc.string(), fc.json());
  fc.assert(fc.property(lines, (text) => {
    for (const parse of [parseHeader, (t: string) => parseRecord(t, 7)]) {
      try {
        parse(text);
      } catch (error) {
        assert.ok(error instanceof CaptureError);
        assert.match(error.message, /^line [17]: /);
      }
    }
  }));
});

Deno.test("parseRecord() says what was found and what would do", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["{", /line 7: no JSON: it is damaged; .*head -n 6/],
    ["[1]", /line 7: \[1\] is no JSON object/],
    ['{"rx":"00"}', /at_ms is missing, expected a number, 0 or more/],
    ['{"at_ms":-1,"rx":"00"}', /at_ms is -1/],
    ['{"at_ms":1e300,"rx":"00"}', /at_ms is 1e\+300/],
    ['{"at_ms":3,"rx":"00"}', /at_ms is 3, before 5 of the line above/],
    ['{"at_ms":9,"rx":"0"}', /rx is "0", expected hex digits in pairs/],
    ['{"at_ms":9,"tx":7}', /tx is 7, expected hex/],
    ['{"at_ms":9,"log":"loud","message":""}', /log is "loud", expected debug/],
    ['{"at_ms":9,"log":"info"}', /message is missing, expected text/],
    ['{"at_ms":9,"log":"info","message":"","fields":[]}', /fields is \[\]/],
    ['{"at_ms":9,"event":"lost"}', /reason is missing/],
    [
      '{"at_ms":9,"event":"clock","wall_at":"soon","clock_synchronised":true}',
      /wall_at is "soon", expected a time such as/,
    ],
    [headerLine(header), /a second capture begins here/],
  ];
  for (const [text, pattern] of cases) {
    assert.throws(() => parseRecord(text, 7, 5), pattern, text);
  }
});

Deno.test("parseHeader() refuses what is no capture, or one of a later layout", () => {
  assert.throws(
    () => parseHeader("hello"),
    /line 1: no JSON: a capture begins/,
  );
  assert.throws(() => parseHeader('{"a":1}'), /this is no capture/);
  assert.throws(
    () => parseHeader(headerLine(header).replace(":1,", ":2,")),
    /dash7_edge_capture is 2, this program reads 1: use the version/,
  );
});

Deno.test("parseRecord() skips keys and kinds that it does not know", () => {
  assert.deepEqual(parseRecord('{"at_ms":1,"rx":"c0","rssi":3}', 2), {
    kind: "rx",
    atMs: 1,
    bytes: Uint8Array.of(0xc0),
  });
  assert.deepEqual(parseRecord('{"at_ms":1,"photo":"…"}', 2), {
    kind: "unknown",
    atMs: 1,
    keys: ["photo"],
  });
  assert.deepEqual(parseRecord('{"at_ms":1,"event":"party"}', 2), {
    kind: "unknown",
    atMs: 1,
    keys: ["event"],
  });
});

async function read(text: string | Uint8Array, piece = 7) {
  const all = typeof text === "string" ? new TextEncoder().encode(text) : text;
  async function* pieces() {
    for (let at = 0; at < all.length; at += piece) {
      yield await Promise.resolve(all.subarray(at, at + piece));
    }
  }
  await using capture = await openCapture(pieces());
  const records: CaptureRecord[] = [];
  for await (const record of capture.records) records.push(record);
  return { capture, records };
}

Deno.test("openCapture() gives what was written, in any pieces", async () => {
  const property = fc.asyncProperty(
    fc.array(record, { maxLength: 8 }),
    fc.integer({ min: 1, max: 400 }),
    async (unordered, piece) => {
      const records = unordered.toSorted((a, b) => a.atMs - b.atMs);
      const text = headerLine(header) + records.map(recordLine).join("");
      const got = await read(text, piece);
      assert.deepEqual(got.capture.header, header);
      assert.deepEqual(got.records, records);
      assert.equal(got.capture.cut(), false);
    },
  );
  await fc.assert(property, { numRuns: 50 });
});

Deno.test("openCapture() takes a file that was cut off up to its last whole line", async () => {
  const lines = [1, 2, 3].map((atMs) =>
    recordLine({ kind: "rx", atMs, bytes: Uint8Array.of(atMs) })
  );
  const text = headerLine(header) + lines.join("");
  for (let cut = headerLine(header).length; cut < text.length; cut++) {
    const { records, capture } = await read(text.slice(0, cut), 100);
    const whole = text.slice(0, cut).split("\n").length - 2;
    // A line that lacks its end only is whole as well.
    assert.ok(records.length === whole || !capture.cut(), `cut at ${cut}`);
    assert.deepEqual(
      records.map(({ atMs }) => atMs),
      [1, 2, 3].slice(0, records.length),
    );
  }
});

Deno.test("openCapture() bounds lines, and names the line that is too long", async () => {
  await assert.rejects(
    read(new Uint8Array(4 * MAX_LINE).fill(0x41), 65_536),
    /line 1: longer than 262144 characters/,
  );
  await assert.rejects(
    read(`${headerLine(header)}${" ".repeat(MAX_LINE + 1)}`, 65_536),
    /line 2: longer/,
  );
  await assert.rejects(read(""), /line 1: the file is empty/);
  await assert.rejects(
    read(`${headerLine(header)}\n{"at_ms":1,"rx":"00"}\nnonsense\n\n`),
    /line 4: no JSON/,
  );
});
