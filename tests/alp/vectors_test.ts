/** The golden ALP commands, both ways, through the JSON of the specification. */
import assert from "node:assert/strict";
import { decodeCommand } from "../../lib/alp/alp.ts";
import type { Dialect } from "../../lib/alp/d7asp.ts";
import { commandJson, encodeCommandJson } from "../../lib/alp/json.ts";
import vectors from "../fixtures/vectors/alp.json" with { type: "json" };

for (const row of vectors) {
  const dialect = row.dialect as Dialect;
  Deno.test(`decodeCommand() reads vector ${row.name}`, () => {
    const json = commandJson(
      decodeCommand(Uint8Array.fromHex(row.hex), dialect),
    );
    assert.deepEqual(
      JSON.parse(JSON.stringify(json)),
      row.expect ?? { error: row.error, actions: row.actions, rest: row.rest },
    );
  });

  Deno.test(`encodeCommand() writes vector ${row.name}`, () => {
    const json = row.expect ??
      { error: row.error, actions: row.actions, rest: row.rest };
    const expected = row.canonical ?? row.hex;
    assert.equal(encodeCommandJson(json, dialect).toHex(), expected);
    assert.equal(encodeCommandJson(json).toHex(), expected);
  });
}
