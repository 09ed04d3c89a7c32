/**
 * Changes to a gateway as a list of steps: each is told, done once, skipped when
 * there is nothing to do, and taken back when a later one fails.
 *
 * @module
 */
import type { Io } from "../io.ts";
import { exists, type Machine } from "./machine.ts";
import { reasonOf, SetupError } from "./preflight.ts";

/** One change. */
export interface Step {
  /** What it does, e.g. `write /etc/…`. */
  readonly text: string;
  /** Whether there is anything to do. */
  readonly needed: () => boolean | Promise<boolean>;
  /** A step that is done each time and makes no difference. */
  readonly always?: boolean;
  readonly act: () => void | Promise<void>;
  /** Takes {@link act} back. */
  readonly undo?: () => void | Promise<void>;
}

/** How {@link perform} works. */
export interface PerformOptions {
  /** Say what would be done, and do nothing. */
  readonly dryRun: boolean;
}

/**
 * Performs steps in order and prints each.
 *
 * @throws {SetupError} when one failed; those before it were taken back
 */
export async function perform(
  steps: readonly Step[],
  io: Io,
  { dryRun }: PerformOptions,
): Promise<void> {
  const done: Step[] = [];
  for (const step of steps) {
    try {
      if (!await step.needed()) {
        io.out(`unchanged  ${step.text}\n`);
        continue;
      }
      if (dryRun) {
        io.out(`would      ${step.text}\n`);
        continue;
      }
      await step.act();
      done.push(step);
      io.out(`done       ${step.text}\n`);
    } catch (error) {
      io.out(`FAILED     ${step.text}\n`);
      // A step that broke half-way may have left something as well.
      let left = 0;
      for (const before of [step, ...done.reverse()]) {
        if (before.undo === undefined) continue;
        try {
          await before.undo();
          io.out(`undone     ${before.text}\n`);
        } catch (cause) {
          left++;
          io.out(`NOT undone ${before.text}: ${reasonOf(cause)}\n`);
        }
      }
      throw new SetupError(
        `Cannot ${step.text}: ${reasonOf(error)}; ${
          left === 0
            ? "nothing of this run is left"
            : "what could not be taken back is told above"
        }`,
        { cause: error },
      );
    }
  }
}

/**
 * A file that is to have a content; written beside it and put in its place at
 * once. A symbolic link in its place is replaced, never followed.
 */
export function fileStep(
  machine: Machine,
  path: string,
  content: string | Uint8Array<ArrayBuffer>,
  mode: number,
): Step {
  const file = `${machine.root}${path}`;
  const bytes = typeof content === "string"
    ? new TextEncoder().encode(content)
    : content;
  let before:
    | { readonly bytes: Uint8Array; readonly mode: number }
    | { readonly link: string }
    | null = null;
  return {
    text: `write ${path} (mode ${mode.toString(8).padStart(4, "0")})`,
    async needed() {
      const info = await Deno.lstat(file).catch(() => null);
      if (info === null) return true;
      if (info.isSymlink) {
        before = { link: await Deno.readLink(file) };
        return true;
      }
      before = {
        bytes: await Deno.readFile(file),
        mode: (info.mode ?? 0) & 0o7777,
      };
      return before.mode !== mode || !equal(before.bytes, bytes);
    },
    async act() {
      await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), {
        recursive: true,
      });
      await replaceFile(file, bytes, mode);
    },
    async undo() {
      if (before !== null && "bytes" in before) {
        await replaceFile(file, before.bytes, before.mode);
        return;
      }
      if (exists(file)) await Deno.remove(file);
      if (before !== null) await Deno.symlink(before.link, file);
    },
  };
}

/** Writes a file so that there is the old one or the new one, never half of it. */
export async function replaceFile(
  file: string,
  bytes: Uint8Array,
  mode: number,
): Promise<void> {
  const temporary = `${file}.dash7-edge-new`;
  // Left by a run that was cut off, or a link that leads elsewhere.
  if (exists(temporary)) await Deno.remove(temporary);
  try {
    using opened = await Deno.open(temporary, {
      write: true,
      createNew: true,
      mode,
    });
    for (let at = 0; at < bytes.length;) {
      at += await opened.write(bytes.subarray(at));
    }
    await opened.sync();
    // The mask of this process has no say.
    await Deno.chmod(temporary, mode);
    await Deno.rename(temporary, file);
  } catch (error) {
    if (exists(temporary)) await Deno.remove(temporary);
    throw error;
  }
}

/** A directory that is to be there. */
export function directoryStep(
  machine: Machine,
  path: string,
  mode: number,
): Step {
  const dir = `${machine.root}${path}`;
  let made = false;
  return {
    text: `make directory ${path} (mode ${mode.toString(8).padStart(4, "0")})`,
    needed: () => !exists(dir),
    async act() {
      await Deno.mkdir(dir, { recursive: true, mode });
      made = true;
      await Deno.chmod(dir, mode);
    },
    async undo() {
      if (made) await Deno.remove(dir, { recursive: true });
    },
  };
}

/** A program that is to be run; its failure is the step's. */
export function commandStep(
  machine: Machine,
  text: string,
  command: readonly string[],
  options: {
    readonly needed?: () => boolean | Promise<boolean>;
    readonly undo?: readonly string[];
  } = {},
): Step {
  const { needed = () => true, undo } = options;
  return {
    text: `${text}: ${command.join(" ")}`,
    needed,
    async act() {
      const { code, text } = await machine.run(command);
      if (code !== 0) throw new Error(text.trim() || `it ended with ${code}`);
    },
    ...(undo === undefined ? {} : {
      async undo() {
        await machine.run(undo);
      },
    }),
  };
}

/** A file or directory that is to be gone. */
export function removeStep(machine: Machine, path: string): Step {
  const file = `${machine.root}${path}`;
  return {
    text: `remove ${path}`,
    needed: () => exists(file),
    act: () => Deno.remove(file, { recursive: true }),
  };
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
