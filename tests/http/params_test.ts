import assert from "node:assert/strict";
import { ParamError, Params, quoted } from "../../lib/http/params.ts";

/** What a fault says. */
function fault(query: string, read: (params: Params) => unknown): string {
  try {
    read(new Params(query, ["a", "b"]));
  } catch (error) {
    if (error instanceof ParamError) return error.message;
    throw error;
  }
  return "";
}

Deno.test("Params says what was found and what would do", () => {
  const rows: readonly [string, (params: Params) => unknown, string][] = [
    ["c=1", () => {}, '"c" is no parameter here, known: a, b'],
    ["a=1&a=2", () => {}, "a is there twice, once would do"],
    [
      "a=x",
      (p) => p.count("a", 1, 9),
      'a is "x", wanted a whole number from 1 to 9',
    ],
    [
      "a=0",
      (p) => p.count("a", 1, 9),
      'a is "0", wanted a whole number from 1 to 9',
    ],
    [
      "a=1.5",
      (p) => p.count("a", 1, 9),
      'a is "1.5", wanted a whole number from 1 to 9',
    ],
    [
      "a=1e1",
      (p) => p.count("a", 1, 99),
      'a is "1e1", wanted a whole number from 1 to 99',
    ],
    [
      "a=yesterday",
      (p) => p.moment("a"),
      'a is "yesterday", wanted a time such as 2026-03-01T12:00:00Z, or milliseconds since 1970',
    ],
    [
      "a=2026-13-01",
      (p) => p.moment("a"),
      'a is "2026-13-01", wanted a time such as 2026-03-01T12:00:00Z, or milliseconds since 1970',
    ],
    [
      "a=999999999999999999",
      (p) => p.moment("a"),
      'a is "999999999999999999", wanted a time such as 2026-03-01T12:00:00Z, or milliseconds since 1970',
    ],
    [
      "a=x,z",
      (p) => p.words("a", ["x", "y"]),
      'a holds "z", wanted some of: x, y',
    ],
    [
      "a=boiler",
      (p) => p.device("a", () => null),
      'a is "boiler", wanted a UID of 16 hex digits or the name of a device in the configuration',
    ],
    ["", (p) => p.needed("a", p.text("a")), "a is missing"],
  ];
  for (const [query, read, message] of rows) {
    assert.equal(fault(query, read), message, query);
  }
});

Deno.test("Params reads counts, moments, words and devices; empty is not given", () => {
  const of = (query: string) => new Params(query, ["a"]);
  assert.equal(of("a=").text("a"), undefined);
  assert.equal(of("a=").count("a", 1, 2), undefined);
  assert.equal(of("a=07").count("a", 1, 9), 7);
  assert.equal(of("a=1700000000000").moment("a"), 1_700_000_000_000);
  assert.equal(of("a=-5").moment("a"), -5);
  assert.equal(of("a=2026-03-01").moment("a"), Date.UTC(2026, 2, 1));
  const noon = Date.UTC(2026, 2, 1, 12);
  assert.equal(of("a=2026-03-01T12:00:00Z").moment("a"), noon);
  assert.equal(of("a=2026-03-01T13:00:00.000%2B01:00").moment("a"), noon);
  // Not encoded: a `+` stands for a blank there.
  assert.equal(of("a=2026-03-01T13:00:00+01:00").moment("a"), noon);
  assert.deepEqual(of("a=y,x").words("a", ["x", "y"]), ["y", "x"]);
  assert.equal(of("a=dead").device("a", (text) => text.toUpperCase()), "DEAD");
});

Deno.test("quoted() is short and harmless", () => {
  assert.equal(quoted("\x1b[31m\x9b"), '"\\u001b[31m\\u009b"');
  assert.equal(quoted("a".repeat(100)).length, 43);
});
