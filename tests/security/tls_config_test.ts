/** Neither a typo nor a forgotten key makes a connection that is not verified. */
import assert from "node:assert/strict";
import { ConfigError, loadConfig } from "../../lib/config/config.ts";

const HEAD = '[serial]\nport = "/dev/x"\n';

function scorpio(broker: string, tls: string): string {
  return `${HEAD}[sinks.cloud]
type = "scorpio"
broker = "${broker}"
project_id = "p"
edge_node_id = "e"
${tls}
`;
}

function emqtt(registration: string, broker: string, tls: string): string {
  return `${HEAD}[sinks.sicon]
type = "emqtt"
registration = "${registration}"
${broker}
username = "u"
password = "p"
vendor_id = 1
${tls}
`;
}

async function load(text: string) {
  return await loadConfig("gw.toml", {
    env: () => undefined,
    readFile: () => Promise.resolve(text),
    mode: () => Promise.resolve(0o600),
    hostname: () => "h",
  });
}

const secure = "mqtts://broker.example";

/** Verification meant or not meant, and written wrongly. */
const refused: readonly (readonly [name: string, text: string])[] = [
  ...[
    'verify = "false"',
    'verify = "no"',
    'verify = "off"',
    'verify = "true"',
    'verify = ""',
    "verify = 0",
    "verify = 1",
    "verify = []",
    "verify = {}",
    "Verify = false",
    "verfy = true",
    "verify_ = true",
    'verify = "${UNSET:-false}"',
    "insecure = true",
    "rejectUnauthorized = false",
    "ca_path = '/x'",
    'ca_file = ["/x"]',
    "ca_file = true",
    "ca_file = 0",
    'cert_file = "/x"',
    'key_file = "/x"',
    "__proto__ = { verify = false }",
    '"__proto__" = false',
    "constructor = { verify = false }",
  ].map((line) =>
    [line, scorpio(secure, `[sinks.cloud.tls]\n${line}`)] as const
  ),
  ...[
    "verify = false",
    "tls_verify = false",
    "tls = false",
    'tls = "off"',
    "tls = []",
    "[sinks.cloud.TLS]\nverify = true",
    "[sinks.cloud.ssl]\nverify = false",
    "[tls]\nverify = false",
    "[[sinks.cloud.tls]]\nverify = false",
    "[sinks.tls]\nverify = false",
    'ca_file = "/x"',
  ].map((line) => [line, scorpio(secure, line)] as const),
  ...["mqtt://broker.example", "MQTT://broker.example:8883"].flatMap((url) =>
    ["ca_file", "cert_file"].map((key) => {
      const tls = key === "ca_file"
        ? 'ca_file = "/x"'
        : 'cert_file = "/x"\nkey_file = "/x"';
      return [
        `${url} with ${key}`,
        scorpio(url, `[sinks.cloud.tls]\n${tls}`),
      ] as const;
    })
  ),
  ...["mqtt://h", "tls://h", "ssl://h", "https://h", "h:8883", "mqtss://h"]
    .map((url) =>
      [
        `emqtt ${url}`,
        emqtt("onCloud", `broker = "${url}"`, 'tls.ca_file = "/x"'),
      ] as const
    ),
  ["onSite with certificates", emqtt("onSite", "", 'tls.ca_file = "/x"')],
  ["user in the address", scorpio("mqtts://u:p@broker.example", "")],
];

for (const [name, text] of refused) {
  Deno.test(`refused: ${name.replaceAll("\n", " ")}`, async () => {
    await assert.rejects(load(text), ConfigError);
  });
}

Deno.test("certificates are verified unless verify = false stands there, which is warned about", async () => {
  const verifyOf = async (text: string) => {
    const { config, warnings } = await load(text);
    const [sink] = Object.values(config.sinks);
    assert.ok(sink !== undefined && "tls" in sink);
    return [sink.tls.verify, warnings.length];
  };
  for (
    const tls of [
      "",
      "tls = {}",
      "[sinks.cloud.tls]",
      "[sinks.cloud.tls]\nverify = true",
      '[sinks.cloud.tls]\nca_file = "/x"',
      '[sinks.cloud.tls]\nca_file = ""',
    ]
  ) assert.deepEqual(await verifyOf(scorpio(secure, tls)), [true, 0], tls);
  assert.deepEqual(
    await verifyOf(scorpio(secure, "tls.verify = false")),
    [false, 1],
  );
  const plug = emqtt("onCloud", `broker = "${secure}"`, "tls.verify = false");
  assert.deepEqual(await verifyOf(plug), [false, 1]);
});
