import assert from "node:assert/strict";
import { configParts } from "./config_reference.ts";
import { commandParts } from "./command_reference.ts";
import { allParts, current, markersIn, pages, root } from "./pages.ts";
import { table, withParts } from "./parts.ts";

const parts = await allParts();
const texts = new Map(
  pages().map((page) => [page, Deno.readTextFileSync(new URL(page, root))]),
);

for (const [page, text] of texts) {
  Deno.test(`${page} has the parts of the program: else run deno task docs`, () => {
    assert.equal(text, current(text, parts));
  });
}

Deno.test("Every generated part stands on one page, and only there", () => {
  const found = [...texts.values()].flatMap(markersIn);
  assert.deepEqual(found.toSorted(), [...parts.keys()].toSorted());
});

Deno.test("docs/configuration.md has every section and every kind of sink", () => {
  const text = texts.get("docs/configuration.md") ?? "";
  assert.deepEqual(markersIn(text), [...configParts.keys()]);
});

Deno.test("docs/command-line.md has the help of every verb", async () => {
  const text = texts.get("docs/command-line.md") ?? "";
  assert.deepEqual(
    markersIn(text).toSorted(),
    [...(await commandParts()).keys()].toSorted(),
  );
});

Deno.test("withParts() replaces what stands between markers, and names a lost one", () => {
  const one = new Map([["a b", () => "new"]]);
  assert.equal(
    withParts("x\n<!-- table a b -->\nold\n<!-- end a b -->\ny", one),
    "x\n<!-- table a b -->\n\nnew\n\n<!-- end a b -->\ny",
  );
  assert.throws(
    () => withParts("<!-- table a b -->\nold\n", one),
    /Cannot write table a b/,
  );
  assert.throws(
    () => current("<!-- table c -->\n<!-- end c -->", one),
    /Nothing to write at c/,
  );
});

Deno.test("table() pads every column to its widest cell", () => {
  assert.equal(
    table([["A", "Long"], ["x|y", "z"]]),
    ["| A    | Long |", "| ---- | ---- |", "| x\\|y | z    |"].join("\n"),
  );
});
