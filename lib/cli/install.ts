/**
 * `install`: what the copied file does to make its machine a gateway.
 *
 * @module
 */
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, optional } from "@optique/core/modifiers";
import { command, option } from "@optique/core/primitives";
import { string } from "@optique/core/valueparser";
import { programFile } from "./build.ts";
import type { Action, ExitCode, Io } from "./io.ts";
import { marked, NAME, places, ruleText, unitText } from "./setup/files.ts";
import {
  editedByHand,
  groupOf,
  keepStep,
  ownSteps,
  serviceSteps,
  settingsSteps,
  tryStep,
  userSteps,
} from "./setup/gateway.ts";
import { exists, type Machine, thisMachine } from "./setup/machine.ts";
import {
  refuseForeign,
  refuseLinks,
  SetupError,
  unfit,
} from "./setup/preflight.ts";
import {
  askSettings,
  defaultSettings,
  type Settings,
  settingsFromPioway,
} from "./setup/questions.ts";
import { directoryStep, fileStep, perform } from "./setup/steps.ts";

/** Option `--dry-run`, shared by the verbs that change the system. */
export const dryRunOption = option("--dry-run", {
  description: message`say what would be done, change nothing`,
});

/** Option `--root`, shared by the verbs that change the system. */
export const rootOption = optional(
  option("--root", string({ metavar: "DIR" }), {
    description:
      message`a directory that stands for /, such as a mounted image; nothing is started`,
  }),
);

/** Grammar of `install`. */
export const installCommand = command(
  "install",
  map(
    object({
      fromPioway: optional(
        option("--from-pioway", string({ metavar: "config.ini" }), {
          description: message`take the values of an old gateway over`,
        }),
      ),
      defaults: option("--defaults", {
        description: message`ask nothing`,
      }),
      overwrite: option("--overwrite", {
        description:
          message`replace a unit or rule that was edited by hand; the old one is kept as .edited`,
      }),
      dryRun: dryRunOption,
      root: rootOption,
      program: optional(
        option("--program", string({ metavar: "FILE" }), {
          description: message`the program to install; default is this one`,
        }),
      ),
    }),
    ({ root, ...options }): Action => (io) =>
      told(io, () =>
        install(
          {
            ...options,
            ask: !options.defaults && Deno.stdin.isTerminal(),
          },
          thisMachine(root ?? ""),
          io,
        )),
  ),
  {
    description:
      message`Make this machine a gateway: user, service, port rule, configuration; then start and check.`,
  },
);

/** How {@link install} is done. */
export interface InstallOptions {
  readonly fromPioway?: string | undefined;
  /** Whether somebody is there to answer questions. */
  readonly ask: boolean;
  readonly overwrite: boolean;
  readonly dryRun: boolean;
  /** The program to install; default is the running one. */
  readonly program?: string | undefined;
}

/** Says on stderr why a gateway was not changed. */
export async function told(
  io: Io,
  work: () => Promise<ExitCode>,
): Promise<ExitCode> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    io.err(`${error.message}\n`);
    return 1;
  }
}

