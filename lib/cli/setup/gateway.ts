/**
 * The steps that make a gateway of a machine, and what they look at.
 *
 * @module
 */
import { isUntouched, NAME, places } from "./files.ts";
import { exists, type Facts, idOf, type Machine } from "./machine.ts";
import { tryOut } from "./preflight.ts";
import type { Settings } from "./questions.ts";
import { commandStep, fileStep, replaceFile, type Step } from "./steps.ts";

/** Units and rules that are not as an `install` left them. */
export async function editedByHand(machine: Machine): Promise<string[]> {
  const edited: string[] = [];
  for (const path of [places.unit, places.rule]) {
    const file = `${machine.root}${path}`;
    if (!exists(file)) continue;
    if (!await isUntouched(await Deno.readTextFile(file))) edited.push(path);
  }
  return edited;
}

/** The user that the agent runs as, with leave to open serial ports. */
export function userSteps(machine: Machine): Step[] {
  const useradd = [
    "useradd",
    "--system",
    "--user-group",
    "--groups",
    "dialout",
    "--home-dir",
    places.state,
    "--no-create-home",
    "--shell",
    "/usr/sbin/nologin",
    NAME,
  ];
  return [
    commandStep(machine, "add user", onRoot(machine, useradd), {
      needed: () => userOf(machine, NAME) === null,
      undo: onRoot(machine, ["userdel", NAME]),
    }),
  ];
}

/** Only running it proves that it can run; a portable program unpacks itself meanwhile, for all users. */
export function tryStep(machine: Machine): Step {
  return {
    text: `try ${places.binary} --version`,
    always: true,
    needed: () => true,
    async act() {
      await tryOut(machine, places.binary);
    },
  };
}

/** Configuration and password; null leaves those that are there. */
export function settingsSteps(
  machine: Machine,
  settings: Settings | null,
): Step[] {
  if (settings === null) {
    return [{
      text: `write ${places.config}`,
      needed: () => false,
      act() {},
    }];
  }
  const steps = [fileStep(machine, places.config, settings.config, 0o640)];
  const owned: [string, string][] = [[places.config, "root"]];
  if (settings.password !== null) {
    const text = `${settings.password}\n`;
    steps.push(fileStep(machine, places.password, text, 0o640));
    owned.push([places.password, "root"]);
  }
  return [...steps, ...ownSteps(machine, owned)];
}

/** The agent's group may read; others may not. */
export function ownSteps(
  machine: Machine,
  owners: readonly (readonly [path: string, user: string])[],
): Step[] {
  return owners.map(([path, user]) => ({
    text: `give ${path} to ${user}:${NAME}`,
    needed: () => ownedBy(machine, path, user) === false,
    act: () => machine.own(`${machine.root}${path}`, user, NAME),
  }));
}

/** Whether a file is its user's already; false as well when one is missing yet. */
function ownedBy(machine: Machine, path: string, user: string): boolean {
  const uid = user === "root" ? 0 : userOf(machine, user);
  const gid = groupOf(machine, NAME);
  try {
    const info = Deno.statSync(`${machine.root}${path}`);
    return info.uid === uid && info.gid === gid;
  } catch {
    return false;
  }
}

/** Puts a file that was edited by hand aside. */
export function keepStep(machine: Machine, path: string): Step {
  const file = `${machine.root}${path}`;
  return {
    text: `keep the edited ${path} as ${path}.edited`,
    needed: () => exists(file),
    async act() {
      const { mode } = await Deno.stat(file);
      const bytes = await Deno.readFile(file);
      await replaceFile(`${file}.edited`, bytes, (mode ?? 0o644) & 0o777);
    },
    undo: () => Deno.remove(`${file}.edited`),
  };
}

/** Makes the service known and start at boot. */
export function serviceSteps(machine: Machine, facts: Facts): Step[] {
  const enabled = () =>
    exists(
      `${machine.root}/etc/systemd/system/multi-user.target.wants/${NAME}.service`,
    );
  if (!facts.systemd) {
    return facts.live ? [] : [
      commandStep(machine, "enable", [
        "systemctl",
        `--root=${machine.root}`,
        "enable",
        NAME,
      ], { needed: () => !enabled() }),
    ];
  }
  return [
    ...reloadSteps(machine),
    commandStep(machine, "enable", ["systemctl", "enable", NAME], {
      needed: () => !enabled(),
      undo: ["systemctl", "disable", NAME],
    }),
  ];
}

/** Makes systemd and udev read their files again. */
export function reloadSteps(machine: Machine): Step[] {
  return [
    commandStep(machine, "reload units", ["systemctl", "daemon-reload"]),
    commandStep(machine, "reload rules", ["udevadm", "control", "--reload"], {
      needed: () => exists(`${machine.root}/run/udev`),
    }),
    commandStep(machine, "apply rules", [
      "udevadm",
      "trigger",
      "--subsystem-match=tty",
    ], { needed: () => exists(`${machine.root}/run/udev`) }),
  ];
}

/** A command of the shadow tools, for another root. */
export function onRoot(machine: Machine, command: readonly string[]): string[] {
  const [program = "", ...rest] = command;
  return machine.root === ""
    ? [program, ...rest]
    : [program, "--prefix", machine.root, ...rest];
}

/** Number of a user of the machine; null if there is none. */
export function userOf(machine: Machine, name: string): number | null {
  return idOf(`${machine.root}/etc/passwd`, name);
}

/** Number of a group of the machine; null if there is none. */
export function groupOf(machine: Machine, name: string): number | null {
  return idOf(`${machine.root}/etc/group`, name);
}
