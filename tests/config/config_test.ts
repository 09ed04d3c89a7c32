import assert from "node:assert/strict";
import {
  ConfigError,
  type ConfigHost,
  findConfigFile,
  loadConfig,
  loadConfigFor,
} from "../../lib/config/config.ts";
import { contradictions } from "../../lib/config/rules.ts";
import { redact } from "../../lib/config/secrets.ts";
import { sampleKinds } from "./sample_kinds.ts";

interface Machine {
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly mode?: number;
}

/** Loads a text as `gw.toml`; nothing of the real machine is read. */
function load(
  text: string,
  { env = {}, files = {}, mode = 0o600 }: Machine = {},
) {
  const host: ConfigHost = {
    env: (name) => env[name],
    readFile: (path) => {
      const found = path === "gw.toml" ? text : files[path];
      return found === undefined
        ? Promise.reject(new Deno.errors.NotFound("No such file"))
        : Promise.resolve(found);
    },
    mode: () => Promise.resolve(mode),
    hostname: () => "pi-4",
  };
  return loadConfigFor(sampleKinds, "gw.toml", host);
}

async function faultLines(
  text: string,
  machine: Machine = {},
): Promise<string[]> {
  try {
    await load(text, machine);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message.split("\n");
  }
  return [];
}

const SCORPIO = `[sinks.cloud]
type = "scorpio"
broker = "mqtts://broker.example:8883"
project_id = "p"
edge_node_id = "gw1"
`;

Deno.test("loadConfig() fills in every default of an empty file", async () => {
  const { config, warnings } = await load("");
  assert.deepEqual(config, {
    agent: { name: "pi-4", data_dir: "./data" },
    serial: { port: "auto", baud: 115_200, silence_ms: 1000 },
    modem: { local_timeout_s: 10, remote_timeout_s: 30 },
    readings: { duplicate_window_s: 60 },
    devices: {},
    outbox: { max_age_days: 30, max_mb: 256, min_free_mb: 100 },
    http: { listen: "127.0.0.1:8080", socket: "./data/control.sock" },
    log: { level: "info", format: "text" },
    sinks: {},
  });
  assert.deepEqual(warnings, [
    "gw.toml:1:1: sinks: there is no [sinks.NAME]: readings are kept in the outbox and delivered nowhere",
  ]);
});

Deno.test("loadConfig() takes directories from systemd, the first of several", async () => {
  const env = {
    STATE_DIRECTORY: "/var/lib/a:/var/lib/b",
    RUNTIME_DIRECTORY: "/run/a",
  };
  const { config } = await load("", { env });
  assert.equal(config.agent.data_dir, "/var/lib/a");
  assert.equal(config.http.socket, "/run/a/control.sock");
  const set = await load('[agent]\ndata_dir = "/srv"\n', { env: {} });
  assert.equal(set.config.http.socket, "/srv/control.sock");
});

Deno.test("loadConfig() keeps sinks in the order of the file", async () => {
  const { config } = await load(
    `[sinks.z]\ntype = "jsonl"\n${SCORPIO}[sinks.a]\ntype = "lamp"\npins = [1]\n`,
  );
  assert.deepEqual(Object.keys(config.sinks), ["z", "cloud", "a"]);
  const cloud = config.sinks["cloud"];
  assert.ok(cloud?.type === "scorpio");
  assert.equal(cloud.tls.verify, true);
});

Deno.test("loadConfig() writes device keys in upper case", async () => {
  const { config } = await load('[devices.326636300039004c]\nname = "Press"\n');
  assert.deepEqual(config.devices, {
    "326636300039004C": { name: "Press", ignore: false },
  });
});

