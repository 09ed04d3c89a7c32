import assert from "node:assert/strict";
import { loadConfig, loadConfigFor } from "../../lib/config/config.ts";
import { fromPioway, fromPiowayFor } from "../../lib/config/pioway.ts";
import { jsonSchemaOf, type SchemaNode } from "../../lib/config/schema.ts";
import {
  renderTemplate,
  renderTemplateFor,
} from "../../lib/config/template.ts";
import { sinkKinds } from "../../lib/sink/kinds.ts";
import { sampleKinds } from "./sample_kinds.ts";

function host(text: string) {
  return {
    env: () => undefined,
    readFile: () => Promise.resolve(text),
    mode: () => Promise.resolve(0o600),
    hostname: () => "pi",
  };
}

const load = (text: string) => loadConfigFor(sampleKinds, "t.toml", host(text));

/** The template with every line active, required values filled in. */
function activate(text: string): string {
  return text.split("\n")
    // One of the two; and a token from the environment is not set here.
    .filter((line) => !/^#(password_file|token) =/.test(line))
    .map((line) => line.replace("${MQTT_PASSWORD}", "secret"))
    .map((line) => line.replace(/^#(?=[\w"[])/, ""))
    .join("\n")
    .replace("pins = []", "pins = [1]");
}

Deno.test("renderTemplate() gives a file that is accepted as it is", async () => {
  const { config, warnings } = await loadConfig(
    "t.toml",
    host(renderTemplate()),
  );
  assert.deepEqual(warnings, []);
  assert.ok(Object.keys(config.sinks).length > 0);
});

Deno.test("renderTemplate() shows defaults that are the defaults", async () => {
  const shown = await load(activate(renderTemplateFor(sampleKinds)));
  const plain = await load("");
  for (
    const section of ["serial", "modem", "readings", "outbox", "log"] as const
  ) {
    assert.deepEqual(shown.config[section], plain.config[section]);
  }
  assert.deepEqual(Object.keys(shown.config.sinks), [
    "scorpio",
    "jsonl",
    "lamp",
  ]);
});

Deno.test("renderTemplate() stays accepted with every line active", async () => {
  const { config } = await loadConfig(
    "t.toml",
    host(activate(renderTemplate())),
  );
  assert.deepEqual(Object.keys(config.sinks), Object.keys(sinkKinds));
});

Deno.test("renderTemplate() shows every key of every section and sink", () => {
  const text = renderTemplateFor(sampleKinds);
  const visit = (node: SchemaNode): void => {
    for (const [key, inner] of Object.entries(node.properties ?? {})) {
      assert.match(
        text,
        new RegExp(`^#?(${key} =|\\[(.*\\.)?${key}[\\].])`, "m"),
      );
      visit(inner);
    }
    for (const option of node.oneOf ?? []) visit(option);
    if (typeof node.additionalProperties === "object") {
      visit(node.additionalProperties);
    }
  };
  visit(jsonSchemaOf(sampleKinds));
  assert.ok(text.split("\n").every((line) => line.length <= 100));
});

Deno.test("deploy/dash7-edge.toml is the rendered template", async () => {
  const file = new URL("../../deploy/dash7-edge.toml", import.meta.url);
  assert.equal(await Deno.readTextFile(file), renderTemplate());
});

Deno.test("fromPioway() takes the old gateway's settings over", async () => {
  const fixture = new URL("../fixtures/pioway-config.ini", import.meta.url);
  const text = fromPiowayFor(sampleKinds, await Deno.readTextFile(fixture));
  const { config, warnings } = await load(text);
  assert.deepEqual(warnings, []);
  assert.equal(config.serial.port, "/dev/ttyUSB7");
  assert.equal(config.serial.baud, 57_600);
  assert.equal(config.log.level, "debug");
  assert.deepEqual(Object.keys(config.sinks), ["cloud"]);
  assert.deepEqual(config.sinks["cloud"], {
    type: "scorpio",
    broker: "mqtts://broker.energy.example:8884",
    username: "gateway-7",
    password: 'k#9 "x" ${y}',
    password_file: "",
    client_id: "pioway-7",
    protocol: "5",
    project_id: "camex",
    edge_node_id: "hall-7",
    device_id: "trimmed",
    labels: {},
    tls: {
      ca_file: "/etc/ssl/private-ca.pem",
      cert_file: "",
      key_file: "",
      verify: true,
    },
  });
  const comments = text.split("\n").filter((line) => line.startsWith("# "))
    .join(" ")
    .replaceAll(" # ", " ");
  assert.match(comments, /log location \/var\/log\/PIOWAY/);
  assert.match(comments, /no counterpart: colour = blue/);
});

const inis: readonly (readonly [string, string, string | undefined])[] = [
  ["an empty file", "", undefined],
  [
    "the file as it was shipped, all blank",
    "[SERIAL]\ndevice = /dev/ttyACM0\n[MQTT]\nbroker = \nport = \nproject_id = \nedge_node_id = \n",
    undefined,
  ],
  [
    "an address with a scheme",
    "broker = mqtt://h.example\nproject_id = p\nedge_node_id = e\n",
    "mqtt://h.example:8883",
  ],
  [
    "a port beside the name",
    "broker: h.example:1883\nproject_id: p\nedge_node_id: e\n",
    "mqtts://h.example:1883",
  ],
  [
    "the script's options",
    "--broker = h\n--project-id = p\n--edge-node-id = e\n--verbose\n",
    "mqtts://h:8883",
  ],
  ["a project without a name", "broker = h\nedge_node_id = e\n", undefined],
  [
    "a port that is none",
    "broker = h\nport = x\nproject_id = p\nedge_node_id = e\n",
    undefined,
  ],
  [
    "a speed that is none",
    "broker = h\nrate = 1\nproject_id = p\nedge_node_id = e\n",
    "mqtts://h:8883",
  ],
];

for (const [what, ini, broker] of inis) {
  Deno.test(`fromPioway() gives a file without faults from ${what}`, async () => {
    const { config } = await load(fromPiowayFor(sampleKinds, ini));
    const cloud = config.sinks["cloud"];
    assert.equal(cloud?.type === "scorpio" ? cloud.broker : undefined, broker);
  });
}

Deno.test("fromPioway() fits the sinks of this program", async () => {
  const fixture = new URL("../fixtures/pioway-config.ini", import.meta.url);
  const text = fromPioway(await Deno.readTextFile(fixture));
  const { config } = await loadConfig("t.toml", host(text));
  assert.equal(config.sinks["cloud"]?.type, "scorpio");
  const wrong = fromPioway("broker = h\nproject_id = a/b\nedge_node_id = e\n");
  const others = (await loadConfig("t.toml", host(wrong))).config.sinks;
  assert.equal(others["cloud"], undefined);
  assert.match(wrong, /not valid here: project_id = a\/b/);
});

Deno.test("configJsonSchema() describes keys, defaults and choices for editors", () => {
  const schema = jsonSchemaOf(sampleKinds);
  const baud = schema.properties?.["serial"]?.properties?.["baud"];
  assert.equal(baud?.type, "integer");
  assert.equal(baud?.default, 115_200);
  assert.match(baud?.description ?? "", /baud/);
  const sinks = schema.properties?.["sinks"]?.additionalProperties;
  assert.ok(typeof sinks === "object");
  assert.equal(sinks.oneOf?.length, 3);
  assert.equal(schema.required, undefined);
});
