import assert from "node:assert/strict";
import { pageAssets } from "../../lib/http/page/page.ts";

const folder = new URL("../../lib/http/page/", import.meta.url);
const body = (path: string) => pageAssets.get(path)?.body ?? "";

Deno.test("pageAssets holds every file of the page", () => {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => !name.endsWith(".ts") && name !== "index.html");
  for (const name of names) assert.ok(pageAssets.has(`/page/${name}`), name);
  for (const [path, { type, body }] of pageAssets) {
    assert.ok(body.length > 0, path);
    assert.match(type, /^(text\/(html|css|javascript)|image\/svg)/, path);
  }
});

Deno.test("the page names only files that there are, and every module once", () => {
  const named = [...body("/").matchAll(/(?:src|href)="(\/page\/[^"]+)"/g)]
    .map(([, path = ""]) => path);
  assert.deepEqual(named.filter((path) => !pageAssets.has(path)), []);
  // Fetched together, not one after the other as imports come up.
  const wanted = [...pageAssets.keys()].filter((path) => path.endsWith(".js"));
  assert.deepEqual(
    named.filter((path) => path.endsWith(".js")).toSorted(),
    wanted.toSorted(),
  );
});

Deno.test("the page has nothing inline, nothing from elsewhere, and no way for data into HTML", () => {
  assert.doesNotMatch(body("/"), /<script>|<style|style=|\son[a-z]+=/i);
  for (const [path, { body }] of pageAssets) {
    if (path.includes("uplot")) continue;
    const links = body.replaceAll('xmlns="http://www.w3.org/2000/svg"', "");
    assert.doesNotMatch(links, /https?:\/\/|\/\/[a-z]+\./i, path);
    assert.doesNotMatch(
      body,
      /\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|eval|setHTML\w*)\b/,
      path,
    );
  }
});

Deno.test("the modules of the page have no type error", async () => {
  // The page has the types of a browser, which the agent must not have.
  const modules = [...pageAssets.keys()]
    .filter((path) => path.endsWith(".js") && !path.includes("uplot"))
    .map((path) => new URL(path.replace("/page/", ""), folder).pathname);
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "check",
      "--quiet",
      "--config",
      new URL("check.json", import.meta.url).pathname,
      ...modules,
    ],
    env: { NO_COLOR: "1" },
    stdout: "null",
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
});