const broken: readonly (readonly [string, string, readonly string[]])[] = [
  ["a mistyped key", '[serial]\nprot = "auto"\n', [
    'gw.toml:2:1: serial.prot: found an unknown key, wanted one of port, baud, silence_ms; did you mean "port"?',
  ]],
  ["a mistyped section", "[serail]\nbaud = 9600\n", [
    'gw.toml:1:2: serail: found an unknown table, wanted one of agent, serial, modem, readings, devices, outbox, http, log, sinks; did you mean "serial"?',
  ]],
  ["a key outside its section", "baud = 9600\n", [
    "gw.toml:1:1: baud: found an unknown key, wanted one of agent, serial, modem, readings, devices, outbox, http, log, sinks; baud belongs to [serial]",
  ]],
  [
    "a key below the wrong head",
    `${SCORPIO}[sinks.cloud.tls]\nusername = "u"\n`,
    [
      "gw.toml:7:1: sinks.cloud.tls.username: found an unknown key, wanted one of ca_file, cert_file, key_file, verify; username belongs to [sinks.cloud]",
    ],
  ],
  ["a key that belongs below", `${SCORPIO}ca_file = "x"\n`, [
    "gw.toml:6:1: sinks.cloud.ca_file: found an unknown key, wanted one of type, broker, username, password, password_file, client_id, protocol, project_id, edge_node_id, device_id, labels, tls; ca_file belongs to [sinks.cloud.tls]",
  ]],
  ["a number out of range", "[serial]\n  baud = 7\n", [
    "gw.toml:2:10: serial.baud: found 7, wanted a whole number from 50 to 4000000",
  ]],
  ["text for a number", '[serial]\nbaud = "fast"\n', [
    'gw.toml:2:8: serial.baud: found "fast", wanted a whole number from 50 to 4000000',
  ]],
  ["a fraction for a whole number", "[serial]\nsilence_ms = 99.5\n", [
    "gw.toml:2:14: serial.silence_ms: found 99.5, wanted a whole number from 50 to 60000",
  ]],
  ["a date for text", "[agent]\nname = 1979-05-27\n", [
    "gw.toml:2:8: agent.name: found a date (1979-05-27), wanted text in quotes of 1 to 64 characters",
  ]],
  ["an unknown choice", '[log]\nlevel = "wrn"\n', [
    'gw.toml:2:9: log.level: found "wrn", wanted one of "debug", "info", "warn", "error"; did you mean "warn"?',
  ]],
  ["a value for a section", 'log = "info"\n', [
    'gw.toml:1:7: log: found "info", wanted a table',
  ]],
  ["an unknown kind of sink", '[sinks.a]\ntype = "scorpoi"\n', [
    'gw.toml:2:8: sinks.a.type: found "scorpoi", wanted one of "scorpio", "jsonl", "lamp"; did you mean "scorpio"?',
  ]],
  ["no kind of sink", "[log]\n[sinks.a]\n", [
    'gw.toml:2:1: sinks.a.type: found nothing, wanted one of "scorpio", "jsonl", "lamp"',
  ]],
  ["a sink without a name", '[sinks]\ntype = "jsonl"\n', [
    'gw.toml:2:8: sinks.type: found "jsonl", wanted a table',
  ]],
  ["a sink with a bad name", '[sinks."a b"]\ntype = "jsonl"\n', [
    'gw.toml:1:8: sinks."a b": found "a b", wanted a sink name of 1 to 64 letters, digits, _ or -',
  ]],
  [
    "a sink that lacks what it needs",
    '[sinks.a]\ntype = "scorpio"\nbroker = "broker.example"\n',
    [
      "gw.toml:1:1: sinks.a.project_id: found nothing, wanted text in quotes, not empty",
      "gw.toml:1:1: sinks.a.edge_node_id: found nothing, wanted text in quotes, not empty",
      'gw.toml:3:10: sinks.a.broker: found "broker.example", wanted mqtt://HOST[:PORT] or mqtts://HOST[:PORT]',
    ],
  ],
  [
    "an element of a list",
    '[sinks.a]\ntype = "lamp"\npins = [\n  1,\n  99,\n]\n',
    [
      "gw.toml:5:3: sinks.a.pins[1]: found 99, wanted a whole number from 0 to 27",
    ],
  ],
  [
    "a key of an inline table",
    '[sinks.a]\ntype = "lamp"\npins = [1]\nreplay = { rate = 1 }\n',
    [
      "gw.toml:4:12: sinks.a.replay.rate: found an unknown key, wanted one of rate_ms",
    ],
  ],
  ["a device that is none", "[devices.123]\nignore = true\n", [
    'gw.toml:1:10: devices.123: found "123", wanted a UID of 16 hex digits (or a VID of 4)',
  ]],
  [
    "a device twice",
    "[devices.326636300039004c]\n[devices.326636300039004C]\n",
    [
      "gw.toml:2:10: devices.326636300039004C: found the same device a second time, in other letters, wanted each device once",
    ],
  ],
  ["an open address without a token", '[http]\nlisten = "0.0.0.0:8080"\n', [
    'gw.toml:2:10: http.listen: found "0.0.0.0:8080", which others can reach, and no token, wanted a token in [http], or a loopback address such as "127.0.0.1:8080"',
  ]],
  ["an address without a port", '[http]\nlisten = "localhost"\n', [
    'gw.toml:2:10: http.listen: found "localhost", wanted ADDRESS:PORT, such as "127.0.0.1:8080" or "[::1]:8080", or "" for off',
  ]],
  [
    "two sinks with one client id",
    `${SCORPIO}[sinks.b]\ntype = "scorpio"\nbroker = "mqtts://Broker.example"\nproject_id = "q"\nedge_node_id = "x"\nclient_id = "dash7-edge-gw1"\n`,
    [
      'gw.toml:11:13: sinks.b.client_id: found the client id "dash7-edge-gw1" that sink cloud uses at the same broker, wanted a client_id of its own for each sink: a broker keeps one connection for each',
    ],
  ],
  ["a missing variable", `${SCORPIO}password = "\${SCORPIO_PASSWORD}"\n`, [
    "gw.toml:6:12: sinks.cloud.password: found variable SCORPIO_PASSWORD not set, wanted a value for SCORPIO_PASSWORD in the environment",
  ]],
  [
    "a missing variable that explains itself",
    '[agent]\nname = "${N:?see the label}"\n',
    [
      "gw.toml:2:8: agent.name: found variable N not set, wanted a value for N in the environment (see the label)",
    ],
  ],
  ["a broken variable", '[agent]\nname = "${1}"\n', [
    'gw.toml:2:8: agent.name: found a "${" that starts no variable, wanted ${NAME}, ${NAME:-default} or ${NAME:?message}; for the characters themselves, "$${"',
  ]],
  ["a number from a variable", '[serial]\nbaud = "${B:-9600}"\n', [
    'gw.toml:2:8: serial.baud: found "9600", wanted a whole number from 50 to 4000000; a variable always gives text: write this value out',
  ]],
  ["a secret of the wrong type", "[http]\ntoken = 12345\n", [
    "gw.toml:2:9: http.token: found (hidden), wanted text in quotes, not empty",
  ]],
  [
    "both kinds of password",
    `${SCORPIO}password = "x"\npassword_file = "y"\n`,
    [
      "gw.toml:7:1: sinks.cloud.password_file: found password and password_file in the same sink, wanted one of the two",
    ],
  ],
  ["a password file that is not there", `${SCORPIO}password_file = "pw"\n`, [
    "gw.toml:6:17: sinks.cloud.password_file: found no file /cred/pw, wanted a file that holds the password",
  ]],
  ["a reserved key", "[__proto__]\nx = 1\n[log.__proto__]\n", [
    "gw.toml:1:2: __proto__: found an unknown key, wanted another name",
    "gw.toml:3:6: log.__proto__: found an unknown key, wanted another name",
  ]],
  ["text without quotes", "[serial]\nport = auto\n", [
    "gw.toml:2:8: found text that is not TOML (invalid value), wanted TOML; later faults show once this is put right; text needs quotes; numbers, true and false need none",
  ]],
];

