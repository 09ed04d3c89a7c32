/**
 * A portable file whose runtime is a stand-in, and starts of it by a user
 * without privileges.
 *
 * @module
 */
import assert from "node:assert/strict";
import { headerTemplate, portableFile } from "../../compile/portable.ts";
import { targets } from "../../compile/targets.ts";

/**
 * Stands in for Deno: says what it was started with. The header is the same
 * for it as for the real one, and a start takes milliseconds.
 */
const runtime = `#!/bin/sh
[ "$1" = --version ] && { echo deno; exit 0; }
while [ "\${1##*.}" != js ]; do shift; done
program=$1
shift
[ "$1" = --version ] && exit 0
echo "pid $$"
echo "file $DASH7_EDGE_FILE"
echo "code $DENO_DIR"
echo "program $program"
cat "$program" -
echo "arguments $*"
[ "$1" = wait ] && { trap 'exit 7' TERM; kill -TERM $$; }
exit "\${1:-0}"
`;

const bytes = (text: string) => new TextEncoder().encode(text);

/** A user without privileges, also where the tests are root's. */
export const nobody: { uid?: number; gid?: number } = Deno.uid() === 0
  ? { uid: 65534, gid: 65534 }
  : {};

export interface Settings {
  /** Instead of the stand-in. */
  readonly runtime?: string;
  /** Changes to the header. */
  readonly header?: (text: string) => string;
}

/** A start, how it ended and what it said. */
export interface Started {
  readonly pid: number;
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A directory with a portable file in it, of the user without privileges. */
export class Bench implements AsyncDisposable {
  private constructor(readonly dir: string) {}

  get file(): string {
    return `${this.dir}/dash7-edge`;
  }

  static async make(settings: Settings = {}): Promise<Bench> {
    const dir = await Deno.makeTempDir({ prefix: "dash7-edge-portable-" });
    await Deno.chmod(dir, 0o755);
    const bench = new Bench(dir);
    const target = targets.find(({ arch }) => arch === Deno.build.arch);
    assert.ok(target !== undefined);
    const template = (await headerTemplate())
      .replace("shared=/var/cache/", `shared=${dir}/shared/`)
      .replace(/"\/(var\/)?tmp\//g, (_, under = "") => `"${dir}/${under}tmp/`);
    const file = await portableFile(target, {
      version: "1.2.3",
      commit: "0".repeat(40),
      program: bytes("the program\n"),
      runtime: bytes(settings.runtime ?? runtime),
    }, settings.header?.(template) ?? template);
    await Deno.writeFile(bench.file, file, { mode: 0o755 });
    await bench.directory("cache");
    return bench;
  }

  /** A directory that the user may write to. */
  async directory(name: string): Promise<string> {
    const path = `${this.dir}/${name}`;
    await Deno.mkdir(path, { recursive: true });
    if (nobody.uid !== undefined) {
      Deno.chownSync(path, nobody.uid, nobody.gid ?? null);
    }
    return path;
  }

  /** A program put before those of the system. */
  async shadow(name: string, script: string): Promise<Record<string, string>> {
    await Deno.mkdir(`${this.dir}/bin`, { recursive: true });
    await Deno.writeTextFile(
      `${this.dir}/bin/${name}`,
      `#!/bin/sh\n${script}\n`,
      { mode: 0o755 },
    );
    return { PATH: `${this.dir}/bin:/usr/bin:/bin` };
  }

  async start(
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
    input = "",
  ): Promise<Started> {
    const child = new Deno.Command(this.file, {
      args: [...args],
      clearEnv: true,
      env: { DASH7_EDGE_CACHE: `${this.dir}/cache`, ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      ...nobody,
    }).spawn();
    const { pid } = child;
    const stdin = child.stdin.getWriter();
    // A file that refuses to start does not read.
    await stdin.write(bytes(input)).then(() => stdin.close()).catch(() => {});
    const { code, stdout, stderr } = await child.output();
    const decoder = new TextDecoder();
    return {
      pid,
      code,
      out: decoder.decode(stdout),
      err: decoder.decode(stderr),
    };
  }

  /** Starts without an override of the place. */
  startPlain(env: Readonly<Record<string, string>> = {}): Promise<Started> {
    return this.start([], { DASH7_EDGE_CACHE: "", ...env });
  }

  /** Everything in a directory below, as relative names. */
  names(of = "cache"): string[] {
    const found: string[] = [];
    const walk = (dir: string) => {
      for (const { name, isDirectory } of Deno.readDirSync(dir)) {
        if (isDirectory) walk(`${dir}/${name}`);
        else found.push(`${dir}/${name}`.slice(this.dir.length + 1));
      }
    };
    walk(`${this.dir}/${of}`);
    return found.sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.dir, { recursive: true });
  }
}
