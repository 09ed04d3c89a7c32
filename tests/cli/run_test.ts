import assert from "node:assert/strict";
import { embeddedBroker } from "../../lib/cli/sim/broker.ts";
import { meters } from "../../lib/cli/sim/meters.ts";
import { openPty } from "../../lib/cli/sim/pty.ts";
import { runModem } from "../../lib/cli/sim/run.ts";
import { realClock } from "../fakes/host.ts";
import { cli, CommandProcess, configIn, tempDir } from "./command_line.ts";

/** An agent's configuration in a directory; by default nothing is there for it. */
function configFor(
  dir: string,
  { port = "/dev/dash7-edge-none", broker = 1, dataDir = `${dir}/data` } = {},
): Promise<string> {
  return configIn(
    dir,
    `[agent]
data_dir = "${dataDir}"
[serial]
port = "${port}"
[http]
listen = ""
[sinks.cloud]
type = "scorpio"
broker = "mqtt://127.0.0.1:${broker}"
protocol = "3.1.1"
project_id = "p"
edge_node_id = "g"
`,
  );
}

Deno.test("run ends with code 0 at SIGTERM with neither port nor broker", async () => {
  await using dir = await tempDir();
  await using agent = new CommandProcess(
    ["run", "--config", await configFor(dir.path)],
  );
  await agent.until(
    "it has missed both",
    () => /port not usable/.test(agent.err) && /sink=cloud/.test(agent.err),
  );
  const startMs = performance.now();
  agent.kill("SIGTERM");
  const { code, out, err } = await agent.ended();
  assert.deepEqual([code, out], [0, ""], err);
  assert.ok(performance.now() - startMs < 10_000);
  assert.match(err, /Agent stopped\n$/);
});

Deno.test("run tells who uses its data_dir", async () => {
  await using dir = await tempDir();
  const config = await configFor(dir.path);
  await using first = new CommandProcess(["run", "--config", config]);
  await first.until("it runs", () => /port not usable/.test(first.err));
  const { code, out, err } = await cli(["run", "--config", config]);
  assert.deepEqual([code, out], [1, ""]);
  assert.match(err, /ERROR Agent cannot start reason=.*process \d+ holds it/);
  assert.doesNotMatch(err, /at file:/);
  first.kill("SIGINT");
  assert.equal((await first.ended()).code, 0);
});

Deno.test("run says why its data_dir cannot be used", async () => {
  await using dir = await tempDir();
  await Deno.writeTextFile(`${dir.path}/file`, "");
  const config = await configFor(dir.path, {
    dataDir: `${dir.path}/file/data`,
  });
  const { code, out, err } = await cli(["run", "--config", config]);
  assert.deepEqual([code, out], [1, ""]);
  assert.match(err, /ERROR Agent cannot start reason=.*\/file\/data/);
  assert.doesNotMatch(err, /at file:/);
});

Deno.test("run refuses a configuration with code 78 and starts nothing", async () => {
  await using dir = await tempDir();
  const config = await configIn(
    dir.path,
    `[agent]\ndata_dir = "${dir.path}/data"\nnam = "x"\n`,
  );
  const { code, err } = await cli(["run", "--config", config]);
  assert.equal(code, 78);
  assert.match(err, /:3:1: agent\.nam: .*did you mean "name"\?/);
  await assert.rejects(Deno.stat(`${dir.path}/data`), Deno.errors.NotFound);
});

Deno.test("run ends at once at the second signal", async () => {
  await using dir = await tempDir();
  const { promise: published, resolve } = Promise.withResolvers<void>();
  const { promise: never, resolve: letGo } = Promise.withResolvers<void>();
  await using broker = await embeddedBroker({
    onPublish: () => resolve(),
    // Readings stay in flight, so that the agent waits for them at its end.
    beforeAck: () => never,
  });
  const line = await openPty();
  await using _modem = runModem(line, {
    clock: realClock(),
    devices: { meters: meters({ count: 1, seed: 1 }), intervalMs: 300 },
  });
  await using agent = new CommandProcess([
    "run",
    "--config",
    await configFor(dir.path, { port: line.path, broker: broker.port }),
  ]);
  await published;
  agent.kill("SIGTERM");
  await agent.until("it stops", () => agent.err.includes("Agent stops"));
  const startMs = performance.now();
  agent.kill("SIGTERM");
  assert.equal((await agent.ended()).code, 1);
  assert.ok(performance.now() - startMs < 2000);
  letGo();
});

Deno.test("check --connect takes no offence at the port its own agent holds", async () => {
  await using dir = await tempDir();
  const line = await openPty();
  await using _modem = runModem(line, { clock: realClock() });
  const config = await configFor(dir.path, { port: line.path });
  await using agent = new CommandProcess(["run", "--config", config]);
  await agent.until("it has the port", () => agent.err.includes("port open"));
  const { out } = await cli(["check", "--connect", "--config", config]);
  assert.match(out, /^ok {4}port \S+: held by the running agent \(pid \d+\)$/m);
  await using otherDir = await tempDir();
  const other = await configFor(otherDir.path, { port: line.path });
  const stranger = await cli(["check", "--connect", "--config", other]);
  assert.match(stranger.out, /^FAIL {2}port .*held by .*is another agent/m);
});
