/**
 * What a round happens in: a data directory, mosquitto behind a proxy, a modem
 * on a pseudo terminal whose meters push all the time, a subscriber, and the
 * agent. Long since every fault takes hold of it somewhere.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { clock, DEVICES, Line, Subscriber } from "../system/harness.ts";
import {
  type Mosquitto,
  mosquitto,
  type MosquittoOptions,
} from "../system/mosquitto.ts";
import { checkOf, type StoredRow } from "../../lib/store/row.ts";
import { Child, type ChildOptions, type Holding } from "./child.ts";
import type { Books } from "./oracle.ts";
import { type Limits, patiently } from "./patience.ts";
import { pendingOf } from "./pending.ts";
import { Proxy } from "./proxy.ts";

/** Readings a second while nothing else is said. */
const RATE = 60;
/**
 * Longest wait for a reading to come through after a fault: a connect that hangs
 * is given up after 20 s, back-off ends at 60 s, and the rest is work.
 */
const RECOVERY: Limits = { fixedS: 80, workS: 10 };
/** Longest stand-still while a backlog is delivered: one more back-off. */
const DRAIN: Limits = { fixedS: 60, workS: 10 };
/** A reading that tells that all before it has been heard is sent again after this, milliseconds. */
const MARK_AGAIN_MS = 5000;
/** What an agent may hold more at its end than at its first delivery. */
const GROWTH = { residentMb: 64, descriptors: 8 };
/** So far behind may the meters be, milliseconds. */
const LATE_MS = 200;

/** How a world differs from the usual one. */
export interface WorldOptions {
  readonly broker?: MosquittoOptions;
  /** URL the agent connects to; through the proxy where it is left out. */
  readonly url?: (world: World) => string;
  /** Name of the proxy's host, as the agent is told it. */
  readonly host?: string;
  /** Lines of the sink's table, and further tables behind it. */
  readonly sink?: string;
  /** Address of the dashboard; off by default. */
  readonly listen?: string;
  /** Who pushes; three meters by default. */
  readonly devices?: readonly string[];
  /** Whether an agent's growth is judged when it ends, as by default; not where somebody looks closer. */
  readonly judgesGrowth?: boolean;
  /** Lines of the outbox's table. */
  readonly outbox?: string;
  /** Where the database is; in the world's directory by default. */
  readonly dataDir?: string;
  /** For every start of the agent. */
  readonly child?: Partial<ChildOptions>;
}

/** What a world is made of before it moves. */
interface Parts {
  readonly dir: string;
  readonly options: WorldOptions;
  readonly told: MosquittoOptions;
  readonly broker: Mosquitto;
  readonly watch: Subscriber;
}

/** A world; disposing it ends all its processes. */
export class World implements AsyncDisposable {
  readonly dir: string;
  readonly dataDir: string;
  readonly #options: WorldOptions;
  /** What the broker is told at each start. */
  readonly #told: MosquittoOptions;
  readonly #ports: readonly number[];
  broker: Mosquitto;
  readonly watch: Subscriber;
  #proxy: Proxy | null = null;
  line: Line | null = null;
  agent: Child | null = null;
  /** Table `[outbox]`, from the next start on. */
  outbox = "";
  /** Readings a second. */
  rate = RATE;
  /** The meters are quiet for a while. */
  paused = false;
  #turn = 0;
  readonly #stop = new AbortController();
  #load: Promise<void> = Promise.resolve();
  readonly sent = new Set<string>();
  readonly committed = new Set<string>();
  readonly destroyed = new Set<string>();
  /** Rows may have gone before they were looked at. */
  rowsGo = false;
  /** The broker has forgotten what it had acknowledged. */
  brokerForgot = false;
  readonly violations: string[] = [];
  readonly #logs: string[] = [];
  readonly recoveriesMs: number[] = [];
  /** Agents killed. */
  kills = 0;
  /** Most that an agent held, MB. */
  residentMb = 0;
  /** Most that an agent's memory grew, MB. */
  grownMb = 0;
  #first: Holding | null = null;
  #firstMs = 0;
  /** When the last agent was started; null once it has recovered. */
  #startMs: number | null = null;

  private constructor({ dir, options, told, broker, watch }: Parts) {
    this.dir = dir;
    this.dataDir = options.dataDir ?? `${dir}/data`;
    this.#options = options;
    this.#told = told;
    this.broker = broker;
    this.#ports = broker.ports;
    this.watch = watch;
  }

  /** Sets it up in a directory; the agent is not started yet. */
  static async open(dir: string, options: WorldOptions = {}): Promise<World> {
    // A subscriber that a busy machine is late with must not miss anything.
    const told = {
      ...options.broker,
      lines: [...options.broker?.lines ?? [], "max_queued_messages 0"],
    };
    const broker = await mosquitto(told);
    const watch = await Subscriber.connect(broker.ports[0] ?? 0);
    const world = new World({ dir, options, told, broker, watch });
    world.#proxy = await Proxy.open(() => world.#ports[0] ?? 0);
    world.line = await Line.open(`${dir}/modem`);
    world.#load = world.#push();
    return world;
  }