for (const [what, text, expected] of broken) {
  Deno.test(`loadConfig() names ${what}`, async () => {
    const env = { CREDENTIALS_DIRECTORY: "/cred" };
    assert.deepEqual(await faultLines(text, { env }), expected);
  });
}

Deno.test("loadConfig() tells all faults of a file at once, in its order", async () => {
  const lines = await faultLines(`[agent]
nmae = "x"
[serial]
baud = -1
silence_ms = "\${GONE}"
[http]
listen = "0.0.0.0:80"
[sinks.a]
type = "scorpio"
broker = 5
[sinks.b]
type = "nothing"
`);
  assert.deepEqual(
    lines.map((line) => line.split(": ").slice(0, 2).join(" ")),
    [
      "gw.toml:2:1 agent.nmae",
      "gw.toml:4:8 serial.baud",
      "gw.toml:5:14 serial.silence_ms",
      "gw.toml:7:10 http.listen",
      "gw.toml:8:1 sinks.a.project_id",
      "gw.toml:8:1 sinks.a.edge_node_id",
      "gw.toml:10:10 sinks.a.broker",
      "gw.toml:12:8 sinks.b.type",
    ],
  );
});

Deno.test("loadConfig() never shows a secret in a fault", async () => {
  const lines = await faultLines(
    `[http]\ntoken = ["tops3cret"]\n[sinks.a]\ntype = "scorpio"\nbroker = "mqtt://u:tops3cret@h:1/x"\npassword = \${tops3cret\n`,
  );
  assert.equal(lines.join("\n").includes("tops3cret"), false);
  const typed = await faultLines(
    `[http]\ntoken = ["tops3cret"]\n[sinks.a]\ntype = "scorpio"\nbroker = "mqtt://u:tops3cret@h:1/x"\n`,
  );
  assert.equal(typed.length, 4);
  assert.equal(typed.join("\n").includes("tops3cret"), false);
});

