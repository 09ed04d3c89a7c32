/** What is not ours: exact, whole, free to use, and without code that runs when it is fetched. */
import assert from "node:assert/strict";
import project from "../../deno.json" with { type: "json" };
import { denoVersion, targets } from "../../compile/targets.ts";

interface Locked {
  readonly integrity?: string;
  readonly dependencies?: readonly string[];
  readonly scripts?: boolean;
}
interface Lock {
  readonly specifiers: Readonly<Record<string, string>>;
  readonly npm: Readonly<Record<string, Locked>>;
}

const lock: Lock = JSON.parse(
  Deno.readTextFileSync(new URL("../../deno.lock", import.meta.url)),
);
const packages = lock.npm;

/** Licences that ask for no more than their text. */
const FREE = /^(MIT|ISC|BSD-[23]-Clause|Apache-2\.0|0BSD|BlueOak-1\.0\.0)$/;

/** Of tests, and in no file that is given away. */
const OF_TESTS = /^(axe-core|playwright-core|fast-check|pure-rand)@/;

/** Where Deno keeps packages. */
const npmCache = (() => {
  const { stdout } = new Deno.Command(Deno.execPath(), {
    args: ["info", "--json"],
    stderr: "null",
  }).outputSync();
  const info: { npmCache: string } = JSON.parse(
    new TextDecoder().decode(stdout),
  );
  return info.npmCache;
})();

/** What a package of the cache says of itself; the key is such as `a@1.0.0_b@2`. */
function manifestOf(key: string): Record<string, unknown> {
  const [, name = "", version = ""] = /^(@?[^@]+)@([^_]+)/.exec(key) ?? [];
  for (const { name: host } of Deno.readDirSync(npmCache)) {
    try {
      return JSON.parse(
        Deno.readTextFileSync(
          `${npmCache}/${host}/${name}/${version}/package.json`,
        ),
      );
    } catch (error) {
      if (
        error instanceof Deno.errors.NotFound ||
        error instanceof Deno.errors.NotADirectory
      ) continue;
      throw error;
    }
  }
  // Types, or what only a browser needs, is locked and never fetched.
  return {};
}

Deno.test("every dependency has one exact version, and the lock agrees", () => {
  const wanted = Object.values<string>(project.imports);
  assert.ok(wanted.length > 5);
  for (const specifier of wanted) {
    assert.match(specifier, /^npm:(@[\w-]+\/)?[\w-]+@\d+\.\d+\.\d+$/);
    assert.ok(Object.hasOwn(lock.specifiers, specifier), specifier);
  }
  assert.deepEqual(
    Object.keys(lock.specifiers).filter((name) => !wanted.includes(name)),
    [],
  );
});

Deno.test("everything locked has an integrity, and runs nothing when it is fetched", () => {
  assert.ok(Object.keys(packages).length > 30);
  for (const [key, { integrity, scripts }] of Object.entries(packages)) {
    assert.match(integrity ?? "", /^sha512-[\w+/]{86}==$/, key);
    assert.equal(scripts, undefined, `${key} wants to run a script`);
  }
  assert.deepEqual(
    Object.keys(lock).filter((part) => /remote|redirects|jsr/.test(part)),
    [],
  );
  // Deno runs none unless this key allows it.
  assert.equal(Object.hasOwn(project, "allowScripts"), false);
  assert.equal(Object.hasOwn(project, "nodeModulesDir"), false);
});

Deno.test("runtimes are pinned by two sums each", () => {
  assert.match(denoVersion, /^\d+\.\d+\.\d+$/);
  for (const { runtime } of targets) {
    assert.match(runtime.integrity, /^sha512-[\w+/]{86}==$/);
    assert.match(runtime.sha256, /^[0-9a-f]{64}$/);
  }
});

Deno.test("licences ask for no more than their text, and nothing has an install script", () => {
  let seen = 0;
  for (const key of Object.keys(packages)) {
    const manifest = manifestOf(key);
    if (manifest["name"] === undefined) continue;
    seen++;
    if (!OF_TESTS.test(key)) {
      assert.match(String(manifest["license"]), FREE, key);
    }
    const scripts = manifest["scripts"] ?? {};
    for (const name of ["preinstall", "install", "postinstall"]) {
      assert.ok(!Object.hasOwn(scripts, name), `${key} has ${name}`);
    }
  }
  assert.ok(seen > 20, `${seen} packages found in the cache`);
});

Deno.test("prom-client brings its own types of tracing and nothing that sends", () => {
  const reached = new Set<string>();
  const visit = (name: string) => {
    const key = Object.keys(packages).find((key) =>
      key === name || key.startsWith(`${name}@`)
    );
    if (key === undefined || reached.has(key)) return;
    reached.add(key);
    for (const inner of packages[key]?.dependencies ?? []) visit(inner);
  };
  visit("prom-client");
  assert.deepEqual(
    [...reached].map((key) => key.replace(/(.)@.*/, "$1")).sort(),
    ["@opentelemetry/api", "bintrees", "prom-client", "tdigest"],
  );
});
