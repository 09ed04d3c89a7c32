import assert from "node:assert/strict";
import {
  bytes,
  duration,
  inLargeUnit,
  measured,
  number,
  percent,
} from "../../lib/http/page/numbers.js";

// Elsewhere numbers look otherwise: the region is the browser's.
Object.defineProperty(navigator, "languages", { value: ["en-GB"] });

/** With plain blanks, as a person would type it. */
const plain = (text: string) => text.replaceAll(/[\u00a0\u202f]/g, " ");

Deno.test("measured() writes Wh, kWh, A and V, and keeps every digit of a counter", () => {
  const rows: [string | number | boolean, string | null, string][] = [
    ["9999", "Wh", "9,999 Wh"],
    ["10000", "Wh", "10.000 kWh"],
    ["1234567", "VAh", "1,234.567 kVAh"],
    ["9007199254740993", "Wh", "9,007,199,254,740.993 kWh"],
    ["-9223372036854775808", "Wh", "-9,223,372,036,854,775.808 kWh"],
    [1234, "mA", "1.234 A"],
    [-5, "mA", "-0.005 A"],
    [230, "V", "230 V"],
    [true, null, "true"],
    ["not a number", "Wh", "not a number Wh"],
  ];
  for (const [value, unit, text] of rows) {
    assert.equal(plain(measured(value, unit)), text);
  }
});

Deno.test("inLargeUnit() writes values for a column that names its unit", () => {
  assert.equal(inLargeUnit("7", "Wh"), "0.007");
  assert.equal(inLargeUnit("9007199254740993", "VAh"), "9,007,199,254,740.993");
  assert.equal(inLargeUnit(800, "mA"), "0.800");
  assert.equal(inLargeUnit(231, "V"), "231");
});

Deno.test("duration() says two units at most", () => {
  const rows: [number, string][] = [
    [0, "0 secs"],
    [59.4, "59 secs"],
    [60, "1 min"],
    [115, "1 min 55 secs"],
    [3600 * 5 + 59, "5 hrs"],
    [86_400 * 2 + 3600, "2 days 1 hr"],
    [86_400 * 12 + 7200, "12 days"],
  ];
  for (const [seconds, text] of rows) {
    assert.equal(plain(duration(seconds)), text);
  }
});

Deno.test("number(), percent() and bytes() suit what they tell", () => {
  assert.equal(number(1234.5678, 2), "1,234.57");
  assert.equal(number(2, 1, 1), "2.0");
  assert.equal(percent(0.0012), "0.12%");
  assert.equal(percent(0.87), "87%");
  assert.equal(plain(bytes(52)), "52 B");
  assert.equal(plain(bytes(1_500_000)), "1.5 MB");
  assert.equal(plain(bytes(268_435_456)), "268 MB");
});
