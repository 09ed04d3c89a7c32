import assert from "node:assert/strict";
import {
  AgentProcess,
  clock,
  DEVICES,
  Line,
  Subscriber,
  tempDir,
  until,
} from "./harness.ts";
import { mosquitto } from "./mosquitto.ts";

/** Readings pushed one by one, each committed alone. */
const READINGS = 20;

Deno.test("every committed reading has been synced to the disk before it is on the wire", async () => {
  await using dir = await tempDir();
  await using broker = await mosquitto();
  const brokerPort = broker.ports[0] ?? 0;
  await using line = await Line.open(`${dir.path}/modem`);
  await using watch = await Subscriber.connect(brokerPort);
  await using agent = AgentProcess.start({
    dir: dir.path,
    port: line.path,
    brokerPort,
  });
  await agent.logged("Modem identified");
  const trace = `${dir.path}/trace`;
  await using _strace = await traced(agent.pid, trace);
  const before = syncs(trace);
  for (let n = 0; n < READINGS; n++) {
    const synced = syncs(trace);
    line.push(DEVICES[n % DEVICES.length] ?? "");
    const sent = line.sent.slice();
    await until("the reading", () => {
      const here = new Set(watch.readings());
      return sent.every((one) => here.has(one));
    });
    assert.ok(
      syncs(trace) > synced,
      `reading ${n} was published and nothing was synced`,
    );
    // What was settled is written, and synced, within 10 ms; it must not count for the next reading.
    await clock.sleep(60);
  }
  assert.ok(syncs(trace) - before >= READINGS);
});

/** Completed syncs of the log of writes. */
function syncs(trace: string): number {
  return Deno.readTextFileSync(trace).split("\n")
    .filter((line) => /f(?:data)?sync/.test(line) && /= 0$/.test(line)).length;
}

/** Watches the syncs of a process with strace until disposed. */
async function traced(pid: number, file: string): Promise<AsyncDisposable> {
  const child = new Deno.Command("strace", {
    args: ["-f", "-e", "trace=fsync,fdatasync", "-o", file, "-p", String(pid)],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  while (!said.includes("attached")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`strace ended: ${said}`);
    said += value;
  }
  const rest = (async () => {
    while (!(await reader.read()).done);
  })();
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGINT");
      await child.status;
      await rest;
    },
  };
}
