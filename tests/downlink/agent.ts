/**
 * A whole agent in this process, with a virtual modem on a pseudo terminal and
 * a clock that moves when told to.
 *
 * @module
 */
import { type Agent, startAgent } from "../../lib/agent.ts";
import { type Meters, meters } from "../../lib/cli/sim/meters.ts";
import type { NodesOptions } from "../../lib/cli/sim/nodes.ts";
import { openPty, type Pty } from "../../lib/cli/sim/pty.ts";
import { runModem, type RunningModem } from "../../lib/cli/sim/run.ts";
import { loadConfig } from "../../lib/config/config.ts";
import type { DeviceChange } from "../../lib/device/device.ts";
import type { WriteEnd } from "../../lib/downlink/downlink.ts";
import { silentLog } from "../../lib/log.ts";
import { mqttjs } from "../../lib/mqtt/mqttjs.ts";
import { openPort } from "../../lib/serial/open.ts";
import { type FakeClock, fakeClock } from "../fakes/clock.ts";
import { realClock } from "../fakes/host.ts";

/** Looks until a condition holds; says what was waited for when it gives up. */
export async function until(
  what: string,
  condition: () => boolean,
): Promise<void> {
  const clock = realClock();
  const endMs = clock.monoMs() + 10_000;
  while (!condition()) {
    if (clock.monoMs() > endMs) throw new Error(`Waited in vain for: ${what}`);
    await clock.sleep(2);
  }
}

/** Where an agent runs: what outlives it. */
export class Site implements AsyncDisposable {
  readonly clock: FakeClock = fakeClock();
  readonly meters: Meters = meters({ count: 2, seed: 1 });
  readonly dir: string;
  readonly modem: RunningModem;
  readonly changes: DeviceChange[] = [];
  readonly #line: Pty;
  #agent: Agent | null = null;

  private constructor(dir: string, line: Pty, options: NodesOptions) {
    this.dir = dir;
    this.#line = line;
    this.modem = runModem(line, {
      clock: this.clock,
      devices: { meters: this.meters, intervalMs: 1e12, ...options },
    });
  }

  static async open(options: NodesOptions = {}): Promise<Site> {
    const dir = await Deno.makeTempDir({ prefix: "dash7-edge-" });
    const line = await openPty();
    return new Site(dir, line, { listen: "contact", ...options });
  }

  get agent(): Agent {
    if (this.#agent === null) throw new Error("no agent was started");
    return this.#agent;
  }

  get device(): string {
    return this.meters.uids[0] ?? "";
  }

  get config(): string {
    return `${this.dir}/dash7-edge.toml`;
  }

  /** Starts an agent and waits until it knows its modem. */
  async start(more = ""): Promise<Agent> {
    await Deno.writeTextFile(
      this.config,
      `[agent]
data_dir = "${this.dir}/data"
[serial]
port = "${this.#line.path}"
[http]
listen = ""
[sinks.file]
type = "jsonl"
path = "${this.dir}/readings.jsonl"
${more}`,
      { mode: 0o600 },
    );
    const { config } = await loadConfig(this.config, { env: () => undefined });
    const agent = await startAgent({
      config,
      clock: this.clock,
      log: silentLog,
      random: () => 0,
      open: openPort(config.serial),
      connect: mqttjs(this.clock),
      version: "1.2.3",
    });
    this.#agent = agent;
    agent.devices.watch((change) => this.changes.push(change));
    await until("modem", () => agent.devices.gateway().modemUid !== null);
    return agent;
  }

  /** Whether {@link start} has got an agent. */
  started(): boolean {
    return this.#agent !== null;
  }

  async stop(): Promise<void> {
    await this.#agent?.[Symbol.asyncDispose]();
    this.#agent = null;
  }

  /** The device sends something, and the agent hears it. */
  async uplink(index = 0): Promise<void> {
    const heard = () => this.agent.devices.gateway().framesReceived;
    const before = heard();
    this.modem.push(index);
    await until("uplink", () => heard() > before);
  }

  /** Waits for what a changed file brings back. */
  async returned(): Promise<void> {
    const heard = () => this.agent.devices.gateway().framesReceived;
    const before = heard();
    await this.clock.advance(100);
    await until("changed file", () => heard() > before);
  }

  /** Writes a field of file 62. */
  write(offset: number, ...bytes: number[]): Promise<WriteEnd> {
    const data = Uint8Array.from(bytes);
    const write = { fileId: 62, offset, data };
    return this.agent.downlinks.write(this.device, write, "contact", 10_000);
  }

  /** Codes of the events so far. */
  codes(): number[] {
    return this.changes.flatMap(({ events }) => events.map(({ code }) => code));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.modem[Symbol.asyncDispose]();
    await Deno.remove(this.dir, { recursive: true });
  }
}
