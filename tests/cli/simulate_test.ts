import assert from "node:assert/strict";
import { CommandProcess, tempDir } from "./command_line.ts";

Deno.test("simulate prints its path and takes its link away at SIGTERM", async () => {
  await using dir = await tempDir();
  const link = `${dir.path}/modem`;
  await using simulate = new CommandProcess(
    ["simulate", "--devices", "9", "--link", link],
  );
  await simulate.until("its path", () => simulate.out.includes("\n"));
  assert.equal(simulate.out, `${link}\n`);
  const path = await Deno.readLink(link);
  assert.match(path, /^\/dev\/pts\/\d+$/);
  await simulate.until("its devices", () => simulate.err.includes("Ctrl-C"));
  assert.match(simulate.err, /9 meters: 326636300039004C, .*…/);
  simulate.kill("SIGTERM");
  assert.equal((await simulate.ended()).code, 0);
  await assert.rejects(Deno.lstat(link), Deno.errors.NotFound);
});

Deno.test("simulate refuses a link name that something else has", async () => {
  await using dir = await tempDir();
  const link = `${dir.path}/modem`;
  await Deno.writeTextFile(link, "mine");
  await using simulate = new CommandProcess(["simulate", "--link", link]);
  const { code, out, err } = await simulate.ended();
  assert.deepEqual([code, out], [1, ""]);
  assert.match(
    err,
    /^dash7-edge: Cannot link .*something else has this name\n$/,
  );
  assert.equal(await Deno.readTextFile(link), "mine");
});
