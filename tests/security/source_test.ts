/**
 * What the program does not do: make code of text, load code while it runs,
 * start other programs, call native code; each with the few places that may.
 */
import assert from "node:assert/strict";
import { runtimeFlags } from "../../compile/targets.ts";

const root = new URL("../../", import.meta.url);

/** Every source file of the program, comments taken out. */
function sources(under = "lib"): Map<string, string> {
  const found = new Map<string, string>();
  for (const { name, isDirectory } of Deno.readDirSync(new URL(under, root))) {
    const path = `${under}/${name}`;
    if (isDirectory) { for (const entry of sources(path)) found.set(...entry); }
    else if (/\.(ts|js)$/.test(name)) {
      const text = Deno.readTextFileSync(new URL(path, root));
      found.set(
        path,
        text.replaceAll(/\/\*[^]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, ""),
      );
    }
  }
  return found;
}

const program = sources();
program.set("main.ts", Deno.readTextFileSync(new URL("main.ts", root)));

function placesOf(pattern: RegExp): string[] {
  return [...program].filter(([, text]) => pattern.test(text))
    .map(([path]) => path).sort();
}

Deno.test("the walk finds the program", () => {
  assert.ok(program.size > 200);
  assert.ok(program.has("lib/serial/libc.ts"));
});

for (
  const [what, pattern] of [
    ["eval", /(?<![.\w])eval\s*\(|\beval\b\s*\?\./],
    ["code of text", /\bnew Function\b|(?<![.\w])Function\s*\(/],
    ["timers with code of text", /\bset(Timeout|Interval)\s*\(\s*["'`]/],
    ["code loaded while it runs", /(?<![.\w@{])import\s*\(|\brequire\s*\(/],
    ["threads", /\bnew (Shared)?Worker\b|node:(worker_threads|cluster)/],
    ["another interpreter", /node:(vm|v8|inspector|repl|module)\b/],
    ["other ways to start programs", /node:child_process|Deno\.run\b/],
    ["code of WebAssembly", /\bWebAssembly\b/],
    [
      "requests to the outside by fetch",
      /\b(await|return|=)\s+fetch\s*\(|globalThis\.fetch/,
    ],
    ["a module of the network", /from "(https?|jsr|npm|data|blob):/],
  ] as const
) {
  Deno.test(`nowhere: ${what}`, () => {
    const allowed = what.startsWith("requests")
      // The page asks the agent that it came from.
      ? (path: string) => path.startsWith("lib/http/page/")
      : () => false;
    assert.deepEqual(placesOf(pattern).filter((path) => !allowed(path)), []);
  });
}

Deno.test("programs are started by install, upgrade and doctor only, and never through a shell", () => {
  assert.deepEqual(placesOf(/Deno\.Command\b/), [
    "lib/cli/doctor/host.ts",
    "lib/cli/setup/machine.ts",
  ]);
  for (const [path, text] of program) {
    for (const [line] of text.matchAll(/new Deno\.Command\([^]*?\{/g)) {
      assert.doesNotMatch(line, /\b(ba|da|z)?sh\b/, path);
    }
  }
  assert.deepEqual(
    placesOf(/["'`](\/bin\/)?(ba)?sh["'`]\s*,\s*\[?\s*["'`]-c/),
    [],
  );
});

Deno.test("native code is called in one file", () => {
  assert.deepEqual(placesOf(/Deno\.dlopen\b/), ["lib/serial/libc.ts"]);
  assert.deepEqual(placesOf(/Deno\.Unsafe\w+/), ["lib/serial/libc.ts"]);
});

Deno.test("the page makes no markup of text", () => {
  assert.deepEqual(
    placesOf(/\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write)\b/),
    [],
  );
});

Deno.test("TLS verification is the configuration's, but for the look of doctor that sends nothing", () => {
  assert.deepEqual(placesOf(/rejectUnauthorized/), [
    "lib/mqtt/socket.ts",
    "lib/mqtt/steps.ts",
  ]);
  assert.deepEqual(placesOf(/rejectUnauthorized:\s*false/), [
    "lib/mqtt/steps.ts",
  ]);
  assert.deepEqual(
    placesOf(/NODE_TLS_REJECT_UNAUTHORIZED|checkServerIdentity/),
    [],
  );
});

Deno.test("the environment is cleaned before anything else is loaded", () => {
  const text = program.get("main.ts") ?? "";
  const [first] = text.match(/^import .*$/m) ?? [];
  assert.equal(first, 'import "./lib/cli/environment.ts";');
});

Deno.test("built files load nothing from outside, ask nobody and make no code of text", async () => {
  for (
    const flag of [
      "--no-prompt",
      "--no-config",
      "--no-lock",
      "--no-remote",
      "--no-npm",
      "--cached-only",
    ]
  ) assert.ok(runtimeFlags.includes(flag), flag);
  const v8 = runtimeFlags.find((flag) => flag.startsWith("--v8-flags=")) ?? "";
  assert.match(v8, /--disallow-code-generation-from-strings/);
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(
      `${dir}/try.js`,
      `for (const make of [() => eval("1"), () => new Function("return 1")()]) {
  try { make(); console.log("made"); } catch { console.log("refused"); }
}`,
    );
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", ...runtimeFlags, `${dir}/try.js`],
      stderr: "null",
    }).output();
    assert.equal(new TextDecoder().decode(stdout), "refused\nrefused\n");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
