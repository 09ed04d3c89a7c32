/**
 * What is measured: this project from source, its portable file as gateways
 * run it, or an earlier checkout to compare with.
 *
 * @module
 */
import project from "../../deno.json" with { type: "json" };
import { runtimeFlags } from "../../compile/targets.ts";
import type { Program } from "../system/harness.ts";

/** A program under measurement. */
export interface Subject extends Program {
  /** Column of the tables. */
  readonly label: string;
  /** Checkout that its codec is taken from. */
  readonly root: string;
  /** Flags of the JavaScript engine that the codec is run with. */
  readonly engineFlags: readonly string[];
  /** The one file it is, if it is one. */
  readonly file: string | null;
}

const here = new URL("../../", import.meta.url).pathname;

/** Label of this project as `deno task start` runs it. */
export const SOURCE = "from source";

/** A checkout, run as `deno task start` does. */
export function fromSource(label = SOURCE, root = here): Subject {
  const config = `${root}/deno.json`;
  return {
    label,
    root,
    engineFlags: [],
    file: null,
    command: [
      ...[Deno.execPath(), "run", "--allow-all", "--no-prompt"],
      ...["--config", config, `${root}/main.ts`],
    ],
    env: {},
  };
}

/** Builds the portable file of this machine and unpacks it, as a first start does. */
export async function portable(dir: string): Promise<Subject> {
  await ended(Deno.execPath(), [
    ...["run", "--allow-all", "--quiet", `${here}/compile/compile.ts`],
    ...["--portable", "--target", Deno.build.arch, "--out", dir],
  ]);
  const file =
    `${dir}/dash7-edge-${project.version}-linux-${Deno.build.arch}-portable`;
  const env = { DASH7_EDGE_CACHE: `${dir}/cache` };
  await Deno.mkdir(env.DASH7_EDGE_CACHE);
  await ended(file, ["--version"], env);
  return {
    label: "portable file",
    root: here,
    engineFlags: runtimeFlags.filter((flag) => flag.startsWith("--v8-flags")),
    file,
    command: [file],
    env,
  };
}

/**
 * Runs a program to its end; gives what it said.
 *
 * @throws {Error} with its words when it fails
 */
export async function ended(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(file, {
    args: [...args],
    env: { ...env },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  if (!success) {
    throw new Error(`${file} ${args.join(" ")}: ${decoder.decode(stderr)}`);
  }
  return decoder.decode(stdout);
}
