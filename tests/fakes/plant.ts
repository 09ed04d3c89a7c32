/**
 * A whole agent without a machine: port, brokers and time are the test's, the
 * store is real.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { type Agent, startAgent } from "../../lib/agent.ts";
import type { Action } from "../../lib/alp/action.ts";
import { encodeCommand } from "../../lib/alp/alp.ts";
import { VirtualModem } from "../../lib/cli/sim/modem.ts";
import { loadConfig } from "../../lib/config/config.ts";
import { encodeFile } from "../../lib/files/files.ts";
import { MqttError } from "../../lib/mqtt/mqtt.ts";
import type { Account } from "../../lib/store/outbox.ts";
import { SerialError } from "../../lib/serial/serial.ts";
import { fakeClock, settleMicrotasks } from "./clock.ts";
import { fakeConnect } from "./connection.ts";
import { memoryLog } from "./log.ts";
import { type FakePort, fakePort } from "./port.ts";

/** An action that returns a whole file. */
export function fileData(fileId: number, data: Uint8Array): Action {
  return {
    op: "return_file_data",
    group: false,
    resp: false,
    fileId,
    offset: 0,
    length: data.length,
    data,
  };
}

/** What a device pushes: some file, and how the modem heard it. */
export function push(
  device: string,
  fileId: number,
  data: Uint8Array,
): Uint8Array {
  // [serial §3.3] 20 bytes, the addressee last.
  const status = `62d714320000394750004900a92001${device}`;
  return new Uint8Array([
    ...encodeCommand([fileData(fileId, data)]),
    ...Uint8Array.fromHex(status),
  ]);
}

/** An energy file whose first counter is `number`. */
export function energy(device: string, number: bigint): Uint8Array {
  return push(
    device,
    52,
    encodeFile(52, {
      apparentEnergy: [number, 2n, 3n],
      realEnergy: [4n, 5n, 6n],
      current: [7, 8, 9],
      voltage: [230, 231, 232],
      receivedSignalStrength: null,
      measurementValid: true,
    }),
  );
}

/** A button file: pressed. */
export function button(device: string): Uint8Array {
  return push(
    device,
    51,
    encodeFile(51, { buttonId: 0, mask: true, buttonsState: 1 }),
  );
}

/** What one broker was sent: devices announced, `DEVICE NUMBER` of its data, their timestamps. */
export interface Received {
  readonly births: string[];
  readonly data: string[];
  readonly stamps: number[];
}

/** An agent between a line and brokers that the test owns; `dir` outlives restarts. */
export class Plant implements AsyncDisposable {
  readonly clock = fakeClock();
  readonly log = memoryLog();
  readonly virtual = new VirtualModem();
  /** Brokers that cannot be reached, by host. */
  readonly down = new Set<string>();
  /** Brokers that acknowledge nothing, by host. */
  readonly frozen = new Set<string>();
  /** The port is not there when it is opened the next time. */
  unplugged = false;
  readonly #dir: string;
  readonly #more: string;
  readonly #net = fakeConnect();
  #port: FakePort | null = null;
  #agent: Agent | null = null;

  private constructor(dir: string, more: string) {
    this.#dir = dir;
    this.#more = more;
  }

  /** @param more tables of the configuration besides the usual ones */
  static async open(more = ""): Promise<Plant> {
    const dir = await Deno.makeTempDir({ prefix: "dash7-edge-agent-" });
    const plant = new Plant(dir, more);
    await plant.start();
    return plant;
  }

