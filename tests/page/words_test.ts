import assert from "node:assert/strict";
import {
  french,
  frenchVariants,
  manyWords,
} from "../../lib/http/page/problem_words.js";
import { words } from "../../lib/http/page/words.js";
import { pickLanguage } from "../../lib/http/page/language.js";

/** Names in braces, sorted. */
const placeholders = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort();

Deno.test("words has every word in English and French, with the same values", () => {
  for (const [id, entry] of Object.entries(words)) {
    assert.deepEqual(Object.keys(entry).sort(), ["en", "fr"], id);
    assert.ok(entry.en.trim() !== "" && entry.fr.trim() !== "", id);
    assert.deepEqual(placeholders(entry.fr), placeholders(entry.en), id);
  }
});

Deno.test("words has every word that the page asks for, and no other", async () => {
  const folder = new URL("../../lib/http/page/", import.meta.url);
  let code = "";
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(".js") || name === "words.js") continue;
    code += await Deno.readTextFile(new URL(name, folder));
  }
  const families = [...code.matchAll(/`([a-z_]+\.)\$\{/g)].map(([, family]) =>
    family ?? ""
  );
  const unused = Object.keys(words).filter((id) =>
    !code.includes(`"${id}"`) &&
    !families.some((family) => id.startsWith(family))
  );
  assert.deepEqual(unused, []);
});

Deno.test("words heads many problems with the same values in both languages", () => {
  for (const [code, { en, fr }] of Object.entries(manyWords)) {
    assert.ok(code in french, code);
    assert.deepEqual(placeholders(fr.text), placeholders(en.text), code);
    assert.deepEqual(placeholders(fr.fix + en.fix), [], code);
  }
});

Deno.test("words of a variant belong to a problem that there is", () => {
  for (const id of Object.keys(frenchVariants)) {
    assert.ok((id.split(".")[0] ?? "") in french, id);
  }
});

Deno.test("pickLanguage() takes what was chosen, else the first language that the page speaks", () => {
  assert.equal(pickLanguage("fr", ["en-GB"]), "fr");
  assert.equal(pickLanguage(null, ["de", "fr-CA", "en"]), "fr");
  assert.equal(pickLanguage(null, ["en-US", "fr"]), "en");
  assert.equal(pickLanguage("xx", ["de"]), "en");
});
