/**
 * What the tests of built files share: building them, and running them as a
 * user without privileges who has nothing but that file.
 *
 * @module
 */
import assert from "node:assert/strict";
import alp from "../fixtures/vectors/alp.json" with { type: "json" };
import files from "../fixtures/vectors/files.json" with { type: "json" };
import serial from "../fixtures/vectors/serial-frames.json" with {
  type: "json",
};
import project from "../../deno.json" with { type: "json" };

const root = new URL("../../", import.meta.url).pathname;

/** A user without privileges, also where the tests are root's. */
export const nobody: { uid?: number; gid?: number } = Deno.uid() === 0
  ? { uid: 65534, gid: 65534 }
  : {};

/** A directory of that user; the caller removes it. */
export async function emptyDir(): Promise<string> {
  const path = await Deno.makeTempDir({ prefix: "dash7-edge-built-" });
  await Deno.chmod(path, 0o755);
  if (nobody.uid !== undefined) {
    await Deno.chown(path, nobody.uid, nobody.gid ?? null);
  }
  return path;
}

/** How a run ended and what it said. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `compile/compile.ts`. */
export async function compile(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--quiet", "compile/compile.ts", ...args],
    cwd: root,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

/** Builds the portable file of a machine into a directory; gives its path. */
export async function buildPortable(
  arch: string,
  dir: string,
): Promise<string> {
  const { code, err } = await compile(
    ["--portable", "--target", arch, "--out", dir],
  );
  assert.equal(code, 0, err);
  return `${dir}/dash7-edge-${project.version}-linux-${arch}-portable`;
}

/** Where and with what a file is run. */
export interface Place {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** Runs a file to its end, with nothing in its environment but what is named. */
export async function run(
  file: string,
  args: readonly string[],
  { cwd, env = {}, input = "" }: Place,
): Promise<Ended> {
  const child = new Deno.Command(file, {
    args: [...args],
    cwd,
    clearEnv: true,
    env: { ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    ...nobody,
  }).spawn();
  const stdin = child.stdin.getWriter();
  // Who needs no input may be gone before it comes.
  const written = stdin.write(new TextEncoder().encode(input))
    .then(() => stdin.close()).catch(() => {});
  const { code, stdout, stderr } = await child.output();
  await written;
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

/** One run of `decode --json`: its arguments, its lines and what must come of them. */
interface Decoding {
  readonly args: readonly string[];
  readonly hex: readonly string[];
  readonly expected: readonly unknown[];
}

/** Every vector, in as few runs as can be. */
function decodings(): readonly Decoding[] {
  const groups = new Map<string, { hex: string[]; expected: unknown[] }>();
  const add = (args: string, hex: string, expected: unknown) => {
    const group = groups.get(args) ?? { hex: [], expected: [] };
    groups.set(args, group);
    group.hex.push(hex);
    group.expected.push(expected);
  };
  for (const { dialect, hex, expect, error, actions, rest } of alp) {
    add(
      `alp --dialect ${dialect === "sub_iot" ? "sub_iot" : "d7a_1_2"}`,
      hex,
      expect ?? { error, actions, rest },
    );
  }
  for (const { file_id, hex, expect, error } of files) {
    add(`file:${file_id}`, hex, expect ?? { error });
  }
  for (const { hex, expect } of serial) add("serial", hex, expect);
  return [...groups].map(([args, group]) => ({
    args: ["decode", "--json", "--as", ...args.split(" "), "-"],
    ...group,
  }));
}

/**
 * Decodes every vector, some runs at a time.
 *
 * @returns how many vectors there were
 */
export async function decodeAllVectors(
  file: string,
  place: Place,
): Promise<number> {
  const waiting = [...decodings()];
  let vectors = 0;
  const worker = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { args, hex, expected } = next;
      const input = hex.join("\n") + "\n";
      const { out, err } = await run(file, args, { ...place, input });
      const lines = out.trimEnd().split("\n");
      assert.equal(lines.length, hex.length, `${args.join(" ")}: ${err}`);
      assert.deepEqual(lines.map((line) => JSON.parse(line)), expected);
      vectors += lines.length;
    }
  };
  await Promise.all([worker(), worker()]);
  return vectors;
}
