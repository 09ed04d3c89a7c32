/**
 * The bundle for who is asked for help: whole, readable, and without secrets.
 *
 * @module
 */
import assert from "node:assert/strict";
import { redactor } from "../../lib/config/redactor.ts";
import { startAgent } from "../../lib/agent.ts";
import { FlightRecorder } from "../../lib/capture/flight.ts";
import { tarOf } from "../../lib/cli/tar.ts";
import { systemClock } from "../../lib/clock.ts";
import { loadConfig } from "../../lib/config/config.ts";
import { closeLog, openLog } from "../../lib/log.ts";
import { MqttError } from "../../lib/mqtt/mqtt.ts";
import { fakePort } from "../fakes/port.ts";
import { cli, configIn, tempDir } from "./command_line.ts";

/** What tar says of an archive. */
async function tar(args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("tar", { args })
    .output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

Deno.test("tarOf() makes what tar reads", async () => {
  await using dir = await tempDir();
  const files = [0, 1, 511, 512, 513, 100_000].map((size) => ({
    name: `top/file-${size}`,
    bytes: new Uint8Array(size).fill(0x41),
    modifiedMs: Date.UTC(2026, 0, 1),
  }));
  const path = `${dir.path}/a.tar`;
  await Deno.writeFile(path, tarOf(files));
  await tar(["xf", path, "-C", dir.path]);
  for (const { name, bytes, modifiedMs } of files) {
    assert.deepEqual(Deno.readFileSync(`${dir.path}/${name}`), bytes);
    const { mtime, mode } = Deno.statSync(`${dir.path}/${name}`);
    assert.equal(mtime?.getTime(), modifiedMs);
    assert.equal((mode ?? 0) & 0o777, 0o600);
  }
  const long = {
    name: "x".repeat(101),
    bytes: new Uint8Array(),
    modifiedMs: 0,
  };
  assert.throws(() => tarOf([long]), /Cannot archive under the name x/);
});

const SECRETS = {
  password: 'PASS"WORD-7f3a/ä',
  fromEnv: "ENVSECRET-91c2",
  fromFile: "FILESECRET-55aa",
  token: "TOKENSECRET-0b1d",
};

Deno.test("redactor() finds secrets however they are spelled", () => {
  const { text, line } = redactor({
    sinks: { one: { password: SECRETS.password, password_file: "/etc/pw" } },
    url: "mqtt://user:url%20secret@host",
    short: { token: "abc" },
  });
  const json = JSON.stringify({ why: SECRETS.password, password: "kept" });
  assert.equal(
    text(`${SECRETS.password} ${encodeURIComponent(SECRETS.password)}`),
    "(hidden) (hidden)",
  );
  assert.equal(line(json), '{"why":"(hidden)","password":"(hidden)"}\n');
  assert.equal(
    text("url secret, url%20secret, abc"),
    "(hidden), (hidden), abc",
  );
});

Deno.test("diag bundles a running agent's state and last minutes without a secret", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/pw`, `${SECRETS.fromFile}\n`, {
    mode: 0o600,
  });
  const file = await configIn(
    dir.path,
    `[agent]
name = "hall-2"
data_dir = "${dir.path}/data"
[outbox]
min_free_mb = 0
[http]
listen = ""
token = ${JSON.stringify(SECRETS.token)}
[sinks.one]
type = "scorpio"
broker = "mqtt://127.0.0.1:1"
username = "u"
password = ${JSON.stringify(SECRETS.password)}
project_id = "p"
edge_node_id = "g"
[sinks.two]
type = "scorpio"
broker = "mqtt://127.0.0.1:1"
username = "u"
password = "\${EDGE_TEST_SECRET}"
project_id = "p"
edge_node_id = "g2"
[sinks.three]
type = "scorpio"
broker = "mqtt://127.0.0.1:1"
username = "u"
password_file = "${dir.path}/pw"
project_id = "p"
edge_node_id = "g3"
`,
  );
  const env = (name: string) =>
    name === "EDGE_TEST_SECRET" ? SECRETS.fromEnv : undefined;
  const { config } = await loadConfig(file, { env });
  const clock = systemClock({
    bootId: "b",
    monoMs: () => performance.now(),
    synced: () => true,
  });
  const flight = new FlightRecorder(clock);
  const log = openLog(config.log, () => {}, (entry) => flight.log(entry));
  const out = `${dir.path}/d.tar.gz`;
  try {
    await using _agent = await startAgent({
      config,
      clock,
      flight,
      log,
      random: () => 0,
      version: "0.0.0",
      connect: ({ password }) =>
        Promise.reject(new MqttError(`refused for ${password}`, "login")),
      open: () => Promise.resolve(fakePort("/dev/modem")),
    });
    // Whatever a part may let slip.
    for (const secret of Object.values(SECRETS)) {
      log.debug(`Careless ${secret}`, {
        why: `with ${secret}`,
        error: new Error(secret),
        list: [secret],
        url: `mqtt://u:${encodeURIComponent(secret)}@h`,
      });
    }
    const ended = await cli(["diag", "--config", file, "--out", out], {
      env: { EDGE_TEST_SECRET: SECRETS.fromEnv },
    });
    assert.equal(ended.code, 0, ended.err);
    assert.equal(ended.out, `${out}\n`);
    assert.match(ended.err, /passwords and tokens are taken out/);
    const again = await cli(["diag", "--config", file, "--out", out]);
    assert.equal(again.code, 1);
    assert.match(again.err, /there is a file of that name/);
  } finally {
    closeLog();
  }
  assert.equal((Deno.statSync(out).mode ?? 0) & 0o777, 0o600);
  const names = (await tar(["tzf", out])).trim().split("\n");
  assert.deepEqual(
    names.map((name) => name.replace(/\d{4}-.*Z/, "TIME").slice(16)),
    [
      "README.txt",
      "status.json",
      "devices.json",
      "config.json",
      "versions.json",
      "platform.json",
      "ports.json",
      "flight/TIME-diag.capture",
    ],
  );
  const all = await tar(["xzOf", out]);
  assert.match(all, /"password": "\(hidden\)"/);
  assert.match(all, /Careless \(hidden\)/);
  assert.match(all, /"name": "hall-2"/);
  for (const secret of Object.values(SECRETS)) {
    for (
      const spelled of [
        secret,
        JSON.stringify(secret).slice(1, -1),
        encodeURIComponent(secret),
      ]
    ) assert.ok(!all.includes(spelled), `${spelled} is in the bundle`);
    // Nor in what stays on the gateway.
    for (const { name } of Deno.readDirSync(`${dir.path}/data/flight`)) {
      const text = Deno.readTextFileSync(`${dir.path}/data/flight/${name}`);
      assert.ok(!text.includes(secret), `${secret} is in ${name}`);
    }
  }
});

Deno.test("diag without an agent or a sound configuration bundles the rest, and says what is not in it", async () => {
  await using dir = await tempDir();
  const file = await configIn(
    dir.path,
    `[agent]\ndata_dir = "${dir.path}/data"\n[sinks.one]\npassword = "BROKEN-SECRET"\ntype = "scorpi"\n`,
  );
  Deno.mkdirSync(`${dir.path}/data/flight`, { recursive: true });
  const out = `${dir.path}/d.tar.gz`;
  const { code, err } = await cli(["diag", "--config", file, "--out", out]);
  assert.equal(code, 0, err);
  assert.match(err, /Not in it: the running agent: no agent is running/);
  assert.match(err, /Not in it: config\.json: .*sinks\.one\.type/s);
  const all = await tar(["xzOf", out]);
  assert.match(all, /Not in it:\nthe running agent: no agent/);
  assert.doesNotMatch(all, /BROKEN-SECRET/);
  const nowhere = await cli(["diag", "--config", file, "--out", "/nowhere/x"]);
  assert.equal(nowhere.code, 1);
  assert.match(nowhere.err, /Cannot write \/nowhere\/x: its directory is not/);
});
