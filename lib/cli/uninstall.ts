/**
 * `uninstall`: undoes what `install` did.
 *
 * @module
 */
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map } from "@optique/core/modifiers";
import { command, option } from "@optique/core/primitives";
import {
  dryRunOption,
  needRoot,
  refusePackaged,
  rootOption,
  told,
} from "./install.ts";
import type { Action, ExitCode, Io } from "./io.ts";
import { NAME, places } from "./setup/files.ts";
import {
  editedByHand,
  keepStep,
  onRoot,
  reloadSteps,
  userOf,
} from "./setup/gateway.ts";
import { exists, type Machine, thisMachine } from "./setup/machine.ts";
import { commandStep, perform, removeStep, type Step } from "./setup/steps.ts";

/** Grammar of `uninstall`. */
export const uninstallCommand = command(
  "uninstall",
  map(
    object({
      purge: option("--purge", {
        description:
          message`also remove configuration, readings and user; not to be undone`,
      }),
      dryRun: dryRunOption,
      root: rootOption,
    }),
    ({ root, ...options }): Action => (io) =>
      told(io, () => uninstall(options, thisMachine(root ?? ""), io)),
  ),
  { description: message`Undo what install did; readings stay.` },
);

/** @throws {SetupError} when nothing was changed */
export async function uninstall(
  options: { readonly purge: boolean; readonly dryRun: boolean },
  machine: Machine,
  io: Io,
): Promise<ExitCode> {
  const { purge, dryRun } = options;
  const facts = machine.facts();
  refusePackaged(machine);
  needRoot("uninstall", facts.uid, dryRun, io);
  const installed = () => exists(`${machine.root}${places.unit}`);
  const edited = await editedByHand(machine);
  const steps: Step[] = [];
  if (facts.systemd) {
    steps.push(
      commandStep(machine, "stop and disable", [
        "systemctl",
        "disable",
        "--now",
        NAME,
      ], { needed: installed }),
    );
  } else if (!facts.live) {
    steps.push(
      commandStep(machine, "disable", [
        "systemctl",
        `--root=${machine.root}`,
        "disable",
        NAME,
      ], { needed: installed }),
    );
  }
  if (!purge) steps.push(...edited.map((path) => keepStep(machine, path)));
  const gone = [
    places.unit,
    places.rule,
    places.binary,
    places.previous,
    places.staged,
    places.cache,
    places.shared,
  ];
  steps.push(...gone.map((path) => removeStep(machine, path)));
  if (purge) {
    steps.push(
      removeStep(machine, places.configDir),
      removeStep(machine, places.state),
      removeStep(machine, `${places.unit}.d`),
      removeStep(machine, `${places.unit}.edited`),
      removeStep(machine, `${places.rule}.edited`),
      commandStep(machine, "remove user", onRoot(machine, ["userdel", NAME]), {
        needed: () => userOf(machine, NAME) !== null,
      }),
    );
  }
  if (facts.systemd) steps.push(...reloadSteps(machine));
  await perform(steps, io, { dryRun });
  if (!purge && exists(`${machine.root}${places.configDir}`)) {
    io.err(
      `Configuration (${places.configDir}) and readings (${places.state}) stay; --purge removes them\n`,
    );
  }
  return 0;
}
