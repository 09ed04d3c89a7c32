/**
 * Certificates of a broker with dates of their own, beside those of
 * `mosquitto.ts`.
 *
 * @module
 */
import { dirname } from "node:path";
import { type Certificates, command } from "./mosquitto.ts";

/** What one is to say; times as `YYYYMMDDHHMMSSZ`. */
export interface Dated {
  readonly name: string;
  /** Who signs it; the broker's own by default. */
  readonly authority?: string;
  readonly from: string;
  readonly until: string;
}

const CONFIGURATION = `[ca]
default_ca = own
[own]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[names]
subjectAltName = DNS:localhost,IP:127.0.0.1
`;

/** Makes and signs them, as `NAME.crt` and `NAME.key` beside the others. */
export async function datedCertificates(
  made: Certificates,
  wanted: readonly Dated[],
): Promise<void> {
  const dir = dirname(made.file("ca.crt"));
  await Deno.writeTextFile(`${dir}/ca.cnf`, CONFIGURATION);
  await Deno.writeTextFile(`${dir}/index.txt`, "");
  await Deno.writeTextFile(`${dir}/serial`, "01\n");
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  for (const { name, authority = "ca", from, until } of wanted) {
    await command("openssl", [
      ...["req", ...key, "-nodes", "-subj", `/CN=${name}`],
      ...["-keyout", `${name}.key`, "-out", `${name}.csr`],
    ], dir);
    await command("openssl", [
      ...["ca", "-batch", "-notext", "-config", "ca.cnf"],
      ...["-extensions", "names", "-cert", `${authority}.crt`],
      ...["-keyfile", `${authority}.key`, "-in", `${name}.csr`],
      ...["-out", `${name}.crt`, "-startdate", from, "-enddate", until],
    ], dir);
  }
}
