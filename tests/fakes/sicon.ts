/**
 * SICON.OS's adapter as the document describes it: an MQTT client that brings a
 * plug up, registers its devices one request at a time, and checks every
 * message the plug sends.
 *
 * @module
 */
import mqtt from "mqtt";
import { type CheckOptions, SiconCheck } from "./sicon_check.ts";
import { plugTopic } from "./sicon_schema.ts";

/** A plug's message, taken apart. */
export interface Said {
  /** Null: about the plug as a whole. */
  readonly sub: string | null;
  readonly command: string;
  /** Undefined if it is no JSON. */
  readonly payload: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly retain: boolean;
  /** Of `performance.now()`. */
  readonly atMs: number;
}

/** What the adapter does with a device once it is announced, as its description says. */
export interface Description {
  /** Indices to read, five at a time. */
  readonly reads: readonly number[];
  /** Commands in order, pipelined. */
  readonly starts: readonly (readonly [command: string, payload: object])[];
}

/** How an adapter connects. */
export interface SiconOptions extends CheckOptions {
  readonly port: number;
  readonly uid: string;
  readonly username?: string;
  readonly password?: string;
}

/** An adapter at work. */
export class Sicon implements AsyncDisposable {
  readonly #client: mqtt.MqttClient;
  readonly #waiters = new Set<() => void>();
  readonly uid: string;
  readonly check: SiconCheck;
  /** All that the plug has said. */
  readonly said: Said[] = [];
  /** The will came, and no status since. [E-074] */
  gone = false;
  #describe: ((regDevice: Said) => Description | null) | null = null;
  #registering: Promise<void> = Promise.resolve();
  #over = false;

  private constructor(client: mqtt.MqttClient, options: SiconOptions) {
    this.#client = client;
    this.uid = options.uid;
    this.check = new SiconCheck(options);
    client.on("error", () => {/* it connects again */});
    client.on(
      "message",
      (topic, payload, packet) =>
        this.#heard(topic, payload.toString(), packet.retain, packet.qos),
    );
  }

  static async connect(options: SiconOptions): Promise<Sicon> {
    const client = mqtt.connect(`mqtt://127.0.0.1:${options.port}`, {
      clientId: `adapter-${crypto.randomUUID()}`,
      // Version 5 shows how a message was published: with which flag.
      protocolVersion: 5,
      reconnectPeriod: 100,
      resubscribe: true,
      ...(options.username === undefined ? {} : {
        username: options.username,
        password: options.password ?? "",
      }),
    });
    const adapter = new Sicon(client, options);
    await new Promise<void>((resolve) =>
      client.once("connect", () => resolve())
    );
    await client.subscribeAsync(`eMQTT/adapter/#`, { qos: 2, rap: true });
    return adapter;
  }

  #heard(topic: string, text: string, retain: boolean, qos: number): void {
    const atMs = performance.now();
    this.check.take({ from: "plug", topic, payload: text, retain, qos, atMs });
    const to = plugTopic(topic);
    if (to !== null && to.uid === this.uid) {
      let payload: Said["payload"] = {};
      try {
        payload = JSON.parse(text);
      } catch {
        // The checker has noted it.
      }
      const said = { ...to, payload, text, retain, atMs };
      this.said.push(said);
      if (to.command === "status" && text !== "") {
        this.gone = payload["Value"] === "Disconnected";
      }
      if (to.command === "regDevice" && payload["Prereg"] !== true) {
        this.#register(said);
      }
    }
    for (const wake of [...this.#waiters]) wake();
  }

  /** Publishes any text on any topic. */
  raw(topic: string, payload: string | Uint8Array, retain = false): void {
    const text = typeof payload === "string"
      ? payload
      : new TextDecoder().decode(payload);
    const atMs = performance.now();
    this.check.take({ from: "adapter", topic, payload: text, retain, atMs });
    this.#client.publish(
      topic,
      typeof payload === "string" ? payload : new Uint8Array(payload) as never,
      { qos: 0, retain },
    );
  }

  /** Sends a command; `sub` null addresses the plug. */
  send(sub: string | null, command: string, payload: object = {}): void {
    const to = sub === null ? this.uid : `${this.uid}_${sub}`;
    this.raw(`eMQTT/${to}/adapter/${command}`, JSON.stringify(payload));
  }

  /** What the plug has said of a subinterface with a command, oldest first. */
  of(sub: string | null, command: string, from = 0): Said[] {
    return this.said.slice(from).filter((one) =>
      one.sub === sub && one.command === command
    );
  }

  /** Position in what was said, to look on from later. */
  get mark(): number {
    return this.said.length;
  }

