/**
 * `upgrade`: puts another version in the place of the installed program, and the
 * old one back when the new one does not do its work.
 *
 * @module
 */
import { object } from "@optique/core/constructs";
import { message } from "@optique/core/message";
import { map, withDefault } from "@optique/core/modifiers";
import { argument, command, option } from "@optique/core/primitives";
import { integer, string } from "@optique/core/valueparser";
import { dryRunOption, needRoot, refusePackaged, told } from "./install.ts";
import { aborted, type Action, type ExitCode, type Io } from "./io.ts";
import { NAME, places, sha256 } from "./setup/files.ts";
import { exists, type Machine, thisMachine } from "./setup/machine.ts";
import {
  headOf,
  reasonOf,
  refuseForeign,
  SetupError,
  tryOut,
  unfit,
  verifyChecksum,
} from "./setup/preflight.ts";
import { replaceFile } from "./setup/steps.ts";

/** How often the new version is looked at, milliseconds. */
const LOOK_MS = 2000;

/** Grammar of `upgrade`. */
export const upgradeCommand = command(
  "upgrade",
  map(
    object({
      file: argument(string({ metavar: "FILE" }), {
        description: message`the new program, as it was downloaded`,
      }),
      watch: withDefault(
        option("--watch", integer({ metavar: "S", min: 0, max: 3600 }), {
          description:
            message`seconds that the new version has to run without a restart; default 60`,
        }),
        60,
      ),
      dryRun: dryRunOption,
    }),
    (options): Action => (io) =>
      told(io, () => upgrade(options, thisMachine(""), io)),
  ),
  {
    description:
      message`Replace the installed program by FILE, whose checksum stands beside it; back again if it does not work.`,
  },
);

/** How {@link upgrade} is done. */
export interface UpgradeOptions {
  readonly file: string;
  /** How long the new version is watched, seconds. */
  readonly watch: number;
  readonly dryRun: boolean;
}

/** @throws {SetupError} when nothing was changed */
export async function upgrade(
  { file, watch, dryRun }: UpgradeOptions,
  machine: Machine,
  io: Io,
): Promise<ExitCode> {
  const at = (path: string) => `${machine.root}${path}`;
  const facts = machine.facts();
  refusePackaged(machine);
  if (!exists(at(places.binary))) {
    throw new SetupError(
      `Cannot upgrade: ${places.binary} is not there; install it first`,
    );
  }
  if (!exists(file)) throw new SetupError(`Cannot read ${file}: no such file`);
  const reasons = unfit(facts, Deno.statSync(file).size);
  if (reasons.length > 0) throw new SetupError(reasons.join("\n"));
  await refuseForeign(file, facts);
  const wanted = await verifyChecksum(file);
  io.out(`verified   ${file}: SHA-256 ${wanted}\n`);
  needRoot("upgrade FILE", facts.uid, dryRun, io);

  const running = facts.systemd &&
    (await machine.run(["systemctl", "is-active", "--quiet", NAME])).code === 0;
  if (dryRun) {
    io.out(`would      keep ${places.binary} as ${places.previous}\n`);
    io.out(`would      put ${file} in its place\n`);
    if (running) {
      io.out(`would      restart ${NAME} and watch it for ${watch} s\n`);
    }
    return 0;
  }
  const version = await stage(file, wanted, machine);
  io.out(`tried      it says ${version}\n`);
  try {
    await replaceFile(
      at(places.previous),
      await Deno.readFile(at(places.binary)),
      0o755,
    );
    await Deno.rename(at(places.staged), at(places.binary));
  } catch (error) {
    await Deno.remove(at(places.staged)).catch(() => {});
    throw new SetupError(
      `Cannot put ${file} in place: ${reasonOf(error)}; the old one goes on`,
    );
  }
  io.out(`done       ${places.binary}, the one before is ${places.previous}\n`);
  if (!running) {
    io.out("unchanged  the service does not run and is not started\n");
    return 0;
  }
  const trouble = await restartAndWatch(machine, io, watch);
  if (trouble === null) {
    io.out(`done       ${version} runs for ${watch} s\n`);
    await tidyShared(machine, io);
    return 0;
  }
  io.err(`${trouble}; back to the one before\n`);
  return await rollBack(machine, io);
}

