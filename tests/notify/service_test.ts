import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { type Agent, startAgent } from "../../lib/agent.ts";
import { tellService } from "../../lib/cli/service.ts";
import { openNotifier } from "../../lib/notify/notify.ts";
import { loadConfig } from "../../lib/config/config.ts";
import { MqttError } from "../../lib/mqtt/mqtt.ts";
import { sendDatagram } from "../../lib/serial/libc.ts";
import { type BytePort, SerialError } from "../../lib/serial/serial.ts";
import { CommandProcess, configIn, tempDir } from "../cli/command_line.ts";
import { fakeClock } from "../fakes/clock.ts";
import { memoryLog } from "../fakes/log.ts";
import { fakePort } from "../fakes/port.ts";
import { type FakeSystemd, fakeSystemd } from "../fakes/systemd.ts";

/** An agent's configuration without port and broker. */
const configText = (dir: string) =>
  `[agent]
data_dir = "${dir}/data"
[serial]
port = "/dev/dash7-edge-none"
[http]
listen = ""
[sinks.cloud]
type = "scorpio"
broker = "mqtt://127.0.0.1:1"
project_id = "p"
edge_node_id = "g"
`;

/** The agent as a service of a stand-in for systemd; a sign of life every 100 ms. */
function service(config: string, systemd: FakeSystemd): CommandProcess {
  return new CommandProcess(["run", "--config", config], {
    NOTIFY_SOCKET: systemd.address,
    WATCHDOG_USEC: "300000",
  });
}

const signs = (lines: readonly string[]) =>
  lines.filter((line) => line === "WATCHDOG=1").length;
const status = (systemd: FakeSystemd) =>
  systemd.lines().findLast((line) => line.startsWith("STATUS="));

/** Waits for further signs of life. */
async function more(systemd: FakeSystemd, count: number): Promise<void> {
  const target = signs(systemd.lines()) + count;
  await systemd.until(() => signs(systemd.lines()) >= target);
}

Deno.test("run is READY with port absent and broker down, keeps feeding, and says STOPPING", async () => {
  await using dir = await tempDir();
  await using systemd = fakeSystemd(`${dir.path}/notify`);
  const config = await configIn(dir.path, configText(dir.path));
  await using agent = service(config, systemd);
  await systemd.until(() => systemd.notices.length > 0);
  assert.equal(systemd.notices[0]?.[0], "READY=1");
  // The store was there before.
  assert.ok((await Deno.stat(`${dir.path}/data/outbox.db`)).isFile);
  await more(systemd, 5);
  await systemd.until(() => /no such device/.test(status(systemd) ?? ""));
  assert.match(status(systemd) ?? "", /^STATUS=.*; cloud down \(.+\)/);
  agent.kill("SIGTERM");
  assert.equal((await agent.ended()).code, 0);
  await systemd.until(() => systemd.lines().includes("STOPPING=1"));
  assert.equal(signs(systemd.notices.at(-1) ?? []), 0);
  assert.equal(
    systemd.lines().filter((line) => line === "READY=1").length,
    1,
  );
});

Deno.test("run is not READY with a configuration that is refused", async () => {
  await using dir = await tempDir();
  await using systemd = fakeSystemd(`${dir.path}/notify`);
  const config = await configIn(dir.path, "[agent]\nnam = 1\n");
  await using agent = service(config, systemd);
  assert.equal((await agent.ended()).code, 78);
  await systemd.until(() => systemd.notices.length > 0);
  assert.deepEqual(systemd.lines(), [
    "STATUS=Configuration refused, see the log",
  ]);
});

Deno.test("run is not READY with a store that cannot be opened", async () => {
  await using dir = await tempDir();
  await using systemd = fakeSystemd(`${dir.path}/notify`);
  const config = await configIn(dir.path, configText(dir.path));
  await Deno.writeTextFile(`${dir.path}/data`, "in the way");
  await using agent = service(config, systemd);
  assert.equal((await agent.ended()).code, 1);
  await systemd.until(() => systemd.notices.length > 0);
  assert.match(systemd.lines().join("\n"), /^STATUS=Cannot start: .*$/);
});

Deno.test("run gives no sign of life while its event loop stands still", async () => {
  await using dir = await tempDir();
  await using systemd = fakeSystemd(`${dir.path}/notify`);
  const config = await configIn(dir.path, configText(dir.path));
  await using agent = service(config, systemd);
  await more(systemd, 3);
  // Another agent, whose signs of life are the clock.
  await using otherDir = await tempDir();
  await using pace = fakeSystemd(`${otherDir.path}/notify`);
  await using _other = service(
    await configIn(otherDir.path, configText(otherDir.path)),
    pace,
  );
  await more(pace, 1);
  agent.kill("SIGSTOP");
  await more(pace, 2);
  const before = signs(systemd.lines());
  await more(pace, 10);
  assert.equal(signs(systemd.lines()), before);
  agent.kill("SIGCONT");
  await more(systemd, 3);
});

