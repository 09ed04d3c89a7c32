/**
 * Takes promises out of a scratch copy of the program, one at a time, and shows
 * which test fails: the fsync, the cursor that waits for the PUBACK, the jitter
 * of reconnects, the checksum of frames. Prints a table; exit code 1 when a
 * mutation is not noticed, or a test fails without it.
 *
 * @module
 */

// A script: what it prints is its result.
// deno-lint-ignore-file no-console
import { existsSync } from "node:fs";
import { runProgram } from "../../compile/run.ts";

/** One promise taken out. */
export interface Mutation {
  readonly name: string;
  readonly file: string;
  /** Must stand in the file exactly once. */
  readonly from: string;
  readonly to: string;
  /** What is run, and has to fail. */
  readonly check: readonly string[];
  /** What the failure has to say, so that it fails for this reason. */
  readonly says: RegExp;
}

const test = (path: string, filter: string): string[] => [
  ...["test", "--allow-all", "--no-check", "--filter", filter],
  path,
];

/** A reading counts as delivered once it is handed to the socket. */
const EARLY = {
  file: "lib/sink/scorpio/scorpio.ts",
  from: `      const [birthAck, dataAck] = await Promise.all([birth, data]);
`,
  to: `      data.catch(() => {});
      const [birthAck, dataAck] = [await birth, { code: 0, reason: "" }];
`,
};

/** All of them. */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: "no fsync at a commit",
    file: "lib/store/database.ts",
    from: `"synchronous = FULL"`,
    to: `"synchronous = OFF"`,
    check: test("tests/system/sync_test.ts", "every committed reading"),
    says: /nothing was synced/,
  },
  {
    name: "fsync at checkpoints only",
    file: "lib/store/database.ts",
    from: `"synchronous = FULL"`,
    to: `"synchronous = NORMAL"`,
    check: test("tests/system/sync_test.ts", "every committed reading"),
    says: /nothing was synced/,
  },
  {
    name: "cursor moves before the PUBACK",
    ...EARLY,
    check: test("tests/sink/contract_test.ts", ""),
    says: /scorpio.*FAILED/,
  },
  {
    name: "the same, seen by faults",
    ...EARLY,
    check: [
      ...["run", "--allow-all", "--no-check", "tests/chaos/chaos.ts"],
      ...["--seed", "1", "--minutes", "0", "--only", "wire"],
    ],
    says: /committed readings not delivered/,
  },
  {
    name: "no jitter",
    file: "lib/clock.ts",
    from: "minMs + random * (ceiling - minMs)",
    to: "ceiling",
    check: test("tests/clock_test.ts", ""),
    says: /backoff.*FAILED/i,
  },
  {
    name: "no checksum",
    file: "lib/frame/deframer.ts",
    from: "if (crc16(bytes, payload, next) !== announced) {",
    to: "if (false && crc16(bytes, payload, next) !== announced) {",
    check: test("tests/frame/deframer_test.ts", ""),
    says: /what the rules give.*FAILED/,
  },
];

/** Copies what is under version control, and what is about to be. */
async function copyTree(into: string): Promise<void> {
  const root = new URL("../../", import.meta.url).pathname;
  const { success, out, err } = await runProgram(
    "git",
    ["ls-files", "-co", "--exclude-standard"],
    { cwd: root },
  );
  if (!success) throw new Error(`Cannot list the tree: ${err}`);
  for (const path of out.split("\n")) {
    // What was removed is still listed.
    if (path === "" || !existsSync(`${root}${path}`)) continue;
    const target = `${into}/${path}`;
    await Deno.mkdir(target.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.copyFile(`${root}${path}`, target);
  }
}

/** Replaces a text that must be there exactly once. */
async function replace(
  tree: string,
  { file, from, to, name }: Mutation,
): Promise<() => Promise<void>> {
  const path = `${tree}/${file}`;
  const before = await Deno.readTextFile(path);
  const times = before.split(from).length - 1;
  if (times !== 1) {
    throw new Error(
      `Cannot apply "${name}": its text stands ${times} times in ${file}`,
    );
  }
  await Deno.writeTextFile(path, before.replace(from, () => to));
  return () => Deno.writeTextFile(path, before);
}

/** The first line of an output that says why it failed. */
function reason(output: string, says: RegExp): string {
  // deno-lint-ignore no-control-regex
  const lines = output.replaceAll(/\u001b\[[0-9;]*m/g, "").split("\n");
  return (lines.find((line) => says.test(line)) ?? "").trim().slice(0, 100);
}

async function main(): Promise<number> {
  const tree = await Deno.makeTempDir({ prefix: "mutations-" });
  const only = Deno.args[0];
  const rows: string[] = [];
  let wrong = 0;
  try {
    await copyTree(tree);
    for (const mutation of MUTATIONS) {
      const { name, check, says } = mutation;
      if (only !== undefined && !name.includes(only)) continue;
      const run = () => runProgram(Deno.execPath(), check, { cwd: tree });
      const clean = await run();
      const undo = await replace(tree, mutation);
      const mutated = await run();
      await undo();
      const output = mutated.out + mutated.err;
      const noticed = !mutated.success && says.test(output);
      if (!noticed || !clean.success) wrong++;
      const shown = check
        .filter((one) => !/^--(allow-all|no-check)$/.test(one))
        .map((one) => one.includes(" ") ? `"${one}"` : one)
        .join(" ").replace("--filter  ", "");
      rows.push(
        `| ${name} | \`${mutation.file}\` | \`deno ${shown}\` | ${
          clean.success ? "passes" : "FAILS"
        } | ${noticed ? "fails" : "NOT NOTICED"} | ${
          reason(output, says).replaceAll("|", "\\|")
        } |`,
      );
      console.error(rows.at(-1));
      if (!noticed || !clean.success) {
        console.error(
          (clean.success ? output : clean.out + clean.err).slice(-3000),
        );
      }
    }
  } finally {
    await Deno.remove(tree, { recursive: true });
  }
  console.log(
    "| taken out | in | noticed by | without | with | it says |\n| --- | --- | --- | --- | --- | --- |",
  );
  console.log(rows.join("\n"));
  return wrong === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
