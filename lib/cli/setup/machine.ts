/**
 * The machine that is set up: its file tree, its programs and what is known
 * about it. All that `install`, `uninstall` and `upgrade` do goes through here.
 *
 * @module
 */
import { statfsSync } from "node:fs";
import { type Clock, kernelClock, systemClock } from "../../clock.ts";
import { glibcVersion } from "../../serial/libc.ts";
import { places } from "./files.ts";

/** How a program ended. */
export interface Ran {
  readonly code: number;
  /** What it printed on both streams. */
  readonly text: string;
}

/** What is known about the machine. */
export interface Facts {
  /** User id of this process. */
  readonly uid: number;
  /** Machine of the running system's programs. */
  readonly arch: Arch | "32-bit" | "unknown";
  readonly pageBytes: number;
  /** Version of the C library; null when it cannot be known. */
  readonly glibc: string | null;
  /** Free bytes where programs go. */
  readonly freeBytes: number;
  /** Whether this is the running system, and not a tree of files. */
  readonly live: boolean;
  /** Whether systemd runs here. */
  readonly systemd: boolean;
}

/** Machines there are programs for, as `uname -m` says. */
export type Arch = "x86_64" | "aarch64";

/** The machine that is set up. */
export interface Machine {
  /** Directory that stands for `/`; empty for the running system. */
  readonly root: string;
  readonly clock: Clock;
  facts(): Facts;
  /** Runs a program to its end; one that is not there ends with 127. */
  run(command: readonly string[]): Promise<Ran>;
  /** Gives a file to a user and a group of the machine. */
  own(path: string, user: string, group: string): Promise<void>;
}

/** Oldest C library the runtime starts with. */
export const GLIBC_MIN = "2.27";

/** Loader of 64-bit programs, by machine. */
const LOADERS: Readonly<Record<Arch, string>> = {
  x86_64: "/lib64/ld-linux-x86-64.so.2",
  aarch64: "/lib/ld-linux-aarch64.so.1",
};

/** @param root directory that stands for `/`; empty or `/` for the running system */
export function thisMachine(root: string): Machine {
  const at = root.replace(/\/+$/, "");
  return {
    root: at,
    clock: systemClock(kernelClock(() => true)),
    facts: () => ({
      uid: Deno.uid() ?? 0,
      arch: archOf(at),
      pageBytes: pageBytes(),
      glibc: at === "" ? glibcVersion() : null,
      freeBytes: freeBytes(`${at}${places.binary}`),
      live: at === "",
      systemd: at === "" && exists("/run/systemd/system"),
    }),
    run: runProgram,
    async own(path, user, group) {
      await Deno.chown(
        path,
        idIn(`${at}/etc/passwd`, user),
        idIn(`${at}/etc/group`, group),
      );
    },
  };
}

/** Whether something has that name. */
export function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

function archOf(root: string): Facts["arch"] {
  const ours = Deno.build.arch;
  if (exists(`${root}${LOADERS[ours]}`)) return ours;
  for (const arch of ["x86_64", "aarch64"] as const) {
    if (exists(`${root}${LOADERS[arch]}`)) return arch;
  }
  const old = ["/lib/ld-linux-armhf.so.3", "/lib/ld-linux.so.2"];
  return old.some((loader) => exists(`${root}${loader}`))
    ? "32-bit"
    : "unknown";
}

/** Page size, from what the kernel tells every program [getauxval(3), AT_PAGESZ]. */
function pageBytes(): number {
  const words = new BigUint64Array(Deno.readFileSync("/proc/self/auxv").buffer);
  for (let at = 0; at + 1 < words.length; at += 2) {
    if (words[at] === 6n) return Number(words[at + 1]);
  }
  return 4096;
}

/** Free bytes where a file will be; its directories may be missing yet. */
function freeBytes(path: string): number {
  for (let dir = path; dir !== "";) {
    dir = dir.slice(0, Math.max(0, dir.lastIndexOf("/")));
    if (exists(dir || "/")) {
      const { bavail, bsize } = statfsSync(dir || "/");
      return bavail * bsize;
    }
  }
  return 0;
}

async function runProgram([program = "", ...args]: readonly string[]): Promise<
  Ran
> {
  try {
    const { code, stdout, stderr } = await new Deno.Command(program, {
      args,
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { code: 127, text: `Cannot run ${program}: ${reason}\n` };
  }
}

/** A number from `/etc/passwd` or `/etc/group`; null if the name is not there. */
export function idOf(file: string, name: string): number | null {
  if (!exists(file)) return null;
  for (const line of Deno.readTextFileSync(file).split("\n")) {
    const [found, , id] = line.split(":");
    if (found === name && id !== undefined) return Number(id);
  }
  return null;
}

function idIn(file: string, name: string): number {
  const id = name === "root" ? 0 : idOf(file, name);
  if (id === null) throw new Error(`Cannot find ${name} in ${file}`);
  return id;
}
