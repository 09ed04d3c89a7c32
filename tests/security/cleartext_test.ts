/** A password that would cross a network in clear is warned about, by `check` and at start. */
import assert from "node:assert/strict";
import { loadConfig } from "../../lib/config/config.ts";

async function warningsOf(
  text: string,
  env: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const { warnings } = await loadConfig("gw.toml", {
    readFile: (path) => Promise.resolve(path === "gw.toml" ? text : "s3cret\n"),
    mode: () => Promise.resolve(0o600),
    env: (name) => env[name],
  });
  return warnings;
}

const scorpio = (broker: string, more: string) =>
  `[sinks.cloud]
type = "scorpio"
broker = "${broker}"
project_id = "p"
edge_node_id = "gw1"
username = "gw1"
${more}
`;
const plug = (broker: string) =>
  `[sinks.sicon]
type = "emqtt"
registration = "onCloud"
broker = "${broker}"
username = "plug"
password = "s3cret"
vendor_id = 200999
`;
const literal = 'password = "s3cret"';

Deno.test("a password over mqtt:// is warned about, with what would do", async () => {
  assert.deepEqual(
    await warningsOf(scorpio("mqtt://broker.example", literal)),
    [
      "gw.toml:3:10: sinks.cloud.broker: the password goes to broker.example:1883 in clear, and so do readings: anyone on the way can read them and log in as this gateway; use mqtts:// where the broker has TLS, else keep others off the network between",
    ],
  );
});

for (
  const [name, text, env] of [
    ["of a plug", plug("mqtt://192.168.3.110:1883"), {}],
    ["of a file", scorpio("mqtt://h", 'password_file = "pw"'), {}],
    ["of a variable", scorpio("mqtt://h", 'password = "${P}"'), {
      P: "s3cret",
    }],
    ["to a broker of a variable", scorpio("${B}", literal), { B: "mqtt://h" }],
    ["in capitals", scorpio("MQTT://h", literal), {}],
    ["to an address", scorpio("mqtt://[fe80::1]:1884", literal), {}],
    ["to what looks local", scorpio("mqtt://localhost.example", literal), {}],
    ["to 127 as a name", scorpio("mqtt://127.0.0.1.example", literal), {}],
  ] as const
) {
  Deno.test(`warned about: a password ${name}`, async () => {
    const warnings = await warningsOf(text, env);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? "", /\.broker: the password goes to /);
    assert.ok(!warnings.join().includes("s3cret"));
  });
}

for (
  const [name, text] of [
    ["with TLS", scorpio("mqtts://broker.example", literal)],
    ["without a password", scorpio("mqtt://broker.example", "")],
    ["on this machine", scorpio("mqtt://localhost", literal)],
    ["on this machine, in capitals", scorpio("mqtt://LOCALHOST", literal)],
    ["on 127.0.0.1", scorpio("mqtt://127.0.0.1:1883", literal)],
    ["on 127.1.2.3", scorpio("mqtt://127.1.2.3", literal)],
    ["on ::1", scorpio("mqtt://[::1]", literal)],
  ] as const
) {
  Deno.test(`not warned about: a broker ${name}`, async () => {
    assert.deepEqual(await warningsOf(text), []);
  });
}
