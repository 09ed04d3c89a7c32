/**
 * Command lines under test: in this process on streams in memory, or as a
 * process of their own.
 *
 * @module
 */
import { main } from "../../lib/cli/cli.ts";
import type { ExitCode, IoClock, Terminal } from "../../lib/cli/io.ts";

/** How a command line ended. */
export interface Ended<Code = number> {
  readonly code: Code;
  readonly out: string;
  readonly err: string;
}

/** What a command line finds around it. */
export interface Around {
  /** Chunks of stdin. */
  readonly stdin?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly colors?: boolean;
  /** Absent: all streams are pipes. */
  readonly terminal?: Terminal;
  readonly clock?: IoClock;
  /** Called with each piece of stdout. */
  readonly onOut?: (text: string) => void;
  /** Called with each piece of stderr. */
  readonly onErr?: (text: string) => void;
}

/** A terminal that somebody sits at, 80 by 24. */
export const TERMINAL: Terminal = {
  out: true,
  err: true,
  asks: true,
  columns: () => 80,
  rows: () => 24,
};

/** Runs a command line in this process. */
export async function cli(
  args: readonly string[],
  around: Around = {},
): Promise<Ended<ExitCode>> {
  let out = "";
  let err = "";
  const encoder = new TextEncoder();
  const code = await main(args, {
    out(text) {
      out += text;
      around.onOut?.(text);
    },
    err(text) {
      err += text;
      around.onErr?.(text);
    },
    stdin: ReadableStream.from(
      (around.stdin ?? []).map((chunk) => encoder.encode(chunk)),
    ),
    env: (name) => around.env?.[name],
    signal: around.signal ?? new AbortController().signal,
    colors: around.colors ?? false,
    ...(around.terminal === undefined ? {} : { terminal: around.terminal }),
    ...(around.clock === undefined ? {} : { clock: around.clock }),
  });
  return { code, out, err };
}

/** A command line as a process of its own; disposing kills it. */
export class CommandProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #read: Promise<unknown>;
  readonly #watchers = new Set<() => void>();
  out = "";
  err = "";

  constructor(args: readonly string[], env: Record<string, string> = {}) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", "--no-prompt", MAIN, ...args],
      env,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#read = Promise.all([
      this.#collect(this.#child.stdout, (text) => this.out += text),
      this.#collect(this.#child.stderr, (text) => this.err += text),
    ]).then(() => this.#tell());
  }

  /** Resolves once the output so far satisfies a condition; rejects if it ends before. */
  async until(what: string, condition: () => boolean): Promise<void> {
    let ended = false;
    void this.#read.then(() => ended = true);
    while (!condition()) {
      if (ended) throw new Error(`ended before ${what}:\n${this.err}`);
      await new Promise<void>((resolve) => this.#watchers.add(resolve));
    }
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits for the end. */
  async ended(): Promise<Ended> {
    const { code } = await this.#child.status;
    await this.#read;
    return { code, out: this.out, err: this.err };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.ended();
  }

  async #collect(
    stream: ReadableStream<Uint8Array>,
    add: (text: string) => void,
  ): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      add(decoder.decode(chunk, { stream: true }));
      this.#tell();
    }
  }

  #tell(): void {
    for (const wake of this.#watchers) wake();
    this.#watchers.clear();
  }
}

/** Path of the program. */
export const MAIN = new URL("../../main.ts", import.meta.url).pathname;

/** A directory that goes with the test. */
export async function tempDir(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempDir({ prefix: "dash7-edge-test-" });
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** Writes a configuration into a directory and says where. */
export async function configIn(dir: string, toml: string): Promise<string> {
  const file = `${dir}/dash7-edge.toml`;
  await Deno.writeTextFile(file, toml, { mode: 0o600 });
  return file;
}

/** Name of a file under `tests/fixtures/`. */
export function fixture(name: string): string {
  return new URL(`../fixtures/${name}`, import.meta.url).pathname;
}