  get proxy(): Proxy {
    if (this.#proxy === null) throw new Error("The world is not open");
    return this.#proxy;
  }

  /** Ports of the broker's listeners, in order; the first is the proxy's target. */
  get ports(): readonly number[] {
    return this.#ports;
  }

  /** Whether the proxy understands what goes through it. */
  get seen(): boolean {
    return this.#options.url === undefined;
  }

  /** What a platform has: acknowledged through the proxy, or received where that cannot be seen. */
  delivered(): ReadonlySet<string> {
    return this.seen ? this.proxy.acknowledged : new Set(this.watch.readings());
  }

  /** Starts the broker again after {@link broker} has ended. */
  async restartBroker(options: MosquittoOptions = {}): Promise<void> {
    this.broker = await mosquitto({
      ...this.#told,
      ...options,
      ports: this.#ports,
    });
  }

  /** Starts the agent; it must not run. */
  start(extra: Partial<ChildOptions> = {}): Child {
    const config = `${this.dir}/dash7-edge.toml`;
    Deno.writeTextFileSync(config, this.#configuration());
    this.proxy.run++;
    this.#first = null;
    this.#startMs = clock.monoMs();
    return this.agent = new Child({
      config,
      ...this.#options.child,
      ...extra,
    });
  }

  /** Starts the agent and waits until it listens to the line; to who the modem is it may come later. */
  async started(extra: Partial<ChildOptions> = {}): Promise<Child> {
    const agent = this.start(extra);
    await agent.logged("Serial port open");
    if (agent.status !== null) {
      throw new Error(`Agent ended at start: ${agent.log.slice(-2000)}`);
    }
    await clock.sleep(500);
    return agent;
  }

  /** Ends the agent; what it held and logged is kept. */
  async stop(signal: "SIGTERM" | "SIGKILL"): Promise<Deno.CommandStatus> {
    const { agent } = this;
    if (agent === null) throw new Error("No agent runs");
    this.#measure(agent);
    const early = agent.status !== null;
    const status = await agent.end(signal);
    if (status.signal === "SIGKILL") {
      this.kills++;
      await this.line?.freeIfAbandoned();
    }
    this.#logs.push(agent.log);
    this.agent = null;
    if (signal === "SIGTERM" && (early || status.code !== 0)) {
      this.violations.push(
        `agent ended ${early ? "by itself " : ""}with code ${status.code}`,
      );
    }
    return status;
  }

  /** Takes note of an agent that was killed from inside. */
  async gone(): Promise<void> {
    const { agent } = this;
    if (agent === null) return;
    const status = await agent.end("SIGKILL");
    if (status.signal === "SIGKILL") {
      this.kills++;
      await this.line?.freeIfAbandoned();
    }
    this.#logs.push(agent.log);
    this.agent = null;
  }

  /** All that the agents of this world have logged. */
  log(): string {
    return [...this.#logs, this.agent?.log ?? ""].join("\n--- start ---\n");
  }

  /** Waits until a reading that was sent after this moment has come through; notes how long it took. */
  async recovered(limits: Limits = RECOVERY): Promise<void> {
    const before = this.sent.size;
    const fromMs = this.#startMs ?? clock.monoMs();
    this.#startMs = null;
    await patiently(
      () => `a reading to come through; ${this.#says()}`,
      () => {
        const delivered = this.delivered();
        return [...this.sent].slice(before).some((one) => delivered.has(one));
      },
      limits,
    );
    this.recoveriesMs.push(clock.monoMs() - fromMs);
    if (this.#first === null && this.agent !== null) {
      this.#first = this.agent.holding();
      this.#firstMs = clock.monoMs();
    }
    this.look();
  }

  #says(): string {
    return `the agent says: ${this.agent?.log.slice(-1500)}`;
  }

  /** Adds what is in the outbox now to what was committed. */
  look(): void {
    for (const reading of this.rows()) this.committed.add(reading);
  }

  /** The intact readings of an outbox, those behind an id. */
  rows(file = `${this.dataDir}/outbox.db`, after = 0): string[] {
    using db = new DatabaseSync(file, { readOnly: true });
    return db.prepare("SELECT * FROM reading WHERE id > ? ORDER BY id")
      .all(after)
      .flatMap((row) => readingOf(row as unknown as StoredRow));
  }

  /** The sink's row, once the agent has ended. */
  books(): Books {
    using db = new DatabaseSync(`${this.dataDir}/outbox.db`);
    const number = (sql: string): number =>
      Number(Object.values(db.prepare(sql).get() ?? { n: 0 })[0] ?? 0);
    const last = Math.max(
      number("SELECT max(id) FROM reading"),
      number("SELECT value FROM meta WHERE key = 'last_id'"),
    );
    const ahead = number("SELECT sum(last_id - first_id + 1) FROM ahead");
    const sink = db.prepare("SELECT * FROM sink WHERE name = 'cloud'").get();
    const dropped: Record<string, number> = JSON.parse(
      String(sink?.dropped ?? "{}"),
    );
    return {
      readings: last - Number(sink?.start_id),
      delivered: Number(sink?.delivered),
      pending: last - Number(sink?.cursor) - ahead,
      rejected: Number(sink?.rejected),
      dropped: Object.values(dropped).reduce((sum, n) => sum + n, 0),
    };
  }

  /**
   * Waits until all that is committed has been delivered. The meters must be
   * quiet; one more reading tells that all before it has been heard.
   */
  async drained(): Promise<void> {
    await this.#heard();
    // Not only this: what was dropped or rejected never comes.
    await patiently(
      () => `the backlog to be delivered; ${this.#says()}`,
      async () => await pendingOf(`${this.dir}/control.sock`, "cloud") === 0,
      { ...DRAIN, progress: () => this.proxy.events.length },
    ).catch((error) => this.violations.push(String(error)));
    this.look();
  }

  /** Waits until a last reading has come through: the line keeps order, so nothing is behind it. */
  async #heard(): Promise<void> {
    let last: string | undefined;
    let atMs = -Infinity;
    await patiently(
      () => `a last reading to come through; ${this.#says()}`,
      () => {
        if (last !== undefined && this.delivered().has(last)) return true;
        // A half frame on the line may have swallowed it.
        if (clock.monoMs() - atMs > MARK_AGAIN_MS) {
          atMs = clock.monoMs();
          last = this.#send() ?? last;
        }
        return false;
      },
      RECOVERY,
    ).catch((error) => this.violations.push(String(error)));
  }

  /** Stops the meters and waits until nothing is on its way. */
  async rest(): Promise<void> {
    this.#stop.abort();
    await this.#load;
    await this.drained();
    if (this.brokerForgot) return;
    const wanted = this.seen ? this.proxy.acknowledged : this.committed;
    // What the subscriber lacks after all is told by who judges.
    await patiently(
      () => "the subscriber",
      () => {
        const here = new Set(this.watch.readings());
        return [...wanted].every((one) => here.has(one));
      },
      { ...DRAIN, progress: () => this.watch.messages.length },
    ).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#load;
    await this.gone();
    await this.line?.[Symbol.asyncDispose]();
    await this.#proxy?.[Symbol.asyncDispose]();
    await this.watch[Symbol.asyncDispose]();
    await this.broker[Symbol.asyncDispose]();
  }

  async #push(): Promise<void> {
    const { signal } = this.#stop;
    let dueMs = clock.monoMs();
    while (!signal.aborted) {
      if (!this.paused) this.#send();
      // What a busy machine was late with is made up for, but not without end.
      const nowMs = clock.monoMs();
      dueMs = Math.max(dueMs + 1000 / this.rate, nowMs - LATE_MS);
      await clock.sleep(Math.max(0, dueMs - nowMs), { signal });
    }
  }

