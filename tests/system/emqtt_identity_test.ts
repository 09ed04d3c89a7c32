import assert from "node:assert/strict";
import { tap } from "../fakes/sicon_tap.ts";
import { AgentProcess, clock, Subscriber, tempDir, until } from "./harness.ts";
import { mosquitto } from "./mosquitto.ts";
import { nodeId, NODES, Rig } from "./emqtt_rig.ts";

const [A] = NODES;

/** A configuration without a modem, and whatever else is said of the plug. */
function config(dir: string, port: number, lines: string): string {
  return `[agent]
data_dir = "${dir}/data"
[serial]
port = "${dir}/modem"
[http]
listen = ""
[sinks.sicon]
type = "emqtt"
registration = "onCloud"
broker = "mqtt://127.0.0.1:${port}"
username = "plug"
password = "p"
vendor_id = 200999
${lines}
`;
}

/** Runs an agent until its plug has said something, and gives its client id and topic. */
async function identity(
  dir: string,
  lines: string,
): Promise<{ clientId: string; topic: string }> {
  await using broker = await mosquitto();
  const port = broker.ports[0] ?? 0;
  await using wire = await tap(port);
  await using watch = await Subscriber.connect(port, "eMQTT/#");
  await using agent = AgentProcess.start({
    dir,
    port: "",
    brokerPort: 0,
    config: config(dir, wire.port, lines),
  });
  await until(
    `a message; the log is\n${agent.log}`,
    () => watch.messages.length > 0,
  );
  return {
    clientId: wire.connects()[0]?.clientId ?? "",
    topic: watch.messages[0]?.topic ?? "",
  };
}

/** How an agent ends that cannot use its configuration. */
async function refused(lines: string): Promise<string> {
  await using dir = await tempDir();
  await using agent = AgentProcess.start({
    dir: dir.path,
    port: "",
    brokerPort: 0,
    config: config(dir.path, 1, lines),
  });
  const { code } = await agent.ended();
  assert.equal(code, 78, agent.log);
  return agent.log;
}

Deno.test("E-001 E-002 the UID is chosen once and kept; a configured one is upper-cased or refused", async () => {
  await using dir = await tempDir();
  const first = await identity(dir.path, "");
  assert.match(first.topic, /^eMQTT\/adapter\/[0-9A-F]{12}\/status$/);
  assert.equal((await identity(dir.path, "")).topic, first.topic);
  assert.equal(
    (await identity(dir.path, 'uid = "11aa23bc45df"')).topic,
    "eMQTT/adapter/11AA23BC45DF/status",
  );
  assert.equal((await identity(dir.path, "")).topic, first.topic);
  assert.match(await refused('uid = "11AA23BC45D"'), /uid/);
});

Deno.test("E-008 E-009 the client id is ten characters of ASCII of the vendor, and the UID", async () => {
  await using dir = await tempDir();
  const uid = 'uid = "00301133E40F"\n';
  const of = async (name: string) =>
    (await identity(dir.path, `${uid}vendor_name = "${name}"`)).clientId;
  assert.equal(await of("J. Schmalz GmbH"), "J. Schmalz-00301133E40F");
  assert.equal(await of("GPS"), "GPS-00301133E40F");
  assert.equal(await of("Énergie+ SA"), "nergie+ SA-00301133E40F");
  const shipped = (await identity(dir.path, uid)).clientId;
  assert.match(shipped, /^[0-9A-Za-z]{1,10}-00301133E40F$/);
});

Deno.test("E-105 E-107 an alias is a SubinterfaceID of its own, or refused", async () => {
  for (const alias of ["main", "p1", "hall-2", "elevenchars", ""]) {
    const log = await refused(`[sinks.sicon.aliases]\n"${A}" = "${alias}"`);
    assert.match(log, /alias/, alias);
  }
  await using rig = await Rig.open({
    more: `[sinks.sicon.aliases]\n"${A}" = "Hall2"`,
    aliases: ["Hall2"],
  });
  await rig.agent?.logged("Modem identified");
  rig.energy(A, 1);
  await rig.adapter.next(null, "regPlug", 0);
  await rig.adapter.startPlug();
  rig.adapter.send(null, "startDevices");
  rig.adapter.send("main", "startEvents");
  const node = await rig.adapter.next("Hall2", "regDevice", 0);
  assert.equal(node.payload["UID"], A);
  assert.notEqual((await rig.adapter.read("Hall2", [68]))[68], 54);
});

Deno.test("E-226 E-227 E-228 E-229 E-230 updateFirmware: one Fail with code and message, never Ok, and the agent goes on", async () => {
  await using rig = await Rig.open();
  const { adapter } = rig;
  await adapter.next(null, "regPlug", 0);
  for (
    const [payload, code] of [
      [{ URLFirmwareLocation: "http://127.0.0.1:1/new_Firmware.bin" }, 53],
      [{ URLFirmwareLocation: 7 }, 1000],
      [{}, 1000],
    ] as const
  ) {
    const mark = adapter.mark;
    adapter.send(null, "updateFirmware", payload);
    const answer = await adapter.next(
      null,
      "updateFirmware",
      mark,
      ({ payload: p }) => p["Status"] !== "InProgress",
      5,
    );
    assert.equal(answer.payload["Status"], "Fail");
    assert.equal(answer.payload["ErrorCode"], code);
    assert.match(String(answer.payload["Message"]), /\w{3}/);
    await clock.sleep(500);
    assert.equal(
      adapter.said.filter(({ command }) => command === "updateFirmware").at(-1),
      answer,
    );
  }
  await adapter.startPlug();
  assert.deepEqual(adapter.check.violations, []);
});

Deno.test("E-099 E-100 E-134 events are told without a dateUpdate, with the time of the host", async () => {
  await using rig = await Rig.open();
  const { adapter } = rig;
  await rig.agent?.logged("Modem identified");
  rig.energy(A, 1);
  await adapter.next(null, "regPlug", 0);
  await adapter.startPlug();
  adapter.send(null, "startDevices");
  adapter.send("main", "startEvents");
  const a = nodeId(A);
  await adapter.next(a, "regDevice", 0);
  await adapter.ask(a, "startEvents");
  const mark = adapter.mark;
  rig.button(A, true);
  const { payload } = await adapter.next(a, "postEvent", mark);
  assert.ok(Math.abs(parseInt(String(payload["ms"]), 16) - Date.now()) < 1_000);
  const values = await adapter.read(a, [16, 68, 9999]);
  assert.deepEqual([typeof values[16], typeof values[68], values[9999]], [
    "string",
    "string",
    17,
  ]);
  assert.deepEqual(adapter.check.violations, []);
});
