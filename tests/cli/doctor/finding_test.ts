import assert from "node:assert/strict";
import {
  type Code,
  type CodeRow,
  codes,
} from "../../../lib/cli/doctor/codes.ts";
import { tell } from "../../../lib/cli/doctor/finding.ts";

Deno.test("tell() fills the texts of a code in", () => {
  assert.deepEqual(
    tell("port_busy", "held by", {
      command: "minicom",
      pid: 7,
      advice: "End it",
    }),
    {
      status: "fail",
      code: "port_busy",
      what: "held by",
      found: "minicom (pid 7), which is not this agent",
      fix: "End it",
    },
  );
});

Deno.test("tell() refuses a gap without a value", () => {
  assert.throws(() => tell("memory", "memory", { free: 1 }), {
    name: "RangeError",
    message: /no value for total/,
  });
});

Deno.test("every code that is not good says what to do", () => {
  const words: readonly [string, CodeRow][] = Object.entries(codes);
  for (const [code, { status, found, fix }] of words) {
    assert.match(code, /^[a-z]+(_[a-z]+)*$/);
    if (status === "warn" || status === "fail") assert.ok(fix, code);
    if (status === "ok") assert.equal(fix, null, code);
    for (const text of [found, fix ?? ""]) {
      assert.doesNotMatch(text, /\.$|\n|—/, `${code}: ${text}`);
    }
  }
});

Deno.test("a status may be made milder without changing the code", () => {
  const code: Code = "tcp_refused";
  const values = { address: "[::1]:1", port: 1, sink: "a" };
  assert.equal(tell(code, "TCP", values).status, "fail");
  assert.equal(tell(code, "TCP", values, "warn").status, "warn");
});

Deno.test("every code is one that a check can tell", async () => {
  const folder = new URL("../../../lib/cli/doctor/", import.meta.url);
  let text = "";
  for await (const { name } of Deno.readDir(folder)) {
    if (name !== "codes.ts") {
      text += await Deno.readTextFile(new URL(name, folder));
    }
  }
  const untold = Object.keys(codes).filter((code) =>
    !text.includes(`"${code}"`)
  );
  assert.deepEqual(untold, []);
});
