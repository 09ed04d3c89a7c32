import assert from "node:assert/strict";
import { embeddedBroker } from "../../lib/cli/sim/broker.ts";
import { openPty } from "../../lib/cli/sim/pty.ts";
import { runModem } from "../../lib/cli/sim/run.ts";
import { kernelClock, systemClock } from "../../lib/clock.ts";
import { cli, configIn, tempDir } from "./command_line.ts";

const clock = systemClock(kernelClock(() => true));

/** A configuration for a port and a broker that knows one password. */
function toml(dir: string, port: string, broker: number): string {
  return `[agent]
data_dir = "${dir}/data"
[serial]
port = "${port}"
[sinks.cloud]
type = "scorpio"
broker = "mqtt://127.0.0.1:${broker}"
username = "plug"
password = "geheim"
protocol = "3.1.1"
project_id = "p"
edge_node_id = "g"
[sinks.copy]
type = "jsonl"
`;
}

Deno.test("doctor ends with 0 when nothing fails, and has looked everywhere", async () => {
  await using dir = await tempDir();
  await using line = await openPty();
  await using _modem = runModem(line, { clock });
  await using broker = await embeddedBroker({
    mayLogIn: (name, password) => name === "plug" && password === "geheim",
  });
  const file = await configIn(
    dir.path,
    toml(dir.path, line.path, broker.port),
  );
  const { code, out, err } = await cli(["doctor", "--config", file]);
  assert.equal(err, "");
  assert.equal(code, 0, out);
  assert.doesNotMatch(out, /geheim|FAIL/);
  const heads = out.split("\n").filter((row) => /^[A-Z]/.test(row));
  assert.deepEqual(heads, [
    "Configuration",
    "Machine",
    "Disk",
    "Serial port",
    "Sink cloud (scorpio)",
    "Sink copy (jsonl)",
  ]);
  assert.match(out, /^ {2}ok {4}modem: answers: UID /m);
  assert.match(out, /^ {2}ok {4}login: as plug, MQTT 3\.1\.1 /m);
  assert.match(out, /^ {2}skip {2}publish: MQTT 3\.1\.1 has no word/m);
  assert.match(out, /\nnothing failed, \d+ warnings?, \d+ ok, \d+ not tried/);
  // It only looks: the agent's directory is not made.
  await assert.rejects(Deno.stat(`${dir.path}/data`), Deno.errors.NotFound);
});

Deno.test("doctor ends with 1 when something fails, and says what would do", async () => {
  await using dir = await tempDir();
  await using broker = await embeddedBroker({ mayLogIn: () => false });
  const file = await configIn(
    dir.path,
    toml(dir.path, `${dir.path}/ttyACM9`, broker.port),
  );
  const { code, out } = await cli(["doctor", "--config", file]);
  assert.equal(code, 1);
  assert.doesNotMatch(out, /geheim/);
  assert.match(
    out,
    /^ {2}FAIL {2}.*ttyACM9: no such device.*\n {10}fix: Plug/m,
  );
  assert.match(
    out,
    /^ {2}FAIL {2}login: the broker refuses plug: .*\n {10}fix: Correct username and password in \[sinks\.cloud\]/m,
  );
});

Deno.test("doctor looks at the machine even when the configuration is refused", async () => {
  await using dir = await tempDir();
  const file = await configIn(dir.path, `[serial]\nprot = "x"\n`);
  const { code, out, err } = await cli(["doctor", "--json", "--config", file]);
  assert.deepEqual([code, err], [1, ""]);
  const rows = out.trimEnd().split("\n").map((line) => JSON.parse(line));
  for (const row of rows) {
    assert.deepEqual(Object.keys(row), [
      "subject",
      "status",
      "code",
      "what",
      "found",
      "fix",
      "took_ms",
    ]);
  }
  const codes = rows.map((row) => row.code);
  assert.equal(codes[0], "config_fault");
  assert.ok(codes.includes("system"));
  assert.equal(rows.some((row) => row.subject === "serial"), false);
});

Deno.test("doctor says so when there is no configuration", async () => {
  const { code, out } = await cli(["doctor", "--config", "/nowhere/x.toml"]);
  assert.equal(code, 1);
  assert.match(
    out,
    /FAIL {2}\/nowhere\/x\.toml: no such file, though --config/,
  );
  assert.match(out, /fix: Write one: dash7-edge init --out \/nowhere\/x\.toml/);
});

Deno.test("doctor ends at once when told to", async () => {
  await using dir = await tempDir();
  await using silent = await openPty();
  const file = await configIn(
    dir.path,
    `[agent]\ndata_dir = "${dir.path}/data"\n[serial]\nport = "${silent.path}"\n`,
  );
  const stop = new AbortController();
  const startMs = clock.monoMs();
  const ended = cli(["doctor", "--config", file], {
    signal: stop.signal,
    // The group before the port's has been told; the modem is being asked.
    onOut: (text) => {
      if (text.includes("Disk")) stop.abort();
    },
  });
  await ended;
  assert.ok(clock.monoMs() - startMs < 4000);
});
