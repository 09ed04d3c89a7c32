/**
 * The stream below MQTT: name → address → TCP → TLS, each step with an error
 * that names it. TLS is 1.2 or newer; certificates and names are verified
 * unless the operator said otherwise.
 *
 * @module
 */
import { lookup } from "node:dns/promises";
import net from "node:net";
import tls from "node:tls";
import {
  type BrokerAddress,
  type ConnectStep,
  MqttError,
  type TlsConfig,
} from "./mqtt.ts";
import { type Material, readMaterial } from "./certificates.ts";

/** What {@link openSocket} needs besides the address. */
export interface SocketOptions {
  readonly tls: TlsConfig;
  /** Aborted with an {@link MqttError} as its reason. */
  readonly signal: AbortSignal;
  /** Told each step as it begins. */
  readonly onStep: (step: ConnectStep) => void;
}

/**
 * Connects to a broker, up to and including the TLS handshake.
 *
 * @throws {MqttError} naming the step that failed, or the signal's reason
 */
export async function openSocket(
  address: BrokerAddress,
  options: SocketOptions,
): Promise<net.Socket> {
  const { signal, onStep } = options;
  const material = address.secure ? await readMaterial(options.tls) : null;
  signal.throwIfAborted();
  onStep("dns");
  const addresses = await unlessAborted(resolve(address), signal);
  onStep("tcp");
  const socket = await connectAny(address, addresses, signal);
  if (material === null) return socket;
  onStep("tls");
  return await secure(address, socket, material, options);
}

/**
 * The addresses of a broker's name.
 *
 * @throws {MqttError} step `dns`
 */
export async function resolve(
  address: BrokerAddress,
): Promise<readonly string[]> {
  if (net.isIP(address.host) !== 0) return [address.host];
  try {
    const found = await lookup(address.host, { all: true });
    return found.map((entry) => entry.address);
  } catch (cause) {
    const code = codeOf(cause);
    const why = code === "ENOTFOUND"
      ? "no such name, or no name server reached"
      : "name server does not answer";
    throw new MqttError(
      `Cannot find broker ${address.text}: ${why} (${code})`,
      "dns",
      { cause },
    );
  }
}

/** Tries the addresses in turn; the error is that of the last one. */
async function connectAny(
  address: BrokerAddress,
  hosts: readonly string[],
  signal: AbortSignal,
): Promise<net.Socket> {
  let failed = new MqttError(
    `Cannot find broker ${address.text}: its name has no address`,
    "dns",
  );
  for (const host of hosts) {
    try {
      return await connectOne(host, address.port, signal);
    } catch (cause) {
      signal.throwIfAborted();
      const at = host === address.host ? "" : ` (${host})`;
      failed = new MqttError(
        `Cannot reach broker ${address.text}${at}: ${describe(cause)}`,
        "tcp",
        { cause },
      );
    }
  }
  throw failed;
}

/** Connects to one address. */
export function connectOne(
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<net.Socket> {
  const socket = net.connect({ host, port });
  socket.setNoDelay(true);
  return settled(socket, "connect", signal);
}

async function secure(
  address: BrokerAddress,
  socket: net.Socket,
  material: Material,
  options: SocketOptions,
): Promise<net.Socket> {
  // Losing the TCP stream shows on the TLS stream too; here it only must not throw.
  socket.on("error", () => {});
  let wrapped: tls.TLSSocket;
  try {
    wrapped = tls.connect({
      socket,
      host: address.host,
      // RFC 6066 §3: literal addresses are no server names; `host` is still checked.
      ...(net.isIP(address.host) === 0 ? { servername: address.host } : {}),
      minVersion: "TLSv1.2",
      rejectUnauthorized: options.tls.verify,
      ...material,
    });
    await settled(wrapped, "secureConnect", options.signal);
  } catch (cause) {
    socket.destroy();
    options.signal.throwIfAborted();
    throw new MqttError(
      `Cannot secure the connection to broker ${address.text}: ${
        describe(cause)
      }`,
      "tls",
      { cause },
    );
  }
  // The wrapped stream owns the TCP stream; both go together.
  wrapped.once("close", () => socket.destroy());
  return wrapped;
}

const firstErrors = new WeakMap<net.Socket, Error>();

/** Why a socket of {@link openSocket} failed, if it did: its first error, also one that nobody heard. */
export function firstErrorOf(socket: net.Socket): Error | undefined {
  return firstErrors.get(socket);
}

/** Resolves with `socket` at `event`; destroys it when that does not come. */
export function settled<S extends net.Socket>(
  socket: S,
  event: "connect" | "secureConnect",
  signal: AbortSignal,
): Promise<S> {
  return new Promise((resolve, reject) => {
    const forget = () => {
      socket.off(event, done);
      socket.off("error", fail);
      socket.off("close", closed);
      signal.removeEventListener("abort", abort);
    };
    // An alert may follow the handshake before anybody else listens; without
    // a listener it would end the process.
    socket.on("error", (error) => {
      if (!firstErrors.has(socket)) firstErrors.set(socket, error);
    });
    const done = () => {
      forget();
      resolve(socket);
    };
    const fail = (error: unknown) => {
      forget();
      socket.destroy();
      reject(error);
    };
    const closed = () => fail(new Error("connection was closed"));
    const abort = () => fail(signal.reason);
    socket.once(event, done);
    socket.once("error", fail);
    socket.once("close", closed);
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
  });
}

/** Gives up waiting when the signal aborts; the work itself goes on. */
export async function unlessAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Words of a technician for the codes of the system and of TLS. */
const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused, nothing listens on this port",
  ECONNRESET: "connection reset by the broker",
  EPIPE: "connection reset by the broker",
  ETIMEDOUT: "no answer",
  EHOSTUNREACH: "no route to this host",
  ENETUNREACH: "network is unreachable",
  SELF_SIGNED_CERT_IN_CHAIN: untrusted(),
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted(),
  // The runtime says this of a certificate that is out of date, too.
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    `${untrusted()}; or it has expired, or this machine's clock is wrong: \`dash7-edge doctor\` says which`,
  UNABLE_TO_GET_ISSUER_CERT: untrusted(),
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted(),
  CERT_HAS_EXPIRED:
    "the broker's certificate has expired, or this machine's clock is wrong",
  CERT_NOT_YET_VALID:
    "the broker's certificate is not valid yet, or this machine's clock is wrong",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: clientWanted(),
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE:
    "the broker refused the handshake: no common TLS version or cipher, or it wants a client certificate",
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA:
    "the broker does not trust the authority of the client certificate",
};

function untrusted(): string {
  return "its certificate is not signed by a trusted authority, a private one is given with tls.ca_file";
}

function clientWanted(): string {
  return "the broker wants a client certificate, give tls.cert_file and tls.key_file";
}

/** A stream's error in a technician's words, with its code. */
export function describe(error: unknown): string {
  const code = codeOf(error);
  const known = words[code];
  if (known !== undefined) return `${known} (${code})`;
  const message = messageOf(error);
  return code === "" || message.includes(code)
    ? message
    : `${message} (${code})`;
}

/** Whether a stream's error belongs to TLS, also when it comes after the handshake. */
export function isTlsError(error: unknown): boolean {
  return /^(ERR_SSL_|ERR_TLS_|CERT_)/.test(codeOf(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error &&
      typeof error.code === "string"
    ? error.code
    : "";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
