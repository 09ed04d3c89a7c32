/**
 * What the system tests share: the agent as a process of its own, a virtual
 * modem on a pseudo terminal whose frames can be told apart, and a subscriber
 * that misses nothing.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import mqtt from "mqtt";
import { encodeCommand } from "../../lib/alp/alp.ts";
import type { Action } from "../../lib/alp/action.ts";
import { kernelClock, systemClock } from "../../lib/clock.ts";
import { encodeFile } from "../../lib/files/files.ts";
import { openPty, type Pty } from "../../lib/cli/sim/pty.ts";
import { runModem, type RunningModem } from "../../lib/cli/sim/run.ts";

/** The machine's clock. */
export const clock = systemClock(kernelClock(() => true));

/** A directory that goes with the test. */
export async function tempDir(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempDir({ prefix: "dash7-edge-system-" });
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** Waits for a condition, looking often; says what was waited for when it gives up. */
export async function until(
  what: string,
  condition: () => boolean,
  limitS = 30,
): Promise<void> {
  const endMs = clock.monoMs() + limitS * 1000;
  while (!condition()) {
    if (clock.monoMs() > endMs) {
      throw new Error(`Waited ${limitS} s in vain for: ${what}`);
    }
    await clock.sleep(20);
  }
}

/** What an agent under test is configured with. */
export interface AgentSettings {
  readonly dir: string;
  readonly port: string;
  readonly brokerPort: number;
  /** Further lines of the sink's table. */
  readonly sink?: string;
  /** Further tables. */
  readonly more?: string;
  /** A configuration of its own instead of all that; in `dir` as well. */
  readonly config?: string;
  /** Instead of this project from source: the words before the verb, and what its environment gets. */
  readonly program?: Program;
}

/** A built file or another checkout, as it is started. */
export interface Program {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The agent as a process of its own. */
export class AgentProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #stderr: Promise<void>;
  readonly #settings: AgentSettings;
  /** Everything it has logged. */
  log = "";

  private constructor(settings: AgentSettings) {
    this.#settings = settings;
    const config = `${settings.dir}/dash7-edge.toml`;
    Deno.writeTextFileSync(config, settings.config ?? configText(settings));
    const { command: [file = "", ...words], env } = settings.program ??
      fromSource;
    this.#child = new Deno.Command(file, {
      args: [...words, "run", "--config", config],
      env: { ...env },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#stderr = this.#collect();
  }

  static start(settings: AgentSettings): AgentProcess {
    return new AgentProcess(settings);
  }

  async #collect(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#child.stderr) {
      this.log += decoder.decode(chunk, { stream: true });
    }
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Resolves once the agent has logged a text. */
  logged(text: string, limitS = 30): Promise<void> {
    return until(
      `"${text}" in the log, which holds:\n${this.log.slice(-2000)}`,
      () => this.log.includes(text),
      limitS,
    );
  }

  /** Sends a signal and waits for the end. */
  async end(signal: Deno.Signal): Promise<Deno.CommandStatus> {
    this.#child.kill(signal);
    const status = await this.#child.status;
    await this.#stderr;
    return status;
  }

  /** Waits for an end that comes by itself. */
  async ended(): Promise<Deno.CommandStatus> {
    const status = await this.#child.status;
    await this.#stderr;
    return status;
  }

  /** CPU time used so far, milliseconds. */
  cpuMs(): number {
    const fields = Deno.readTextFileSync(`/proc/${this.pid}/stat`)
      .split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  /** Resident memory, bytes. */
  residentBytes(): number {
    const kb = /VmRSS:\s+(\d+)/.exec(
      Deno.readTextFileSync(`/proc/${this.pid}/status`),
    )?.[1];
    return Number(kb) * 1024;
  }

  /** The committed readings: what stands in the log, as `DEVICE NUMBER`. */
  committed(): string[] {
    return committedIn(this.#settings.dir);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It has ended already.
    }
    await this.#child.status;
    await this.#stderr;
  }
}

const fromSource: Program = {
  command: [
    ...[Deno.execPath(), "run", "--allow-all", "--no-prompt"],
    new URL("../../main.ts", import.meta.url).pathname,
  ],
  env: {},
};

function configText(settings: AgentSettings): string {
  const { dir, port, brokerPort, sink = "", more = "" } = settings;
  return `[agent]
data_dir = "${dir}/data"
[serial]
port = "${port}"
silence_ms = 300
[http]
listen = ""
[sinks.cloud]
type = "scorpio"
broker = "mqtt://127.0.0.1:${brokerPort}"
project_id = "p"
edge_node_id = "gw1"
${sink}
${more}
`;
}

/** The readings in the log of an agent that has ended, as `DEVICE NUMBER`. */
export function committedIn(dir: string): string[] {
  const db = new DatabaseSync(`${dir}/data/outbox.db`, { readOnly: true });
  try {
    return db.prepare("SELECT command FROM reading ORDER BY id").all().map(
      (row) => {
        const command = row.command as Uint8Array;
        const view = new DataView(command.buffer, command.byteOffset);
        // File data begin behind: opcode, file, offset, two bytes of length.
        const number = view.getBigInt64(5, true);
        return `${command.slice(-8).toHex().toUpperCase()} ${number}`;
      },
    );
  } finally {
    db.close();
  }
}

/** A modem on a line whose meters count. */
export class Line implements AsyncDisposable {
  readonly #running: RunningModem;
  readonly #pty: Pty;
  readonly #next = new Map<string, bigint>();
  readonly path: string;
  /** What was sent, as `DEVICE NUMBER`, in order. */
  readonly sent: string[] = [];

  private constructor(running: RunningModem, pty: Pty, path: string) {
    this.#running = running;
    this.#pty = pty;
    this.path = path;
  }

  /** @param link name to link to the pseudo terminal; numbers go on from `before` */
  static async open(link: string, before?: Line): Promise<Line> {
    const pty = await openPty({ link });
    const line = new Line(runModem(pty, { clock }), pty, link);
    if (before !== undefined) {
      for (const [device, number] of before.#next) {
        line.#next.set(device, number);
      }
    }
    return line;
  }

  get modem(): RunningModem["modem"] {
    return this.#running.modem;
  }

  /** One energy file of a device, with the next number in its first field. */
  push(device: string): void {
    const { reading, frames } = this.#nextOf(device);
    if (this.#running.send(frames)) this.sent.push(reading);
  }

  /** The frame of a device's next reading, for who sends it piece by piece; counts as sent. */
  frame(device: string): Uint8Array {
    const { reading, frames } = this.#nextOf(device);
    this.sent.push(reading);
    return frames[0] ?? new Uint8Array();
  }

  #nextOf(device: string): { reading: string; frames: readonly Uint8Array[] } {
    const number = (this.#next.get(device) ?? 0n) + 1n;
    this.#next.set(device, number);
    return {
      reading: `${device} ${number}`,
      frames: this.modem.push(energyCommand(device, number)),
    };
  }

  /** Frames of the modem, or any bytes at all. */
  send(bytes: Uint8Array): boolean {
    return this.#running.send([bytes]);
  }

  /** The same as fast as the line takes them; the modem must have nothing to say meanwhile. */
  flood(bytes: Uint8Array): Promise<void> {
    return this.#pty.write(bytes);
  }

  /** Clears at once what a killed agent left behind on the line; by itself that takes up to a second. */
  freeIfAbandoned(): Promise<void> {
    return this.#pty.freeIfAbandoned();
  }

  /** Pushes of all devices in turn, `perS` frames each second, until stopped. */
  async pushing(
    devices: readonly string[],
    perS: number,
    signal: AbortSignal,
  ): Promise<void> {
    const startMs = clock.monoMs();
    for (let n = 0; !signal.aborted; n++) {
      this.push(devices[n % devices.length] ?? "");
      const dueMs = startMs + (n + 1) * 1000 / perS;
      await clock.sleep(Math.max(0, dueMs - clock.monoMs()), { signal });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running[Symbol.asyncDispose]();
  }
}

/** Three meters, one with leading zeros. */
export const DEVICES: readonly string[] = [
  "326636300039004C",
  "00000000003A004F",
  "32663630003B0052",
];

/** What a device pushes: its energy file and the modem's status. */
export function energyCommand(
  device: string,
  number: bigint,
  { rxLevel = 70, linkBudget = 84 } = {},
): Uint8Array {
  const data = encodeFile(52, {
    apparentEnergy: [number, 2n, 3n],
    realEnergy: [4n, 5n, 6n],
    current: [7, 8, 9],
    voltage: [230, 231, 232],
    receivedSignalStrength: null,
    measurementValid: true,
  });
  return fileCommand(device, 52, data, { rxLevel, linkBudget });
}

/** What a device pushes: any of its files, and the modem's status. */
export function fileCommand(
  device: string,
  fileId: number,
  data: Uint8Array,
  { rxLevel = 70, linkBudget = 84 } = {},
): Uint8Array {
  const actions: Action[] = [
    {
      op: "return_file_data",
      group: false,
      resp: false,
      fileId,
      offset: 0,
      length: data.length,
      data,
    },
    {
      op: "interface_status",
      interfaceId: 0xd7,
      raw: new Uint8Array(),
      status: {
        channelHeader: { band: "868", class: "lo_rate", coding: "fec_pn9" },
        channelIndex: 0,
        rxLevel,
        linkBudget,
        targetRxLevel: 80,
        nls: false,
        missed: false,
        retry: false,
        unicast: false,
        fifoToken: 73,
        seqNr: 0,
        responseTo: { exp: 5, mant: 9, value: 9216 },
        addressee: {
          idType: "uid",
          nlsMethod: "none",
          accessClass: 1,
          id: device,
        },
      },
    },
  ];
  return encodeCommand(actions);
}

/** A message that a subscriber got. */
export interface Got {
  readonly topic: string;
  readonly retain: boolean;
  readonly qos: number;
  readonly payload: string;
}

/** A subscriber with a durable session: what comes while it is away waits for it. */
export class Subscriber implements AsyncDisposable {
  readonly #client: mqtt.MqttClient;
  readonly messages: Got[] = [];

  private constructor(client: mqtt.MqttClient) {
    this.#client = client;
    client.on("message", (topic, payload, packet) => {
      this.messages.push({
        topic,
        retain: packet.retain,
        qos: packet.qos,
        payload: payload.toString(),
      });
    });
    client.on("error", () => {/* it connects again */});
  }

  /** @param filter what to subscribe to; `retain` stays as published */
  static async connect(port: number, filter = "#"): Promise<Subscriber> {
    const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, {
      clientId: `watch-${crypto.randomUUID()}`,
      protocolVersion: 5,
      clean: false,
      properties: { sessionExpiryInterval: 3600 },
      reconnectPeriod: 50,
    });
    const subscriber = new Subscriber(client);
    await new Promise<void>((resolve) =>
      client.once("connect", () => resolve())
    );
    await client.subscribeAsync(filter, { qos: 1, rap: true });
    return subscriber;
  }

  /** Readings that came, as `DEVICE NUMBER`, in order, copies included. */
  readings(): string[] {
    return this.messages.filter(({ topic }) => topic.includes("/DDATA/")).map(
      ({ topic, payload }) => {
        // The first metric is the counter.
        const number = /"value":(-?\d+)/.exec(payload)?.[1];
        return `${topic.split("/").at(-1)} ${number}`;
      },
    );
  }

  /** Waits until every one of `wanted` has come. */
  async all(wanted: readonly string[], limitS = 30): Promise<void> {
    let missing = wanted.length;
    try {
      await until("", () => {
        const here = new Set(this.readings());
        missing = wanted.filter((reading) => !here.has(reading)).length;
        return missing === 0;
      }, limitS);
    } catch {
      throw new Error(`${missing} of ${wanted.length} readings did not come`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.endAsync(true);
  }
}

/** Readings that came more than once. */
export function copies(readings: readonly string[]): string[] {
  const seen = new Set<string>();
  return readings.filter((reading) => seen.size === seen.add(reading).size);
}

/** Per device, the first appearances in order; every device's numbers must grow. */
export function outOfOrder(readings: readonly string[]): string[] {
  const last = new Map<string, number>();
  const seen = new Set<string>();
  return readings.filter((reading) => {
    if (seen.has(reading)) return false;
    seen.add(reading);
    const [device = "", number] = reading.split(" ");
    const before = last.get(device) ?? 0;
    last.set(device, Math.max(before, Number(number)));
    return Number(number) < before;
  });
}
