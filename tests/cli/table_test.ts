import assert from "node:assert/strict";
import { valuesOf } from "../../lib/cli/measured.ts";
import { cut, pad, table, widthOf, wrap } from "../../lib/cli/table.ts";
import {
  ago,
  bytes,
  count,
  printable,
  rate,
  several,
  short,
  span,
} from "../../lib/cli/words.ts";
import { measurements } from "../fakes/control.ts";

const widths: readonly (readonly [string, number])[] = [
  ["", 0],
  ["plain", 5],
  ["Éclairage", 9],
  ["E\u0301clairage", 9],
  ["冷蔵庫", 6],
  ["⚡", 2],
  ["\x1b[31mdown\x1b[0m", 4],
];
for (const [text, width] of widths) {
  Deno.test(`widthOf() says ${width} of ${JSON.stringify(text)}`, () => {
    assert.equal(widthOf(text), width);
  });
}

Deno.test("cut() keeps to the width whatever the letters", () => {
  assert.equal(cut("Éclairage", 9), "Éclairage");
  assert.equal(cut("Éclairage", 5), "Écla…");
  // A wide letter that fits by half only is left out.
  assert.equal(cut("冷蔵庫", 4), "冷…");
  assert.equal(cut("abc", 0), "");
});

Deno.test("pad() goes by columns, not by letters", () => {
  assert.equal(pad("冷", 4), "冷  ");
  assert.equal(pad("12", 4, true), "  12");
});

Deno.test("wrap() breaks at spaces, and words that are too long", () => {
  assert.deepEqual(wrap("one two three", 7), ["one two", "three"]);
  assert.deepEqual(wrap("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
  assert.deepEqual(wrap("", 4), [""]);
  assert.deepEqual(wrap("there are 12 345 of port 123", 12), [
    "there are",
    "12 345 of",
    "port 123",
  ]);
  assert.deepEqual(wrap("冷蔵庫", 1), ["冷", "蔵", "庫"]);
});

Deno.test("table() cuts what may be cut, the widest first, and nothing else", () => {
  const columns = [
    { head: "NAME", atLeast: 5 },
    { head: "WORDS", atLeast: 5 },
    { head: "N", right: true },
  ];
  const rows = [["Compresseur", "a long story", "1"], ["x", "y", "234"]];
  assert.equal(
    table(columns, rows, 24),
    "NAME      WORDS        N\n" + "Compres…  a long s…    1\n" +
      "x         y          234\n",
  );
  for (const line of table(columns, rows, 5).trimEnd().split("\n")) {
    assert.ok(widthOf(line) <= 5 + 2 + 5 + 2 + 3);
  }
  assert.match(table(columns, rows), /Compresseur {2}a long story/);
});

const words: readonly (readonly [string, string])[] = [
  [count(0), "0"],
  [count(999), "999"],
  [count(1_234_567), "1 234 567"],
  [count(1234.5), "1 234.5"],
  [several(1, "reading"), "1 reading"],
  [several(1200, "reading"), "1 200 readings"],
  [short(950), "950"],
  [short(999.9), "1.0k"],
  [short(12_345), "12k"],
  [short(98_765_432), "99M"],
  [span(0.4), "0 s"],
  [span(80), "1 min 20 s"],
  [span(3600), "1 h"],
  [span(3599.6), "1 h"],
  [span(90_000), "25 h"],
  [span(200_000), "2 days 8 h"],
  [span(1e8), "1 157 days"],
  [ago(119), "119 s"],
  [ago(3600), "60 min"],
  [ago(1e6), "12 days"],
  [bytes(0), "0 B"],
  [bytes(999), "999 B"],
  [bytes(1234), "1.2 kB"],
  [bytes(256e6), "256 MB"],
  [bytes(999_950), "1 MB"],
  [rate(0), "0"],
  [rate(0.128), "0.1"],
  [rate(0.016), "0.02"],
  [rate(5321.4), "5 321"],
];
for (const [said, wanted] of words) {
  Deno.test(`words: ${wanted}`, () => assert.equal(said, wanted));
}

Deno.test("printable() lets nothing move the cursor or turn the writing", () => {
  assert.equal(printable("a\x1b[2Jb\u202ec\u009bd\te"), "a�[2Jb�c�d�e");
  assert.equal(printable("Éclairage 冷蔵庫"), "Éclairage 冷蔵庫");
});

Deno.test("valuesOf() adds the phases up without losing a digit", () => {
  assert.equal(
    valuesOf(measurements()),
    "1 234 566 kWh, 230 231 232 V, 5.21 10.42 15.63 A",
  );
  assert.equal(valuesOf(measurements(), true), "1 234 MWh");
  const one = (value: string) => [{
    name: "active_energy_1",
    quantity: "active_energy",
    unit: "Wh",
    value,
  }];
  assert.equal(
    valuesOf(one("9223372036854775807")),
    "9 223 372 036 854 775 kWh",
  );
  assert.equal(valuesOf(one("1234")), "1.2 kWh");
  assert.equal(valuesOf(one("-1234")), "-1.2 kWh");
  assert.equal(valuesOf([]), "");
  assert.equal(
    valuesOf([{
      name: "button_pressed",
      quantity: "button",
      unit: null,
      value: true,
    }]),
    "button_pressed yes",
  );
});
