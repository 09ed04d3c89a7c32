import assert from "node:assert/strict";
import { buildMark, currentBuild, programFile } from "../../lib/cli/build.ts";

Deno.test("currentBuild() knows nothing from source and what the mark says in a bundle", () => {
  assert.equal(currentBuild(), null);
  const commit = "0123456789".repeat(4);
  const module = new Function(
    `${buildMark({ commit })} return Reflect.ownKeys(globalThis);`,
  );
  try {
    module();
    assert.deepEqual(currentBuild(), { commit });
  } finally {
    Reflect.deleteProperty(globalThis, Symbol.for("dash7-edge.build"));
  }
});

Deno.test("programFile() is the portable file where there is one", () => {
  assert.equal(programFile(() => "/opt/dash7-edge"), "/opt/dash7-edge");
  assert.equal(programFile(() => undefined), Deno.execPath());
});