/** Copies the new program beside the old one and runs it there. @throws {SetupError} */
async function stage(
  file: string,
  wanted: string,
  machine: Machine,
): Promise<string> {
  const staged = `${machine.root}${places.staged}`;
  try {
    await replaceFile(staged, await Deno.readFile(file), 0o755);
    if (await sha256(await Deno.readFile(staged)) !== wanted) {
      throw new SetupError(`${file} changed while it was copied`);
    }
    return await tryOut(machine, staged);
  } catch (error) {
    await Deno.remove(staged).catch(() => {});
    const reason = error instanceof SetupError
      ? error.message
      : reasonOf(error);
    throw new SetupError(
      `Cannot upgrade to ${file}: ${reason}; nothing has been changed`,
      { cause: error },
    );
  }
}

/** Why the new version does not do its work; null when it has for `watchS` seconds. */
async function restartAndWatch(
  machine: Machine,
  io: Io,
  watchS: number,
): Promise<string | null> {
  // It returns once the service says that it is ready, or has failed.
  const { code, text } = await machine.run(["systemctl", "restart", NAME]);
  if (code !== 0) {
    return `The new version does not become ready: ${text.trim()}`;
  }
  io.out(`done       restart; watching for ${watchS} s\n`);
  const first = await health(machine);
  const { clock } = machine;
  const untilMs = clock.monoMs() + watchS * 1000;
  for (;;) {
    const now = await health(machine);
    if (now.state !== "active") return `The new version is ${now.state}`;
    if (now.pid !== first.pid || now.restarts !== first.restarts) {
      return "The new version ended and was started again";
    }
    const leftMs = untilMs - clock.monoMs();
    if (leftMs <= 0 || io.signal.aborted) return null;
    await Promise.race([
      clock.sleep(Math.min(LOOK_MS, leftMs), { signal: io.signal }),
      aborted(io.signal),
    ]);
  }
}

/** What systemd says about the service. */
async function health(
  machine: Machine,
): Promise<{ state: string; pid: string; restarts: string }> {
  const { text } = await machine.run([
    "systemctl",
    "show",
    NAME,
    "--property=ActiveState,MainPID,NRestarts",
  ]);
  const of = (key: string) =>
    new RegExp(`^${key}=(.*)$`, "m").exec(text)?.[1] ?? "";
  return {
    state: of("ActiveState"),
    pid: of("MainPID"),
    restarts: of("NRestarts"),
  };
}

async function rollBack(machine: Machine, io: Io): Promise<ExitCode> {
  await Deno.rename(
    `${machine.root}${places.previous}`,
    `${machine.root}${places.binary}`,
  );
  const { code, text } = await machine.run(["systemctl", "restart", NAME]);
  io.err(
    code === 0
      ? "The version before runs again\n"
      : `The version before is back in its place and does not become ready either: ${text.trim()}\n`,
  );
  return 1;
}

/** Removes what versions before the previous one have unpacked. */
async function tidyShared(machine: Machine, io: Io): Promise<void> {
  const shared = `${machine.root}${places.shared}`;
  if (!exists(shared)) return;
  let wanted = "";
  for (const path of [places.binary, places.previous]) {
    const head = await headOf(`${machine.root}${path}`);
    wanted += new TextDecoder().decode(head);
  }
  for (const { name } of [...Deno.readDirSync(shared)]) {
    const sum = /^([0-9a-f]{64})(\.code)?$/.exec(name)?.[1];
    if (sum === undefined || wanted.includes(sum)) continue;
    await Deno.remove(`${shared}/${name}`, { recursive: true });
    io.out(`done       remove ${places.shared}/${name}\n`);
  }
}
