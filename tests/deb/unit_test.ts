import assert from "node:assert/strict";
import { run } from "./debian.ts";

const unit =
  new URL("../../deploy/dash7-edge.service", import.meta.url).pathname;

/** The unit under its own name, with a program that every machine has. */
async function withUnit(
  work: (file: string) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "dash7-edge-unit-" });
  try {
    const file = `${dir}/dash7-edge.service`;
    const text = await Deno.readTextFile(unit);
    await Deno.writeTextFile(
      file,
      text.replace("/usr/bin/dash7-edge", "/bin/true"),
    );
    await work(file);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("systemd-analyze verify has nothing to say about the unit", () =>
  withUnit(async (file) => {
    const { code, text } = await run("systemd-analyze", "verify", file);
    assert.deepEqual([code, text], [0, ""]);
  }));

Deno.test("systemd-analyze security gives the unit at most 2.0", () =>
  withUnit(async (file) => {
    const { text } = await run(
      "systemd-analyze",
      "security",
      "--offline=true",
      "--no-pager",
      file,
    );
    const level = /exposure level for \S+: ([\d.]+)/.exec(text)?.[1];
    assert.ok(Number(level) <= 2.0, text);
  }));
