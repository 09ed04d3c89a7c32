/**
 * Walks to a broker for `doctor`: name, addresses, TLS, login, a publish. A step
 * that fails ends the walk; those after it are told as not tried.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import { readMaterial } from "../../mqtt/certificates.ts";
import {
  type BrokerAddress,
  brokerAddress,
  type Connect,
  MqttError,
} from "../../mqtt/mqtt.ts";
import { resolve, unlessAborted } from "../../mqtt/socket.ts";
import { readCertificate, tryAddress, tryTls } from "../../mqtt/steps.ts";
import type { Endpoint } from "../../sink/sink.ts";
import {
  judgeClientCertificate,
  judgeLookUp,
  judgeNoHandshake,
  judgeNoLogin,
  judgePublish,
  judgeReach,
  judgeTls,
  type LookUp,
  type Reach,
  type Today,
  type Way,
} from "./broker_rules.ts";
import { type Finding, tell } from "./finding.ts";

/** Longest that one step may take, ms. */
const STEP_MS = 4000;
/** Most addresses of one name that are tried. */
const MOST_ADDRESSES = 6;

/** What a walk needs besides the endpoint. */
export interface WalkOptions {
  /** Name of the sink in the configuration. */
  readonly sink: string;
  readonly connect: Connect;
  readonly clock: Clock;
  readonly today: Today;
  readonly signal: AbortSignal;
}

type BrokerEndpoint = Extract<Endpoint, { readonly kind: "broker" }>;

/** Goes to a broker, step by step. */
export async function* walk(
  endpoint: BrokerEndpoint,
  options: WalkOptions,
): AsyncGenerator<Finding> {
  const { login } = endpoint;
  const address = brokerAddress(login.broker);
  const way: Way = {
    sink: options.sink,
    host: address.host,
    port: address.port,
    text: address.text,
    user: login.username ?? "an anonymous user",
  };
  const steps = [
    ...(address.secure ? ["TLS"] : []),
    "login",
    "publish",
  ];
  const stop = function* (reason: string, from: string) {
    for (const step of steps.slice(steps.indexOf(from))) {
      yield tell("skipped", step, { reason });
    }
  };
  const first = steps[0] ?? "login";

  const lookUp = await lookUpOf(address, options);
  yield judgeLookUp(way, lookUp);
  if (lookUp.end === "failed") {
    yield tell("skipped", "TCP", { reason: "the name has no address" });
    return yield* stop("the name has no address", first);
  }
  const addresses = lookUp.end === "found" ? lookUp.addresses : [address.host];
  const reached = await Promise.all(
    addresses.slice(0, MOST_ADDRESSES).map((ip) =>
      reach(ip, address.port, options)
    ),
  );
  const there = reached.find(({ error }) => error === null);
  for (const one of reached) {
    yield judgeReach(way, one, {
      otherAnswers: there !== undefined,
      limitS: STEP_MS / 1000,
    });
  }
  if (there === undefined) {
    return yield* stop("the broker is not reached", first);
  }

  if (address.secure) {
    let bad = false;
    for await (
      const finding of secure(address, there.ip, login, way, options)
    ) {
      bad ||= finding.status === "fail";
      yield finding;
    }
    if (bad) return yield* stop("TLS is not good", "login");
  } else if (!addresses.every(isNear)) {
    yield tell("plaintext", "TLS");
  }
  yield* logIn(endpoint, way, options);
}

/** What a signal that limits one step is made of. */
function limited(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(STEP_MS)]);
}

async function lookUpOf(
  address: BrokerAddress,
  { clock, signal }: WalkOptions,
): Promise<LookUp> {
  const startMs = clock.monoMs();
  const limit = limited(signal);
  try {
    const addresses = await unlessAborted(resolve(address), limit);
    return addresses.length === 1 && addresses[0] === address.host
      ? { end: "literal" }
      : { end: "found", addresses, ms: clock.monoMs() - startMs };
  } catch (error) {
    const reason = limit.aborted
      ? `no answer within ${STEP_MS / 1000} s`
      : causeCode(error);
    return { end: "failed", reason };
  }
}

