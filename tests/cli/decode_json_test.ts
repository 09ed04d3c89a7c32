import assert from "node:assert/strict";
import fc from "fast-check";
import { EncodeError } from "../../lib/bytes/codec.ts";
import { decodeLine, encodeLine, itemKind } from "../../lib/cli/decode_json.ts";
import alp from "../fixtures/vectors/alp.json" with { type: "json" };
import files from "../fixtures/vectors/files.json" with { type: "json" };
import serial from "../fixtures/vectors/serial-frames.json" with {
  type: "json",
};

Deno.test("decodeLine() and encodeLine() answer the ALP vectors", () => {
  for (const row of alp) {
    const dialect = row.dialect === "sub_iot" ? "sub_iot" : "d7a_1_2";
    const text = JSON.stringify(decodeLine("alp", row.hex, dialect));
    assert.deepEqual(
      JSON.parse(text),
      row.expect ?? { error: row.error, actions: row.actions, rest: row.rest },
    );
    assert.equal(encodeLine("alp", text), row.canonical ?? row.hex, row.name);
    const { actions } = JSON.parse(text);
    if (row.expect !== undefined) {
      assert.equal(
        encodeLine("alp", JSON.stringify(actions)),
        row.canonical ?? row.hex,
      );
    }
  }
});

Deno.test("decodeLine() and encodeLine() answer the file vectors", () => {
  for (const row of files) {
    const kind = itemKind(`file:${row.file_id}`);
    assert.ok(kind !== null && kind !== "serial");
    const json = decodeLine(kind, row.hex);
    assert.deepEqual(json, row.expect ?? { error: row.error });
    if (row.roundtrip === undefined) continue;
    const text = JSON.stringify(json);
    assert.equal(encodeLine(kind, text), row.canonical ?? row.hex);
  }
});

Deno.test("decodeLine() answers the serial vectors, keys in order", () => {
  for (const row of serial) {
    const json = decodeLine("serial", row.hex);
    assert.deepEqual(json, row.expect);
    assert.deepEqual(Object.keys(json ?? {}), [
      "frames",
      "discarded",
      "discarded_bytes",
      "bad_checksums",
      "pending",
      "after_silence",
    ]);
  }
});

Deno.test("decodeLine() takes blanks between bytes and refuses what is not hex", () => {
  assert.deepEqual(decodeLine("alp", " \tA3 01\r\n"), {
    actions: [{ op: "response_tag", eop: true, err: false, tag_id: 1 }],
  });
  assert.deepEqual(decodeLine("alp", ""), { actions: [] });
  assert.deepEqual(decodeLine("file:51", "  "), { error: "unexpected_length" });
  assert.deepEqual(decodeLine("file:64", ""), { error: "unknown_file" });
  for (const wrong of ["a", "a3 0", "0xa3", "g0", "a3,01", "ａ３", "-"]) {
    for (const kind of ["alp", "serial", "file:51"] as const) {
      assert.deepEqual(decodeLine(kind, wrong), { error: "not_hex" });
    }
  }
});

Deno.test("itemKind() takes what --as takes", () => {
  assert.equal(itemKind("alp"), "alp");
  assert.equal(itemKind("serial"), "serial");
  assert.equal(itemKind("file:052"), "file:52");
  for (const wrong of ["", "file", "file:", "file:256", "file:-1", "ALP"]) {
    assert.equal(itemKind(wrong), null);
  }
});

Deno.test("encodeLine() says what is wrong with an item", () => {
  const rows: [string, RegExp][] = [
    ["", /^Cannot encode item: it is no JSON/],
    ["{", /^Cannot encode item: it is no JSON/],
    [
      `${"[".repeat(100_000)}${"]".repeat(100_000)}`,
      /^Cannot encode actions\[0\]: value is /,
    ],
    ["null", /^Cannot encode actions: no array, expected an array$/],
    [
      '[{"op":"request_tag","respond_when_completed":true,"tag_id":256}]',
      /^Cannot encode actions\[0\]\.tag_id: value is 256, expected an integer from 0 to 255$/,
    ],
    [
      '[{"op":"request_tag","tag_id":1}]',
      /^Cannot encode actions\[0\]\.respond_when_completed: missing, expected true or false$/,
    ],
  ];
  for (const [text, message] of rows) {
    assert.throws(
      () => encodeLine("alp", text),
      (error) => error instanceof EncodeError && message.test(error.message),
      text,
    );
  }
});

Deno.test("decodeLine() answers any bytes, and encodeLine() takes the answer", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const once = JSON.stringify(decodeLine("alp", bytes.toHex()));
      const again = decodeLine("alp", encodeLine("alp", once));
      // Reserved bits are not kept, so only raw status bytes may differ.
      const stripped = (text: string) => text.replace(/"raw":"[^"]*"/g, "");
      assert.equal(stripped(JSON.stringify(again)), stripped(once));
    }),
    { numRuns: 10_000 },
  );
});