  /** One reading of the next device; undefined when the line does not take it. */
  #send(): string | undefined {
    const { line } = this;
    const { devices = DEVICES } = this.#options;
    const before = line?.sent.length ?? 0;
    line?.push(devices[this.#turn++ % devices.length] ?? "");
    for (const one of line?.sent.slice(before) ?? []) this.sent.add(one);
    return line?.sent.at(before);
  }

  #measure(agent: Child): void {
    const last = agent.holding();
    if (last === null) return;
    this.residentMb = Math.max(this.residentMb, last.residentMb);
    const first = this.#first;
    if (first === null || clock.monoMs() - this.#firstMs < 5000) return;
    this.grownMb = Math.max(this.grownMb, last.residentMb - first.residentMb);
    if (this.#options.judgesGrowth === false) return;
    if (last.descriptors > first.descriptors + GROWTH.descriptors) {
      this.violations.push(
        `descriptors grew from ${first.descriptors} to ${last.descriptors}`,
      );
    }
    if (last.residentMb > first.residentMb + GROWTH.residentMb) {
      this.violations.push(
        `memory grew from ${first.residentMb} to ${last.residentMb} MB`,
      );
    }
  }

  #configuration(): string {
    const url = this.#options.url?.(this) ??
      `mqtt://${this.#options.host ?? "127.0.0.1"}:${this.proxy.port}`;
    return `[agent]
data_dir = "${this.dataDir}"
[serial]
port = "${this.dir}/modem"
silence_ms = 300
[http]
listen = "${this.#options.listen ?? ""}"
socket = "${this.dir}/control.sock"
[outbox]
${this.#options.outbox ?? ""}
${this.outbox}
[sinks.cloud]
type = "scorpio"
broker = "${url}"
project_id = "p"
edge_node_id = "gw1"
${this.#options.sink ?? ""}
`;
  }
}

/** The reading of a row, as `DEVICE NUMBER`; none when the row is damaged. */
function readingOf(row: StoredRow): string[] {
  if (checkOf(row) !== row.chk) return [];
  const { command } = row;
  const view = new DataView(command.buffer, command.byteOffset);
  return [
    `${command.slice(-8).toHex().toUpperCase()} ${view.getBigInt64(5, true)}`,
  ];
}
