/**
 * The agent as a process of the chaos run: with fail points before its code, in
 * a mount namespace of its own where it needs one, and watched for growth.
 *
 * @module
 */
import { clock, type Program } from "../system/harness.ts";
import { patiently, slowness } from "./patience.ts";
import type { Trap } from "./points.ts";

/** How a process is started. */
export interface ChildOptions {
  readonly config: string;
  /** Instead of this project from source with fail points; then no trap, clock or flags. */
  readonly program?: Program;
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

/** An agent ends within 10 s of SIGTERM; 5 s more, times the slowness of the machine, are allowed. */
const END_S = { fixed: 10, work: 5 };

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
    const start = options.program?.command ?? [Deno.execPath(), ...run, script];
    const own = [...start, "run", "--config", config];
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
        ...options.program?.env,
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

  get pid(): number {
    return this.#child.pid;
  }

  async #collect(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#child.stderr) {
      this.log += decoder.decode(chunk, { stream: true });
    }
  }

  /** Waits for a text in the log, or the process's end; so many seconds on a fast machine. */
  async logged(text: string, limitS = 30): Promise<void> {
    await patiently(
      () => `"${text}" in the log: ${this.log.slice(-1500)}`,
      () => this.log.includes(text) || this.status !== null,
      { workS: limitS },
    );
  }

  signal(signal: Deno.Signal): void {
    if (this.status === null) this.#child.kill(signal);
  }

  /** Sends a signal and waits for the end; an agent that does not end is killed, and its log says so. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<Deno.CommandStatus> {
    this.signal(signal);
    const sentMs = clock.monoMs();
    const force = () => {
      const seconds = Math.round((clock.monoMs() - sentMs) / 1000);
      this.log += `\nchaos: killed, it did not end in ${seconds} s\n`;
      this.signal("SIGKILL");
    };
    let disarm = clock.after((END_S.fixed + END_S.work) * 1000, async () => {
      const more = END_S.work * (await slowness() - 1);
      if (this.status !== null) return;
      disarm = clock.after(more * 1000, force);
    });
    const status = await this.#child.status;
    disarm();
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
