/**
 * `deno task compile [--target …|all] [--runtime FILE] [--portable]`: the files
 * of a release, into `dist/`.
 *
 * Compiled files carry the slim runtime of `deno compile`, which comes from
 * Deno's own host, from `--runtime` or from `$DENORT_BIN`. Portable files carry
 * the whole Deno of npm, for builders that reach a registry only. Both carry
 * the same bundle.
 *
 * @module
 */
import { parseArgs } from "node:util";
import project from "../deno.json" with { type: "json" };
import { bundle, type Origin, originOf, root } from "./bundle.ts";
import { writeChecksums } from "./checksums.ts";
import { headerTemplate, portableFile } from "./portable.ts";
import { BuildError, runProgram, sha256 } from "./run.ts";
import { inspect, npmRuntime, refusal } from "./runtime.ts";
import { sbom } from "./sbom.ts";
import {
  compileArguments,
  denoVersion,
  fileName,
  type Target,
  targets,
  targetsNamed,
} from "./targets.ts";

const usage = `Usage: deno task compile [--target ${
  targets.map(({ triple }) => triple).join("|")
}|all] [--runtime FILE] [--portable] [--out DIRECTORY]
`;

const say = (text: string) =>
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));

/** What the command line asks for; null when it is wrong. */
function request(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        target: { type: "string", default: "all" },
        runtime: { type: "string", multiple: true, default: [] },
        portable: { type: "boolean", default: false },
        out: { type: "string", default: `${root}dist` },
        help: { type: "boolean", default: false },
      },
    });
    const chosen = targetsNamed(values.target);
    if (chosen.length === 0) throw new Error(`Unknown target ${values.target}`);
    return { ...values, chosen };
  } catch (error) {
    say(`${error instanceof Error ? error.message : error}\n${usage}`);
    return null;
  }
}

/** The runtimes named for `deno compile`, with what each is. */
async function namedRuntimes(files: readonly string[]) {
  const denort = Deno.env.get("DENORT_BIN");
  const names = files.length > 0 ? files : denort ? [denort] : [];
  return await Promise.all(names.map(async (file) => {
    try {
      return { file, inspected: inspect(await Deno.readFile(file)) };
    } catch (error) {
      throw new BuildError(`Cannot read runtime ${file}: ${error}`);
    }
  }));
}

type Runtimes = Awaited<ReturnType<typeof namedRuntimes>>;

/** The runtime named for a target; undefined leaves it to Deno's host. */
function runtimeFor(target: Target, named: Runtimes): string | undefined {
  if (named.length === 0) return undefined;
  const reasons = named.map(({ file, inspected }) =>
    refusal(target, inspected, file)
  );
  const fitting = named[reasons.indexOf(null)];
  if (fitting === undefined) throw new BuildError(reasons.join("\n"));
  return fitting.file;
}

async function compile(
  target: Target,
  program: Uint8Array<ArrayBuffer>,
  output: string,
  runtime: string | undefined,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "dash7-edge-compile-" });
  try {
    const script = `${directory}/dash7-edge.js`;
    await Deno.writeFile(script, program);
    // Deno takes the time of the file into the key of its code cache, which
    // becomes part of the result: the same program, the same time.
    const timeS = parseInt((await sha256(program)).slice(0, 7), 16);
    await Deno.utime(script, timeS, timeS);
    const built = `${directory}/dash7-edge`;
    const { success, err } = await runProgram(
      Deno.execPath(),
      compileArguments(target, "dash7-edge.js", built),
      {
        cwd: directory,
        env: runtime === undefined
          ? {}
          : { DENORT_BIN: await Deno.realPath(runtime) },
      },
    );
    say(err.trimEnd());
    if (!success) {
      throw new BuildError(
        `Cannot compile for ${target.triple}. A base runtime can be had in three ways:
  1. from Deno's own host: let this machine reach it
  2. --runtime FILE: denort of Deno ${denoVersion} for ${target.triple}
  3. DENORT_BIN=FILE in the environment: the same
Where none can be had, --portable makes a file that needs the npm registry only.`,
      );
    }
    const bytes = await Deno.readFile(built);
    const reason = refusal(target, inspect(bytes), "the base runtime");
    if (reason !== null) throw new BuildError(reason);
    await place(output, bytes);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Writes a program whole or not at all. */
async function place(output: string, bytes: Uint8Array): Promise<void> {
  await Deno.writeFile(`${output}.new`, bytes, { mode: 0o755 });
  await Deno.chmod(`${output}.new`, 0o755);
  await Deno.rename(`${output}.new`, output);
  say(`Wrote ${output} (${(bytes.length / 1e6).toFixed(1)} MB)`);
}

async function build(wanted: NonNullable<ReturnType<typeof request>>) {
  const { version } = project;
  const origin: Origin = await originOf(root);
  const named = await namedRuntimes(wanted.runtime);
  // A runtime that will not do is refused before anything is made.
  const runtimes = new Map(
    wanted.portable
      ? []
      : wanted.chosen.map((target) => [target, runtimeFor(target, named)]),
  );
  const { program, packages } = await bundle(origin);
  await Deno.mkdir(wanted.out, { recursive: true });
  for (const target of wanted.chosen) {
    if (wanted.portable) {
      const file = await portableFile(target, {
        version,
        commit: origin.commit,
        program,
        runtime: await npmRuntime(target),
      }, await headerTemplate());
      await place(
        `${wanted.out}/${fileName(version, target, "portable")}`,
        file,
      );
    } else {
      await compile(
        target,
        program,
        `${wanted.out}/${fileName(version, target, "compiled")}`,
        runtimes.get(target),
      );
    }
  }
  const lock = JSON.parse(await Deno.readTextFile(`${root}deno.lock`));
  await Deno.writeTextFile(
    `${wanted.out}/dash7-edge-${version}.cdx.json`,
    await sbom({ version, ...origin }, packages, lock),
  );
  await writeChecksums(wanted.out, version);
}

const wanted = request(Deno.args);
if (wanted === null) Deno.exit(2);
// Set but empty, Deno would look for a file without a name.
if (!Deno.env.get("DENORT_BIN")) Deno.env.delete("DENORT_BIN");
if (wanted.help) {
  Deno.stdout.writeSync(new TextEncoder().encode(usage));
} else {
  try {
    await build(wanted);
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    say(error.message);
    Deno.exit(1);
  }
}
