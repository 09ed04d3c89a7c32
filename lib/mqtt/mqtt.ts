/**
 * MQTT as the sinks see it: one connection at a time, acknowledged publishes,
 * errors that name the step that failed. The library is known to `mqttjs.ts`
 * only; staying connected is the work of `supervisor.ts`.
 *
 * @module
 */
import * as z from "zod";

/** Table `tls` of a sink. */
export const tlsConfig = z.strictObject({
  ca_file: z.string().default("")
    .describe(
      "PEM file of a private certificate authority; empty: the system's own",
    ),
  cert_file: z.string().default("")
    .describe("PEM file of the client certificate"),
  key_file: z.string().default("").describe("PEM file of its private key"),
  verify: z.boolean().default(true)
    .describe(
      "false accepts any certificate and is warned about at every start",
    ),
});

/** Checked table `tls`. */
export type TlsConfig = z.infer<typeof tlsConfig>;

/** Where a broker listens. */
export interface BrokerAddress {
  /** Name or IP address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** True for `mqtts://`. */
  readonly secure: boolean;
  /** `host:port` as shown to people. */
  readonly text: string;
}

/**
 * Reads a broker's URL.
 *
 * @throws {MqttError} step `config`, saying what would do
 */
export function brokerAddress(url: string): BrokerAddress {
  const refuse = (why: string) =>
    new MqttError(
      `Cannot use broker ${
        JSON.stringify(withoutSecrets(url))
      }: ${why}, expected mqtt://host[:port] or mqtts://host[:port]`,
      "config",
    );
  const scheme = /^(mqtts?):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) throw refuse("it has no such scheme");
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw refuse("host or port is malformed");
  }
  if (parsed.username !== "" || parsed.password !== "") {
    throw refuse("user name and password have keys of their own");
  }
  if (parsed.search + parsed.hash !== "" || !/^\/?$/.test(parsed.pathname)) {
    throw refuse("nothing may follow the port");
  }
  let host: string;
  try {
    host = decodeURIComponent(parsed.hostname).replace(/^\[|\]$/g, "");
  } catch {
    throw refuse("host is malformed");
  }
  if (host === "" || /\s/.test(host)) throw refuse("it has no host");
  if (parsed.port === "0") throw refuse("port is 0");
  const secure = scheme === "mqtts";
  const port = parsed.port === ""
    ? (secure ? 8883 : 1883)
    : Number(parsed.port);
  const shown = host.includes(":") ? `[${host}]` : host;
  return { host, port, secure, text: `${shown}:${port}` };
}

function withoutSecrets(url: string): string {
  return url.replace(/\/\/[^/]*@/, "//…@");
}

/** What the schema of every MQTT sink has in common; spread it into a `z.strictObject`. */
export const brokerConfig = {
  broker: z.string().superRefine((url, context) => {
    try {
      brokerAddress(url);
    } catch (error) {
      if (!(error instanceof MqttError)) throw error;
      context.addIssue({ code: "custom", message: error.message });
    }
  }).describe("mqtt://host[:1883], or mqtts://host[:8883] with TLS"),
  username: z.string().default("").describe("user name at the broker"),
  password: z.string().default("").describe("password at the broker"),
  password_file: z.string().default("")
    .describe(
      "file that holds the password; a relative name is looked up in $CREDENTIALS_DIRECTORY",
    ),
  client_id: z.string().max(65_535).default("")
    .describe("MQTT client identifier, unique at the broker"),
  protocol: z.enum(["5", "3.1.1"]).default("5").describe("version of MQTT"),
  tls: tlsConfig.prefault({}).describe("how mqtts:// is secured"),
};

