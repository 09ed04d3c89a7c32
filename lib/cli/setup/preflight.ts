/**
 * What has to be true before anything is changed on a gateway.
 *
 * @module
 */
import { basename, dirname } from "node:path";
import { exists, type Facts, GLIBC_MIN, type Machine } from "./machine.ts";
import { places, sha256 } from "./files.ts";

/** Why a gateway cannot be set up; nothing has been changed. */
export class SetupError extends Error {
  override readonly name = "SetupError";
}

/** What the program needs besides its own size, for unpacking and the first days of the outbox. */
const SPARE_BYTES = 200_000_000;

/** Every reason why a system cannot run the program. */
export function unfit(facts: Facts, programBytes: number): string[] {
  const reasons: string[] = [];
  const { arch, pageBytes, glibc, freeBytes } = facts;
  if (arch === "32-bit") {
    reasons.push(
      "This is a 32-bit system, the program needs a 64-bit one: on a Raspberry Pi, install the 64-bit Raspberry Pi OS",
    );
  } else if (arch === "unknown") {
    reasons.push(
      "This system has no glibc for x86-64 or ARM64, which the program needs: install a Debian, Raspberry Pi OS or Ubuntu of 64 bits",
    );
  }
  if (pageBytes !== 4096) {
    reasons.push(
      `This kernel has pages of ${pageBytes} bytes, the program needs 4096: on a Raspberry Pi 5 put "kernel=kernel8.img" into /boot/firmware/config.txt and restart`,
    );
  }
  if (glibc !== null && older(glibc, GLIBC_MIN)) {
    reasons.push(
      `The C library is glibc ${glibc}, the program needs ${GLIBC_MIN} or newer: upgrade the system`,
    );
  }
  const neededBytes = programBytes + SPARE_BYTES;
  if (freeBytes < neededBytes) {
    reasons.push(
      `No space: ${mb(freeBytes)} MB are free, ${
        mb(neededBytes)
      } MB are needed`,
    );
  }
  return reasons;
}

/**
 * The machine a program is made for; null when the file does not say.
 *
 * A compiled one is an ELF executable [ELF gABI]; a portable one names its
 * machine in its file name and in the line `ARCH=…` of its head.
 */
