/** Golden rows beyond the shared vectors, written by a second implementation of the wire specification. */
import assert from "node:assert/strict";
import { decodeLine, encodeLine, itemKind } from "../../lib/cli/decode_json.ts";
import rows from "../fixtures/vectors-more/decode.json" with { type: "json" };

for (const row of rows) {
  Deno.test(`decodeLine() and encodeLine() answer ${row.as}: ${row.name}`, () => {
    const kind = itemKind(row.as);
    assert.ok(kind !== null);
    const dialect = row.dialect === "d7a_1_2" ? "d7a_1_2" : "sub_iot";
    const text = JSON.stringify(decodeLine(kind, row.hex, dialect));
    assert.deepEqual(JSON.parse(text), row.expect);
    if (kind === "serial" || row.canonical === undefined) return;
    assert.equal(encodeLine(kind, text), row.canonical);
  });
}
