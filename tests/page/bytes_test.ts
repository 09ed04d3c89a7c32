import assert from "node:assert/strict";
import fc from "fast-check";
import { bytesAt } from "../../lib/http/page/hex.js";
import { pretty } from "../../lib/http/page/pretty.js";

Deno.test("bytesAt() finds whole bytes only", () => {
  assert.equal(bytesAt("c0000102", "0102"), 2);
  assert.equal(bytesAt("C00A", "0a"), 1);
  assert.equal(bytesAt("1203", "20"), -1);
  assert.equal(bytesAt("123020", "20"), 2);
  assert.equal(bytesAt("12", ""), -1);
});

Deno.test("pretty() lays JSON out without touching a digit", () => {
  const text = '{"value":9007199254740993,"list":[],"text":"a,{b}:\\" c"}';
  assert.equal(
    pretty(text),
    '{\n  "value": 9007199254740993,\n  "list": [],\n  "text": "a,{b}:\\" c"\n}',
  );
  assert.equal(pretty("no JSON: {"), "no JSON: {");
});

Deno.test("pretty() keeps the meaning of any JSON", () => {
  fc.assert(fc.property(fc.json(), (text) => {
    assert.deepEqual(JSON.parse(pretty(text)), JSON.parse(text));
  }));
});
