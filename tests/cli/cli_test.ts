import assert from "node:assert/strict";
import { version } from "../../lib/cli/cli.ts";
import { cli, CommandProcess } from "./command_line.ts";

const verbs = [
  "run",
  "check",
  "init",
  "schema",
  "ports",
  "decode",
  "encode",
  "simulate",
  "demo",
];

for (const verb of verbs) {
  Deno.test(`main() prints help of ${verb} on stdout`, async () => {
    const { code, out, err } = await cli([verb, "--help"]);
    assert.equal(code, 0);
    assert.match(out, new RegExp(`^Usage: dash7-edge ${verb}`));
    assert.equal(err, "");
  });
}

Deno.test("main() lists every verb in its help", async () => {
  const { code, out } = await cli(["--help"]);
  assert.equal(code, 0);
  for (const verb of verbs) assert.match(out, new RegExp(`^  ${verb} `, "m"));
});

Deno.test("main() prints the version", async () => {
  assert.deepEqual(await cli(["--version"]), {
    code: 0,
    out: `${version}\n`,
    err: "",
  });
});

Deno.test("main() shows its help on stderr when nothing is asked", async () => {
  const { code, out, err } = await cli([]);
  assert.equal(code, 2);
  assert.equal(out, "");
  assert.match(err, /Usage: dash7-edge VERB/);
  assert.match(err, /^ {2}run /m);
});

const wrong: readonly (readonly [string, readonly string[], RegExp])[] = [
  ["an unknown verb", ["dcode"], /Did you mean one of these\? .*`decode`/],
  ["an unknown option", ["run", "--confg", "x"], /--confg/],
  ["a missing option", ["decode", "00"], /`--as`/],
  ["a kind that is none", ["decode", "--as", "fil:1", "00"], /fil:1/],
  ["a file id above 255", ["decode", "--as", "file:256", "00"], /file:256/],
  ["serial to encode", ["encode", "--as", "serial", "{}"], /alp or file:ID/],
  ["a duration of nothing", ["demo", "--duration", "0s"], /500ms/],
  ["no device", ["demo", "--devices", "0"], /--devices/],
  [
    "an unknown dialect",
    ["decode", "--as", "alp", "--dialect", "x"],
    /sub_iot/,
  ],
];
for (const [what, args, said] of wrong) {
  Deno.test(`main() refuses ${what} with code 2`, async () => {
    const { code, out, err } = await cli(args);
    assert.equal(code, 2);
    assert.equal(out, "");
    assert.match(err, said);
    assert.match(err, /dash7-edge( \w+)? --help/);
  });
}

Deno.test("main() writes completions for the shells", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const { code, out } = await cli(["completions", shell]);
    assert.equal(code, 0);
    assert.match(out, /dash7-edge/);
  }
});

Deno.test("main() colours only where people look", async () => {
  // deno-lint-ignore no-control-regex
  const escape = /\x1b/;
  assert.doesNotMatch((await cli(["--help"])).out, escape);
  assert.match((await cli(["--help"], { colors: true })).out, escape);
});

Deno.test("schema prints one JSON Schema", async () => {
  const { code, out, err } = await cli(["schema"]);
  assert.equal(code, 0);
  assert.equal(err, "");
  const schema = JSON.parse(out);
  assert.match(schema.$schema, /json-schema\.org/);
  assert.ok("sinks" in schema.properties);
});

Deno.test("ports ends with code 0 whatever there is", async () => {
  const { code, out, err } = await cli(["ports"]);
  assert.equal(code, 0);
  assert.ok(out !== "" || err.includes("No serial port found"));
});

Deno.test("main.ts gives the exit code to the shell and keeps streams apart", async () => {
  await using help = new CommandProcess(["--version"], { NO_COLOR: "1" });
  await using wrong = new CommandProcess(["dcode"]);
  await using refused = new CommandProcess(["check", "--config", "/nowhere"]);
  assert.deepEqual(await help.ended(), {
    code: 0,
    out: `${version}\n`,
    err: "",
  });
  assert.equal((await wrong.ended()).code, 2);
  const { code, out, err } = await refused.ended();
  assert.equal(code, 78);
  assert.equal(out, "");
  assert.match(err, /^\/nowhere: found no such file/);
});
