/**
 * A machine to be set up, in a directory: programs are played, files are real.
 *
 * @module
 */
import {
  exists,
  type Facts,
  type Machine,
  type Ran,
} from "../../lib/cli/setup/machine.ts";
import { type FakeClock, fakeClock } from "./clock.ts";

/** What a played program does; null leaves it to the usual ones. */
export type Program = (command: readonly string[]) => Ran | null;

/** A {@link Machine} whose programs the test plays. */
export interface FakeMachine extends Machine, AsyncDisposable {
  readonly clock: FakeClock;
  /** Every command that was run. */
  readonly commands: string[];
  /** `PATH user:group` of every file that was given away. */
  readonly owners: Map<string, string>;
  /** Asked before the usual programs. */
  program: Program;
  facts: () => Facts;
  /** Facts that differ from a healthy gateway's. */
  odd: Partial<Facts>;
  /** Whether the service runs. */
  running: boolean;
  /** Path of a file on the machine. */
  at(path: string): string;
  /** Text of a file on the machine; null if it is not there. */
  text(path: string): Promise<string | null>;
  /** Every file and directory with mode and content, to compare. */
  tree(): Promise<string[]>;
}

const fine: Ran = { code: 0, text: "" };

/** A Debian with systemd and nothing of ours. */
export async function fakeMachine(): Promise<FakeMachine> {
  const root = await Deno.makeTempDir({ prefix: "dash7-edge-root-" });
  await Deno.mkdir(`${root}/etc`);
  await Deno.writeTextFile(
    `${root}/etc/passwd`,
    "root:x:0:0:root:/root:/bin/sh\n",
  );
  await Deno.writeTextFile(`${root}/etc/group`, "root:x:0:\ndialout:x:20:\n");
  const wants =
    `${root}/etc/systemd/system/multi-user.target.wants/dash7-edge.service`;
  const usual = (command: readonly string[]): Ran => {
    const [program = ""] = command;
    const words = command.join(" ");
    if (program === "useradd") {
      Deno.writeTextFileSync(
        `${root}/etc/passwd`,
        "dash7-edge:x:990:990::/var/lib/dash7-edge:/usr/sbin/nologin\n",
        { append: true },
      );
      Deno.writeTextFileSync(`${root}/etc/group`, "dash7-edge:x:990:\n", {
        append: true,
      });
    }
    if (program === "userdel") {
      for (const file of ["passwd", "group"]) {
        const text = Deno.readTextFileSync(`${root}/etc/${file}`);
        Deno.writeTextFileSync(
          `${root}/etc/${file}`,
          text.replace(/^dash7-edge:.*\n/m, ""),
        );
      }
    }
    if (/^systemctl enable/.test(words)) {
      Deno.mkdirSync(wants.slice(0, wants.lastIndexOf("/")), {
        recursive: true,
      });
      Deno.symlinkSync("/etc/systemd/system/dash7-edge.service", wants);
    }
    if (/^systemctl disable/.test(words)) {
      if (exists(wants)) Deno.removeSync(wants);
      machine.running = false;
    }
    if (/^systemctl restart/.test(words)) machine.running = true;
    if (/^systemctl is-active/.test(words)) {
      return { code: machine.running ? 0 : 3, text: "" };
    }
    if (/^systemctl show/.test(words)) {
      return {
        code: 0,
        text: `MainPID=7\nNRestarts=0\nActiveState=${
          machine.running ? "active" : "inactive"
        }\n`,
      };
    }
    if (words.endsWith("--version")) return { code: 0, text: "0.1.0\n" };
    return fine;
  };
  const healthy: Facts = {
    uid: 0,
    arch: "aarch64",
    pageBytes: 4096,
    glibc: "2.36",
    freeBytes: 8e9,
    live: true,
    systemd: true,
  };
  const machine: FakeMachine = {
    root,
    clock: fakeClock(),
    commands: [],
    owners: new Map(),
    program: () => null,
    odd: {},
    running: false,
    facts: () => ({ ...healthy, ...machine.odd }),
    run(command) {
      machine.commands.push(command.join(" "));
      return Promise.resolve(machine.program(command) ?? usual(command));
    },
    own(path, user, group) {
      machine.owners.set(path.slice(root.length), `${user}:${group}`);
      return Promise.resolve();
    },
    at: (path) => `${root}${path}`,
    text: (path) => Deno.readTextFile(`${root}${path}`).catch(() => null),
    tree: () => listed(root),
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
  return machine;
}

async function listed(dir: string): Promise<string[]> {
  const rows: string[] = [];
  for await (const { name, isDirectory, isSymlink } of Deno.readDir(dir)) {
    const path = `${dir}/${name}`;
    if (isSymlink) rows.push(`${name} -> ${await Deno.readLink(path)}`);
    else {
      const mode = ((await Deno.stat(path)).mode ?? 0) & 0o777;
      rows.push(`${name} ${mode.toString(8)}`);
      if (isDirectory) {
        rows.push(...(await listed(path)).map((row) => `${name}/${row}`));
      } else rows.push(`${name} = ${await Deno.readTextFile(path)}`);
    }
  }
  return rows.sort();
}
