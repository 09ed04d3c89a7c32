import assert from "node:assert/strict";
import { describeItem } from "../../lib/cli/describe.ts";
import alp from "../fixtures/vectors/alp.json" with { type: "json" };
import files from "../fixtures/vectors/files.json" with { type: "json" };
import serial from "../fixtures/vectors/serial-frames.json" with {
  type: "json",
};
import { cli } from "./command_line.ts";

const [command] = alp;
const [energy] = files;
const energyHex = energy?.hex ?? "";

Deno.test("decode --json prints one object for each argument", async () => {
  const { code, out, err } = await cli(
    ["decode", "--as", "alp", "--json", command?.hex ?? "", "zz", "C0"],
  );
  assert.deepEqual([code, err], [0, ""]);
  const objects = out.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(objects[0], command?.expect);
  assert.deepEqual(objects[1], { error: "not_hex" });
  assert.equal(objects.length, 3);
});

Deno.test("decode reads lines of stdin for - and goes on after what is not hex", async () => {
  const hex = energyHex;
  const args = ["decode", "--as", "file:52", "--json"];
  // Chunks end anywhere; the last line has no end.
  const stdin = [hex.slice(0, 7), `${hex.slice(7)}\r\nnot`, ` hex\n\n${hex}`];
  for (const more of [["-"], []]) {
    const { code, out } = await cli([...args, ...more], { stdin });
    assert.equal(code, 0);
    const lines = out.trimEnd().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(lines, [
      energy?.expect,
      { error: "not_hex" },
      { error: "unexpected_length" },
      energy?.expect,
    ]);
  }
});

Deno.test("decode --dialect reads the layout of DASH7 1.2", async () => {
  const other = alp.find(({ dialect }) => dialect === "d7a_1_2");
  const { code, out } = await cli(
    ["decode", "--as", "alp", "--dialect", "d7a_1_2", "--json"],
    { stdin: [`${other?.hex}\n`] },
  );
  assert.equal(code, 0);
  assert.deepEqual(JSON.parse(out), other?.expect);
});

Deno.test("decode shows people one action a line and files field by field", async () => {
  const { code, out } = await cli(
    ["decode", "--as", "alp", command?.hex ?? "", "0a"],
  );
  assert.equal(code, 0);
  assert.match(out, /^return_file_data file_id=52 offset=0 length=67$/m);
  assert.match(out, /^ {4}apparent_energy +506097522914230528, /m);
  assert.match(out, /^ {4}addressee .*id=323636300039004C$/m);
  assert.match(out, /^\nerror: truncated, rest 0a$/m);
  assert.doesNotMatch(out, /undefined|\[object|NaN/);
});

Deno.test("decode shows people frames with their commands", () => {
  for (const { hex } of serial) {
    const text = describeItem("serial", hex);
    assert.doesNotMatch(text, /undefined|\[object|NaN|null/);
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  }
});

Deno.test("describeItem() has words for every vector", () => {
  for (const { hex, dialect } of alp) {
    const text = describeItem(
      "alp",
      hex,
      dialect === "d7a_1_2" ? "d7a_1_2" : "sub_iot",
    );
    assert.doesNotMatch(text, /undefined|\[object|NaN/);
    assert.ok(text.endsWith("\n"));
  }
  for (const { hex, file_id } of files) {
    const text = describeItem(`file:${file_id}`, hex);
    assert.doesNotMatch(text, /undefined|\[object|NaN/);
  }
  assert.equal(describeItem("file:52", "00"), "error: unexpected_length\n");
  assert.equal(describeItem("alp", ""), "no actions\n");
  assert.equal(describeItem("alp", "\x1b["), 'error: not hex: "\\u001b["\n');
});

Deno.test("encode gives back what decode --json printed", async () => {
  const decoded = await cli(
    ["decode", "--as", "alp", "--json", command?.hex ?? ""],
  );
  const { code, out, err } = await cli(["encode", "--as", "alp", "-"], {
    stdin: [decoded.out],
  });
  assert.deepEqual([code, err, out], [0, "", `${command?.hex}\n`]);
});

Deno.test("encode answers each line and ends with 1 if one was wrong", async () => {
  const good = JSON.stringify(
    files.find(({ file_id, roundtrip }) =>
      file_id === 51 && roundtrip !== false
    )
      ?.expect,
  );
  const { code, out, err } = await cli(["encode", "--as", "file:51"], {
    stdin: [`${good}\n{}\nnothing\n${good}\n`],
  });
  assert.equal(code, 1);
  const lines = out.trimEnd().split("\n");
  assert.equal(lines.length, 4);
  assert.match(lines[0] ?? "", /^[0-9a-f]{6}$/);
  assert.match(JSON.parse(lines[1] ?? "").error, /button_id/);
  assert.match(JSON.parse(lines[2] ?? "").error, /no JSON/);
  assert.equal(lines[3], lines[0]);
  assert.equal(err.trimEnd().split("\n").length, 2);
});
