import assert from "node:assert/strict";
import { bundle } from "../../compile/bundle.ts";
import { POINTS } from "./points.ts";

Deno.test("A release holds no fail point: nothing of tests/chaos is in the bundle", async () => {
  const { program } = await bundle({ commit: "unknown", committedAt: null });
  const text = new TextDecoder().decode(program);
  for (const mark of ["CHAOS_POINT", "CHAOS_CLOCK", "refused at "]) {
    assert.ok(!text.includes(mark), mark);
  }
  assert.ok(text.includes("BEGIN IMMEDIATE"), "the bundle can be searched");
});

Deno.test("Every numbered point is in the program: its statement is written in lib/store", async () => {
  let source = "";
  const store = new URL("../../lib/store/", import.meta.url);
  for await (const { name } of Deno.readDir(store)) {
    source += await Deno.readTextFile(new URL(name, store));
  }
  const quoted = [...source.matchAll(/["`]([A-Z]+ [^"`]*)["`]/g)]
    .map(([, sql = ""]) => sql);
  for (const { name, sql } of POINTS) {
    if (sql === undefined) continue;
    assert.ok(
      name === "commit" || quoted.some((text) => sql.test(text)),
      `no statement for point ${name}`,
    );
  }
});
