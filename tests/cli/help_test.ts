import assert from "node:assert/strict";
import { verbNames } from "../../lib/cli/cli.ts";
import { tidyHelp } from "../../lib/cli/help.ts";
import { widthOf } from "../../lib/cli/table.ts";
import { cli, TERMINAL } from "./command_line.ts";

/** What the contract promises, so that none gets lost. [product §2] */
const PROMISED = [
  "run",
  "check",
  "init",
  "schema",
  "ports",
  "decode",
  "encode",
  "simulate",
  "demo",
  "status",
  "devices",
  "queue stats",
  "queue peek",
  "queue export",
  "queue purge",
  "explain",
  "completions",
];

Deno.test("the command line has every verb of the contract", () => {
  for (const verb of PROMISED) assert.ok(verbNames.includes(verb), verb);
});

/** An option or argument at the left, its sentence beside or below it. */
const ENTRY = /^ {2}(\S.*?)(?: {2,}(\S.*))?$/;

for (const verb of ["", ...verbNames]) {
  Deno.test(`${verb || "dash7-edge"} --help reads well at 80 columns`, async () => {
    const words = verb === "" ? [] : verb.split(" ");
    const { code, out, err } = await cli([...words, "--help"]);
    assert.equal(code, 0, err);
    assert.equal(err, "");
    const lines = out.trimEnd().split("\n");
    for (const line of lines) {
      assert.ok(widthOf(line) <= 80, `wider than 80: ${line}`);
      assert.equal(line, line.trimEnd(), `spaces at its end: ${line}`);
    }
    assert.match(out, /^Usage: dash7-edge /m);
    if (verb !== "") {
      assert.match(out, new RegExp(`^Usage: dash7-edge ${verb}( |$)`, "m"));
      assert.match(out, /^\S.*\S\n?.*[.]$/m, "no sentence about the verb");
    }
    lines.forEach((line, at) => {
      const [, term, said] = ENTRY.exec(line) ?? [];
      if (term === undefined || !/^(-|[A-Z]|[a-z]+$)/.test(term)) return;
      const below = /^ {6,}\S/.test(lines[at + 1] ?? "");
      assert.ok(said !== undefined || below, `nothing said of ${term}`);
    });
    // An option that breaks within the usage cannot be read.
    assert.doesNotMatch(out, /\[$/m);
  });
}

Deno.test("help VERB is the same as VERB --help", async () => {
  const one = await cli(["help", "queue", "export"]);
  const other = await cli(["queue", "export", "--help"]);
  assert.equal(one.out, other.out);
});

Deno.test("--help keeps to a wide terminal as well, and colours what it may", async () => {
  const terminal = { ...TERMINAL, columns: () => 120 };
  const { out } = await cli(["devices", "configure", "--help"], {
    terminal,
    colors: true,
  });
  for (const line of out.split("\n")) assert.ok(widthOf(line) <= 120, line);
  assert.ok(out.split("\n").some((line) => widthOf(line) > 80));
});

Deno.test("completions know every verb and option", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const { code, out } = await cli(["completions", shell]);
    assert.equal(code, 0);
    assert.match(out, /dash7-edge/);
  }
  const suggested = async (...words: string[]) =>
    (await cli(["completions", "bash", ...words])).out.split("\n");
  const verbs = await suggested("");
  for (const verb of verbNames) {
    const [first = "", second] = verb.split(" ");
    if (second === undefined) {
      if (first !== "completions") assert.ok(verbs.includes(first), first);
    } else {
      assert.ok((await suggested(first, "")).includes(second), verb);
    }
  }
  const options = await suggested("queue", "export", "--");
  for (const option of ["--out", "--after", "--rejected", "--socket"]) {
    assert.ok(options.includes(option), option);
  }
});

Deno.test("tidyHelp() breaks usage lines between options only", () => {
  const page = [
    "Usage: dash7-edge a [--one ONE] [",
    "       --two TWO] FILE",
    "       dash7-edge b",
    "",
    "Text. ",
  ].join("\n");
  assert.equal(
    tidyHelp(page, 30),
    [
      "Usage: dash7-edge a",
      "           [--one ONE]",
      "           [--two TWO] FILE",
      "       dash7-edge b",
      "",
      "Text.",
    ].join("\n"),
  );
  assert.equal(tidyHelp("no usage ", 30), "no usage");
});