Deno.test("loadConfig() resolves variables in values only", async () => {
  const env = { P: "s${Q}", EMPTY: "" };
  const { config } = await load(
    `[agent]\nname = "\${EMPTY:-hall}-\${X:-2}$\${P}"\n${SCORPIO}password = "\${P}"\nusername = "\${EMPTY}"\n`,
    { env },
  );
  const cloud = config.sinks["cloud"];
  assert.ok(cloud?.type === "scorpio");
  assert.equal(config.agent.name, "hall-2${P}");
  assert.equal(cloud.password, "s${Q}");
  assert.equal(cloud.username, "");
});

Deno.test("loadConfig() reads password files, relative ones from the credentials", async () => {
  const files = { "/cred/pw": "a b\r\n", "/etc/pw": "c\n", "pw": "d" };
  const env = { CREDENTIALS_DIRECTORY: "/cred" };
  const rows: [string, Record<string, string>, string][] = [
    ["pw", env, "a b"],
    ["/etc/pw", env, "c"],
    ["pw", {}, "d"],
  ];
  for (const [name, environment, password] of rows) {
    const { config } = await load(`${SCORPIO}password_file = "${name}"\n`, {
      files,
      env: environment,
    });
    const cloud = config.sinks["cloud"];
    assert.ok(cloud?.type === "scorpio");
    assert.equal(cloud.password, password);
  }
});

Deno.test("loadConfig() warns about literal secrets that others can read", async () => {
  const text = `[http]\ntoken = "t"\n${SCORPIO}password = "p"\n`;
  const { warnings } = await load(text, { mode: 0o644 });
  assert.deepEqual(warnings.map((line) => line.split(": ").slice(0, 2)), [
    ["gw.toml:2:9", "http.token"],
    ["gw.toml:8:12", "sinks.cloud.password"],
  ]);
  assert.deepEqual((await load(text, { mode: 0o600 })).warnings, []);
  // A default that stands in the file is as literal as a password.
  const withDefault = await load(`${SCORPIO}password = "\${P:-p}"\n`, {
    mode: 0o644,
  });
  assert.match(
    withDefault.warnings.join(),
    /^gw\.toml:6:12: sinks\.cloud\.pass/,
  );
  const fromEnv = await load(`${SCORPIO}password = "\${P}"\n`, {
    mode: 0o644,
    env: { P: "p" },
  });
  assert.deepEqual(fromEnv.warnings, []);
});

Deno.test("loadConfig() warns about certificates that are not verified", async () => {
  const { warnings } = await load(`${SCORPIO}tls.verify = false\n`);
  assert.equal(warnings.length, 1);
  assert.match(
    warnings[0] ?? "",
    /^gw\.toml:6:14: sinks\.cloud\.tls\.verify: the broker's/,
  );
});

Deno.test("loadConfig() accepts an open address with a token", async () => {
  const { config } = await load('[http]\nlisten = "[::]:8080"\ntoken = "t"\n');
  assert.equal(config.http.listen, "[::]:8080");
});

Deno.test("loadConfig() puts the reasons of a sink's own schema into its form", async () => {
  const text = `[sinks.a]
type = "scorpio"
broker = "http://u:tops3cret@h"
project_id = "a/b"
edge_node_id = "gw1"
tls = { cert_file = "x" }
`;
  const readFile = () => Promise.resolve(text);
  await assert.rejects(
    loadConfig("gw.toml", { readFile, env: () => undefined }),
    {
      message:
        `gw.toml:3:10: sinks.a.broker: found "http://(hidden)@h", wanted mqtt://host[:port] or mqtts://host[:port]; it has no such scheme
gw.toml:4:14: sinks.a.project_id: found "a/b", wanted another value; a part of the topic must not contain + # / or control characters
gw.toml:6:7: sinks.a.tls.key_file: found nothing, wanted another value; cert_file and key_file belong together: give both or none`,
    },
  );
});

