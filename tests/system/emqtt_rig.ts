/**
 * The agent as an ePlug, between a virtual modem whose nodes do as the test
 * says and a mosquitto that knows passwords and lets the plug speak on its own
 * topics only.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { decodeCommand } from "../../lib/alp/alp.ts";
import type { Action } from "../../lib/alp/action.ts";
import { openPty } from "../../lib/cli/sim/pty.ts";
import { runModem, type RunningModem } from "../../lib/cli/sim/run.ts";
import { encodeFile } from "../../lib/files/files.ts";
import { Sicon } from "../fakes/sicon.ts";
import { type Tap, tap } from "../fakes/sicon_tap.ts";
import { AgentProcess, clock, fileCommand, tempDir } from "./harness.ts";
import { type Mosquitto, mosquitto } from "./mosquitto.ts";

/** UID of the plug under test. */
export const UID = "00301133E40F";
/** Password of the plug; must be found nowhere. */
export const PASSWORD = "s3cret-of-the-plug";

/** UIDs of two nodes, one with leading zeros. */
export const NODES: readonly [string, string] = [
  "C84C49532000000F",
  "0000000000000001",
];

/** SubinterfaceID of a node, written from the mapping. [M-03] */
export function nodeId(uid: string): string {
  const digest = createHash("sha256").update(`dash7:${uid}`).digest();
  let bits = 0n;
  for (const byte of digest.subarray(0, 8)) bits = bits << 8n | BigInt(byte);
  let id = "d";
  for (let n = 0; n < 9; n++) {
    id += "abcdefghijklmnopqrstuvwxyz234567"[
      Number(bits >> BigInt(59 - 5 * n) & 31n)
    ];
  }
  return id;
}

/** How a node answers a command from the gateway: actions, null for no acknowledge, or never. */
export type Air = (
  device: string,
  actions: readonly Action[],
) => readonly (readonly Action[])[] | null | "nothing";

/** A node's answer that an action has failed. */
export function refusal(device: string, code: number): readonly Action[] {
  const { actions } = decodeCommand(fileCommand(device, 62, new Uint8Array(5)));
  return [
    { op: "action_status", actionIndex: 0, code, name: "" },
    ...actions.slice(-1),
  ];
}

/** What stands on the bench. */
export interface RigOptions {
  readonly mode?: "onCloud" | "onSite";
  /** Further lines of `[sinks.sicon]`, before its inner tables. */
  readonly sink?: string;
  /** Further tables. */
  readonly more?: string;
  readonly password?: string;
  readonly air?: Air;
  /** No agent yet. */
  readonly wait?: boolean;
  readonly timing?: boolean;
  readonly nodes?: readonly string[];
  /** Subinterfaces with names of their own. */
  readonly aliases?: readonly string[];
  /** HTTP onCloud too, where only the trigger's refusal can be seen. */
  readonly http?: boolean;
}

/** An access control file that keeps the plug to its own topics. */
export function acl(
  nodes: readonly string[] = NODES,
  aliases: readonly string[] = [],
): string[] {
  const own = [
    UID,
    ...["main", ...nodes.map(nodeId), ...aliases].map((s) => `${UID}_${s}`),
  ];
  return [
    "user adapter",
    "topic readwrite eMQTT/#",
    "user plug",
    ...own.flatMap((name) => [
      `topic read eMQTT/${name}/adapter/+`,
      `topic write eMQTT/adapter/${name}/+`,
    ]),
  ];
}

