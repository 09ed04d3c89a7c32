/**
 * What a built program knows of its own making. From source there is nothing
 * to know: git has it all.
 *
 * @module
 */

/** The making of a built program. */
export interface Build {
  /** Commit it was built from, 40 hex digits, with `-dirty` after changes. */
  readonly commit: string;
}

const key = "dash7-edge.build";

/** Line of code that tells the program about its making; it comes first in the bundle. */
export function buildMark({ commit }: Build): string {
  return `globalThis[Symbol.for(${JSON.stringify(key)})]=${
    JSON.stringify({ commit })
  };`;
}

/** The making of the running program; null from source. */
export function currentBuild(): Build | null {
  const value: unknown = Reflect.get(globalThis, Symbol.for(key));
  return typeof value === "object" && value !== null && "commit" in value &&
      typeof value.commit === "string"
    ? { commit: value.commit }
    : null;
}

/**
 * The file that a user copied here and runs: a portable file names itself, as
 * the process that runs is the runtime it has unpacked.
 */
export function programFile(env: (name: string) => string | undefined): string {
  return env("DASH7_EDGE_FILE") || Deno.execPath();
}
