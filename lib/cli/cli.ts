/**
 * The command table: one row a verb, one file a verb beside this one.
 *
 * @module
 */
import { or } from "@optique/core/constructs";
import { message, text } from "@optique/core/message";
import { run } from "@optique/run";
import project from "../../deno.json" with { type: "json" };
import { currentBuild } from "./build.ts";
import { checkCommand } from "./check.ts";
import { decodeCommand, encodeCommand } from "./decode.ts";
import { demoCommand } from "./demo.ts";
import { devicesCommand } from "./devices.ts";
import { initCommand } from "./init.ts";
import { installCommand } from "./install.ts";
import { type ExitCode, type Io, isOutputClosed } from "./io.ts";
import { portsCommand } from "./ports.ts";
import { runCommand } from "./run.ts";
import { schemaCommand } from "./schema.ts";
import { simulateCommand } from "./simulate.ts";
import { uninstallCommand } from "./uninstall.ts";
import { upgradeCommand } from "./upgrade.ts";

/** Version of this program. */
export const version: string = project.version;

/** Every verb. */
const verbs = or(
  runCommand,
  checkCommand,
  initCommand,
  schemaCommand,
  portsCommand,
  decodeCommand,
  encodeCommand,
  simulateCommand,
  demoCommand,
  installCommand,
  uninstallCommand,
  upgradeCommand,
  devicesCommand,
);

/** The parser has said all there is to say: help, version or wrong usage. */
class Told extends Error {
  constructor(readonly code: number) {
    super();
  }
}

/**
 * Runs one command line to its end.
 *
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage, 78 configuration refused
 */
export async function main(
  args: readonly string[],
  io: Io,
): Promise<ExitCode> {
  // Who says nothing wants to know what could be said.
  const lost = args.length === 0;
  const build = currentBuild();
  try {
    const action = run(verbs, {
      programName: "dash7-edge",
      args: lost ? ["--help"] : args,
      brief: message`DASH7 readings from a serial modem to MQTT, none lost.`,
      ...(build === null ? {} : {
        footer: message`${text(`Version ${version}, commit ${build.commit}`)}`,
      }),
      help: { command: true, option: true },
      version: { value: version, option: true },
      completion: {
        command: { names: ["completions"], hidden: "usage" },
      },
      aboveError: "none",
      showChoices: true,
      errorExitCode: 2,
      colors: io.colors,
      stdout: (text) => (lost ? io.err : io.out)(`${text}\n`),
      stderr: (text) => io.err(`${text}\n`),
      onExit: (code) => {
        throw new Told(code);
      },
    });
    return await action(io);
  } catch (error) {
    if (error instanceof Told) {
      if (error.code === 0) return lost ? 2 : 0;
      io.err("All verbs and options: dash7-edge --help\n");
      return 2;
    }
    if (isOutputClosed(error)) return 0;
    io.err(`dash7-edge: ${error instanceof Error ? error.message : error}\n`);
    if (io.env("DASH7_EDGE_DEBUG") && error instanceof Error) {
      io.err(`${error.stack}\n`);
    }
    return 1;
  }
}