async function reach(
  ip: string,
  port: number,
  { clock, signal }: WalkOptions,
): Promise<Reach> {
  const startMs = clock.monoMs();
  const limit = limited(signal);
  try {
    await tryAddress(ip, port, limit);
    return { ip, ms: clock.monoMs() - startMs, error: null };
  } catch (error) {
    const ms = clock.monoMs() - startMs;
    return { ip, ms, error: limit.aborted ? "timeout" : causeCode(error) };
  }
}

async function* secure(
  address: BrokerAddress,
  ip: string,
  { tls }: BrokerEndpoint["login"],
  way: Way,
  { today, signal }: WalkOptions,
): AsyncGenerator<Finding> {
  let material: Awaited<ReturnType<typeof readMaterial>>;
  try {
    material = await readMaterial(tls);
  } catch (error) {
    if (!(error instanceof MqttError)) throw error;
    const key = /tls\.(\w+)/.exec(error.message)?.[1] ?? "the files";
    yield tell("tls_files", "TLS", { ...way, reason: error.message, key });
    return;
  }
  if (material.cert !== undefined) {
    yield judgeClientCertificate(
      readCertificate(material.cert),
      tls.cert_file,
      today,
    );
  }
  const limit = limited(signal);
  try {
    const facts = await tryTls(address, ip, material, limit);
    yield* judgeTls(way, facts, today, {
      verify: tls.verify,
      ownAuthority: tls.ca_file !== "",
    });
  } catch (error) {
    yield judgeNoHandshake(
      way,
      limit.aborted
        ? `no answer within ${STEP_MS / 1000} s`
        : error instanceof Error
        ? error.message
        : String(error),
    );
  }
}

async function* logIn(
  { login, trial }: BrokerEndpoint,
  way: Way,
  { connect, clock, signal }: WalkOptions,
): AsyncGenerator<Finding> {
  const startMs = clock.monoMs();
  const limit = limited(signal);
  try {
    await using connection = await connect({ ...login, signal: limit });
    yield tell("login", "login", {
      user: way.user,
      protocol: login.protocol,
      ms: clock.monoMs() - startMs,
    });
    if ("none" in trial) {
      yield tell("publish_untried", "publish", { reason: trial.none });
      return;
    }
    const { message: { topic }, message, pattern } = trial;
    const values = { ...way, topic, pattern };
    try {
      const ack = await unlessAborted(
        connection.publish(message),
        limited(signal),
      );
      yield login.protocol === "5"
        ? judgePublish(way, ack, topic, pattern)
        : tell("publish_unseen", "publish");
    } catch (error) {
      const reason = error instanceof MqttError
        ? error.message.replace(/^Connection to broker \S+ ended: /, "")
        : `no answer within ${STEP_MS / 1000} s`;
      yield tell("publish_cut", "publish", { ...values, reason });
    }
  } catch (error) {
    if (!(error instanceof MqttError)) throw error;
    yield judgeNoLogin(way, login.protocol, {
      step: error.step,
      message: limit.aborted
        ? `no answer within ${STEP_MS / 1000} s`
        : error.message,
    });
    yield tell("skipped", "publish", { reason: "not logged in" });
  }
}

/** Loopback, and networks of one's own, where plain MQTT is usual. [RFC 1918, RFC 4193, RFC 3927] */
function isNear(ip: string): boolean {
  return /^(127\.|10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.)/
    .test(ip) || /^(::1$|fe80:|f[cd])/i.test(ip);
}

/** The system's code for an error, or its words. */
function causeCode(error: unknown): string {
  for (let one = error; one instanceof Error; one = one.cause) {
    if ("code" in one && typeof one.code === "string") return one.code;
  }
  return error instanceof Error ? error.message : String(error);
}
