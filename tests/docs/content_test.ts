/** What a text says about the program is so: links, commands, configurations, keys, files. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path/posix";
import { ConfigError, loadConfig } from "../../lib/config/config.ts";
import { cli } from "../cli/command_line.ts";
import { codes } from "../../lib/cli/doctor/codes.ts";
import { verbNames } from "../../lib/cli/cli.ts";
import { helpOf, optionsIn } from "./command_reference.ts";
import { keyPaths, root as schema } from "./config_reference.ts";
import {
  anchorsIn,
  blocksIn,
  codeIn,
  commandLinesIn,
  linksIn,
  proseOf,
} from "./markdown.ts";
import { pages, root } from "./pages.ts";

/** Verbs that can be run without an agent and without a trace. */
const ASKING: ReadonlySet<string> = new Set([
  "status",
  "devices",
  "queue",
  "explain",
  "check",
  "decode",
  "encode",
  "schema",
]);

const others = ["README.md", "CONTRIBUTING.md", "deploy/MIGRATION.md"];
const texts = new Map(
  [...pages(), ...others].map((page) => [
    page,
    Deno.readTextFileSync(new URL(page, root)),
  ]),
);

function exists(path: string): boolean {
  try {
    Deno.statSync(new URL(path, root));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

for (const [page, text] of texts) {
  Deno.test(`${page}: every link leads somewhere`, () => {
    for (const link of linksIn(text)) {
      if (/^(https?|mailto):/.test(link)) continue;
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? page : join(dirname(page), path);
      assert.ok(exists(target), `${link}: no ${target}`);
      if (anchor === undefined || !target.endsWith(".md")) continue;
      const there = texts.get(target) ??
        Deno.readTextFileSync(new URL(target, root));
      assert.ok(anchorsIn(there).has(anchor), `${link}: no such heading`);
    }
  });

  Deno.test(`${page}: every configuration is accepted`, async () => {
    for (const { language, text: toml } of blocksIn(text)) {
      if (language !== "toml") continue;
      const host = {
        env: (name: string) => name === "CREDENTIALS_DIRECTORY" ? "/c" : "x",
        readFile: (path: string) =>
          Promise.resolve(path === "shown.toml" ? toml : "secret"),
        mode: () => Promise.resolve(null),
      };
      await loadConfig("shown.toml", host).catch((error: unknown) => {
        if (!(error instanceof ConfigError)) throw error;
        assert.fail(`${error.message}\n${toml}`);
      });
    }
  });

  Deno.test(`${page}: every command line has a verb and options that exist`, async () => {
    for (const words of commandLinesIn(text)) {
      const line = `dash7-edge ${words.join(" ")}`;
      if (/^(--help|--version|help)$/.test(words[0] ?? "")) continue;
      const verb = verbNames.toSorted((a, b) => b.length - a.length).find((
        verb,
      ) => words.join(" ") === verb || words.join(" ").startsWith(`${verb} `));
      assert.ok(verb, `${line}: no such verb`);
      const options = optionsIn(await helpOf(verb));
      for (const word of words) {
        const [option = ""] = word.split("=");
        if (!/^--[a-z]/.test(option) || option === "--help") continue;
        assert.ok(options.has(option), `${line}: no option ${option}`);
      }
    }
  });

  Deno.test(`${page}: the grammar takes every command line that asks only`, async () => {
    for (const words of commandLinesIn(text)) {
      if (!ASKING.has(words[0] ?? "") || words.includes("--help")) continue;
      // No agent is reached by way of a configuration that is not there.
      const env = { DASH7_EDGE_CONFIG: "/nowhere/dash7-edge.toml" };
      const { code, err } = await cli(
        words.map((word) => word.endsWith(".toml") ? "/nowhere/x.toml" : word),
        { env },
      );
      assert.notEqual(code, 2, `dash7-edge ${words.join(" ")}: ${err}`);
    }
  });

  Deno.test(`${page}: every key of the configuration exists`, () => {
    const keys = [...keyPaths()].map((key) =>
      key.replace('"UID"', "NAME").split(".")
    );
    const names = new Set(keys.map((key) => key.at(-1)));
    const sections = Object.keys(schema.properties ?? {});
    for (const code of codeIn(text)) {
      if (/\.(ts|db|lock|sock|toml)$/.test(code)) continue;
      const path = code.match(
        /^\[?((?:[a-z]+)(?:\.(?:[A-Za-z_]+|"[^"]+"))*)\]?$/,
      )?.[1]?.replaceAll(/"[^"]+"/g, "NAME").split(".");
      const first = path?.[0] ?? "";
      const bracketed = code.startsWith("[");
      if (path !== undefined && sections.includes(first)) {
        if (path.length > 1 || bracketed) {
          assert.ok(
            path.length === 1 || keys.some((key) => sameKey(key, path)),
            `${code}: no such key`,
          );
        }
      } else if (bracketed && path !== undefined) {
        assert.fail(`${code}: no such section`);
      }
      const set = /^([a-z][a-z0-9_]*) = \S/.exec(code)?.[1];
      if (set !== undefined) {
        assert.ok(names.has(set), `${code}: no key of that name`);
      }
    }
  });

  Deno.test(`${page}: every file it names is there`, () => {
    const named = /^(?:lib|tests|deploy|docs|compile)\/[\w./*-]+$/;
    for (const code of codeIn(text)) {
      // A recipe names files that are to be made.
      if (!named.test(code) || /climate|plain|NAME/.test(code)) continue;
      assert.ok(exists(code), `${code} is not there`);
    }
  });

  Deno.test(`${page}: plain words`, () => {
    const prose = proseOf(text);
    const [word] = UNFIT.exec(prose) ?? [];
    assert.equal(word, undefined, `${page} says ${word}`);
  });
}

/** Unfinished work, and words that only praise. */
const UNFIT = /TO[D]O|FIX[M]E|simply|blazing|seamless/;

/** A key of the schema, whose names of users are NAME, and one of a text. */
function sameKey(key: readonly string[], path: readonly string[]): boolean {
  return key.length === path.length &&
    key.every((step, i) => step === "NAME" || step === path[i]);
}

/** Words in double quotes that stand in a piece of the program's text. */
function wordsIn(file: string, piece: RegExp): readonly string[] {
  const [, text = ""] = piece.exec(
    Deno.readTextFileSync(new URL(file, root)),
  ) ?? [];
  const words = [...text.matchAll(/"([\w/]+)"/g)].map(([, word = ""]) => word);
  assert.ok(words.length > 3, `${file} has changed: correct this test`);
  return words;
}

function missingIn(page: string, words: readonly string[]): readonly string[] {
  const told = codeIn(texts.get(page) ?? "").map((code) => code.split("?")[0]);
  return words.filter((word) => !told.includes(word));
}

Deno.test("docs/troubleshooting.md has every problem that status can tell", () => {
  const problems = wordsIn("lib/http/json.ts", /type ProblemCode =([^;]+);/);
  assert.deepEqual(missingIn("docs/troubleshooting.md", problems), []);
});

Deno.test("docs/captures.md has every reason for a flight capture", () => {
  const kinds = wordsIn("lib/capture/anomaly.ts", /type Anomaly =([^;]+);/);
  assert.deepEqual(missingIn("docs/captures.md", kinds), []);
});

Deno.test("docs/dashboard.md has every path that is served", () => {
  const routes = wordsIn("lib/http/routes.ts", /const ROUTES[^=]+=([^]+?)^\};/m)
    .filter((word) => word.startsWith("/"));
  assert.ok(routes.length > 5);
  assert.deepEqual(missingIn("docs/dashboard.md", routes), []);
});

Deno.test("docs/troubleshooting.md names findings that exist", () => {
  const told = codeIn(texts.get("docs/troubleshooting.md") ?? "");
  for (const code of told) {
    if (/^(tls|dns|tcp|login|publish)_/.test(code)) {
      assert.ok(Object.hasOwn(codes, code), code);
    }
  }
});

Deno.test("docs/README.md leads to every page", () => {
  const index = texts.get("docs/README.md") ?? "";
  const linked = new Set(
    linksIn(index).map((link) => join("docs", link.split("#")[0] ?? "")),
  );
  for (const page of pages()) {
    if (page !== "docs/README.md") assert.ok(linked.has(page), page);
  }
});
