import assert from "node:assert/strict";
import type { Account } from "../../../lib/cli/doctor/account.ts";
import { namesFrom } from "../../../lib/cli/doctor/account.ts";
import {
  judgeConfig,
  judgeConfigMode,
  lookAtConfig,
  serviceEnvironment,
} from "../../../lib/cli/doctor/configuration.ts";
import type { Io } from "../../../lib/cli/io.ts";
import { configIn, tempDir } from "../command_line.ts";

const io: Io = {
  out: () => {},
  err: () => {},
  stdin: ReadableStream.from([]),
  env: () => undefined,
  signal: new AbortController().signal,
  colors: false,
};

Deno.test("judgeConfig() turns each fault and each warning into a finding", async () => {
  await using dir = await tempDir();
  const judged = async (toml: string, mode = 0o600) => {
    const file = await configIn(dir.path, toml);
    await Deno.chmod(file, mode);
    return judgeConfig(await lookAtConfig(file, io));
  };
  const sink = `[sinks.a]
type = "scorpio"
broker = "mqtts://127.0.0.1"
username = "u"
password = "geheim"
project_id = "p"
edge_node_id = "g"
`;
  const good = await judged(sink);
  assert.deepEqual(good.map(({ code, found }) => [code, found]), [
    ["config_good", "valid, 1 sink (a)"],
  ]);
  const [, readable, none] = await judged(sink, 0o644);
  assert.equal(readable?.code, "config_advice");
  assert.match(readable?.found ?? "", /^5:\d+: sinks\.a\.password: others can/);
  assert.match(readable?.fix ?? "", /^sudo chmod 600 \/.*dash7-edge\.toml/);
  assert.equal(none, undefined);
  const [, empty] = await judged("");
  assert.match(empty?.found ?? "", /delivered nowhere$/);
  assert.match(empty?.fix ?? "", /dash7-edge init/);
  const faults = await judged(`[serial]\nprot = "x"\nbaud = "fast"\n`);
  assert.deepEqual(faults.map(({ code }) => code), [
    "config_fault",
    "config_fault",
  ]);
  assert.match(faults[0]?.found ?? "", /^2:1: serial\.prot: found /);
  assert.match(faults[0]?.fix ?? "", /did you mean "port"\?$/);
});

Deno.test("judgeConfig() says where a configuration was looked for", async () => {
  const [absent] = judgeConfig(await lookAtConfig("/nowhere/x.toml", io));
  assert.equal(absent?.code, "config_absent");
  assert.equal(absent?.what, "/nowhere/x.toml");
  assert.match(absent?.fix ?? "", /init --out \/nowhere\/x\.toml/);
});

Deno.test("judgeConfigMode() asks whether the agent's user may read it, and only some write", () => {
  const names = namesFrom("", "dash7-edge:x:997:\n");
  const account: Account = {
    name: "dash7-edge",
    uid: 998,
    gids: [997],
    from: "service",
  };
  const file = "/etc/dash7-edge/dash7-edge.toml";
  const codes = (mode: number, uid: number, gid: number) =>
    judgeConfigMode(file, { mode, uid, gid }, account, names)
      .map(({ code }) => code);
  assert.deepEqual(codes(0o640, 0, 997), []);
  assert.deepEqual(codes(0o600, 0, 0), ["config_unreadable"]);
  assert.deepEqual(codes(0o666, 0, 0), ["config_writable"]);
  const [unreadable] = judgeConfigMode(
    file,
    { mode: 0o600, uid: 0, gid: 0 },
    account,
    names,
  );
  assert.equal(
    unreadable?.fix,
    `sudo chgrp dash7-edge ${file} && sudo chmod 640 ${file}`,
  );
});

Deno.test("serviceEnvironment() stands in for what systemd tells the service", () => {
  const env = serviceEnvironment(
    (name) => name === "MINE" ? "mine" : undefined,
    `# variables
MQTT_PASSWORD="a b"
 PLAIN=x=y
MINE=theirs
QUOTED='q'
no line
`,
  );
  assert.deepEqual(
    ["MQTT_PASSWORD", "PLAIN", "QUOTED", "MINE", "STATE_DIRECTORY", "OTHER"]
      .map(env),
    ["a b", "x=y", "q", "mine", "/var/lib/dash7-edge", undefined],
  );
});