Deno.test("run gives no sign of life while the outbox takes no commit", async () => {
  await using dir = await tempDir();
  await using systemd = fakeSystemd(`${dir.path}/notify`);
  const config = await configIn(dir.path, configText(dir.path));
  await using agent = service(config, systemd);
  await more(systemd, 3);
  const other = new DatabaseSync(`${dir.path}/data/outbox.db`);
  other.exec("BEGIN IMMEDIATE");
  const from = systemd.notices.length;
  const standstill = () =>
    systemd.notices.findIndex((notice, at) =>
      at >= from && notice.some((line) => line.includes("STATUS=Standstill"))
    );
  await systemd.until(() => standstill() >= 0);
  const at = standstill();
  assert.match(status(systemd) ?? "", /Standstill: Cannot .*locked/);
  assert.equal(signs(systemd.notices.slice(at).flat()), 0);
  other.exec("ROLLBACK");
  other.close();
  await more(systemd, 3);
  assert.doesNotMatch(status(systemd) ?? "", /Standstill/);
  agent.kill("SIGTERM");
  assert.match((await agent.ended()).err, /ERROR Standstill/);
});

/** An agent in this process whose port the test gives; time is the test's. */
async function agentWith(
  dir: string,
  systemd: FakeSystemd,
  open: () => Promise<BytePort>,
) {
  const clock = fakeClock();
  const log = memoryLog();
  const { config } = await loadConfig(
    await configIn(dir, configText(dir)),
    { env: () => undefined },
  );
  const host = {
    version: "0.0.0",
    config,
    clock,
    log,
    random: () => 0,
    open,
    connect: () => Promise.reject(new MqttError("refused", "tcp")),
  };
  const agent: Agent = await startAgent(host);
  const env: Record<string, string> = {
    NOTIFY_SOCKET: systemd.address,
    WATCHDOG_USEC: "60000000",
  };
  const notifier = openNotifier({
    env: (name) => env[name],
    pid: Deno.pid,
    send: sendDatagram,
    log,
  });
  const told = tellService(notifier, agent, host);
  return {
    clock,
    log,
    /** Signs of life within some time. */
    async signsIn(ms: number): Promise<number> {
      const mark = `X_MARK=${crypto.randomUUID()}`;
      const before = signs(systemd.lines());
      await clock.advance(ms);
      sendDatagram(systemd.address, new TextEncoder().encode(mark));
      await systemd.until(() => systemd.lines().includes(mark));
      return signs(systemd.lines()) - before;
    },
    async [Symbol.asyncDispose]() {
      told[Symbol.dispose]();
      const done = agent[Symbol.asyncDispose]();
      await clock.advance(20_000);
      await done;
    },
  };
}

Deno.test("tellService() gives no sign of life while bytes lie in a port that is not read", async () => {
  await using dir = await tempDir();
  await using systemd = fakeSystemd(`${dir.path}/notify`);
  let unread = 0;
  const port = Object.assign(fakePort(), { unread: () => unread });
  await using plant = await agentWith(
    dir.path,
    systemd,
    () => Promise.resolve(port),
  );
  assert.ok(await plant.signsIn(120_000) >= 5, "a silent line is no fault");
  unread = 7;
  assert.ok(await plant.signsIn(60_000) <= 1);
  assert.equal(await plant.signsIn(600_000), 0);
  assert.match(status(systemd) ?? "", /7 bytes lie in the port/);
  unread = 0;
  assert.ok(await plant.signsIn(120_000) >= 5);
  // Bytes that lie there while others are being read are a busy line.
  unread = 7;
  for (let n = 0; n < 20; n++) {
    port.arrive(Uint8Array.of(0));
    await plant.signsIn(10_000);
  }
  assert.equal(plant.log.about("Standstill").length, 1);
});

Deno.test("tellService() gives no sign of life while opening the port hangs", async () => {
  await using dir = await tempDir();
  await using systemd = fakeSystemd(`${dir.path}/notify`);
  const { promise: hanging, reject } = Promise.withResolvers<BytePort>();
  await using plant = await agentWith(dir.path, systemd, () => hanging);
  await plant.signsIn(120_000);
  assert.equal(await plant.signsIn(600_000), 0);
  assert.match(status(systemd) ?? "", /The port does not open/);
  reject(new SerialError("Cannot open: absent", "absent"));
  await plant.signsIn(20_000);
  assert.ok(await plant.signsIn(120_000) >= 5, "an absent port is no fault");
});
