/**
 * Configuration files: settings or faults, each with a place in the file and
 * never with a secret, within a bounded time.
 *
 * @module
 */
import {
  ConfigError,
  configJsonSchema,
  loadConfig,
} from "../../../lib/config/config.ts";
import { redactor } from "../../../lib/config/redactor.ts";
import { renderTemplate } from "../../../lib/config/template.ts";
import { parseToml } from "../../../lib/config/toml.ts";
import type { Random } from "../random.ts";
import { bytesOf, must, type Target, textOf } from "../target.ts";

/** Stands in no fault, as long as it stands where secrets do. */
const SECRET = "S3CR3T-x9";
/** As {@link SECRET}, in the environment and in a file. */
const ELSEWHERE = "H1DD3N-x9";
const SECRET_KEY = /(pass(word|wd|phrase)|token|secret)$/i;

const files: Readonly<Record<string, string>> = {
  "/run/password": `${ELSEWHERE}\n`,
  "/run/empty": "",
};

async function load(text: string) {
  return await loadConfig("gw.toml", {
    env: (name) =>
      name === "MQTT_PASSWORD" ? ELSEWHERE : name === "EMPTY" ? "" : undefined,
    readFile: (path) => {
      const found = path === "gw.toml" ? text : files[path];
      return found === undefined
        ? Promise.reject(new Deno.errors.NotFound("No such file"))
        : Promise.resolve(found);
    },
    mode: () => Promise.resolve(0o600),
    hostname: () => "pi-4",
  });
}

