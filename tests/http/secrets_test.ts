import assert from "node:assert/strict";
import { startAgent } from "../../lib/agent.ts";
import { loadConfig } from "../../lib/config/config.ts";
import { mqttjs } from "../../lib/mqtt/mqttjs.ts";
import { until } from "../downlink/agent.ts";
import { realClock } from "../fakes/host.ts";
import { memoryLog } from "../fakes/log.ts";
import { fakePort } from "../fakes/port.ts";
import { energy } from "../fakes/plant.ts";
import { VirtualModem } from "../../lib/cli/sim/modem.ts";

/**
 * In every place where a secret can stand, another one that no text has by chance.
 * One more place there could be, `mqtt://user:password@host`, is refused by the
 * configuration.
 */
const SECRETS = {
  token: "Xq7token7qX",
  password: "Xq7password7qX",
  file: "Xq7file7qX",
  plug: "Xq7plug7qX",
  variable: "Xq7variable7qX",
};

const DEVICE = "326636300039004C";

/** An agent that has heard a device; all brokers refuse. */
async function stage(stack: AsyncDisposableStack) {
  const dir = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  await Deno.writeTextFile(`${dir}/secret`, SECRETS.file, { mode: 0o600 });
  const file = `${dir}/dash7-edge.toml`;
  // Nothing listens there; what a broker's refusal says may hold its address.
  const broker = "127.0.0.1:1";
  await Deno.writeTextFile(
    file,
    `[agent]
data_dir = "${dir}/data"
[http]
listen = "127.0.0.1:0"
token = "${SECRETS.token}"
[sinks.a]
type = "scorpio"
broker = "mqtt://${broker}"
username = "u"
password = "${SECRETS.password}"
project_id = "p"
edge_node_id = "a"
[sinks.c]
type = "scorpio"
broker = "mqtts://${broker}"
password_file = "secret"
username = "u"
project_id = "p"
edge_node_id = "c"
[sinks.d]
type = "emqtt"
registration = "onCloud"
broker = "mqtt://${broker}"
username = "u"
password = "${SECRETS.plug}"
uid = "02000000000a"
vendor_id = 1
[sinks.e]
type = "scorpio"
broker = "mqtt://${broker}"
username = "u"
password = "\${MINE}"
project_id = "p"
edge_node_id = "e"
`,
    { mode: 0o600 },
  );
  const { config } = await loadConfig(file, {
    env: (name) => name === "MINE" ? SECRETS.variable : undefined,
  });
  const clock = realClock();
  const virtual = new VirtualModem();
  const log = memoryLog();
  const port = fakePort(undefined, (bytes) => {
    for (const frame of virtual.receive(bytes)) port.arrive(frame);
  });
  const agent = stack.use(
    await startAgent({
      version: "0.0.0",
      config,
      clock,
      log,
      random: () => 0,
      open: () => Promise.resolve(port),
      connect: mqttjs(clock),
    }),
  );
  await until("modem", () => agent.modem.state().phase === "ready");
  for (const frame of virtual.push(energy(DEVICE, 1n))) port.arrive(frame);
  await until("reading", () => agent.store.recent({ limit: 1 }).length === 1);
  await until(
    "every broker to refuse",
    () => agent.sinks.every(({ sink }) => !sink.state().up),
  );
  return { dir, agent, config, log, url: agent.http.url() ?? "" };
}

const PATHS = [
  "/",
  "/healthz",
  "/readyz",
  "/status",
  "/metrics",
  "/api/devices",
  "/api/readings",
  `/api/history?device=${DEVICE}`,
  "/api/explain?id=1",
  "/api/nothing",
  "/api/readings?limit=x",
  "/api/queue/a",
  "/api/queue/a/rejected",
  "/api/queue/nothing",
];

Deno.test("No answer, no event of the stream and no record of the log holds a secret", async () => {
  await using stack = new AsyncDisposableStack();
  const { dir, url, log, config } = await stage(stack);
  // The test would find nothing if they were not where they belong.
  for (const secret of Object.values(SECRETS)) {
    assert.ok(JSON.stringify(config).includes(secret), secret);
  }
  const said: [string, string][] = [];
  const ask = async (
    what: string,
    target: string,
    init: RequestInit & { client?: Deno.HttpClient },
  ) => {
    const response = await fetch(target, init);
    const headers = JSON.stringify([...response.headers]);
    said.push([`${what} ${target}`, `${headers}${await response.text()}`]);
    return response.status;
  };
  using client = Deno.createHttpClient({
    proxy: { transport: "unix", path: `${dir}/data/control.sock` },
  });
  const headers = { authorization: `Bearer ${SECRETS.token}` };
  for (const path of PATHS) {
    await ask("without token", new URL(path, url).href, {});
    const wrong = { authorization: `Bearer ${SECRETS.token}x` };
    await ask("wrong token", new URL(path, url).href, { headers: wrong });
    const right = await ask("token", new URL(path, url).href, { headers });
    assert.notEqual(right, 401, path);
    assert.notEqual(right, 500, path);
    await ask("socket", `http://agent${path}`, { client });
  }
  await ask("post", new URL("/status", url).href, { headers, method: "POST" });
  const stream = await fetch(`${url}api/stream`, { headers });
  const reader = stream.body?.getReader();
  let events = "";
  while (!events.includes("event: frame")) {
    const { value, done } = await reader?.read() ?? {};
    assert.ok(!done);
    events += new TextDecoder().decode(value);
  }
  await reader?.cancel();
  assert.match(events, /event: status/);
  said.push(["stream", events], ["log", JSON.stringify(log.records)]);
  for (const [where, text] of said) {
    for (const [name, secret] of Object.entries(SECRETS)) {
      assert.ok(!text.includes(secret), `${name} in: ${where}: ${text}`);
    }
  }
});