export function madeFor(file: string, head: Uint8Array): string | null {
  if (head[0] === 0x7f && head[1] === 0x45) {
    if (head[4] !== 2) return "32-bit";
    const machine = (head[18] ?? 0) | (head[19] ?? 0) << 8;
    return machine === 62 ? "x86_64" : machine === 183 ? "aarch64" : "other";
  }
  const text = new TextDecoder().decode(head);
  return /^(?:readonly )?(?:ARCH|arch)=["']?(x86_64|aarch64)/m.exec(text)
    ?.[1] ??
    /(x86_64|aarch64)/.exec(basename(file))?.[1] ?? null;
}

/** The first bytes of a file. @throws {SetupError} */
export async function headOf(file: string): Promise<Uint8Array> {
  try {
    using opened = await Deno.open(file);
    const head = new Uint8Array(8192);
    const length = await opened.read(head) ?? 0;
    return head.subarray(0, length);
  } catch (error) {
    throw new SetupError(`Cannot read ${file}: ${reasonOf(error)}`);
  }
}

/** @throws {SetupError} when a program is for another machine than this one */
export async function refuseForeign(file: string, facts: Facts): Promise<void> {
  const wanted = madeFor(file, await headOf(file));
  if (wanted === null || wanted === facts.arch) return;
  throw new SetupError(
    `${file} is for ${wanted}, this machine is ${facts.arch}: take the file for ${facts.arch}`,
  );
}

/**
 * Refuses symbolic links that would make changes elsewhere: in place of a
 * directory that is given to the agent's user, or out of a tree that stands
 * for `/`.
 *
 * @throws {SetupError} naming them all
 */
export async function refuseLinks({ root }: Machine): Promise<void> {
  const links: string[] = [];
  for (const path of [places.configDir, places.state]) {
    const there = await Deno.lstat(`${root}${path}`).catch(() => null);
    if (there?.isSymlink !== true) continue;
    links.push(
      `${path} is a symbolic link to ${await Deno.readLink(
        `${root}${path}`,
      )}: put a directory in its place, or mount the other place there`,
    );
  }
  const { binary, unit, rule, configDir, state } = places;
  for (
    const path of root === "" ? [] : [binary, unit, rule, configDir, state]
  ) {
    const real = await realParent(`${root}${path}`);
    const top = await Deno.realPath(root);
    if (real === top || real.startsWith(`${top}/`)) continue;
    links.push(
      `${
        dirname(path)
      } leads out of ${root} to ${real}: correct the symbolic link`,
    );
  }
  if (links.length > 0) throw new SetupError(links.join("\n"));
}

/** Where the nearest directory that is there already really is. */
async function realParent(path: string): Promise<string> {
  const dir = dirname(path);
  if (!exists(dir)) return await realParent(dir);
  return await Deno.realPath(dir).catch(() => "nowhere");
}

/**
 * The checksum that stands beside a file, in `FILE.sha256` or `SHA256SUMS`.
 *
 * @throws {SetupError} when there is none, or it is another
 */
export async function verifyChecksum(file: string): Promise<string> {
  const name = basename(file);
  const places = [`${file}.sha256`, `${dirname(file)}/SHA256SUMS`];
  for (const place of places) {
    if (!exists(place)) continue;
    const wanted = checksumIn(await Deno.readTextFile(place), name);
    if (wanted === null) continue;
    const found = await sha256(await Deno.readFile(file));
    if (found === wanted) return found;
    throw new SetupError(
      `${file} is damaged: its SHA-256 is ${found}, ${
        basename(place)
      } says ${wanted}`,
    );
  }
  throw new SetupError(
    `Cannot verify ${file}: no checksum of it in ${
      places.map((place) => basename(place)).join(" or ")
    } beside it`,
  );
}

/** A line of sha256sum(1), or a lone sum. */
function checksumIn(text: string, name: string): string | null {
  for (const line of text.split("\n")) {
    const match = /^\s*\\?([0-9a-f]{64})(?:\s+\*?(.+?))?\s*$/i.exec(line);
    if (match === null) continue;
    const [, sum = "", of] = match;
    if (of === undefined || basename(of) === name) return sum.toLowerCase();
  }
  return null;
}

/**
 * Runs a program that was just copied, since only that proves that it can run.
 *
 * @returns its version
 * @throws {SetupError} in words that say what is wrong with the machine
 */
export async function tryOut(machine: Machine, file: string): Promise<string> {
  const { code, text } = await machine.run([file, "--version"]);
  const said = text.trim();
  if (code === 0) return said.split("\n").at(-1) ?? "";
  const glibc = /GLIBC_([\d.]+)' not found/.exec(said)?.[1];
  throw new SetupError(
    glibc !== undefined
      ? `The program needs glibc ${glibc}, this system's is older: upgrade the system`
      : /exec format error/i.test(said)
      ? "The program is for another kind of machine"
      : `The program does not start here (code ${code})${
        said === "" ? "" : `: ${said.slice(-300)}`
      }`,
  );
}

/** The system's words, without the name of the call. */
export function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "no such file or directory";
  if (error instanceof Deno.errors.PermissionDenied) return "no permission";
  const message = error instanceof Error ? error.message : String(error);
  if (/os error 28/.test(message)) return "no space left";
  return message.replace(/ \(os error \d+\)(: .*)?$/, "");
}

function older(found: string, wanted: string): boolean {
  const [a = 0, b = 0] = found.split(".").map(Number);
  const [c = 0, d = 0] = wanted.split(".").map(Number);
  return a < c || (a === c && b < d);
}

function mb(bytes: number): number {
  return Math.round(bytes / 1e6);
}
