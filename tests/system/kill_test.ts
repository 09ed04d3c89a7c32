import assert from "node:assert/strict";
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

const KILLS = 20;
/** Most messages in flight at once: what mosquitto allows by default. */
const IN_FLIGHT = 20;

Deno.test(`agent killed ${KILLS} times under load: every committed reading arrives`, async () => {
  await using dir = await tempDir();
  await using broker = await mosquitto();
  const brokerPort = broker.ports[0] ?? 0;
  await using line = await Line.open(`${dir.path}/modem`);
  await using watch = await Subscriber.connect(brokerPort);
  const stop = new AbortController();
  const pushing = line.pushing(DEVICES, 100, stop.signal);
  const settings = { dir: dir.path, port: line.path, brokerPort };
  for (let kill = 0; kill < KILLS; kill++) {
    const agent = AgentProcess.start(settings);
    const seen = watch.readings().length;
    await until("a reading of this run", () => watch.readings().length > seen);
    await clock.sleep(Math.random() * 500);
    const status = await agent.end("SIGKILL");
    assert.equal(status.signal, "SIGKILL");
  }
  stop.abort();
  await pushing;
  await using last = AgentProcess.start(settings);
  await last.logged("Modem identified");
  const committed = last.committed();
  await watch.all(committed);
  assert.equal((await last.end("SIGTERM")).code, 0);
  assert.ok(committed.length > KILLS * 10, `${committed.length} committed`);
  // A reading is on disk before it is on the wire.
  const known = new Set(last.committed());
  assert.deepEqual(watch.readings().filter((got) => !known.has(got)), []);
  assert.deepEqual(outOfOrder(watch.readings()), []);
  const twice = copies(watch.readings());
  assert.ok(
    twice.length <= KILLS * IN_FLIGHT,
    `${twice.length} copies, of messages in flight at a kill`,
  );
});
