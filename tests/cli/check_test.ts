import assert from "node:assert/strict";
import { embeddedBroker } from "../../lib/cli/sim/broker.ts";
import { openPty } from "../../lib/cli/sim/pty.ts";
import { cli, configIn, tempDir } from "./command_line.ts";

Deno.test("check tells every fault with file, line and column", async () => {
  await using dir = await tempDir();
  const file = await configIn(
    dir.path,
    `[serial]
prot = "/dev/ttyACM0"
baud = "fast"
[sinks.cloud]
type = "scorpoi"
[sinks.b]
type = "scorpio"
broker = "http://x"
[logg]
`,
  );
  const { code, out, err } = await cli(["check", "--config", file]);
  assert.equal(code, 78);
  assert.equal(out, "");
  const faults = err.trimEnd().split("\n");
  const places = faults.map((line) => {
    assert.ok(line.startsWith(`${file}:`), line);
    return line.slice(file.length + 1).split(": ").slice(0, 2).join(" ");
  });
  assert.deepEqual(places, [
    "2:1 serial.prot",
    "3:8 serial.baud",
    "5:8 sinks.cloud.type",
    "6:1 sinks.b.project_id",
    "6:1 sinks.b.edge_node_id",
    "8:10 sinks.b.broker",
    "9:2 logg",
  ]);
  assert.match(faults[0] ?? "", /did you mean "port"\?/);
  assert.match(faults[1] ?? "", /found "fast", wanted a whole number/);
  assert.match(faults[3] ?? "", /found nothing, wanted text .*project/);
});

Deno.test("check finds its configuration by $DASH7_EDGE_CONFIG", async () => {
  await using dir = await tempDir();
  const file = await configIn(dir.path, "");
  const { code, out } = await cli(["check"], {
    env: { DASH7_EDGE_CONFIG: file },
  });
  assert.equal(code, 0);
  assert.ok(out.startsWith(`${file}: configuration is good, 0 sinks`));
});

Deno.test("check warns on stderr about what works but should not stay so", async () => {
  await using dir = await tempDir();
  const file = await configIn(
    dir.path,
    `[sinks.cloud]
type = "scorpio"
broker = "mqtts://127.0.0.1"
username = "u"
password = "geheim"
project_id = "p"
edge_node_id = "g"
[sinks.cloud.tls]
verify = false
`,
  );
  await Deno.chmod(file, 0o644);
  const { code, out, err } = await cli(["check", "--config", file]);
  assert.equal(code, 0);
  assert.doesNotMatch(out + err, /geheim/);
  assert.match(err, /^warning: .*:5:\d+: sinks\.cloud\.password: /m);
  assert.match(err, /^warning: .*:9:\d+: sinks\.cloud\.tls\.verify: /m);
});

/** A configuration for a port and two sinks. */
function connectable(port: string, broker: number, password = "right") {
  return `[serial]
port = "${port}"
[sinks.cloud]
type = "scorpio"
broker = "mqtt://127.0.0.1:${broker}"
protocol = "3.1.1"
username = "plug"
password = "${password}"
project_id = "p"
edge_node_id = "g"
[sinks.copy]
type = "jsonl"
`;
}

Deno.test("check --connect opens the port and logs in to every sink", async () => {
  await using dir = await tempDir();
  await using line = await openPty();
  await using broker = await embeddedBroker({
    mayLogIn: (name, password) => name === "plug" && password === "right",
  });
  const file = await configIn(dir.path, connectable(line.path, broker.port));
  const { code, out, err } = await cli([
    "check",
    "--config",
    file,
    "--connect",
  ]);
  assert.deepEqual([code, err], [0, ""], out);
  const rows = out.trimEnd().split("\n").slice(1);
  assert.match(rows[0] ?? "", /^ok {4}port .*opened/);
  assert.match(rows[1] ?? "", /^ok {4}sink cloud: /);
  assert.match(rows[2] ?? "", /^ok {4}sink copy: /);
});

Deno.test("check --connect names the step that fails", async () => {
  await using dir = await tempDir();
  await using broker = await embeddedBroker({
    mayLogIn: (_name, password) => password === "right",
  });
  const absent = `${dir.path}/ttyACM9`;
  const file = await configIn(
    dir.path,
    connectable(absent, broker.port, "wrong"),
  );
  const refused = await cli(["check", "--config", file, "--connect"]);
  assert.equal(refused.code, 1);
  const [, port = "", cloud = "", copy = ""] = refused.out.split("\n");
  assert.match(port, /^FAIL {2}port .*ttyACM9/);
  assert.match(
    cloud,
    /^FAIL {2}sink cloud: .*log.?in.*user ?name or password/i,
  );
  assert.doesNotMatch(refused.out, /wrong/);
  assert.match(copy, /^ok /);

  await broker.close();
  const closed = await cli(["check", "--config", file, "--connect"]);
  assert.equal(closed.code, 1);
  assert.match(closed.out, /FAIL {2}sink cloud: .*connect.*refused/i);
});

Deno.test("check --connect ends at once when told to", async () => {
  await using dir = await tempDir();
  const mute = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = mute.accept();
  const { port } = mute.addr as Deno.NetAddr;
  const file = await configIn(dir.path, connectable("/nowhere", port));
  const stop = new AbortController();
  const ended = cli(["check", "--config", file, "--connect"], {
    signal: stop.signal,
  });
  const connection = await accepted;
  stop.abort();
  const { code, out } = await ended;
  connection.close();
  mute.close();
  assert.equal(code, 1);
  assert.match(out, /FAIL {2}sink cloud/);
});
