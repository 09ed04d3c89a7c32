/**
 * The way to a broker one step at a time, for whoever wants to know how far it
 * goes: each address by itself, and the certificates as they are shown, also
 * those that no connection would be made with.
 *
 * What the runtime says about a certificate is too coarse to act on (one that
 * has expired is told as one from an unknown authority), so chain, dates and
 * names are looked at here.
 *
 * @module
 */
import { X509Certificate } from "node:crypto";
import net from "node:net";
import tls from "node:tls";
import type { Material } from "./certificates.ts";
import type { BrokerAddress } from "./mqtt.ts";
import { connectOne, describe, settled } from "./socket.ts";

/** One certificate, in words and numbers. */
export interface CertificateFacts {
  readonly name: string;
  readonly issuer: string;
  readonly fromMs: number;
  readonly untilMs: number;
  /** Signed with its own key. */
  readonly selfSigned: boolean;
  /** Names and addresses it is for. */
  readonly names: readonly string[];
}

/** How a TLS handshake went. */
export interface TlsFacts {
  /** As the broker shows them, its own first, then those of our authorities that complete them. */
  readonly chain: readonly CertificateFacts[];
  /** Whether the broker's own is for the name that was asked for. */
  readonly nameFits: boolean;
  /** Whether the last one of the chain comes from an authority we trust. */
  readonly rooted: boolean;
  /** What the runtime says against the chain; null when it is good. */
  readonly refusal: string | null;
  /** e.g. `TLSv1.3`. */
  readonly protocol: string;
}

/** Most certificates of a chain that are looked at. */
const LONGEST_CHAIN = 8;

/**
 * Connects to one address of a broker and closes again.
 *
 * @throws the system's error
 */
export async function tryAddress(
  ip: string,
  port: number,
  signal: AbortSignal,
): Promise<void> {
  (await connectOne(ip, port, signal)).destroy();
}

/**
 * Shakes hands with a broker whatever certificate it has, looks at it, and
 * closes: nothing is sent over that connection.
 *
 * @throws {Error} in a technician's words when there is no handshake
 */
export async function tryTls(
  address: BrokerAddress,
  ip: string,
  material: Material,
  signal: AbortSignal,
): Promise<TlsFacts> {
  const socket = await connectOne(ip, address.port, signal);
  socket.on("error", () => {});
  try {
    const wrapped = await settled(
      tls.connect({
        socket,
        host: address.host,
        // RFC 6066 §3: literal addresses are no server names.
        ...(net.isIP(address.host) === 0 ? { servername: address.host } : {}),
        minVersion: "TLSv1.2",
        rejectUnauthorized: false,
        ...material,
      }),
      "secureConnect",
      signal,
    );
    try {
      return factsOf(wrapped, address.host, material.ca);
    } finally {
      wrapped.destroy();
    }
  } catch (cause) {
    signal.throwIfAborted();
    throw new Error(describe(cause), { cause });
  } finally {
    socket.destroy();
  }
}

function factsOf(
  wrapped: tls.TLSSocket,
  host: string,
  authorities: readonly string[],
): TlsFacts {
  const chain: X509Certificate[] = [];
  let shown: tls.DetailedPeerCertificate | undefined = wrapped
    .getPeerCertificate(true);
  while (shown?.raw !== undefined && chain.length < LONGEST_CHAIN) {
    const certificate = new X509Certificate(shown.raw);
    // The runtime closes a chain with its root, which points to itself.
    if (chain.some((seen) => seen.raw.equals(certificate.raw))) break;
    chain.push(certificate);
    shown = shown.issuerCertificate;
  }
  const [own] = chain;
  const last = chain.at(-1);
  const error: unknown = wrapped.authorizationError;
  return {
    chain: chain.map(certificateFacts),
    nameFits: own !== undefined &&
      (net.isIP(host) === 0
        ? own.checkHost(host) !== undefined
        : own.checkIP(host) !== undefined),
    rooted: last !== undefined && isRooted(last, authorities),
    refusal: wrapped.authorized ? null : describeRefusal(error),
    protocol: wrapped.getProtocol() ?? "TLS",
  };
}

function describeRefusal(error: unknown): string {
  return error instanceof Error ? describe(error) : String(error);
}

/** Whether a certificate is one of the authorities', or signed by one. */
function isRooted(
  last: X509Certificate,
  authorities: readonly string[],
): boolean {
  for (const pem of authorities.flatMap(blocksOf)) {
    let authority: X509Certificate;
    try {
      authority = new X509Certificate(pem);
    } catch {
      // A store may hold what this runtime does not read; it is not ours then.
      continue;
    }
    if (authority.raw.equals(last.raw)) return true;
    if (authority.subject === last.issuer && last.verify(authority.publicKey)) {
      return true;
    }
  }
  return false;
}

/** The certificates of a PEM file, one text each. */
function blocksOf(pem: string): readonly string[] {
  return pem.match(
    /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]+-----END (?:TRUSTED )?CERTIFICATE-----/g,
  ) ?? [];
}

/** What a PEM file's first certificate says. */
export function readCertificate(pem: string): CertificateFacts {
  return certificateFacts(new X509Certificate(pem));
}

function certificateFacts(certificate: X509Certificate): CertificateFacts {
  const { subject, issuer, subjectAltName } = certificate;
  return {
    name: nameIn(subject),
    issuer: nameIn(issuer),
    fromMs: Date.parse(certificate.validFrom),
    untilMs: Date.parse(certificate.validTo),
    selfSigned: subject === issuer && certificate.verify(certificate.publicKey),
    names: (subjectAltName ?? "").split(", ").filter((name) => name !== "")
      .map((name) => name.replace(/^(DNS|IP Address):/, "")),
  };
}

/** The common name of a subject, else its organisation, else all of it. */
function nameIn(subject: string | undefined): string {
  const rows = (subject ?? "").split("\n");
  const value = (key: string) =>
    rows.find((row) => row.startsWith(`${key}=`))?.slice(key.length + 1);
  return value("CN") ?? value("O") ?? (rows.join(", ") || "without a name");
}
