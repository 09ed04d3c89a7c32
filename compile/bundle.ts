/**
 * The whole program as one minified file: what both the compiled and the
 * portable file carry. It holds no path, no time and no machine, so two builds
 * of one commit are byte-equal.
 *
 * @module
 */
import { buildMark } from "../lib/cli/build.ts";
import { BuildError, runProgram } from "./run.ts";

/** The project's directory, with `/` at its end. */
export const root = new URL("../", import.meta.url).pathname;

/** Where the source came from. */
export interface Origin {
  /** 40 hex digits, with `-dirty` when files were changed since; "unknown" outside a clone. */
  readonly commit: string;
  /** Time of that commit, ISO 8601; null outside a clone. */
  readonly committedAt: string | null;
}

/** Asks git where the source came from. */
export async function originOf(directory: string): Promise<Origin> {
  const git = async (...args: string[]) => {
    try {
      const { success, out } = await runProgram("git", args, {
        cwd: directory,
      });
      return success ? out.trim() : null;
    } catch (error) {
      // An archive of the source may be built where there is no git.
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
  };
  const head = await git("show", "-s", "--format=%H %cI");
  if (head === null) return { commit: "unknown", committedAt: null };
  const [commit = "unknown", committedAt = null] = head.split(" ");
  const changes = await git("status", "--porcelain");
  return { commit: changes === "" ? commit : `${commit}-dirty`, committedAt };
}

/** The program as one file. */
export interface Bundle {
  readonly program: Uint8Array<ArrayBuffer>;
  /** npm packages whose code is in it, as `NAME@VERSION`, sorted. */
  readonly packages: readonly string[];
}

/**
 * Bundles the program.
 *
 * @throws {BuildError} with what Deno said
 */
export async function bundle(origin: Origin): Promise<Bundle> {
  const directory = await Deno.makeTempDir({ prefix: "dash7-edge-bundle-" });
  try {
    const output = `${directory}/bundle.js`;
    const { success, err } = await runProgram(Deno.execPath(), [
      "bundle",
      "--quiet",
      "--frozen",
      "--minify",
      "--platform",
      "deno",
      "--sourcemap=external",
      "--output",
      output,
      "main.ts",
    ], { cwd: root });
    if (!success) throw new BuildError(`Cannot bundle main.ts:\n${err}`);
    const mark = buildMark({ commit: origin.commit });
    return {
      program: new TextEncoder().encode(
        `${mark}\n${await Deno.readTextFile(output)}`,
      ),
      packages: packagesOf(await Deno.readTextFile(`${output}.map`)),
    };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** The packages that the sources of a source map lie in: Deno keeps them as `npm/HOST/NAME/VERSION/`. */
function packagesOf(sourceMap: string): string[] {
  const { sources }: { sources: string[] } = JSON.parse(sourceMap);
  const found = new Set<string>();
  for (const source of sources) {
    const [, name, version] =
      /\/npm\/[^/]+\/((?:@[^/]+\/)?[^/]+)\/([^/]+)\//.exec(source) ?? [];
    if (name !== undefined) found.add(`${name}@${version}`);
  }
  return [...found].sort();
}
