/**
 * The verbs as the command line itself tells them: `--help` of each, and what
 * a line of a document may use of it.
 *
 * @module
 */
import { verbNames } from "../../lib/cli/cli.ts";
import { cli } from "../cli/command_line.ts";
import { fenced, type Parts } from "./parts.ts";

/** `--help` of a verb, or of everything for the empty one. */
export async function helpOf(verb: string): Promise<string> {
  const words = verb === "" ? [] : verb.split(" ");
  const { code, out, err } = await cli([...words, "--help"]);
  if (code !== 0) throw new Error(`${verb} --help ended with ${code}: ${err}`);
  return out.split("\n").map((line) => line.trimEnd()).join("\n").trim();
}

/** Long options that a verb's help names. */
export function optionsIn(help: string): ReadonlySet<string> {
  return new Set(help.match(/--[a-z][a-z-]*/g) ?? []);
}

/** `help VERB` → what `dash7-edge VERB --help` prints. */
export async function commandParts(): Promise<Parts> {
  const parts = new Map<string, () => string>();
  for (const verb of verbNames) {
    const help = await helpOf(verb);
    parts.set(`help ${verb}`, () => fenced("text", help));
  }
  return parts;
}
