import assert from "node:assert/strict";
import { connect as dial, createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import {
  AgentProcess,
  clock,
  copies,
  DEVICES,
  Line,
  outOfOrder,
  Subscriber,
  tempDir,
  until,
} from "./harness.ts";
import { mosquitto } from "./mosquitto.ts";

/** A broker whose clients' sessions survive its restart. */
const durable = (dir: string) => [
  "persistence true",
  `persistence_location ${dir}/`,
  "max_queued_messages 0",
];

Deno.test("broker stopped for 30 s: all readings arrive, in order per device", async () => {
  await using dir = await tempDir();
  let broker = await mosquitto({ lines: durable(dir.path) });
  const ports = broker.ports;
  const [port = 0] = ports;
  await using line = await Line.open(`${dir.path}/modem`);
  await using watch = await Subscriber.connect(port);
  await using agent = AgentProcess.start({
    dir: dir.path,
    port: line.path,
    brokerPort: port,
  });
  await agent.logged("Modem identified");
  const stop = new AbortController();
  const pushing = line.pushing(DEVICES, 10, stop.signal);
  await until("readings before the outage", () => watch.readings().length > 20);
  await broker[Symbol.asyncDispose]();
  await clock.sleep(30_000);
  broker = await mosquitto({ lines: durable(dir.path), ports });
  await until(
    "readings after the outage",
    () => watch.readings().length > 100,
    90,
  );
  stop.abort();
  await pushing;
  await watch.all(line.sent);
  assert.deepEqual(outOfOrder(watch.readings()), []);
  assert.ok(line.sent.length > 300, `${line.sent.length} sent`);
  await broker[Symbol.asyncDispose]();
});

Deno.test("broker absent at start: readings wait at no cost and arrive", async () => {
  await using dir = await tempDir();
  const first = await mosquitto();
  const ports = first.ports;
  await first[Symbol.asyncDispose]();
  await using line = await Line.open(`${dir.path}/modem`);
  await using agent = AgentProcess.start({
    dir: dir.path,
    port: line.path,
    brokerPort: ports[0] ?? 0,
  });
  await agent.logged("Modem identified");
  for (let n = 0; n < 100; n++) {
    line.push(DEVICES[n % 3] ?? "");
    await clock.sleep(5);
  }
  const before = agent.cpuMs();
  await clock.sleep(10_000);
  const perCent = (agent.cpuMs() - before) / 100;
  assert.ok(perCent < 5, `${perCent} % of a core while waiting`);
  await using broker = await mosquitto({ ports });
  await using watch = await Subscriber.connect(broker.ports[0] ?? 0);
  await watch.all(line.sent, 90);
  assert.deepEqual(outOfOrder(watch.readings()), []);
  assert.deepEqual(copies(watch.readings()), []);
});

Deno.test("broker frozen for 30 s: all readings arrive, no copies, no reconnect", async () => {
  await using dir = await tempDir();
  await using broker = await mosquitto();
  await using line = await Line.open(`${dir.path}/modem`);
  await using watch = await Subscriber.connect(broker.ports[0] ?? 0);
  await using agent = AgentProcess.start({
    dir: dir.path,
    port: line.path,
    brokerPort: broker.ports[0] ?? 0,
  });
  await agent.logged("Modem identified");
  const stop = new AbortController();
  const pushing = line.pushing(DEVICES, 10, stop.signal);
  await until("readings before the freeze", () => watch.readings().length > 20);
  broker.signal("SIGSTOP");
  await clock.sleep(30_000);
  broker.signal("SIGCONT");
  await clock.sleep(2000);
  stop.abort();
  await pushing;
  await watch.all(line.sent);
  assert.deepEqual(outOfOrder(watch.readings()), []);
  assert.deepEqual(copies(watch.readings()), []);
});

/** Passes TCP on, `delayMs` late in each direction. */
async function slowLink(
  target: number,
  delayMs: number,
): Promise<AsyncDisposable & { port: number }> {
  const sockets = new Set<Socket>();
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const later = (work: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, delayMs);
    timers.add(timer);
  };
  const server = createServer((near) => {
    const far = dial(target, "127.0.0.1");
    for (const [from, to] of [[near, far], [far, near]] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on("data", (bytes) => later(() => to.write(bytes)));
      from.on("close", () => later(() => to.destroy()));
      from.on("error", () => {/* close follows */});
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearTimeout(timer);
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

for (const roundTripMs of [50, 100]) {
  Deno.test(`broker ${roundTripMs} ms away: line rate, no copies`, async () => {
    await using dir = await tempDir();
    await using broker = await mosquitto();
    await using link = await slowLink(broker.ports[0] ?? 0, roundTripMs / 2);
    await using line = await Line.open(`${dir.path}/modem`);
    await using watch = await Subscriber.connect(broker.ports[0] ?? 0);
    await using agent = AgentProcess.start({
      dir: dir.path,
      port: line.path,
      brokerPort: link.port,
    });
    await agent.logged("Modem identified");
    const stop = new AbortController();
    const pushing = line.pushing(DEVICES, 100, stop.signal);
    await clock.sleep(10_000);
    stop.abort();
    await pushing;
    // What was sent has come at once, but for a few round trips: no backlog grew.
    await watch.all(line.sent, 2);
    assert.ok(line.sent.length > 900, `${line.sent.length} sent`);
    assert.deepEqual(copies(watch.readings()), []);
    assert.deepEqual(outOfOrder(watch.readings()), []);
  });
}
