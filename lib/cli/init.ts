/**
 * `init`: writes a commented configuration to start from.
 *
 * @module
 */
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, optional, withDefault } from "@optique/core/modifiers";
import { command, option } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import { fromPioway } from "../config/pioway.ts";
import { renderTemplate } from "../config/template.ts";
import type { Action, ExitCode, Io } from "./io.ts";

/** Grammar of `init`. */
export const initCommand = command(
  "init",
  map(
    object({
      fromPioway: optional(
        option("--from-pioway", string({ metavar: "config.ini" }), {
          description: message`take the values of an old gateway over`,
        }),
      ),
      out: withDefault(
        option("--out", string({ metavar: "FILE" }), {
          description: message`where to write; default is stdout`,
        }),
        "-",
      ),
    }),
    ({ fromPioway, out }): Action => (io) => init(fromPioway, out, io),
  ),
  { description: message`Write a commented configuration.` },
);

async function init(
  pioway: string | undefined,
  out: string,
  io: Io,
): Promise<ExitCode> {
  const text = pioway === undefined
    ? renderTemplate()
    : fromPioway(await readText(pioway));
  if (out === "-") {
    io.out(text);
    return 0;
  }
  try {
    // Others must not read it: passwords may be written into it.
    await Deno.writeTextFile(out, text, { createNew: true, mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) {
      throw new Error(`Cannot write ${out}: ${reason(error)}`, {
        cause: error,
      });
    }
    io.err(
      `${out} exists and is left as it is; choose another name with --out\n`,
    );
    return 1;
  }
  io.err(
    `Wrote ${out}. Fill it in, then: dash7-edge check --config ${out} --connect\n`,
  );
  return 0;
}

async function readText(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new Error(`Cannot read ${path}: ${reason(error)}`, { cause: error });
  }
}

/** The system's words, without the name of the call. */
function reason(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "no such file or directory";
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/ \(os error \d+\)(: .*)?$/, "");
}
