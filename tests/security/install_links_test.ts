/** Symbolic links in the places of `install`: none is followed, nothing outside is touched. */
import assert from "node:assert/strict";
import { install } from "../../lib/cli/install.ts";
import type { Io } from "../../lib/cli/io.ts";
import { places } from "../../lib/cli/setup/files.ts";
import { SetupError } from "../../lib/cli/setup/preflight.ts";
import { fakeMachine } from "../fakes/machine.ts";
import { tempDir } from "../cli/command_line.ts";

const quiet: Io = {
  out: () => {},
  err: () => {},
  stdin: new Blob([]).stream(),
  env: () => undefined,
  signal: new AbortController().signal,
  colors: false,
};

/** The head of an ELF executable for ARM64. */
const PROGRAM = new Uint8Array(200);
PROGRAM.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
PROGRAM[18] = 183;

/** A machine, and a directory beside it with a file that is none of its business. */
async function stage() {
  const machine = await fakeMachine();
  const outside = await tempDir();
  const victim = `${outside.path}/victim`;
  await Deno.writeTextFile(victim, "untouched", { mode: 0o600 });
  const program = `${outside.path}/program`;
  await Deno.writeFile(program, PROGRAM);
  return {
    machine,
    outside: outside.path,
    victim,
    /** Makes a link on the machine. */
    async plant(path: string, target: string) {
      const link = machine.at(path);
      await Deno.mkdir(link.slice(0, link.lastIndexOf("/")), {
        recursive: true,
      });
      await Deno.symlink(target, link);
    },
    install: () =>
      install(
        { ask: false, overwrite: true, dryRun: false, program },
        machine,
        quiet,
      ),
    async isUntouched() {
      const { mode } = await Deno.stat(victim);
      return await Deno.readTextFile(victim) === "untouched" &&
        ((mode ?? 0) & 0o777) === 0o600;
    },
    async [Symbol.asyncDispose]() {
      await machine[Symbol.asyncDispose]();
      await outside[Symbol.asyncDispose]();
    },
  };
}

for (
  const path of [
    places.binary,
    places.unit,
    places.rule,
    places.password,
    ...[places.binary, places.unit, places.rule, places.config].map((path) =>
      `${path}.dash7-edge-new`
    ),
    `${places.unit}.edited`,
    `${places.rule}.edited`,
  ]
) {
  Deno.test(`install does not write through a link at ${path}`, async () => {
    await using at = await stage();
    await at.plant(path, at.victim);
    assert.equal(await at.install(), 0);
    assert.ok(await at.isUntouched());
    for (const file of [places.binary, places.unit, places.rule]) {
      assert.ok((await Deno.lstat(at.machine.at(file))).isFile, file);
    }
  });
}

Deno.test("install replaces a link whose target has the same content, too", async () => {
  await using at = await stage();
  const same = `${at.outside}/same`;
  await Deno.writeFile(same, PROGRAM);
  await Deno.chmod(same, 0o755);
  await at.plant(places.binary, same);
  assert.equal(await at.install(), 0);
  assert.ok((await Deno.lstat(at.machine.at(places.binary))).isFile);
});

Deno.test("install that fails puts a link back as it was", async () => {
  await using at = await stage();
  await at.plant(places.binary, at.victim);
  at.machine.program = ([program, verb]) =>
    program === "systemctl" && verb === "enable"
      ? { code: 1, text: "no" }
      : null;
  await assert.rejects(at.install(), SetupError);
  assert.equal(await Deno.readLink(at.machine.at(places.binary)), at.victim);
  assert.ok(await at.isUntouched());
});

Deno.test("install leaves a configuration that is a link alone", async () => {
  await using at = await stage();
  await at.plant(places.config, at.victim);
  assert.equal(await at.install(), 0);
  assert.equal(await Deno.readLink(at.machine.at(places.config)), at.victim);
  assert.ok(await at.isUntouched());
  assert.ok(!at.machine.owners.has(places.config));
});

for (const path of [places.state, places.configDir]) {
  Deno.test(`install refuses a link at ${path}, and changes nothing`, async () => {
    await using at = await stage();
    await at.plant(path, at.outside);
    const before = await at.machine.tree();
    await assert.rejects(at.install(), (error) => {
      assert.ok(error instanceof SetupError);
      assert.match(error.message, /is a symbolic link to .*: put a directory/);
      return true;
    });
    assert.deepEqual(await at.machine.tree(), before);
    assert.equal(at.machine.owners.size, 0);
  });
}

Deno.test("install --root refuses a tree whose directories lead out of it", async () => {
  await using at = await stage();
  await at.plant("/usr", at.outside);
  await assert.rejects(at.install(), /\/usr\/local\/bin leads out of /);
  assert.deepEqual(
    [...Deno.readDirSync(at.outside)].map(({ name }) => name).sort(),
    ["program", "victim"],
  );
});

Deno.test("install --root takes links that stay within the tree", async () => {
  await using at = await stage();
  await Deno.mkdir(at.machine.at("/data/usr"), { recursive: true });
  await at.plant("/usr", "data/usr");
  assert.equal(await at.install(), 0);
  assert.ok(
    (await Deno.lstat(at.machine.at(`/data${places.binary}`))).isFile,
  );
});
