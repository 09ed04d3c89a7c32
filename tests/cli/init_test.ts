import assert from "node:assert/strict";
import { cli, fixture, tempDir } from "./command_line.ts";

Deno.test("init prints a configuration that loads and checks clean", async () => {
  await using dir = await tempDir();
  const { code, out, err } = await cli(["init"]);
  assert.equal(code, 0);
  assert.equal(err, "");
  const file = `${dir.path}/dash7-edge.toml`;
  await Deno.writeTextFile(file, out);
  const checked = await cli(["check", "--config", file]);
  assert.deepEqual([checked.code, checked.err], [0, ""]);
  assert.match(checked.out, /configuration is good/);
});

Deno.test("init --out writes a file that only its owner reads", async () => {
  await using dir = await tempDir();
  const file = `${dir.path}/x.toml`;
  const { code, out, err } = await cli(["init", "--out", file]);
  assert.equal(code, 0);
  assert.equal(out, "");
  assert.match(err, /Wrote .*x\.toml.*dash7-edge check --config/);
  assert.equal(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
});

Deno.test("init --out leaves a file as it is", async () => {
  await using dir = await tempDir();
  const file = `${dir.path}/x.toml`;
  await Deno.writeTextFile(file, "mine");
  const { code, err } = await cli(["init", "--out", file]);
  assert.equal(code, 1);
  assert.match(err, /exists and is left as it is/);
  assert.equal(await Deno.readTextFile(file), "mine");
});

Deno.test("init --out says why a file cannot be written", async () => {
  await using dir = await tempDir();
  const file = `${dir.path}/none/x.toml`;
  assert.deepEqual(await cli(["init", "--out", file]), {
    code: 1,
    out: "",
    err: `dash7-edge: Cannot write ${file}: no such file or directory\n`,
  });
});

Deno.test("init --from-pioway takes an old gateway over and checks clean", async () => {
  await using dir = await tempDir();
  const file = `${dir.path}/dash7-edge.toml`;
  const made = await cli(
    ["init", "--from-pioway", fixture("pioway-config.ini"), "--out", file],
  );
  assert.equal(made.code, 0);
  assert.match(
    await Deno.readTextFile(file),
    /^broker = "mqtts:\/\/broker\.energy\.example:8884"$/m,
  );
  const { code, out, err } = await cli(["check", "--config", file]);
  assert.deepEqual([code, err], [0, ""]);
  assert.match(out, /1 sink \(cloud\)/);
});

Deno.test("init --from-pioway refuses a file that is no config.ini", async () => {
  await using dir = await tempDir();
  const file = `${dir.path}/x.toml`;
  const { code, out, err } = await cli(
    ["init", "--from-pioway", fixture("scorp-io.md"), "--out", file],
  );
  assert.equal(code, 1);
  assert.equal(out, "");
  assert.match(err, /none of the old gateway's/);
  await assert.rejects(Deno.stat(file), Deno.errors.NotFound);
  const missing = await cli(["init", "--from-pioway", file]);
  assert.equal(missing.code, 1);
  assert.match(missing.err, /Cannot read .*: no such file or directory\n$/);
});
