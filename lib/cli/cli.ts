/**
 * The command table: one row a verb, one file a verb beside this one.
 *
 * @module
 */
import { group, or } from "@optique/core/constructs";
import { message, text } from "@optique/core/message";
import { run } from "@optique/run";
import project from "../../deno.json" with { type: "json" };
import { currentBuild } from "./build.ts";
import { checkCommand } from "./check.ts";
import { decodeCommand, encodeCommand } from "./decode.ts";
import { demoCommand } from "./demo.ts";
import { devicesCommand } from "./devices.ts";
import { diagCommand } from "./diag.ts";
import { doctorCommand } from "./doctor.ts";
import { explainCommand } from "./explain.ts";
import { verbOf, verbsIn, withMeant } from "./grammar.ts";
import { completionsHelp, tidyHelp, wantsCompletionsHelp } from "./help.ts";
import { initCommand } from "./init.ts";
import { installCommand } from "./install.ts";
import { type ExitCode, type Io, isOutputClosed } from "./io.ts";
import { monitorCommand } from "./monitor.ts";
import { portsCommand } from "./ports.ts";
import { queueCommand } from "./queue.ts";
import { replayCommand } from "./replay.ts";
import { runCommand } from "./run.ts";
import { schemaCommand } from "./schema.ts";
import { simulateCommand } from "./simulate.ts";
import { statusCommand } from "./status.ts";
import { uninstallCommand } from "./uninstall.ts";
import { upgradeCommand } from "./upgrade.ts";

/** Version of this program. */
export const version: string = project.version;

/** Every verb, in the groups that the help shows. */
const verbs = or(
  group(
    "Setting up",
    or(
      initCommand,
      checkCommand,
      doctorCommand,
      schemaCommand,
      portsCommand,
      installCommand,
      upgradeCommand,
      uninstallCommand,
    ),
  ),
  group("The agent", or(runCommand, demoCommand, simulateCommand)),
  group(
    "The running agent",
    or(
      statusCommand,
      devicesCommand,
      queueCommand,
      explainCommand,
      diagCommand,
    ),
  ),
  group(
    "Bytes",
    or(monitorCommand, replayCommand, decodeCommand, encodeCommand),
  ),
);

/** Every verb and sub-verb as it is typed, in the order of the help. */
export const verbNames: readonly string[] = [
  ...verbsIn(verbs.usage),
  "completions",
];

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
  const verb = verbOf(args, verbNames);
  const build = currentBuild();
  const width = io.terminal?.out ? Math.max(60, io.terminal.columns()) : 80;
  if (wantsCompletionsHelp(args)) {
    const asked = args.length > 1;
    (asked ? io.out : io.err)(completionsHelp);
    return asked ? 0 : 2;
  }
  const helps = lost || args.includes("--help") || args[0] === "help";
  try {
    const action = run(verbs, {
      programName: "dash7-edge",
      args: lost ? ["--help"] : args,
      brief: message`DASH7 readings from a serial modem to MQTT, none lost.`,
      description:
        message`Options and examples of a verb: dash7-edge VERB --help`,
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
      usageLine: [
        { type: "argument", metavar: "VERB" },
        { type: "optional", terms: [{ type: "argument", metavar: "OPTION" }] },
      ],
      ...(helps ? { maxWidth: width } : {}),
      termWidth: "auto",
      errorExitCode: 2,
      colors: io.colors,
      stdout: (text) => {
        const shown = helps ? tidyHelp(text, width) : text;
        (lost ? io.err : io.out)(`${shown}\n`);
      },
      stderr: (text) =>
        io.err(`${withMeant(text, verb, verbNames, verbs.usage)}\n`),
      onExit: (code) => {
        throw new Told(code);
      },
    });
    return await action(io);
  } catch (error) {
    if (error instanceof Told) {
      if (error.code === 0) return lost ? 2 : 0;
      io.err(
        verb === ""
          ? "All verbs: dash7-edge --help\n"
          : `All options: dash7-edge ${verb} --help\n`,
      );
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
