/**
 * The ARM64 portable file under an emulator, with the libc of Debian's ARM64.
 * `.ci/run` installs both and names them in `DASH7_EDGE_EMULATOR`; on an ARM64
 * machine none is needed.
 */
import assert from "node:assert/strict";
import project from "../../deno.json" with { type: "json" };
import { buildPortable, decodeAllVectors, emptyDir, run } from "./portable.ts";

const emulator = Deno.env.get("DASH7_EDGE_EMULATOR") ?? "";

Deno.test("portable file for ARM64 gives its version, decodes every vector, runs its demo, and starts with pages of 16 KB", async () => {
  assert.ok(
    emulator !== "" || Deno.build.arch === "aarch64",
    "Set DASH7_EDGE_EMULATOR, e.g. to qemu-aarch64-static -L DIRECTORY; .ci/run does",
  );
  const dir = await emptyDir();
  try {
    const path = await buildPortable("aarch64", dir);
    assert.ok(Deno.statSync(path).size <= 45e6);
    const place = {
      cwd: dir,
      env: {
        DASH7_EDGE_CACHE: `${dir}/cache`,
        DASH7_EDGE_EMULATOR: emulator,
        TMPDIR: dir,
      },
    };
    const version = await run(path, ["--version"], place);
    assert.deepEqual(
      [version.code, version.out, version.err],
      [0, `${project.version}\n`, ""],
    );
    assert.ok(await decodeAllVectors(path, place) > 100);
    const { code, out, err } = await run(path, [
      "demo",
      "--duration",
      "10",
      "--interval",
      "2",
      "--json",
    ], place);
    assert.equal(code, 0, err);
    assert.match(out, /DBIRTH/);
    assert.match(out, /DDATA/);
    assert.match(err, /\/dev\/pts\//);
    if (emulator === "") return;
    // The kernel of the Raspberry Pi 5 has such pages.
    const large = await run(path, ["--version"], {
      ...place,
      env: { ...place.env, DASH7_EDGE_EMULATOR: `${emulator} -p 16384` },
    });
    assert.deepEqual([large.code, large.err], [0, ""]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