/** Whether a secret stands only where the program can know that it is one. */
function wellPlaced(value: unknown, key: string): boolean {
  if (typeof value === "string") {
    if (SECRET_KEY.test(key)) return true;
    const text = key === "broker"
      ? value.replaceAll(/:\/\/[^/?#\s]*@/g, "")
      : value;
    return !text.includes(SECRET) && !text.includes("MQTT_PASSWORD");
  }
  if (Array.isArray(value)) {
    return value.every((inner) => wellPlaced(inner, key));
  }
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(value).every(([name, inner]) =>
    !name.includes(SECRET) && wellPlaced(inner, name)
  );
}

function tableOf(text: string): unknown {
  try {
    return parseToml(text);
  } catch {
    // Then no fault may show anything of it at all.
    return {};
  }
}

async function run(input: Uint8Array): Promise<void> {
  const text = textOf(input);
  const lines = text.split("\n");
  const placed = wellPlaced(tableOf(text), "");
  const clean = (said: string, what: string) => {
    must(
      !placed || (!said.includes(SECRET) && !said.includes(ELSEWHERE)),
      () => `a secret stands in a ${what}: ${said}`,
    );
    must(
      // deno-lint-ignore no-control-regex
      !/[\x00-\x1f\x7f-\x9f]/.test(said),
      () => `a terminal would obey a ${what}: ${JSON.stringify(said)}`,
    );
  };
  let loaded: Awaited<ReturnType<typeof load>>;
  try {
    loaded = await load(text);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    must(error.faults.length > 0, () => "refused without a fault");
    must(
      error.faults.length <= 10 + text.length,
      () => `${error.faults.length} faults in ${text.length} characters`,
    );
    for (const fault of error.faults) {
      const { line, column, path, found, wanted, hint = "" } = fault;
      clean(`${path} ${found} ${wanted} ${hint}`, "fault");
      const width = lines[line - 1]?.length;
      must(
        width !== undefined && column >= 1 && column <= width + 1,
        () => `fault at ${line}:${column} (${path}: ${found})`,
      );
    }
    return;
  }
  for (const warning of loaded.warnings) clean(warning, "warning");
  const out = JSON.stringify(loaded.config);
  const hidden = redactor(loaded.config);
  must(
    !placed || !hidden.text(out).includes(ELSEWHERE),
    () => "a secret stands in what was redacted",
  );
}

/** Every `table.key` that means something, and the tables. */
const keys: readonly (readonly [string, string])[] = Object.entries(
  configJsonSchema()["properties"] as Record<string, { properties?: object }>,
).flatMap(([table, { properties = {} }]) =>
  Object.keys(properties).map((key) => [table, key] as const)
);

const SINK_KEYS = [
  "broker",
  "username",
  "password",
  "password_file",
  "project_id",
  "edge_node_id",
  "tls",
  "registration",
  "vendor_id",
  "path",
  "max_mb",
  "protocol",
  "qos",
];

const VALUES = [
  '"auto"',
  "0",
  "-1",
  "9600",
  "115200",
  "true",
  "false",
  "1.5",
  "nan",
  "-inf",
  '""',
  '"info"',
  '"127.0.0.1:8080"',
  '"0.0.0.0:1"',
  '"[::1]:0"',
  "[]",
  "{}",
  "[[1],{a=2}]",
  "1979-05-27T07:32:00Z",
  '"mqtts://broker.example:8883"',
  `"mqtt://u:${SECRET}@h"`,
  '"${MQTT_PASSWORD}"',
  '"${NOPE:?m}"',
  '"${EMPTY:-d}"',
  '"${"',
  '"$${x}"',
  `"${SECRET}"`,
  '"/run/password"',
  '"/run/empty"',
  '"/run/none"',
  '"\\u009b31m"',
  '"""a\nb"""',
  "'''c'''",
  "0xffff_ffff_ffff",
  "9007199254740993",
  '"é\\u0000"',
  '"gw1"',
  '"a/b#+"',
];

function grammar(random: Random): Uint8Array {
  const lines: string[] = [];
  for (let n = random.below(5); n > 0; n--) {
    const [table, key] = random.pick(keys);
    if (random.oneIn(6)) lines.push(`${table}.${key} = ${random.pick(VALUES)}`);
    else lines.push(`[${table}]`, `${key} = ${random.pick(VALUES)}`);
  }
  if (random.oneIn(2)) {
    const name = random.pick(["cloud", '"a b"', "1", "__proto__", "é"]);
    const kind = random.pick(["scorpio", "emqtt", "jsonl", "nope"]);
    lines.push(`[sinks.${name}]`, `type = "${kind}"`);
    for (let n = random.below(6); n > 0; n--) {
      const key = random.pick(SINK_KEYS);
      const value = key === "password" && random.oneIn(2)
        ? `"${SECRET}"`
        : random.pick(VALUES);
      lines.push(`${key} = ${value}`);
    }
  }
  if (random.oneIn(4)) {
    const uid = random.bytes(8).toHex();
    lines.push(`[devices.${random.oneIn(5) ? "xyz" : uid}]`);
    lines.push(`name = ${random.pick(VALUES)}`, "ignore = true");
  }
  return bytesOf(lines.join(random.oneIn(8) ? "\r\n" : "\n"));
}

/** `dash7-edge.toml`. */
export const config: Target = {
  name: "config",
  inputs: 4000,
  maxBytes: 1200,
  boundMs: 200,
  sources: /\/lib\/(config|sink\/kinds|sink\/[a-z]+\/config)/,
  seeds: [
    bytesOf(renderTemplate().replaceAll(/^#(?=[a-z\[])/gm, "").slice(0, 3000)),
    bytesOf(`[sinks.cloud]
type = "scorpio"
broker = "mqtts://broker.example:8883"
project_id = "p"
edge_node_id = "gw1"
username = "u"
password = "${SECRET}"
`),
    bytesOf(`${"a.".repeat(8000)}a = 1`),
    bytesOf(`a = ${"[".repeat(900)}${"]".repeat(900)}`),
    bytesOf(`[agent]\nname = "${"${A:-".repeat(6000)}"`),
    bytesOf(`[agent]\nname = "${"${".repeat(3000)}${"A".repeat(6000)}"`),
  ],
  words: [
    ...VALUES,
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    ",",
    ".",
    " = ",
    "#",
    '"',
    "'",
    '"""',
    "'''",
    "\\",
    "\n",
    "\r\n",
    "\ufeff",
    "[sinks.x]",
    "[devices.x]",
    "password",
    "token",
    "type",
    "__proto__",
    "constructor",
    "a.b.c",
    "\u2028",
  ].map(bytesOf),
  grammar,
  text: true,
  run,
};