/** Rules between the keys of {@link brokerConfig}; give it to `superRefine`. */
export function checkBroker(
  config: {
    readonly username: string;
    readonly password: string;
    readonly password_file: string;
    readonly protocol: "5" | "3.1.1";
    readonly broker?: string | undefined;
    readonly tls: TlsConfig;
  },
  context: z.RefinementCtx,
): void {
  const refuse = (path: string[], message: string) =>
    context.addIssue({ code: "custom", path, message });
  const secret = config.password !== "" || config.password_file !== "";
  if (config.password !== "" && config.password_file !== "") {
    refuse(["password_file"], "give password or password_file, not both");
  }
  if (secret && config.username === "" && config.protocol === "3.1.1") {
    refuse(["username"], "a password needs a user name in MQTT 3.1.1");
  }
  const { ca_file, cert_file, key_file } = config.tls;
  // Who gives certificates expects TLS; one missing letter must not lose it.
  if (
    /^mqtt:/i.test(config.broker ?? "") && ca_file + cert_file + key_file !== ""
  ) {
    refuse(
      ["broker"],
      "mqtt:// is not secured, and tls names certificates: write mqtts://, or leave tls out",
    );
  }
  if ((config.tls.cert_file === "") !== (config.tls.key_file === "")) {
    refuse(
      ["tls", config.tls.cert_file === "" ? "cert_file" : "key_file"],
      "cert_file and key_file belong together: give both or none",
    );
  }
}

/** Steps of a connection, in order. */
export type ConnectStep = "config" | "dns" | "tcp" | "tls" | "login";

/** A connection that did not come about, or ended. */
export class MqttError extends Error {
  override readonly name = "MqttError";
  constructor(
    message: string,
    /** The step that failed; `session` after the login. */
    readonly step: ConnectStep | "session",
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A message on its way out. */
export interface OutMessage {
  readonly topic: string;
  readonly payload: string | Uint8Array;
  readonly qos: 0 | 1;
  readonly retain: boolean;
}

/** A message that came in. */
export interface InMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
}

/** The broker's answer to a publish: `code` is the v5 reason code, 0 in v3.1.1. */
export interface Ack {
  readonly code: number;
  /** The broker's words or the code's name in the standard. */
  readonly reason: string;
}

/** Most publishes that a connection has waiting for acknowledgement, whatever the broker allows. */
export const MOST_ON_WIRE = 256;

/** Everything one connection needs. */
export interface ConnectOptions {
  /** `mqtt://host[:1883]` or `mqtts://host[:8883]`. */
  readonly broker: string;
  readonly clientId: string;
  readonly protocol: "5" | "3.1.1";
  readonly username?: string;
  readonly password?: string;
  readonly tls: TlsConfig;
  readonly keepAliveS: number;
  /** Silence after which the broker counts as dead, ms; default 75 s. */
  readonly silenceLimitMs?: number;
  readonly will?: OutMessage;
  readonly signal: AbortSignal;
}

/** One connection, from CONNACK to its end. Not reconnected: a new one is opened. */
export interface MqttConnection extends AsyncDisposable {
  /** How many publishes the broker lets wait for their acknowledgement. */
  readonly receiveMaximum: number;
  /**
   * Publishes; resolves at the PUBACK (QoS 1) or when written (QoS 0). What
   * goes beyond {@link receiveMaximum} or {@link MOST_ON_WIRE} waits here, in
   * order. Giving it more than that is the fast way: a PUBACK that is answered
   * by the next PUBLISH is not held up by delayed TCP acknowledgements.
   *
   * @throws {MqttError} when the connection ends first
   */
  publish(message: OutMessage): Promise<Ack>;
  /** @throws {MqttError} when refused or the connection ends first */
  subscribe(filters: readonly string[], qos: 0 | 1): Promise<void>;
  /** Called for each incoming message, set before subscribing. */
  onMessage: ((message: InMessage) => void) | null;
  /** Resolves with the reason when the connection has ended. */
  readonly ended: Promise<MqttError>;
  /** This machine's IP address as the connection uses it. */
  readonly localAddress?: string;
}

/**
 * Opens one connection and logs in.
 *
 * @throws {MqttError} naming the step that failed
 */
export type Connect = (options: ConnectOptions) => Promise<MqttConnection>;
