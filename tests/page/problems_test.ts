import assert from "node:assert/strict";
import { grouped, wordsOf } from "../../lib/http/page/problems.js";
import { french, frenchVariants } from "../../lib/http/page/problem_words.js";
import { HOSTILE, problem, troubledStatus } from "./made_up.ts";

Deno.test("wordsOf() says a problem in French, in English as the agent does", () => {
  for (const one of troubledStatus(0).problems) {
    assert.equal(wordsOf(one, "fr").lang, "fr", one.code);
    assert.equal(wordsOf(one, "en").text, one.text);
  }
});

Deno.test("wordsOf() falls back to the agent's English when a value is missing", () => {
  const one = problem("sink_down", "cloud", "error", 0);
  assert.deepEqual(wordsOf(one, "fr"), {
    text: one.text,
    fix: one.fix,
    lang: "en",
  });
});

Deno.test("wordsOf() takes values as they are, braces and all", () => {
  const values = { device: "00000000003A004F", name: `{limit_db} ${HOSTILE}` };
  const one = problem("device_meter", values.device, "warning", 0, values);
  const { text, lang } = wordsOf(one, "fr");
  assert.equal(lang, "fr");
  assert.ok(text.includes(values.name));
});

Deno.test("grouped() keeps the order and puts many of one kind together", () => {
  const groups = grouped(troubledStatus(0).problems);
  assert.deepEqual(
    groups.map(({ code, problems }) => [code, problems.length]),
    [
      ["port_down", 1],
      ["sink_down", 1],
      ["outbox_unwritable", 1],
      ["clock_unsynchronised", 1],
      ["device_silent", 4],
      ["device_link", 1],
    ],
  );
});

Deno.test("French words use the values that json.ts promises for their problem", async () => {
  const source = await Deno.readTextFile(
    new URL("../../lib/http/json.ts", import.meta.url),
  );
  const promised = (code: string) => {
    const at = source.indexOf(`\`${code}\``);
    assert.ok(at >= 0, `json.ts tells the values of ${code}`);
    return source.slice(at).split(/\n \* - |\n \*\//)[0] ?? "";
  };
  // Put together by the page from others.
  const own = new Set(["who"]);
  for (
    const [id, { text, fix }] of Object.entries({
      ...french,
      ...frenchVariants,
    })
  ) {
    const values = promised(id.split(".")[0] ?? "");
    for (const [, name = ""] of (text + fix).matchAll(/\{(\w+)\}/g)) {
      assert.ok(
        own.has(name) || new RegExp(`\\b${name}\\b`).test(values),
        `${id} uses ${name}`,
      );
    }
  }
});