/** A free port on loopback. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** The bench. */
export class Rig implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly #options: RigOptions;
  #modem: RunningModem;
  readonly #openModem: () => Promise<RunningModem>;
  readonly dir: string;
  readonly broker: Mosquitto;
  readonly tap: Tap;
  readonly adapter: Sicon;
  readonly httpPort = freePort();
  /** What was forwarded over the air: device and actions. */
  readonly forwarded: { device: string; actions: readonly Action[] }[];
  agent: AgentProcess | null = null;
  /** Log of agents that have ended. */
  pastLog = "";

  private constructor(
    parts: Pick<Rig, "dir" | "broker" | "tap" | "adapter" | "forwarded">,
    modem: RunningModem,
    openModem: () => Promise<RunningModem>,
    stack: AsyncDisposableStack,
    options: RigOptions,
  ) {
    this.#openModem = openModem;
    this.dir = parts.dir;
    this.broker = parts.broker;
    this.tap = parts.tap;
    this.adapter = parts.adapter;
    this.forwarded = parts.forwarded;
    this.#modem = modem;
    this.#stack = stack;
    this.#options = options;
  }

  static async open(options: RigOptions = {}): Promise<Rig> {
    await using stack = new AsyncDisposableStack();
    const { path: dir } = stack.use(await tempDir());
    const broker = stack.use(
      await mosquitto({
        users: { plug: PASSWORD, adapter: "adapter" },
        acl: acl(options.nodes, options.aliases),
      }),
    );
    const [port = 0] = broker.ports;
    const wire = stack.use(await tap(port));
    const adapter = stack.use(
      await Sicon.connect({
        port,
        uid: UID,
        username: "adapter",
        password: "adapter",
        mode: options.mode ?? "onCloud",
        timing: options.timing ?? true,
      }),
    );
    const forwarded: Rig["forwarded"] = [];
    const openModem = async () =>
      runModem(await openPty({ link: `${dir}/modem` }), {
        clock,
        air: (actions, config) => {
          const to = config !== null && "addressee" in config
            ? config.addressee
            : null;
          const device = to !== null && "id" in to ? String(to.id) : "";
          forwarded.push({ device, actions });
          return options.air?.(device, actions) ?? null;
        },
      });
    const modem = await openModem();
    const rig = new Rig(
      { dir, broker, tap: wire, adapter, forwarded },
      modem,
      openModem,
      stack.move(),
      options,
    );
    if (!options.wait) rig.start();
    return rig;
  }

  /** The plug's broker as SICON.OS tells it. */
  get host(): string {
    return `127.0.0.1:${this.tap.port}`;
  }

  get #config(): string {
    const { mode = "onCloud", sink = "", more = "", password = PASSWORD } =
      this.#options;
    const http = mode === "onSite" || this.#options.http;
    return `[agent]
data_dir = "${this.dir}/data"
[serial]
port = "${this.dir}/modem"
silence_ms = 300
[http]
listen = ""
[sinks.sicon]
type = "emqtt"
registration = "${mode}"
${mode === "onCloud" ? `broker = "mqtt://${this.host}"` : ""}
${http ? `http_listen = "127.0.0.1:${this.httpPort}"` : ""}
username = "plug"
password = "${password}"
uid = "${UID}"
vendor_id = 200999
${sink}
${more}
`;
  }

  /** Starts the agent. */
  start(): AgentProcess {
    this.agent = AgentProcess.start({
      dir: this.dir,
      port: "",
      brokerPort: 0,
      config: this.#config,
    });
    return this.agent;
  }

  /** Ends the agent and waits for its end. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<number> {
    if (this.agent === null) return 0;
    const { code } = await this.agent.end(signal);
    this.pastLog += this.agent.log;
    this.agent = null;
    return code;
  }

  /** Everything agents have logged here. */
  get log(): string {
    return this.pastLog + (this.agent?.log ?? "");
  }

  /** Pulls the modem's plug. */
  async unplug(): Promise<void> {
    await this.#modem[Symbol.asyncDispose]();
  }

  /** Plugs it in again. */
  async replug(): Promise<void> {
    this.#modem = await this.#openModem();
  }

  /** Any file of a node; false if the line had no room for it. */
  push(
    device: string,
    fileId: number,
    data: Uint8Array,
    linkBudget = 84,
  ): boolean {
    return this.#modem.send(
      this.#modem.modem.push(fileCommand(device, fileId, data, { linkBudget })),
    );
  }

  /** An energy file of a node: its phases count from `n`. */
  energy(device: string, n: number, valid = true): boolean {
    return this.push(
      device,
      52,
      encodeFile(52, {
        apparentEnergy: [BigInt(n), BigInt(n + 1), BigInt(n + 2)],
        realEnergy: [BigInt(n + 3), BigInt(n + 4), BigInt(n + 5)],
        current: [1234, -1, 0],
        voltage: [230, 231, 229],
        receivedSignalStrength: null,
        measurementValid: valid,
      }),
    );
  }

  /** A button file of a node. */
  button(device: string, pressed: boolean, id = 0): void {
    this.push(
      device,
      51,
      Uint8Array.of(id, pressed ? 1 : 0, pressed ? 1 << id : 0),
    );
  }

  /** The state as the plug's own HTTP tells it. */
  async status(): Promise<Record<string, unknown>> {
    const answer = await fetch(`http://127.0.0.1:${this.httpPort}/status`);
    return await answer.json();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.agent !== null) await this.agent[Symbol.asyncDispose]();
    await this.#modem[Symbol.asyncDispose]();
    await this.#stack[Symbol.asyncDispose]();
  }
}
