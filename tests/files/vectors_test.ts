/** The golden files, both ways, through the JSON of the specification. */
import assert from "node:assert/strict";
import { encodeFileJson, fileJson } from "../../lib/files/json.ts";
import vectors from "../fixtures/vectors/files.json" with { type: "json" };

for (const row of vectors) {
  Deno.test(`decodeFile() reads vector ${row.name}`, () => {
    assert.deepEqual(
      fileJson(row.file_id, Uint8Array.fromHex(row.hex)),
      row.expect ?? { error: row.error },
    );
  });

  if (row.roundtrip !== undefined) {
    Deno.test(`encodeFile() writes vector ${row.name}`, () => {
      assert.equal(
        encodeFileJson(row.file_id, row.expect).toHex(),
        row.canonical ?? row.hex,
      );
    });
  }
}
