/**
 * A mosquitto broker of this test alone: free loopback ports, configuration in
 * a directory of its own, signals to its process only.
 *
 * @module
 */

/** How one listener is set up; TLS where certificates are given. */
export interface Listener {
  readonly certificates?: {
    readonly ca: string;
    readonly cert: string;
    readonly key: string;
  };
  /** Whether clients need a certificate of that authority. */
  readonly clientCertificate?: boolean;
  /** `tlsv1.2` allows nothing newer. */
  readonly tlsVersion?: "tlsv1.2" | "tlsv1.3";
}

/** A running mosquitto. */
export interface Mosquitto extends AsyncDisposable {
  /** Port of each listener, in order. */
  readonly ports: readonly number[];
  /** Of its process. */
  readonly pid: number;
  /** Sends a signal to this broker's process. */
  signal(signal: Deno.Signal): void;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
}

/** What a broker may be told. */
export interface MosquittoOptions {
  readonly listeners?: readonly Listener[];
  /** Name → password; without it everybody may log in. */
  readonly users?: Readonly<Record<string, string>>;
  /** Lines of an access control file. */
  readonly acl?: readonly string[];
  /** More lines of its configuration. */
  readonly lines?: readonly string[];
  /** Ports to use again, for a broker that comes back. */
  readonly ports?: readonly number[];
}

/**
 * Starts mosquitto and waits until it takes connections.
 *
 * @throws {Deno.errors.NotFound} when it is not installed
 */
export async function mosquitto(
  options: MosquittoOptions = {},
): Promise<Mosquitto> {
  const dir = await Deno.makeTempDir();
  const listeners = options.listeners ?? [{}];
  const ports = options.ports ?? listeners.map(freePort);
  const lines = [
    "per_listener_settings false",
    // Started by root it would drop to a user who cannot read this directory.
    "user root",
    `allow_anonymous ${options.users === undefined}`,
    ...(options.lines ?? []),
  ];
  if (options.users !== undefined) {
    const file = `${dir}/passwords`;
    await Deno.writeTextFile(
      file,
      Object.entries(options.users).map((pair) => `${pair.join(":")}\n`).join(
        "",
      ),
    );
    await command("mosquitto_passwd", ["-U", file]);
    lines.push(`password_file ${file}`);
  }
  if (options.acl !== undefined) {
    await Deno.writeTextFile(`${dir}/acl`, options.acl.join("\n") + "\n");
    lines.push(`acl_file ${dir}/acl`);
  }
  listeners.forEach((listener, index) => {
    lines.push(`listener ${ports[index]} 127.0.0.1`);
    const { certificates } = listener;
    if (certificates !== undefined) {
      lines.push(
        `cafile ${certificates.ca}`,
        `certfile ${certificates.cert}`,
        `keyfile ${certificates.key}`,
      );
    }
    if (listener.tlsVersion !== undefined) {
      lines.push(`tls_version ${listener.tlsVersion}`);
    }
    if (listener.clientCertificate) lines.push("require_certificate true");
  });
  await Deno.writeTextFile(`${dir}/mosquitto.conf`, lines.join("\n") + "\n");
  const process = new Deno.Command("mosquitto", {
    args: ["-c", `${dir}/mosquitto.conf`],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const log = await readUntil(process.stderr, " running");
  let over = false;
  const end = async (signal: Deno.Signal) => {
    if (over) return;
    over = true;
    process.kill("SIGCONT");
    process.kill(signal);
    // It forgets a SIGTERM that comes while it begins its main loop.
    const again = setInterval(() => process.kill(signal), 500);
    await process.status.finally(() => clearInterval(again));
    await log.rest;
    await Deno.remove(dir, { recursive: true });
  };
  return {
    ports,
    pid: process.pid,
    signal: (signal) => process.kill(signal),
    kill: () => end("SIGKILL"),
    [Symbol.asyncDispose]: () => end("SIGTERM"),
  };
}

/** Runs a command to its end. */
export async function command(
  name: string,
  args: readonly string[],
  cwd?: string,
): Promise<void> {
  const { success, stderr } = await new Deno.Command(name, {
    args: [...args],
    ...(cwd === undefined ? {} : { cwd }),
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) {
    throw new Error(`${name} failed: ${new TextDecoder().decode(stderr)}`);
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Reads a process's log until a text shows; the rest is read in the background. */
async function readUntil(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  text: string,
): Promise<{ readonly rest: Promise<void> }> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let seen = "";
  while (!seen.includes(text)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`mosquitto ended: ${seen}`);
    seen += value;
  }
  const drain = async () => {
    while (!(await reader.read()).done);
  };
  return { rest: drain() };
}

/** Self-made certificates: an authority, a broker of `localhost` and 127.0.0.1, one of another name, a client, and another authority. */
export interface Certificates extends AsyncDisposable {
  /** Full name of a file: `ca.crt`, `server.crt`, `server.key`, `elsewhere.crt`, `client.crt`, `client.key`, `other.crt`, `other.key`. */
  file(name: string): string;
}

/** Makes certificates with openssl. */
export async function certificates(): Promise<Certificates> {
  const dir = await Deno.makeTempDir();
  const openssl = (...args: string[]) => command("openssl", args, dir);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  const authority = (name: string) =>
    openssl(
      ...["req", "-x509", ...key, "-nodes", "-days", "2"],
      ...["-keyout", `${name}.key`, "-out", `${name}.crt`],
      ...["-subj", `/CN=${name}`],
    );
  const signed = async (name: string, extension: string) => {
    await Deno.writeTextFile(`${dir}/${name}.ext`, extension + "\n");
    await openssl(
      ...["req", ...key, "-nodes", "-subj", `/CN=${name}`],
      ...["-keyout", `${name}.key`, "-out", `${name}.csr`],
    );
    await openssl(
      ...["x509", "-req", "-days", "2", "-in", `${name}.csr`],
      ...["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"],
      ...["-extfile", `${name}.ext`, "-out", `${name}.crt`],
    );
  };
  await authority("ca");
  await authority("other");
  await signed("server", "subjectAltName=DNS:localhost,IP:127.0.0.1");
  await signed("elsewhere", "subjectAltName=DNS:broker.example");
  await signed("client", "extendedKeyUsage=clientAuth");
  return {
    file: (name) => `${dir}/${name}`,
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
}
