import assert from "node:assert/strict";
import {
  needsTest,
  requirements,
  testFiles,
  testNames,
  trace,
} from "./emqtt_trace.ts";

const table = Deno.readTextFileSync(
  new URL("fixtures/emqtt/emqtt-requirements.md", import.meta.url),
);

Deno.test("requirements() reads all rows of the document", () => {
  const rows = requirements(table);
  assert.equal(rows.length, 235);
  const count = (kind: string) =>
    rows.filter((row) => row.kind === kind).length;
  assert.deepEqual([count("N"), count("L"), count("R")], [159, 10, 66]);
  assert.deepEqual(rows.filter((row) => !needsTest(row)).map(({ id }) => id), [
    "E-074",
    "E-235",
  ]);
});

// Ids that no document knows, put together so that this file names no test.
const id = (n: number) => `E-${900 + n}`;

Deno.test("testNames() finds tests, steps, options and rows of tables", () => {
  const source = `
    // Deno.test("${id(0)} in a comment")
    Deno.test("${id(1)} one", () => {});
    Deno.test(\n      \`${id(2)} two \${x}\`, run);
    await t.step('${id(3)} three', run);
    Deno.test({ name: "${id(4)} four", fn });
    const rows = [["${id(5)} five", 1]];
    assert.equal(x, "see ${id(6)}");
  `;
  assert.deepEqual(
    [...trace([["a_test.ts", source]]).keys()].sort(),
    [1, 2, 3, 4, 5].map(id),
  );
  assert.equal(testNames("Deno.test(name, run)").length, 0);
});

Deno.test("trace() gives every test of a requirement", () => {
  const found = trace([
    ["a_test.ts", `Deno.test("${id(1)} ${id(2)} both", f)`],
    ["b_test.ts", `Deno.test("${id(2)} again", f)`],
  ]);
  assert.deepEqual(found.get(id(2)), [
    `a_test.ts: ${id(1)} ${id(2)} both`,
    `b_test.ts: ${id(2)} again`,
  ]);
});

Deno.test("every requirement that binds the plug is named by a test", () => {
  const found = trace(testFiles(new URL("../", import.meta.url)));
  assert.deepEqual(
    requirements(table).filter((row) => needsTest(row) && !found.has(row.id)),
    [],
  );
});
