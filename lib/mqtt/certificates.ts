/**
 * Certificates and keys of a TLS connection, read and checked before use so
 * that an error names the key and the file at fault.
 *
 * @module
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import tls from "node:tls";
import { MqttError, type TlsConfig } from "./mqtt.ts";

/** Certificates and key for one TLS handshake. */
export interface Material {
  readonly ca: string[];
  readonly cert?: string;
  readonly key?: string;
}

/**
 * Reads the files that the configuration names.
 *
 * @throws {MqttError} step `config`, naming key and file
 */
export async function readMaterial(config: TlsConfig): Promise<Material> {
  const ca = config.ca_file === ""
    ? systemAuthorities()
    : [await readPem("tls.ca_file", config.ca_file)];
  if (config.cert_file === "") return { ca };
  const cert = await readPem("tls.cert_file", config.cert_file);
  const key = await readPem("tls.key_file", config.key_file);
  let fits: boolean;
  try {
    fits = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch (cause) {
    throw refused("tls.key_file", config.key_file, messageOf(cause), cause);
  }
  if (!fits) {
    throw refused(
      "tls.key_file",
      config.key_file,
      `it does not belong to the certificate ${config.cert_file}`,
    );
  }
  return { ca, cert, key };
}

/** The system's own authorities; those of the runtime where the system has none. */
function systemAuthorities(): string[] {
  const system = tls.getCACertificates("system");
  return system.length > 0 ? system : tls.getCACertificates("bundled");
}

async function readPem(key: string, path: string): Promise<string> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (cause) {
    throw refused(key, path, messageOf(cause), cause);
  }
  const wanted = key === "tls.key_file" ? "PRIVATE KEY" : "CERTIFICATE";
  if (!text.includes(`${wanted}-----`)) {
    throw refused(key, path, `it holds no PEM block of type ${wanted}`);
  }
  try {
    if (wanted === "CERTIFICATE") new X509Certificate(text);
  } catch (cause) {
    throw refused(key, path, messageOf(cause), cause);
  }
  return text;
}

function refused(
  key: string,
  path: string,
  why: string,
  cause?: unknown,
): MqttError {
  return new MqttError(`Cannot use ${key} ${path}: ${why}`, "config", {
    cause,
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