/** @throws {SetupError} when nothing was changed, or all was taken back */
export async function install(
  options: InstallOptions,
  machine: Machine,
  io: Io,
): Promise<ExitCode> {
  const { dryRun } = options;
  const { root } = machine;
  const program = options.program ?? ownFile(io);
  const facts = machine.facts();
  refusePackaged(machine);
  const { size } = await Deno.stat(program).catch(() => {
    throw new SetupError(`Cannot read ${program}: no such file`);
  });
  const reasons = unfit(facts, size);
  if (reasons.length > 0) throw new SetupError(reasons.join("\n"));
  await refuseForeign(program, facts);
  await refuseLinks(machine);
  if (groupOf(machine, "dialout") === null) {
    throw new SetupError(
      "This system has no group dialout, which serial ports belong to: add it with groupadd --system dialout",
    );
  }
  const edited = await editedByHand(machine);
  if (edited.length > 0 && !options.overwrite) {
    throw new SetupError(
      edited.map((path) =>
        `${path} was edited by hand and is left as it is: move the changes to a drop-in (systemctl edit ${NAME}), or replace it with --overwrite`
      ).join("\n"),
    );
  }
  needRoot("install", facts.uid, dryRun, io);

  const configured = exists(`${root}${places.config}`);
  const settings = configured ? null : await settingsFor(options, io);
  if (configured && options.fromPioway !== undefined) {
    io.err(
      `${places.config} is there already and is left as it is; ${options.fromPioway} is not taken over\n`,
    );
  }
  const setup = [
    ...userSteps(machine),
    fileStep(machine, places.binary, await Deno.readFile(program), 0o755),
    ...(facts.live ? [tryStep(machine)] : []),
    directoryStep(machine, places.configDir, 0o750),
    ...ownSteps(machine, [[places.configDir, "root"]]),
    ...settingsSteps(machine, settings),
    directoryStep(machine, places.state, 0o700),
    ...ownSteps(machine, [[places.state, NAME]]),
    ...edited.map((path) => keepStep(machine, path)),
    fileStep(machine, places.rule, await marked(ruleText()), 0o644),
    fileStep(machine, places.unit, await marked(unitText()), 0o644),
  ];
  // What is running must be started again if one of these is news.
  const news = await Promise.all(
    setup.map((step) => step.always === true ? false : step.needed()),
  );
  await perform([...setup, ...serviceSteps(machine, facts)], io, {
    dryRun,
  });
  if (dryRun || !facts.live) return 0;
  if (!facts.systemd) {
    io.err(
      "No systemd runs here: start it with monit or by hand (see deploy/dash7-edge.monit)\n",
    );
    return 0;
  }
  return await startAndCheck(machine, io, news.includes(true));
}

/** Starts the service, which returns once it says that it is ready, and tries port and brokers. */
async function startAndCheck(
  machine: Machine,
  io: Io,
  changed: boolean,
): Promise<ExitCode> {
  const check = [places.binary, "check", "--config", places.config];
  const good = await machine.run(check);
  if (good.code !== 0) {
    io.err(
      `${good.text}The service is installed and not started: correct ${places.config}, then systemctl start ${NAME}\n`,
    );
    return good.code === 78 ? 78 : 1;
  }
  const active = await machine.run(["systemctl", "is-active", "--quiet", NAME]);
  if (active.code === 0 && !changed) {
    io.out(`unchanged  ${NAME} is running\n`);
  } else {
    const started = await machine.run(["systemctl", "restart", NAME]);
    if (started.code !== 0) {
      io.out(`FAILED     start: systemctl restart ${NAME}\n`);
      io.err(
        `${started.text}The service does not become ready: journalctl -u ${NAME} says why\n`,
      );
      return 1;
    }
    io.out(`done       start: systemctl restart ${NAME}\n`);
  }
  const { code, text } = await machine.run([...check, "--connect"]);
  io.out(text);
  if (code !== 0) {
    io.err("The service runs and tries on by itself what failed here\n");
  }
  return code === 0 ? 0 : 1;
}

/**
 * The file that this program came in: the compiled program itself, or the
 * portable file that has unpacked it.
 *
 * @throws {SetupError} when it runs from source
 */
export function ownFile(io: Io): string {
  if (Deno.build.standalone || io.env("DASH7_EDGE_FILE")) {
    return programFile(io.env);
  }
  throw new SetupError(
    "This runs from source: make the one-file program with deno task compile, and name it with --program",
  );
}

/** Two programs that look after the same service would undo each other's work. */
export function refusePackaged(machine: Machine): void {
  if (!exists(`${machine.root}${places.package}`)) return;
  throw new SetupError(
    `The package ${NAME} is installed here: upgrade or remove it with apt`,
  );
}

/** Changes need root; a dry run only says so. */
export function needRoot(
  verb: string,
  uid: number,
  dryRun: boolean,
  io: Io,
): void {
  if (uid === 0) return;
  const text =
    `${verb} changes the system and needs root: sudo ${NAME} ${verb}`;
  if (!dryRun) throw new SetupError(text);
  io.err(`${text}\n`);
}

async function settingsFor(
  { fromPioway, ask }: InstallOptions,
  io: Io,
): Promise<Settings> {
  if (fromPioway !== undefined) return await settingsFromPioway(fromPioway);
  return ask ? await askSettings(io, Deno.hostname()) : defaultSettings();
}
