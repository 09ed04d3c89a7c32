import assert from "node:assert/strict";
import { MUTATIONS } from "./mutations.ts";

const root = new URL("../../", import.meta.url);

for (const { name, file, from, check } of MUTATIONS) {
  Deno.test(`Mutation "${name}" can be applied: its text stands once in ${file}, and its check exists`, async () => {
    const text = await Deno.readTextFile(new URL(file, root));
    assert.equal(text.split(from).length - 1, 1);
    const script = check.find((word) => word.endsWith(".ts")) ?? "";
    const source = await Deno.readTextFile(new URL(script, root));
    const filter = check[check.indexOf("--filter") + 1] ?? "";
    if (check.includes("--filter")) assert.ok(source.includes(filter), filter);
  });
}
