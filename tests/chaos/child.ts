/**
 * The agent as a process of the chaos run: with fail points before its code, in
 * a mount namespace of its own where it needs one, and watched for growth.
 *
 * @module
 */
import { until } from "../system/harness.ts";
import type { Trap } from "./points.ts";

/** How a process is started. */
export interface ChildOptions {
  readonly config: string;
  readonly trap?: Trap | undefined;
  /** File with what its wall clock is wrong by. */
  readonly clockFile?: string | undefined;
  /** Flags of the runtime. */
  readonly flags?: readonly string[];
  /** Files to see in the place of others: `[ours, the system's]`; needs root. */
  readonly instead?: readonly (readonly [string, string])[];
}

/** What a process holds. */
export interface Holding {
  readonly residentMb: number;
  readonly descriptors: number;
}

const script = new URL("agent.ts", import.meta.url).pathname;

/** A running agent. */
export class Child {
  readonly #child: Deno.ChildProcess;
  readonly #stderr: Promise<void>;
  /** How it ended; null while it runs. */
  status: Deno.CommandStatus | null = null;
  log = "";

  constructor(options: ChildOptions) {
    const { config, trap, clockFile, flags = [], instead = [] } = options;
    const run = ["run", "--allow-all", "--no-prompt", "--no-check", ...flags];
    const own = [Deno.execPath(), ...run, script, "run", "--config", config];
    const mounts = instead.map((pair) => `mount --bind ${pair.join(" ")} && `);
    const [program = "", ...args] = instead.length === 0 ? own : [
      "unshare",
      "-m",
      "sh",
      "-c",
      `${mounts.join("")}exec "$@"`,
      "-",
      ...own,
    ];
    this.#child = new Deno.Command(program, {
      args,
      env: {
        NO_COLOR: "1",
        ...(trap === undefined ? {} : { CHAOS_POINT: JSON.stringify(trap) }),
        ...(clockFile === undefined ? {} : { CHAOS_CLOCK: clockFile }),
      },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#stderr = this.#collect();
    this.#child.status.then((status) => this.status = status);
  }

  async #collect(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#child.stderr) {
      this.log += decoder.decode(chunk, { stream: true });
    }
  }

  /** Waits for a text in the log, or the process's end. */
  async logged(text: string, limitS = 30): Promise<void> {
    await until(
      `"${text}" in the log: ${this.log.slice(-1500)}`,
      () => this.log.includes(text) || this.status !== null,
      limitS,
    );
  }

  signal(signal: Deno.Signal): void {
    if (this.status === null) this.#child.kill(signal);
  }

  /** Sends a signal and waits for the end; after SIGTERM at most 15 s. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<Deno.CommandStatus> {
    this.signal(signal);
    const force = setTimeout(() => {
      this.log += "\nchaos: had to be killed, it did not end in 15 s\n";
      this.signal("SIGKILL");
    }, 15_000);
    const status = await this.#child.status;
    clearTimeout(force);
    await this.#stderr;
    return status;
  }

  /** What it holds now; null when it has ended. */
  holding(): Holding | null {
    try {
      const proc = `/proc/${this.#child.pid}`;
      const kb = /VmRSS:\s+(\d+)/.exec(Deno.readTextFileSync(`${proc}/status`));
      const descriptors = [...Deno.readDirSync(`${proc}/fd`)].length;
      return { residentMb: Number(kb?.[1]) / 1000, descriptors };
    } catch {
      return null;
    }
  }
}