  /** Waits for a condition, looking at each message. */
  async until(
    what: string,
    condition: () => boolean,
    limitS = 15,
  ): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve, reject) => {
      const wake = () => {
        if (!condition()) return;
        this.#waiters.delete(wake);
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiters.delete(wake);
        const last = this.said.slice(-12).map((one) =>
          `${one.sub} ${one.command} ${one.text.slice(0, 100)}`
        );
        reject(
          new Error(
            `Waited ${limitS} s in vain for: ${what}\n${last.join("\n")}`,
          ),
        );
      }, limitS * 1000);
      this.#waiters.add(wake);
    });
  }

  /** The first message from `from` on that fits. */
  async next(
    sub: string | null,
    command: string,
    from: number,
    fits: (said: Said) => boolean = () => true,
    limitS = 15,
  ): Promise<Said> {
    let found: Said | undefined;
    await this.until(`${sub ?? "plug"} ${command}`, () => {
      found = this.of(sub, command, from).find(fits);
      return found !== undefined;
    }, limitS);
    if (found === undefined) throw new Error(`No ${command}`);
    return found;
  }

  /** Sends a command and waits for what comes back under its name. */
  async ask(
    sub: string | null,
    command: string,
    payload: object = {},
    limitS = 15,
  ): Promise<Said["payload"]> {
    const from = this.mark;
    this.send(sub, command, payload);
    return (await this.next(sub, command, from, undefined, limitS)).payload;
  }

  /** Reads indices, five at a time, each request after the answer to the one before. [E-137] */
  async read(
    sub: string,
    indices: readonly number[],
  ): Promise<Readonly<Record<number, string | number>>> {
    const values: Record<number, string | number> = {};
    for (let n = 0; n < indices.length; n += 5) {
      await this.until("the read before", () => !this.check.reading());
      const batch = indices.slice(n, n + 5);
      const from = this.mark;
      this.send(sub, "getStatData", { Indices: batch });
      await this.until(`${sub} indices ${batch.join(" ")}`, () => {
        for (const { payload } of this.of(sub, "getStatData", from)) {
          Object.assign(values, payload);
        }
        return batch.every((index) => index in values);
      });
    }
    return values;
  }

  /** Writes one index; its echo or error number. */
  async write(
    sub: string,
    index: number,
    hex: string,
    limitS = 15,
  ): Promise<unknown> {
    const from = this.mark;
    this.send(sub, "putStatData", { [index]: hex });
    const answer = await this.next(
      sub,
      "putStatData",
      from,
      ({ payload }) => String(index) in payload,
      limitS,
    );
    return answer.payload[index];
  }

  /** startPlug, until it is On and has announced main. */
  async startPlug(): Promise<void> {
    const from = this.mark;
    this.send(null, "startPlug");
    await this.next(null, "status", from, (s) => s.payload["Value"] === "On");
    await this.next("main", "regDevice", from);
  }

  /** From now on each device announced is registered as `describe` says; null lets it be. */
  serve(describe: (regDevice: Said) => Description | null): void {
    this.#describe = describe;
  }

  #register(said: Said): void {
    const { sub } = said;
    const description = this.#describe?.(said) ?? null;
    if (sub === null || description === null) return;
    const job = async () => {
      await this.read(sub, description.reads);
      await this.ask(null, "dateUpdate", { ms: this.nowHex() });
      const before = this.check.acks.length;
      for (const [command, payload] of description.starts) {
        this.send(sub, command, payload);
      }
      await this.until(
        `the answers to the starts of ${sub}`,
        () => this.check.acks.length >= before + description.starts.length,
      );
    };
    this.#registering = this.#registering.then(job).catch((error) => {
      if (!this.#over) this.check.violations.push(String(error));
    });
  }

  /** Resolves once no registration is under way. */
  registered(): Promise<void> {
    return this.#registering;
  }

  /** The time as the adapter sends it. */
  nowHex(offsetMs = 0): string {
    return hexMs(Date.now() + offsetMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    await this.#client.endAsync(true);
  }
}

/** Milliseconds as 12 hex digits. [E-036] */
export function hexMs(ms: number): string {
  return Math.round(ms).toString(16).toUpperCase().padStart(12, "0");
}

/** SICON.OS tells a plug its broker. [E-058] */
export async function setBrokerHost(
  httpPort: number,
  host: unknown,
): Promise<Record<string, unknown>> {
  const response = await fetch(`http://127.0.0.1:${httpPort}/set_broker_host`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ MQTT_HOST: host }),
  });
  return await response.json();
}