  /** The agent that runs. */
  get agent(): Agent {
    if (this.#agent === null) throw new Error("the agent is stopped");
    return this.#agent;
  }

  /** Starts an agent; the one before must have been stopped. */
  async start(): Promise<void> {
    const text = `[agent]
data_dir = "${this.#dir}"
${this.#more.includes("[http]") ? "" : '[http]\nlisten = ""'}
${this.#more}
[sinks.one]
type = "scorpio"
broker = "mqtt://one"
project_id = "p"
edge_node_id = "g"
`;
    const { config } = await loadConfig("t.toml", {
      env: () => undefined,
      readFile: () => Promise.resolve(text),
      mode: () => Promise.resolve(null),
    });
    this.#agent = await startAgent({
      version: "0.0.0",
      config,
      clock: this.clock,
      log: this.log,
      random: () => 0,
      open: () => {
        if (this.unplugged) {
          return Promise.reject(
            new SerialError("Cannot open /dev/ttyFAKE: absent", "absent"),
          );
        }
        const port = fakePort(undefined, (bytes) => {
          for (const frame of this.virtual.receive(bytes)) port.arrive(frame);
        });
        this.#port = port;
        return Promise.resolve(port);
      },
      connect: (options) =>
        [...this.down].some((host) => options.broker.includes(host))
          ? Promise.reject(new MqttError("Cannot connect: refused", "tcp"))
          : this.#net.connect(options),
    });
    await this.settle();
  }

  /** Stops the agent as a signal would. */
  async stop(): Promise<void> {
    const done = this.agent[Symbol.asyncDispose]();
    this.#agent = null;
    await this.clock.advance(10_000);
    await done;
  }

  /** The modem passes commands on; brokers acknowledge at once. */
  async hear(...commands: readonly Uint8Array[]): Promise<void> {
    for (const command of commands) {
      for (const frame of this.virtual.push(command)) this.#port?.arrive(frame);
    }
    await this.settle();
  }

  /** Lets everything run that needs no more time than a commit. */
  async settle(ms = 20): Promise<void> {
    for (let turn = 0; turn < 10; turn++) {
      await settleMicrotasks();
      for (const { options, pending } of this.#net.opened) {
        if ([...this.frozen].some((host) => options.broker.includes(host))) {
          continue;
        }
        for (const { ack } of pending) ack();
      }
    }
    await this.clock.advance(ms);
  }

  /** Ends all connections to a broker that is down from now on. */
  async cut(host: string): Promise<void> {
    this.down.add(host);
    for (const connection of this.#net.opened) {
      if (connection.options.broker.includes(host)) connection.drop();
    }
    await this.settle();
  }

  /** Pulls the modem out, until {@link plug}. */
  async pull(): Promise<void> {
    this.unplugged = true;
    this.#port?.pull();
    await this.settle();
  }

  /** Plugs the modem in again. */
  async plug(): Promise<void> {
    this.unplugged = false;
    await this.settle(2000);
  }

  /** What a broker was sent. */
  received(host = "one"): Received {
    const got: Received = { births: [], data: [], stamps: [] };
    for (const { options, pending } of this.#net.opened) {
      if (!options.broker.includes(host)) continue;
      for (const { message: { topic, payload } } of pending) {
        const device = topic.split("/").at(-1) ?? "";
        if (topic.includes("/DBIRTH/")) got.births.push(device);
        else {
          const { metrics } = JSON.parse(String(payload));
          got.data.push(`${device} ${metrics[0].value}`);
          got.stamps.push(metrics[0].timestamp);
        }
      }
    }
    return got;
  }

  /** A sink's account, which must add up. */
  account(sink = "one"): Omit<Account, "droppedBy"> {
    const { droppedBy: _, ...account } = this.agent.sinks
      .find(({ name }) => name === sink)?.lane.account() ??
      assert.fail(`no sink ${sink}`);
    assert.equal(
      account.readings,
      account.delivered + account.pending + account.rejected + account.dropped,
    );
    return account;
  }

  /** Another connection to the outbox. */
  database(): DatabaseSync {
    return new DatabaseSync(`${this.#dir}/outbox.db`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#agent !== null) await this.stop();
    await Deno.remove(this.#dir, { recursive: true });
    assert.equal(this.clock.armed(), 0);
  }
}
