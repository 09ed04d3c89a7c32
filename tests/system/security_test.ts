/**
 * What the running agent shows to others: files, sockets, its process, its log.
 * Each test is a promise of docs/security.md.
 */
import assert from "node:assert/strict";
import {
  type Answer,
  CONNECT,
  rawBroker,
  SUBSCRIBE,
} from "../fakes/raw_broker.ts";
import { clock, DEVICES, Line, tempDir, until } from "./harness.ts";
import { certificates, mosquitto } from "./mosquitto.ts";

const main = new URL("../../main.ts", import.meta.url).pathname;

/** Texts that nothing else has by chance. */
const SECRETS = {
  token: "Zk3token3kZ",
  literal: "Zk3literal3kZ",
  file: "Zk3file3kZ",
  variable: "Zk3variable3kZ",
};

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The program with a mask that hides nothing, and any environment. */
function program(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Deno.Command {
  return new Deno.Command("/bin/sh", {
    args: [
      "-c",
      'umask 000; exec "$0" "$@"',
      Deno.execPath(),
      "run",
      "--allow-all",
      "--no-prompt",
      main,
      ...args,
    ],
    env: { ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

async function ran(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const { code, stdout, stderr } = await program(args, env).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

/** A running agent. */
class Running implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #done: Promise<unknown>;
  log = "";

  constructor(config: string, env: Readonly<Record<string, string>> = {}) {
    this.#child = program(["run", "--config", config], env).spawn();
    const collect = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) {
        this.log += text;
      }
    };
    this.#done = Promise.all([
      collect(this.#child.stdout),
      collect(this.#child.stderr),
      this.#child.status,
    ]);
  }

  get pid(): number {
    return this.#child.pid;
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  logged(text: string): Promise<void> {
    return until(`"${text}" in ${this.log}`, () => this.log.includes(text));
  }

  /** A file of its process. */
  proc(name: string): string {
    return Deno.readTextFileSync(`/proc/${this.pid}/${name}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It has ended already.
    }
    await this.#done;
  }
}

/** Every file below a directory, with its mode in octal. */
function modesIn(dir: string, under = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const { name, isDirectory } of Deno.readDirSync(`${dir}/${under}`)) {
    const path = `${under}${name}`;
    const mode = (Deno.lstatSync(`${dir}/${path}`).mode ?? 0) & 0o777;
    found.set(path, mode.toString(8).padStart(4, "0"));
    if (isDirectory) {
      for (const entry of modesIn(dir, `${path}/`)) found.set(...entry);
    }
  }
  return found;
}

/** TCP ports that a process listens on, as `ADDRESS:PORT` in the kernel's hex. */
function listening(pid: number): string[] {
  const inodes = new Set(
    [...Deno.readDirSync(`/proc/${pid}/fd`)].flatMap(({ name }) => {
      try {
        const target = Deno.readLinkSync(`/proc/${pid}/fd/${name}`);
        return /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? [];
      } catch {
        // Closed in between.
        return [];
      }
    }),
  );
  return ["tcp", "tcp6", "udp", "udp6"].flatMap((kind) =>
    Deno.readTextFileSync(`/proc/net/${kind}`).split("\n").slice(1).flatMap(
      (row) => {
        const [, local = "", , state, , , , , , inode = ""] = row.trim()
          .split(/\s+/);
        const open = kind.startsWith("udp") || state === "0A";
        return open && inodes.has(inode) ? [`${kind} ${local}`] : [];
      },
    )
  );
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** An agent with every sink, every secret and everything that it writes. */
async function stage(
  stack: AsyncDisposableStack,
  env: Readonly<Record<string, string>> = {},
) {
  const dir = stack.use(await tempDir()).path;
  const users = {
    literal: SECRETS.literal,
    file: SECRETS.file,
    variable: SECRETS.variable,
  };
  const broker = stack.use(await mosquitto({ users }));
  const line = stack.use(await Line.open(`${dir}/modem`));
  const httpPort = freePort();
  await Deno.writeTextFile(`${dir}/secret`, SECRETS.file, { mode: 0o600 });
  const url = `mqtt://127.0.0.1:${broker.ports[0]}`;
  const scorpio = (name: string, secret: string) =>
    `[sinks.${name}]
type = "scorpio"
broker = "${url}"
username = "${name}"
project_id = "p"
edge_node_id = "${name}"
${secret}
`;
  const config = `${dir}/dash7-edge.toml`;
  await Deno.writeTextFile(
    config,
    `[agent]
data_dir = "${dir}/data"
[serial]
port = "${dir}/modem"
silence_ms = 300
[http]
listen = "127.0.0.1:${httpPort}"
token = "${SECRETS.token}"
[log]
level = "debug"
[sinks.lines]
type = "jsonl"
path = "${dir}/data/readings.jsonl"
[sinks.sicon]
type = "emqtt"
registration = "onCloud"
broker = "${url}"
username = "literal"
password = "${SECRETS.literal}"
vendor_id = 200999
uid = "AABBCCDDEEFF"
` + scorpio("literal", `password = "${SECRETS.literal}"`) +
      scorpio("file", 'password_file = "secret"') +
      scorpio("variable", 'password = "${SECRET_OF_TEST}"'),
    { mode: 0o600 },
  );
  const secret = { SECRET_OF_TEST: SECRETS.variable };
  const agent = stack.use(new Running(config, { ...secret, ...env }));
  await agent.logged("Control socket open");
  await agent.logged("Modem identified");
  for (const device of DEVICES) line.push(device);
  await until("a reading in the file", () => {
    try {
      return Deno.statSync(`${dir}/data/readings.jsonl`).size > 0;
    } catch {
      return false;
    }
  });
  return { dir, agent, config, httpPort, secret };
}

Deno.test("what the agent writes is its owner's alone, whatever the mask of its process", async () => {
  await using stack = new AsyncDisposableStack();
  const { dir, config, secret } = await stage(stack);
  const diag = await ran(
    ["diag", "--config", config, "--out", `${dir}/data/diag.tar.gz`],
    secret,
  );
  assert.equal(diag.code, 0, diag.err);
  const modes = modesIn(dir);
  assert.equal(modes.get("data"), "0700");
  const written = [...modes].filter(([path]) => path.startsWith("data/"));
  for (const [path, mode] of written) {
    assert.equal(mode, path === "data/flight" ? "0700" : "0600", path);
  }
  const names = written.map(([path]) => path.slice("data/".length));
  for (
    const name of [
      "outbox.db",
      "outbox.db-wal",
      "outbox.db-shm",
      "outbox.lock",
      "control.sock",
      "readings.jsonl",
      "emqtt-sicon.json",
      "flight",
      "diag.tar.gz",
    ]
  ) assert.ok(names.includes(name), `${name} is not in ${names}`);
  assert.ok(names.some((name) => /^flight\/.+\.capture$/.test(name)));
});

Deno.test("an existing database that others may read is closed to them", async () => {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await tempDir()).path;
  const config = `${dir}/dash7-edge.toml`;
  await Deno.writeTextFile(
    config,
    `[agent]
data_dir = "${dir}/data"
[serial]
port = "${dir}/none"
[http]
listen = ""
[sinks.lines]
type = "jsonl"
path = "${dir}/lines"
`,
  );
  {
    await using agent = new Running(config);
    await agent.logged("Control socket open");
  }
  await Deno.chmod(`${dir}/data/outbox.db`, 0o644);
  await using agent = new Running(config);
  await agent.logged("Control socket open");
  const modes = modesIn(dir);
  for (const end of ["", "-wal", "-shm"]) {
    assert.equal(modes.get(`data/outbox.db${end}`), "0600", end);
  }
});

Deno.test("no secret is in process list, log, files, HTTP, verbs or a diagnosis", async () => {
  await using stack = new AsyncDisposableStack();
  // Libraries that tell what they send when these are set.
  const { dir, agent, config, httpPort, secret } = await stage(stack, {
    DEBUG: "*",
    NODE_DEBUG: "*",
  });
  const places = new Map<string, string>();
  places.set("command line", agent.proc("cmdline"));
  const headers = { authorization: `Bearer ${SECRETS.token}` };
  for (const path of ["/", "/status", "/metrics", "/readyz", "/nowhere"]) {
    const answer = await fetch(`http://127.0.0.1:${httpPort}${path}`, {
      headers,
    });
    places.set(path, await answer.text());
  }
  for (
    const verb of [["status"], ["status", "--json"], ["devices"], ["check"]]
  ) {
    const { out, err } = await ran([...verb, "--config", config], secret);
    places.set(verb.join(" "), out + err);
  }
  const bundle = `${dir}/data/diag.tar.gz`;
  await ran(["diag", "--config", config, "--out", bundle], secret);
  const packed = await Deno.open(bundle);
  const plain = packed.readable.pipeThrough(new DecompressionStream("gzip"));
  places.set("diagnosis", await new Response(plain).text());
  await clock.sleep(300);
  for (const path of modesIn(`${dir}/data`).keys()) {
    const file = `${dir}/data/${path}`;
    if (!Deno.statSync(file).isFile) continue;
    places.set(path, new TextDecoder("latin1").decode(Deno.readFileSync(file)));
  }
  places.set("log", agent.log);
  assert.ok(places.size > 14 && agent.log.length > 1000);
  for (const [place, text] of places) {
    for (const [name, value] of Object.entries(SECRETS)) {
      assert.ok(!text.includes(value), `${name} in ${place}`);
    }
  }
});

Deno.test("the agent listens where it is told to and nowhere else, also after SIGUSR1", async () => {
  await using stack = new AsyncDisposableStack();
  const { agent, httpPort } = await stage(stack);
  const hex = httpPort.toString(16).toUpperCase().padStart(4, "0");
  assert.deepEqual(listening(agent.pid), [`tcp 0100007F:${hex}`]);
  // The runtime puts its handler in place half a second after its start.
  await clock.sleep(700);
  agent.kill("SIGUSR1");
  await clock.sleep(700);
  assert.deepEqual(listening(agent.pid), [`tcp 0100007F:${hex}`]);
  assert.ok(!agent.log.includes("Debugger"));
  const children = agent.proc(`task/${agent.pid}/children`);
  assert.equal(children.trim(), "", "it has started another program");
});

Deno.test("no variable of the environment switches the verification of a broker off", async (t) => {
  await using made = await certificates();
  await using dir = await tempDir();
  await using broker = await mosquitto({
    listeners: [{
      certificates: {
        ca: made.file("ca.crt"),
        cert: made.file("server.crt"),
        key: made.file("server.key"),
      },
    }],
  });
  const config = async (name: string, ca: string) => {
    const file = `${dir.path}/${name}.toml`;
    await Deno.writeTextFile(
      file,
      `[agent]
data_dir = "${dir.path}/${name}"
[serial]
port = "${dir.path}/none"
[sinks.cloud]
type = "scorpio"
broker = "mqtts://localhost:${broker.ports[0]}"
project_id = "p"
edge_node_id = "e"
[sinks.cloud.tls]
ca_file = "${ca}"
`,
    );
    return file;
  };
  const good = await config("good", made.file("ca.crt"));
  const other = await config("other", made.file("other.crt"));
  const system = await config("system", "");
  const ca = made.file("ca.crt");
  const refused = /certificate is not signed by a trusted authority/;
  await t.step("with the right authority it connects", async () => {
    const { err, out } = await ran(["check", "--connect", "--config", good]);
    assert.doesNotMatch(out + err, refused);
  });
  const variables: Readonly<Record<string, string>>[] = [
    {},
    { NODE_TLS_REJECT_UNAUTHORIZED: "0" },
    { DENO_CERT: ca },
    { DENO_TLS_CA_STORE: "system", NODE_EXTRA_CA_CERTS: ca },
    { NODE_OPTIONS: "--use-openssl-ca --tls-min-v1.0" },
  ];
  for (const env of variables) {
    const name = Object.keys(env).join(" ") || "none";
    for (const file of [other, system]) {
      await t.step(
        `${name}: ${file === other ? "ca_file" : "system"}`,
        async () => {
          const { code, err, out } = await ran(
            ["check", "--connect", "--config", file],
            env,
          );
          assert.equal(code, 1);
          assert.match(out + err, refused);
        },
      );
    }
  }
  await t.step(
    "SSL_CERT_FILE names the system's store, and does not touch ca_file",
    async () => {
      const env = { SSL_CERT_FILE: ca };
      const own = await ran(["check", "--connect", "--config", other], env);
      assert.match(own.out + own.err, refused);
      const store = await ran(["check", "--connect", "--config", system], env);
      assert.doesNotMatch(store.out + store.err, refused);
    },
  );
});

Deno.test("a SCorp-io sink subscribes to nothing, and what a broker sends it has no effect", async () => {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await tempDir()).path;
  const text = new TextEncoder();
  /** A PUBLISH, QoS 0; flag 1 is retained. [MQTT 5 §3.3] */
  const publish = (topic: string, payload: string, retain: boolean) => {
    const name = text.encode(topic);
    const body = [0, name.length, ...name, 0, ...text.encode(payload)];
    return [0x30 | (retain ? 1 : 0), body.length, ...body];
  };
  const answer: Answer = ({ type }, write) => {
    if (type !== CONNECT) return;
    write(0x20, 3, 0, 0, 0);
    for (const retain of [false, true]) {
      write(...publish("mqtts/p/DCMD/e", '{"rebirth":true}', retain));
      write(...publish("eMQTT/X/adapter/stopPlug", "{}", retain));
      write(...publish("$SYS/x", '{"__proto__":{"x":1}}', retain));
    }
  };
  const broker = stack.use(await rawBroker(answer));
  const config = `${dir}/dash7-edge.toml`;
  await Deno.writeTextFile(
    config,
    `[agent]
data_dir = "${dir}/data"
[serial]
port = "${dir}/none"
[http]
listen = ""
[sinks.cloud]
type = "scorpio"
broker = "${broker.url}"
project_id = "p"
edge_node_id = "e"
`,
  );
  const agent = stack.use(new Running(config));
  await broker.received(CONNECT, 1);
  await clock.sleep(1000);
  const types = broker.packets.map(({ type }) => type);
  assert.deepEqual(types, [CONNECT], agent.log);
  assert.ok(!types.includes(SUBSCRIBE));
});
