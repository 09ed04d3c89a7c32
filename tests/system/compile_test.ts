import assert from "node:assert/strict";
import project from "../../deno.json" with { type: "json" };
import { inspect, npmRuntime } from "../../compile/runtime.ts";
import { targets } from "../../compile/targets.ts";
import { compile, emptyDir } from "./portable.ts";

/** What `deno compile` says that it has put into a file. */
function embedded(log: string): string[] {
  return [...log.matchAll(/[├└]──+┬? (\S+)/g)].map(([, name = ""]) => name);
}

Deno.test("compile embeds the bundle and nothing else, for every target, the same each time", async () => {
  const dir = await emptyDir();
  try {
    for (const target of targets) {
      // Stands in for the slim runtime: same version, same machine.
      const runtime = `${dir}/runtime-${target.arch}`;
      const base = await npmRuntime(target);
      await Deno.writeFile(runtime, base);
      const args = ["--target", target.triple, "--out", `${dir}/out`];
      const file =
        `${dir}/out/dash7-edge-${project.version}-linux-${target.arch}`;
      const first = await compile(args, { DENORT_BIN: runtime });
      assert.equal(first.code, 0, first.err);
      assert.deepEqual(embedded(first.err), ["dash7-edge.js"]);
      const bytes = await Deno.readFile(file);
      const second = await compile([...args, "--runtime", runtime], {
        DENORT_BIN: "",
      });
      assert.equal(second.code, 0, second.err);
      assert.equal(inspect(bytes).machine, target.machine);
      assert.equal(
        (Deno.statSync(file).mode ?? 0) & 0o777,
        0o755,
      );
      const again = await Deno.readFile(file);
      // The bytes themselves would make an unreadable message.
      assert.ok(bytes.every((byte, i) => byte === again[i]));
      const added = new TextDecoder("latin1").decode(
        bytes.subarray(base.length),
      );
      for (
        const absent of [
          "Property failed after",
          "Deno.test(",
          "dash7-edge-compile-",
          "dash7-edge-bundle-",
        ]
      ) {
        assert.ok(!added.includes(absent), absent);
      }
      for (const present of ["SCorp-io", `"${project.version}"`]) {
        assert.ok(added.includes(present), present);
      }
    }
    const { code, stdout } = await new Deno.Command("sha256sum", {
      args: ["--check", "--strict", "SHA256SUMS"],
      cwd: `${dir}/out`,
    }).output();
    assert.equal(code, 0);
    assert.match(new TextDecoder().decode(stdout), /\.cdx\.json: OK/);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("compile refuses a runtime that is not the target's", async () => {
  const dir = await emptyDir();
  try {
    const fake = `${dir}/runtime`;
    const head = new Uint8Array(64);
    head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
    head.set([62, 0], 18);
    head.set(new TextEncoder().encode("Deno/2.9.4"), 30);
    await Deno.writeFile(fake, head);
    const cases = [
      [["--target", "x86_64"], "it is Deno 2.9.4, expected 2.9.5"],
      [["--target", "aarch64"], "it is for x86_64-unknown-linux-gnu"],
    ] as const;
    for (const [args, reason] of cases) {
      const { code, err } = await compile(
        [...args, "--runtime", fake, "--out", `${dir}/out`],
      );
      assert.equal(code, 1);
      assert.ok(err.includes(reason), err);
    }
    const wrong = await compile(["--target", "armv7"]);
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /Unknown target armv7\nUsage: deno task compile/);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("compile says the three ways out when no runtime can be had", async () => {
  const dir = await emptyDir();
  try {
    // A cache with everything but slim runtimes, and no way to any host.
    const real = Deno.env.get("DENO_DIR") ??
      `${Deno.env.get("HOME")}/.cache/deno`;
    await Deno.mkdir(`${dir}/cache/dl`, { recursive: true });
    await Deno.symlink(`${real}/npm`, `${dir}/cache/npm`);
    for (const { name } of Deno.readDirSync(`${real}/dl`)) {
      if (!name.startsWith("esbuild")) continue;
      await Deno.symlink(`${real}/dl/${name}`, `${dir}/cache/dl/${name}`);
    }
    const { code, err } = await compile(
      ["--target", "aarch64", "--out", `${dir}/out`],
      {
        DENO_DIR: `${dir}/cache`,
        DENORT_BIN: "",
        HTTPS_PROXY: "http://127.0.0.1:9",
        HTTP_PROXY: "http://127.0.0.1:9",
      },
    );
    assert.equal(code, 1, err);
    assert.match(err, /three ways:\n {2}1\. from Deno's own host/);
    assert.match(err, /--runtime FILE/);
    assert.match(err, /DENORT_BIN=FILE/);
    assert.deepEqual([...Deno.readDirSync(`${dir}/out`)], []);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
