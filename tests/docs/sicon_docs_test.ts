import assert from "node:assert/strict";
import { emqttConfig } from "../../lib/sink/emqtt/config.ts";
import { pdInFields } from "../../lib/sink/emqtt/payload_energy.ts";
import { parse } from "smol-toml";
import { manual, table, tables, withTables } from "./sicon_tables.ts";

const text = Deno.readTextFileSync(manual);

Deno.test("docs/sicon-os.md has the tables of the program: else run deno task docs", () => {
  assert.equal(text, withTables(text));
});

Deno.test("withTables() replaces what stands between markers, and names a lost one", () => {
  const [name = "", make = () => ""] = [...tables][0] ?? [];
  const stale = text.replace(make(), "| old |");
  assert.notEqual(stale, text);
  assert.equal(withTables(stale), text);
  assert.throws(
    () => withTables(text.replace(`<!-- end ${name} -->`, "")),
    /Cannot write table main/,
  );
});

Deno.test("table() pads every column to its widest cell", () => {
  assert.equal(
    table([["A", "Long"], ["x|y", "z"]]),
    ["| A    | Long |", "| ---- | ---- |", "| x\\|y | z    |"].join("\n"),
  );
});

Deno.test("docs/sicon-os.md: PDIn is 32 bytes, as it says", () => {
  assert.equal(pdInFields.reduce((sum, { size }) => sum + size, 0), 32);
});

Deno.test("docs/sicon-os.md: every configuration it shows is accepted", () => {
  const shown = [...text.matchAll(/```toml\n([\s\S]*?)```/g)]
    .map(([, toml = ""]) => parse(toml) as { sinks?: Record<string, unknown> })
    .flatMap(({ sinks }) => Object.values(sinks ?? {}));
  assert.equal(shown.length, 2);
  for (const sink of shown) emqttConfig.parse(sink);
});
