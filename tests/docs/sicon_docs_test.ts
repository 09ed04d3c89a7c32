import assert from "node:assert/strict";
import { emqttConfig } from "../../lib/sink/emqtt/config.ts";
import { pdInFields } from "../../lib/sink/emqtt/payload_energy.ts";
import { parse } from "smol-toml";
import { root } from "./pages.ts";

const text = Deno.readTextFileSync(new URL("docs/sicon-os.md", root));

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