Deno.test("loadConfig() takes password_file for sinks that know a password only", async () => {
  const readFile = (path: string) =>
    Promise.resolve(
      path === "pw"
        ? "p\n"
        : `${SCORPIO}password_file = "pw"\n[sinks.f]\ntype = "jsonl"\n`,
    );
  const host = { readFile, env: () => undefined };
  const { config } = await loadConfig("gw.toml", host);
  const cloud = config.sinks["cloud"];
  assert.ok(cloud?.type === "scorpio");
  assert.equal(cloud.password, "p");
  assert.deepEqual(
    await faultLines('[sinks.f]\ntype = "jsonl"\npassword_file = "pw"\n'),
    [
      "gw.toml:3:1: sinks.f.password_file: found an unknown key, wanted one of type, path",
    ],
  );
});

Deno.test("loadConfig() names a file it cannot read", async () => {
  await assert.rejects(
    loadConfigFor(sampleKinds, "gone.toml", {
      readFile: () => Promise.reject(new Deno.errors.NotFound("x")),
    }),
    {
      name: "ConfigError",
      message:
        "gone.toml: found no file gone.toml, wanted a configuration file",
    },
  );
});

Deno.test("redact() hides every secret and nothing else", () => {
  assert.deepEqual(
    redact({
      http: { token: "t", listen: "x" },
      sinks: {
        a: {
          password: "p",
          password_file: "f",
          broker: "mqtt://u:p@h:1",
          n: 1,
        },
        b: { password: "" },
      },
    }),
    {
      http: { token: "(hidden)", listen: "x" },
      sinks: {
        a: {
          password: "(hidden)",
          password_file: "f",
          broker: "mqtt://(hidden)@h:1",
          n: 1,
        },
        b: { password: "" },
      },
    },
  );
});

Deno.test("findConfigFile() goes by flag, variable, then the usual places", () => {
  const all = () => "file" as const;
  const env = (name: string) =>
    name === "DASH7_EDGE_CONFIG" ? "/v.toml" : undefined;
  const none = () => undefined;
  assert.equal(findConfigFile({ flag: "f.toml", env, look: all }), "f.toml");
  assert.equal(findConfigFile({ env, look: all }), "/v.toml");
  assert.equal(findConfigFile({ env: none, look: all }), "./dash7-edge.toml");
  const etc = "/etc/dash7-edge/dash7-edge.toml";
  assert.equal(
    findConfigFile({ env: none, look: (path) => path === etc ? "file" : null }),
    etc,
  );
  assert.throws(() => findConfigFile({ env: none, look: () => null }), {
    name: "ConfigError",
    message:
      "found no configuration (tried --config, $DASH7_EDGE_CONFIG, ./dash7-edge.toml, /etc/dash7-edge/dash7-edge.toml), wanted a configuration file; write one with: dash7-edge init --out dash7-edge.toml",
  });
  assert.throws(() => findConfigFile({ env, look: () => null }), {
    message:
      "/v.toml: found no such file, though $DASH7_EDGE_CONFIG names it, wanted a configuration file; write one with: dash7-edge init --out /v.toml",
  });
  const directory = (path: string) =>
    path === "/etc/edge" ? "directory" as const : null;
  assert.throws(
    () => findConfigFile({ flag: "/etc/edge", env, look: directory }),
    {
      message:
        "/etc/edge: found a directory, though --config names it, wanted a configuration file; write one with: dash7-edge init --out /etc/edge/dash7-edge.toml",
    },
  );
  const inside = (path: string) => directory(path) ?? "file";
  assert.throws(
    () => findConfigFile({ flag: "/etc/edge", env, look: inside }),
    { message: /; did you mean \/etc\/edge\/dash7-edge\.toml\?$/ },
  );
});

Deno.test("contradictions() refuses two plugs with one UID at one broker", () => {
  const plug = { type: "emqtt", vendor_id: 1, broker: "mqtt://h" };
  const found = (a: object, b: object) =>
    contradictions({ sinks: { a: { ...plug, ...a }, b: { ...plug, ...b } } })
      .map(({ path }) => path.join("."));
  const uid = "02000000000a";
  assert.deepEqual(found({ uid }, { uid: "02000000000A" }), ["sinks.b.uid"]);
  assert.deepEqual(found({}, { uid: "" }), ["sinks.b.uid"]);
  assert.deepEqual(found({ uid }, {}), []);
  assert.deepEqual(found({ uid }, { uid, broker: "mqtt://other" }), []);
});
